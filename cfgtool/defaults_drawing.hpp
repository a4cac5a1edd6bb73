/// \file
/// The defaults lists of a configuration as a tree that people look at: text, Mermaid, Graphviz or JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

enum class DrawnState : uint8_t {
  kTaken,     ///< a config that is merged
  kSelf,      ///< `_self_`: where the config's own values are merged
  kNothing,   ///< the choice is null
  kMissing,   ///< `???`, and nobody chose
  kSkipped,   ///< optional, and not there
  kDeleted,   ///< taken out by an override `~group`
  kNotFound,  ///< not there though it must be
};
const char* to_string(DrawnState state);

/// One entry of a defaults list, and what its config's own list brings.
struct DrawnDefault {
  std::string label;    ///< `db: mysql`, `server/apache`, `_self_`
  std::string package;  ///< "_global_" for the top; empty where it means nothing
  DrawnState state = DrawnState::kTaken;
  bool is_optional = false;
  std::optional<SourceLocation> place;  ///< the entry, or the override that chose instead; nothing: nobody wrote it
  bool is_overridden = false;           ///< an override, or an `override` entry, chose it, added it or took it out
  bool is_added = false;                ///< `+group=option` added it
  std::string instead_of;               ///< what the entry says itself; empty where that is not known
  std::optional<SourceLocation> replaced_at;  ///< and where
  std::vector<DrawnDefault> children;         ///< in the order of merging
};

/// \param composition the result of compose() or compose_defaults()
/// \param with_hydra Hydra's own defaults as well, as far as the composition has them
/// \return the primary config, and Hydra's before it \pre DefaultsList::tree is there
std::vector<DrawnDefault> drawn_defaults(const Composition& composition, VersionBase version_base, bool with_hydra);

std::string as_text(const std::vector<DrawnDefault>& roots, bool color);
std::string as_mermaid(const std::vector<DrawnDefault>& roots);
std::string as_dot(const std::vector<DrawnDefault>& roots);
nlohmann::ordered_json as_json(const std::vector<DrawnDefault>& roots);

}  // namespace cfgtool
