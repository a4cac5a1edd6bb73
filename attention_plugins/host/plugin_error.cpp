#include "attention_plugins/host/plugin_error.hpp"

#include <fmt/format.h>

#include <utility>

namespace cfgtool::attention {

const char* code_of(PluginFault fault) {
  switch (fault) {
    case PluginFault::kPathMissing:
      return "plugin-path-missing";
    case PluginFault::kFolderEmpty:
      return "plugin-folder-empty";
    case PluginFault::kNotAFile:
      return "plugin-not-a-file";
    case PluginFault::kUnreadable:
      return "plugin-unreadable";
    case PluginFault::kWritableByOthers:
      return "plugin-writable-by-others";
    case PluginFault::kNotElf:
      return "plugin-not-elf";
    case PluginFault::kWrongMachine:
      return "plugin-wrong-machine";
    case PluginFault::kNoEntry:
      return "plugin-no-entry";
    case PluginFault::kLoadFailed:
      return "plugin-load-failed";
    case PluginFault::kEntryNull:
      return "plugin-entry-null";
    case PluginFault::kWrongAbi:
      return "plugin-wrong-abi";
    case PluginFault::kMalformed:
      return "plugin-malformed";
    case PluginFault::kOpenFailed:
      return "plugin-open-failed";
    case PluginFault::kShadowed:
      return "plugin-shadowed";
  }
  return "plugin-unknown-fault";
}

std::string to_string(const PluginProblem& problem) {
  return fmt::format("attention plugin '{}' (named by {}) {}", problem.path.string(), problem.named_by,
                     problem.sentence);
}

PluginError::PluginError(PluginProblem problem) : problem_(std::move(problem)), what_(to_string(problem_)) {}

}  // namespace cfgtool::attention
