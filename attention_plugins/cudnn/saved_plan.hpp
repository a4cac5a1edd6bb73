/// \file
/// The bytes of a saved plan: what it was made for, cuDNN's JSON of each pass, and a checksum.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attention_plugins/cudnn/compiled_plan.hpp"

namespace cfgtool::attention::cudnn {

constexpr const char* kPluginVersion = "1.0.0";

/// All that changes a plan: the problem, the device, cuDNN's version and this plugin's, as bytes to be compared.
std::string plan_key(const attn_problem& problem, const Device& device, int64_t cudnn_version);

std::string write_plan(const std::string& key, const std::vector<SavedPass>& passes);

/// Throws Failure (refused, stale) unless the bytes are whole and were written with that key, for that many passes.
/// The checksum finds damage. A plan holds the kernel's code: load what you have saved, not what a stranger has.
std::vector<SavedPass> read_plan(const void* bytes, uint64_t byte_count, const std::string& key, size_t pass_count);

}  // namespace cfgtool::attention::cudnn
