/// \file
/// What a run was composed from: its command line and the hashes of all files that were read. The file `lock.json`
/// beside a run's config.yaml.
#pragma once

#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

inline constexpr std::string_view kRunRecordName = "lock.json";

struct RecordedFile {
  std::string path;
  std::string sha256;
  std::vector<std::string> decides;  ///< the keys whose values stand in this file
};

struct RunRecord {
  std::string output_dir;      ///< the run's folder
  std::string working_folder;  ///< where it was composed: relative folders begin there
  std::tm time{};              ///< what `${now:}` gave
  int microsecond = 0;
  std::vector<std::string> config_dirs;
  std::optional<std::string> config_name;
  std::vector<std::string> overrides;
  std::string job_name;
  VersionBase version_base;
  std::string pkg_path;
  std::string python_version;
  bool extended = false;
  bool keep_unknown_resolvers = false;

  // Only in a lock file:
  bool is_locked = false;
  std::map<std::string, std::string> saved;    ///< SHA-256 of the files beside it: config.yaml, hydra.yaml …
  std::optional<std::string> resolved_sha256;  ///< of config.yaml with all interpolations evaluated, where they can be
  std::vector<RecordedFile> files;             ///< in the order of their paths
  std::vector<std::string> command;            ///< what `cfgtool run` ran

  /// The request that composes the same again. Its `${now:}` gives the recorded time.
  ComposeRequest request() const;
};

/// \param store where the composition's files were read, for nothing else since
RunRecord record_run(const FileStore& store, const Composition& composition, const ComposeRequest& request);

std::string to_json(const RunRecord& record);

/// \param folder a run's folder, or the `.hydra` in it. Without a lock file, the record is put together from the
/// hydra.yaml that Hydra itself writes; then is_locked is false.
/// \throws ConfigError with sources, stage kRequest, code run-record, if there is neither or it cannot be read
RunRecord read_run_record(const std::string& folder);

/// The folder that holds the run's config.yaml: `folder` or the `.hydra` in it. \throws ConfigError as above
std::string find_hydra_folder(const std::string& folder);

/// One value of a configuration: a scalar, or an empty list or map.
struct Leaf {
  std::string key;
  NodeId node;
};
/// All of them, in order.
std::vector<Leaf> leaves_of(const Tree& tree);

}  // namespace cfgtool
