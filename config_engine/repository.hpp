/// \file
/// Finds configs on the search path, reads each file once, and lists groups and their options.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config_engine/default_element.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// A config file as read: the same for every composition that uses it.
struct ConfigFile {
  Tree tree;                                  ///< the whole file; the root may be a map or a list
  std::optional<std::string> package_header;  ///< the text behind `# @package`
  SourcePos begin;                            ///< the file's first byte
  bool is_builtin = false;                    ///< one of Hydra's own
};

/// Every file read so far. A file whose size, time or inode changed is read again. Shared by the compositions of one
/// thread.
class FileStore {
 public:
  FileStore();
  ~FileStore();

  /// \return nullptr if there is no file of that path
  /// \throws ConfigError (without sources) for what cannot be read or is not YAML as OmegaConf loads it
  std::shared_ptr<const ConfigFile> load(const std::string& full_path);
  /// The built-in config of that path, or nullptr.
  std::shared_ptr<const ConfigFile> load_builtin(std::string_view path);

  /// Where the positions of all loaded files point.
  std::shared_ptr<const SourceMap> sources() const;

 private:
  struct Entry;
  std::shared_ptr<const ConfigFile> parse(SourceKind kind, std::string name, std::string text);

  std::shared_ptr<SourceMap> sources_;
  std::unordered_map<std::string, std::unique_ptr<Entry>> files_;
  std::unordered_map<std::string, std::shared_ptr<const ConfigFile>> builtins_;
};

/// One place to look for configs.
struct SearchPathEntry {
  std::string provider;  ///< who asked for it: "hydra", "main", "command-line", "hydra.searchpath in main" …
  std::string path;      ///< a folder, `file://folder`, `pkg://package.name` or `structured://`
  SourcePos pos{};       ///< where it was asked for, if in a file or an override
};

/// A config on its way into a composition.
struct LoadedConfig {
  std::shared_ptr<const ConfigFile> file;
  NodeId root = kNoNode;               ///< the content; a top-level `defaults` in it is not part of it
  NodeId defaults_node = kNoNode;      ///< the value of the top-level `defaults`, if there is one
  std::vector<InputDefault> defaults;  ///< the defaults list
};

/// The configs that one composition sees. Not shared between threads.
class ConfigRepository {
 public:
  /// \param pkg_path where `pkg://` packages are looked for (their name's dots are folders)
  ConfigRepository(std::shared_ptr<FileStore> store, std::vector<SearchPathEntry> search_path, VersionBase version_base,
                   std::string pkg_path = {});

  /// Appends `entry` to the search path, before the `structured://` schema entry that stands last.
  void append_search_path(SearchPathEntry entry);

  /// nullptr if no source has it. \param config_path such as "db/mysql" or "db/mysql.yaml"
  /// \throws ConfigError for a file that cannot be read, or whose defaults list is not one
  const LoadedConfig* load_config(const std::string& config_path);
  bool config_exists(const std::string& config_path) const;
  bool group_exists(const std::string& group) const;
  /// Names of the configs in a group, sorted; of all sources together.
  std::vector<std::string> group_options(const std::string& group) const;
  /// Names of the groups in a group, sorted; "" for the top.
  std::vector<std::string> subgroups(const std::string& group) const;

  const std::vector<SearchPathEntry>& search_path() const { return search_path_; }
  /// As Hydra prints a source: `provider=main, path=file:///conf`.
  static std::string describe(const SearchPathEntry& entry);
  /// Whether the place that the entry names is there.
  bool available(const SearchPathEntry& entry) const;

  const FileStore& store() const { return *store_; }

 private:
  std::string folder(const SearchPathEntry& entry) const;
  std::shared_ptr<const ConfigFile> find_file(const std::string& config_path);
  std::string normalized_file_name(std::string config_path) const;

  std::shared_ptr<FileStore> store_;
  std::vector<SearchPathEntry> search_path_;
  VersionBase version_base_;
  std::string pkg_path_;
  std::unordered_map<std::string, std::unique_ptr<LoadedConfig>> loaded_;  // by config path; null = not there
};

}  // namespace cfgtool
