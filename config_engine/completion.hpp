/// \file
/// What could be typed next on a command line with Hydra's overrides and flags: groups and their options, keys and
/// values, files, flags. completion_shell.hpp puts it into the shells.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// What a flag wants behind it.
enum class FlagValue : uint8_t {
  kNone,
  kText,  ///< something that only the user knows
  kChoice,
  kFile,
  kFolder,
  kConfigName,
  kKey,
};

struct CompletionFlag {
  std::vector<std::string> names;  ///< with their dashes: "--config-path", "-cp"
  std::string help;
  FlagValue value = FlagValue::kNone;
  bool value_is_optional = false;
  std::vector<std::string> choices;  ///< of kChoice; of others words that can stand there besides
};

/// A key that somebody beside the configuration knows something about.
struct KnownKey {
  std::string key;      ///< in full, as on the command line
  std::string section;  ///< it is offered only where this key is there; empty: always
  std::vector<std::string> values;
  std::string description;
};

enum class CandidateKind : uint8_t {
  kFlag,
  kFlagValue,
  kSubcommand,
  kGroup,
  kOption,
  kContainer,
  kKey,
  kValue,
  kFile,
  kFolder,
};

/// One word that could stand at the cursor, whole and not quoted for any shell.
struct Candidate {
  std::string word;
  std::string description;  ///< one line for people, such as the value that a key has now; may be empty
  CandidateKind kind = CandidateKind::kValue;
  bool ends_word = true;  ///< false where the same word goes on: `trainer.`, `db=`
};

struct CompletionRequest {
  std::vector<std::string> words;  ///< those before the one at the cursor, without the program's name and subcommand
  std::string word;                ///< the one at the cursor, as far as the cursor
  std::vector<CompletionFlag> flags;
  std::vector<Candidate> arguments;  ///< words that the command takes beside flags and overrides
  bool takes_overrides = true;
  bool takes_keys = false;    ///< words that are no overrides (reads_as_override) are keys
  bool takes_groups = false;  ///< or beginnings of groups
  /// What is composed if the flags among `words` do not say otherwise: config_dirs[0] is the program's own folder.
  ComposeRequest defaults;
  std::string base_dir;  ///< what a relative --config-path starts from; empty: the working directory
  std::function<std::vector<KnownKey>()> known_keys;  ///< asked only where keys or values are wanted; may throw
};

/// Sorted by word; never throws for a configuration that cannot be composed: then what is known without it is offered.
/// \param store where files are read and kept
std::vector<Candidate> complete(const std::shared_ptr<FileStore>& store, const CompletionRequest& request);

}  // namespace cfgtool
