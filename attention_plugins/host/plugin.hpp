/// \file
/// One loaded and opened plugin, whose table has been checked.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention_plugins/abi/attention_plugin.h"
#include "attention_plugins/host/answer.hpp"

namespace cfgtool::attention {

struct NamedPath {
  std::filesystem::path path;
  std::string named_by;  ///< where it was named, for messages
};

struct Implementation {
  std::string name;  ///< as configurations write it
  int32_t device_kind = 0;
  std::string description;
};

/// Receives what plugins say. May be called from any thread.
using LogFunction = std::function<void(std::string_view plugin, int32_t severity, std::string_view text)>;

/// Safe to use from several threads.
class Plugin {
 public:
  /// Loads the shared object at `file`, checks it, and opens it with `options`. What was accepted stays loaded until
  /// the process ends. Throws PluginError. Does not look at permissions: see loader.hpp.
  static std::shared_ptr<const Plugin> load(const NamedPath& file,
                                            const std::function<std::string(std::string_view plugin)>& options,
                                            const LogFunction& log);
  ~Plugin();
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  const std::string& description() const { return description_; }
  const std::filesystem::path& path() const { return file_.path; }
  const std::string& named_by() const { return file_.named_by; }
  const std::vector<Implementation>& implementations() const { return implementations_; }

  /// Asks about one of implementations(). A problem that breaks the interface's own rules is refused without asking.
  Answer query(size_t implementation, const attn_device& device, const attn_problem& problem, int32_t level) const;

  /// What the plugin knows of a device of this machine, as JSON; nothing if it does not say.
  std::optional<std::string> describe_device(int32_t device_kind, int32_t index) const;

  /// For Plan. Only functions within the table's size are looked at.
  const attn_plugin& table() const { return table_; }
  attn_instance* instance() const { return instance_; }

 private:
  explicit Plugin(NamedPath file) : file_(std::move(file)) {}
  void read_table(const attn_plugin& table);
  void read_implementations(const attn_plugin& table);
  void open(const std::string& options, const LogFunction& log);

  NamedPath file_;
  std::string name_, version_, description_;
  std::vector<Implementation> implementations_;
  attn_plugin table_{};
  LogFunction log_;
  attn_host host_{};
  attn_instance* instance_ = nullptr;
};

}  // namespace cfgtool::attention
