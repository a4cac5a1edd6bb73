/// \file
/// Finds configs on the search path, reads each file once, and lists groups and their options.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config_engine/config_file.hpp"
#include "config_engine/default_element.hpp"
#include "config_engine/interpolation.hpp"
#include "config_engine/parse_cache.hpp"
#include "config_engine/resolve.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// Every file read so far. Shared by the compositions of one thread.
class FileStore {
 public:
  /// \param cache_folder where parsed files are kept for other processes, see parse_cache.hpp; empty: nowhere
  explicit FileStore(std::string cache_folder = {});
  ~FileStore();

  /// A composition begins: from here on each file is looked at once more, and read again if it changed. Within a
  /// composition a file does not change. The two names say whose cache it is.
  void begin_composition(const std::string& config_folder, const std::string& config_name);

  /// Writes what was parsed to the caches. Never fails.
  void save_caches();

  /// \param spelled_path may have `..` in it, which are taken away before the disk is looked at
  /// \return nullptr if there is no file of that path
  /// \throws ConfigError (without sources) for what cannot be read or is not YAML as OmegaConf loads it
  std::shared_ptr<const ConfigFile> load(const std::string& spelled_path);
  /// The built-in config of that path, or nullptr.
  std::shared_ptr<const ConfigFile> load_builtin(std::string_view path);

  /// The files on disk that this composition read, in no order.
  std::vector<std::shared_ptr<const ConfigFile>> files_of_composition() const;

  /// Where the positions of all loaded files point.
  std::shared_ptr<const SourceMap> sources() const;
  /// Of the configurations that are made from these files.
  const std::shared_ptr<InterpolationCache>& interpolations() const { return interpolations_; }

 private:
  struct Entry;
  std::shared_ptr<const ConfigFile> parse(SourceKind kind, const std::string& name, std::string text);

  uint64_t composition_ = 1;
  std::string cache_folder_;
  std::unordered_map<std::string, ParseCache> caches_;  // by path
  ParseCache* cache_ = nullptr;                         // this composition's
  std::shared_ptr<SourceMap> sources_;
  std::shared_ptr<InterpolationCache> interpolations_;
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
  /// \param sources, context for a `defaults` that is an interpolation; must outlive the repository
  ConfigRepository(std::shared_ptr<FileStore> store, std::vector<SearchPathEntry> search_path, VersionBase version_base,
                   std::string pkg_path, SourceMap& sources, const ResolveContext& context);

  /// Where keys that are given twice in a file are put rather than refused, see ComposeRequest::passed_over.
  void pass_over(std::vector<Diagnostic>* problems) { passed_over_ = problems; }

  /// Appends `entry` to the search path, before the `structured://` schema entry that stands last.
  void append_search_path(SearchPathEntry entry);

  /// nullptr if no source has it. \param config_path such as "db/mysql" or "db/mysql.yaml"
  /// \throws ConfigError for a file that cannot be read, or whose defaults list is not one
  const LoadedConfig* load_config(const std::string& config_path);
  /// Whether a folder has a config of that name, beside what Hydra itself brings.
  bool is_in_folder(const std::string& config_path) const;
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
  std::vector<InputDefault> read_defaults(const ConfigFile& file, NodeId defaults,
                                          const std::string& config_path) const;
  std::shared_ptr<const ConfigFile> find_file(const std::string& config_path);
  std::string normalized_file_name(std::string config_path) const;

  std::shared_ptr<FileStore> store_;
  std::vector<SearchPathEntry> search_path_;
  std::vector<std::string> folders_;  // of each entry; empty where it is none
  VersionBase version_base_;
  std::string pkg_path_;
  SourceMap& sources_;
  const ResolveContext& context_;
  std::vector<Diagnostic>* passed_over_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<LoadedConfig>> loaded_;  // by config path; null = not there
};

}  // namespace cfgtool
