/// \file
/// Where the schemas that come with cfgtool lie.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config_engine/source.hpp"

namespace cfgtool {

/// Folders that hold `<framework>/attention.yaml` and `<framework>/*.schema.yaml`: for a program in the build tree, the
/// source's; else `share/cfgtool/ schemas` of the program's prefix, then of the prefix of this build.
std::vector<std::filesystem::path> schema_folders();

/// The file that read_attention_mapping's `name_or_file` means. \throws ConfigError (without sources), code
/// mapping-unknown
std::filesystem::path find_attention_mapping(const std::string& name_or_file, SourcePos named_at);

/// The names of the schemas that come with cfgtool, sorted.
std::vector<std::string> schema_names();

/// The file that `--schema` names: what has no ending `.yaml`, `.yml` or `.json` may be the name of a schema that comes
/// with cfgtool, such as "verl/ppo_trainer".
std::filesystem::path find_schema(const std::string& name_or_file);

}  // namespace cfgtool
