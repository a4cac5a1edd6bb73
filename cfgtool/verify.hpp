/// \file
/// Holds a run's configuration against what the same inputs give now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config_engine/run_record.hpp"

namespace cfgtool {

enum class FileState : uint8_t {
  kSame,
  kChanged,
  kGone,    ///< it is not there any more
  kNew,     ///< it was not read then
  kUnused,  ///< it is there, and not read any more
};

const char* to_string(FileState state);

struct VerifiedFile {
  std::string path;
  FileState state = FileState::kSame;
};

struct ChangedValue {
  std::string key;
  std::optional<std::string> before;  ///< as JSON; nothing: the key was not there
  std::optional<std::string> after;   ///< nothing: the key is not there any more
  std::string place;                  ///< where it stands now; may be empty
  std::string file;                   ///< the file that is to blame; empty: none of those that changed
};

struct Verification {
  bool is_same = false;
  bool is_locked = false;            ///< whether hashes of the files are known
  std::vector<std::string> edited;   ///< files of the run's folder that are not what the run wrote
  std::optional<ConfigError> error;  ///< why the inputs do not compose any more
  size_t files_read = 0;
  std::vector<VerifiedFile> files;  ///< that are not the same
  std::vector<ChangedValue> values;
  std::string not_compared;               ///< why it is not known whether interpolations lead to the same; may be empty
  std::vector<std::string> surroundings;  ///< keys whose values only the environment can have changed
};

/// \param folder a run's folder \throws ConfigError, stage kRequest, if it is none or damaged
Verification verify_run(const std::string& folder);

std::string print_text(const Verification& verification, const std::string& folder, bool color);
std::string print_json(const Verification& verification);

}  // namespace cfgtool
