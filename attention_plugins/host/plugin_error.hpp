/// \file
/// What can be wrong with a plugin file, as data.
#pragma once

#include <exception>
#include <filesystem>
#include <string>

namespace cfgtool::attention {

enum class PluginFault {
  kPathMissing,       ///< there is nothing at that path
  kFolderEmpty,       ///< a folder that was named holds no *.so file
  kNotAFile,          ///< a folder, device or socket where a plugin should be
  kUnreadable,        ///< permissions, I/O errors
  kWritableByOthers,  ///< someone besides its owner, root and the user could change it
  kNotElf,            ///< not an ELF shared object, or cut off
  kWrongMachine,      ///< an ELF file for another processor
  kNoEntry,           ///< does not define attn_plugin_entry
  kLoadFailed,        ///< the dynamic loader refused it
  kEntryNull,         ///< its entry function returned NULL: it does not work with this host
  kWrongAbi,          ///< another major version of the interface
  kMalformed,         ///< its table breaks a rule of attention_plugin.h
  kOpenFailed,        ///< its open function refused or failed
  kShadowed,          ///< another plugin of the same name was found before it
};

/// Stable, such as "plugin-not-elf".
const char* code_of(PluginFault fault);

/// A plugin file or folder that cannot be used, and why.
struct PluginProblem {
  PluginFault fault = PluginFault::kPathMissing;
  std::filesystem::path path;
  std::string named_by;  ///< where the path comes from, such as "--attention-plugin-path" or "attention.yaml:3:5"
  std::string sentence;  ///< without the path, such as "is not an ELF file: it begins with '#!/b'"
};

/// "'PATH' (named by …) …" in one line.
std::string to_string(const PluginProblem& problem);

/// A plugin that was named explicitly is bad. A program ends with exit code 3.
class PluginError : public std::exception {
 public:
  explicit PluginError(PluginProblem problem);
  const PluginProblem& problem() const { return problem_; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  PluginProblem problem_;
  std::string what_;
};

}  // namespace cfgtool::attention
