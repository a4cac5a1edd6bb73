/// \file
/// The plugin cudnn, loaded as the host loads it, and devices to ask it about.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "attention_plugins/host/plan.hpp"
#include "attention_plugins/host/plugin.hpp"
#include "attention_plugins/host/problem.hpp"

namespace cfgtool::attention {

constexpr size_t kFlashAttention2 = 0;
constexpr size_t kSdpa = 1;

/// Throws PluginError.
std::shared_ptr<const Plugin> load_cudnn(const std::string& options = "");

/// A device of attention_plugins/devices, as `--device NAME` gives it to a plugin.
class DescribedDevice {
 public:
  explicit DescribedDevice(const std::string& name);
  const attn_device& device() const { return device_; }

 private:
  std::string name_, description_;
  attn_device device_{};
};

/// Device 0 of this machine.
attn_device first_device();

/// bf16, batch 2, 16 heads, 2048 rows, causal, [batch, sequence, head, head_dim], aligned to 16 bytes.
attn_problem causal_problem(uint32_t passes, int64_t head_dim = 128);

/// Why cuDNN cannot be asked on this machine; nothing if it can. For tests that are then skipped.
std::optional<std::string> why_no_cudnn();

}  // namespace cfgtool::attention
