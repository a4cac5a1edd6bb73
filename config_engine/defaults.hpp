/// \file
/// From a config's name and the command line to the ordered list of configs to merge. The rules, and the names, are
/// those of hydra/_internal/defaults_list.py.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config_engine/default_element.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/override.hpp"
#include "config_engine/repository.hpp"
#include "config_engine/resolve.hpp"

namespace cfgtool {

/// One config to merge, in order.
struct DefaultsTreeNode;

struct ResultDefault {
  std::string config_path;
  std::optional<std::string> parent;  ///< the config whose defaults list names it
  std::string package;                ///< where its content goes: dotted keys, empty for the top
  std::optional<std::string> override_key;
  bool is_self = false;
  bool primary = false;
  SourcePos pos;                           ///< of the entry, or of the override, that chose it
  const DefaultsTreeNode* node = nullptr;  ///< what it was in the tree
};

/// A choice of several options, `group: [a, b]`, which Hydra takes for as many configs.
struct SeveralChosen {
  std::string key;  ///< as in DefaultsList::known_choices
  std::vector<std::string> options;
  SourcePos pos;  ///< of the entry, or of the override, that chose
};

/// What the defaults lists expanded to, kept for those who want to look at it.
struct DefaultsTreeNode {
  InputDefault node;
  DefaultsTreeNode* parent = nullptr;
  bool has_children = false;
  std::vector<std::unique_ptr<DefaultsTreeNode>> children;
};

struct DefaultsList {
  std::vector<ResultDefault> defaults;
  /// Whether Hydra's own configs are among them: not if nobody asks for the hydra node and nothing changes it, since it
  /// would be composed to be thrown away.
  bool with_hydra = true;
  std::unique_ptr<DefaultsTreeNode> tree;
  std::vector<const Override*> config_overrides;  ///< those that change values rather than choose options
  /// Which option each group got (nothing: null), in the order that Hydra learns them: `hydra.runtime.choices`.
  std::vector<std::pair<std::string, GroupChoice>> known_choices;
  std::vector<SourcePos> known_choice_places;  ///< what chose each of them: an entry of a defaults list, an override
  std::vector<SeveralChosen> several_chosen;   ///< those that known_choices does not have
  /// Where configs would have gone that are not there, or that nobody chose, and that the request lets be.
  std::vector<std::string> unknown_packages;
  /// The packages of the groups that the command line deleted, and where it did.
  std::vector<std::pair<std::string, SourcePos>> deleted_packages;
  std::vector<Diagnostic> warnings;
};

struct DefaultsRequest {
  std::optional<std::string> config_name;  ///< the primary config, or none
  SourcePos config_name_pos;               ///< where it was named, if known
  const std::vector<Override>* overrides = nullptr;
  VersionBase version_base;
  const ResolveContext* context = nullptr;         ///< what interpolations in defaults lists see
  bool skip_missing = false;                       ///< leave `group: ???` out instead of refusing it
  bool with_hydra = true;                          ///< the hydra node is asked for, see DefaultsList::with_hydra
  std::vector<Diagnostic>* passed_over = nullptr;  ///< see ComposeRequest::passed_over
};

/// \param sources for texts made on the way
/// \throws ConfigError (without sources), worded as Hydra words it
DefaultsList create_defaults_list(ConfigRepository& repository, const DefaultsRequest& request, SourceMap& sources);

}  // namespace cfgtool
