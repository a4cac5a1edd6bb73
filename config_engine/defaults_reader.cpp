#include "config_engine/defaults_reader.hpp"

#include <fmt/format.h>

#include "config_engine/diagnostic.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

[[noreturn]] void refuse(SourcePos pos, std::string message, std::string note = {}) {
  Diagnostic diagnostic;
  diagnostic.code = "defaults-list-entry";
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({pos, 1, {}});
  if (!note.empty()) diagnostic.notes.push_back(std::move(note));
  throw ConfigError(std::move(diagnostic));
}

[[noreturn]] void refuse(const Node& node, std::string message, std::string note = {}) {
  refuse(node.pos, std::move(message), std::move(note));
}

struct GroupKey {
  std::string group;
  std::optional<std::string> package;
  bool optional = false;
  bool override_ = false;
};

/// `optional override db@backup`: hydra's _split_group and _extract_keywords_from_config_group.
GroupKey parse_group_key(std::string_view text) {
  const GroupAndPackage split = split_group(text);
  GroupKey key;
  if (split.package) key.package = std::string(*split.package);
  text = split.group;
  const size_t last_space = text.rfind(' ');
  if (last_space != std::string_view::npos) {
    std::string_view keywords = text.substr(0, last_space);
    while (true) {
      const size_t space = keywords.find(' ');
      const std::string_view word = keywords.substr(0, space);
      if (word == "optional") {
        key.optional = true;
      } else if (word == "override") {
        key.override_ = true;
      } else {
        break;
      }
      if (space == std::string_view::npos) break;
      keywords.remove_prefix(space + 1);
    }
    text = text.substr(last_space + 1);
  }
  key.group = std::string(text);
  return key;
}

const char* const kSupported =
    "an entry is a config (`- path/to/config`), a group's option (`- group: option`) or `- _self_`";

GroupChoice read_choice(const Tree& tree, NodeId value) {
  const Node& node = tree[value];
  switch (node.kind) {
    case NodeKind::kNull:
      return std::monostate{};
    case NodeKind::kString:
    case NodeKind::kInterpolation:
    case NodeKind::kMissing:
      return std::string(node.text());
    case NodeKind::kList: {
      std::vector<std::string> options;
      for (NodeId item : tree.children(value)) {
        const NodeKind kind = tree[item].kind;
        if (kind != NodeKind::kString && kind != NodeKind::kInterpolation && kind != NodeKind::kMissing) {
          refuse(tree[item], fmt::format("Unsupported item value in defaults : {}, nested list items must be strings",
                                         type_name(tree[item])));
        }
        options.emplace_back(tree[item].text());
      }
      return options;
    }
    default:
      refuse(node,
             fmt::format("Unsupported item value in defaults : {}. Supported: string or list",
                         node.kind == NodeKind::kMap ? "dict" : type_name(node)),
             node.is_container()
                 ? ""
                 : fmt::format("quote it to name a config of that name: '{}'", python_str(tree, value)));
  }
}

OptionPlaces places_of_options(const Tree& tree, NodeId value) {
  OptionPlaces places{tree[value].pos};
  if (tree[value].kind != NodeKind::kList) return places;
  for (NodeId option : tree.children(value))
    places.each.push_back(tree[option].pos);
  return places;
}

InputDefault read_group(const Tree& tree, NodeId item, const std::string& config_path, VersionBase version_base) {
  NodeId entry = kNoNode;
  std::optional<bool> legacy_optional;
  for (NodeId child : tree.children(item)) {
    // `- db: mysql` with `optional: true` beside it is Hydra 1.0's form.
    if (!version_base.at_least(1, 2) && tree[item].length > 1 && tree[child].key() == Key("optional")) {
      legacy_optional = python_truth(tree[child]);
      continue;
    }
    if (entry != kNoNode) {
      const Node& second = tree[child];
      refuse(second.key_pos ? second.key_pos : second.pos,
             fmt::format("In {}: Too many keys in default item {}", config_path, python_repr(tree, item)),
             "each entry of the defaults list has one group; is a '- ' missing before this key?");
    }
    entry = child;
  }
  if (entry == kNoNode) {
    refuse(tree[item], fmt::format("In {}: Missing group name in {}", config_path, python_repr(tree, item)));
  }
  if (tree[entry].key_kind != KeyKind::kString) {
    refuse(tree[item], fmt::format("In {}: the group name {} is not a string", config_path, tree[entry].key().text));
  }
  GroupKey key = parse_group_key(tree[entry].key().text);
  if (key.group.empty()) {
    refuse(tree[item], fmt::format("In {}: Missing group name in {}", config_path, python_repr(tree, item)),
           kSupported);
  }
  // The place of an entry is its key: that is what a person looks for.
  const SourcePos pos = tree[entry].key_pos ? tree[entry].key_pos : tree[item].pos;
  InputDefault read = InputDefault::group(std::move(key.group), read_choice(tree, entry), std::move(key.package), pos);
  read.option_places = places_of_options(tree, entry);
  read.optional = key.optional || (legacy_optional && *legacy_optional);
  read.override_ = key.override_;
  return read;
}

/// `-db: mysql`, which is a mapping.
bool lacks_blank(const Tree& tree, NodeId list) {
  return tree[list].kind == NodeKind::kMap && tree[list].length > 0 &&
         tree[tree[list].child.first].key().text.starts_with('-');
}

InputDefault read_config(const Node& node) {
  const GroupAndPackage split = split_group(node.text());
  if (split.group == "_self_" && split.package) refuse(node, "_self_@PACKAGE is not supported");
  std::optional<std::string> package;
  if (split.package) package = std::string(*split.package);
  return InputDefault::config(std::string(split.group), std::move(package), node.pos);
}

}  // namespace

// hydra: ConfigRepository._create_defaults_list
std::vector<InputDefault> read_defaults_list(const Tree& tree, NodeId node, const std::string& config_path,
                                             VersionBase version_base) {
  if (tree[node].kind == NodeKind::kMissing) return {};
  if (tree[node].kind != NodeKind::kList) {
    refuse(tree[node],
           fmt::format("Invalid defaults list in '{}', defaults must be a list (got {})", config_path,
                       tree[node].kind == NodeKind::kMap ? "mapping" : type_name(tree[node])),
           lacks_blank(tree, node) ? "a blank is missing behind the '-'" : kSupported);
  }
  std::vector<InputDefault> entries;
  for (NodeId item : tree.children(node)) {
    const Node& value = tree[item];
    switch (value.kind) {
      case NodeKind::kMap:
        entries.push_back(read_group(tree, item, config_path, version_base));
        break;
      case NodeKind::kString:
      case NodeKind::kInterpolation:
      case NodeKind::kMissing:
        entries.push_back(read_config(value));
        break;
      default:
        refuse(value,
               fmt::format("Unsupported type in defaults : {}",
                           value.kind == NodeKind::kList ? "ListConfig" : type_name(value)),
               kSupported);
    }
  }
  return entries;
}

}  // namespace cfgtool
