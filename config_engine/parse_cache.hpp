/// \file
/// Parsed config files kept in a file between processes, so that a program that starts often parses YAML only once.
///
/// An entry is used only for a text of the same path, size and content hash (XXH3, 128 bits), and only by the build of
/// the engine that wrote it. What is damaged, somebody else's or unreadable counts as not there; nothing here throws.
/// Two processes may use one cache: each writes a file of its own and renames it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/config_file.hpp"
#include "config_engine/source.hpp"

namespace cfgtool {

class ParseCache {
 public:
  /// \param path the cache's file, which need not be there
  explicit ParseCache(std::string path);

  /// What parsing the text at `begin`, called `name`, gives; nothing if that is not known. Texts are copied into
  /// `sources`.
  std::optional<ConfigFile> find(std::string_view name, SourceMap& sources, SourcePos begin) const;

  /// Remembers a file that was parsed from the text at its `begin`.
  void add(std::string_view name, const SourceMap& sources, const ConfigFile& file);

  /// Writes the file if something was added. Old entries stay as long as there is room.
  void save();

 private:
  struct Entry {
    std::string_view name;
    std::string_view record;  // what write_record made: see parse_cache.cpp
  };
  bool read(const std::string& path);

  std::string path_;
  std::string bytes_;                                       // of the file; what entries_ point into
  std::vector<Entry> entries_;                              // sorted by name
  std::vector<std::pair<std::string, std::string>> added_;  // names and records
};

/// The folder for caches: `CFGTOOL_CACHE_DIR`, else `XDG_CACHE_HOME/cfgtool`, else `~/.cache/cfgtool`. Empty, for no
/// caching, if `CFGTOOL_CACHE_DIR` is set to nothing or there is no home.
std::string default_cache_folder();

/// The cache's file for those who compose `config_name` from `config_folder`. Empty if `cache_folder` is.
std::string parse_cache_path(const std::string& cache_folder, const std::string& config_folder,
                             const std::string& config_name);

}  // namespace cfgtool
