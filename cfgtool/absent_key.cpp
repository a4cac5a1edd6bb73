#include "cfgtool/absent_key.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/choice_overrides.hpp"
#include "config_engine/key_definitions.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/provenance.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

constexpr size_t kMost = 5;

std::vector<std::string> key_paths(const Tree& tree) {
  std::vector<std::string> paths;
  std::vector<NodeId> open{tree.root()};
  while (!open.empty()) {
    const NodeId node = open.back();
    open.pop_back();
    if (node != tree.root()) paths.push_back(dotted_path(tree, node));
    for (NodeId child : tree.children(node))
      open.push_back(child);
  }
  return paths;
}

/// What may have been meant: keys that are spelt nearly so, and those that end so.
void name_near_keys(const std::string& key, const Tree& tree, Diagnostic& diagnostic) {
  const std::vector<std::string> paths = key_paths(tree);
  if (std::string hint = did_you_mean(key, paths); !hint.empty()) diagnostic.notes.push_back(std::move(hint));
  std::vector<std::string> elsewhere;
  for (const std::string& path : paths) {
    if (!key.empty() && !in_hydra(path) && path.ends_with("." + key)) elsewhere.push_back(path);
  }
  std::ranges::sort(elsewhere);
  if (elsewhere.size() > kMost) elsewhere.resize(kMost);
  if (!elsewhere.empty()) diagnostic.notes.push_back(fmt::format("there is '{}'", fmt::join(elsewhere, "', '")));
}

void name_deletion(const std::string& key, const Composition& composition, Diagnostic& diagnostic) {
  for (size_t i = 0; i < composition.overrides.size(); ++i) {
    const Override& word = composition.overrides[i];
    const bool is_above = key == word.key_or_group || key.starts_with(word.key_or_group + ".");
    if (word.is_delete() && is_above)
      diagnostic.notes.push_back(fmt::format("override {} deletes it: {}", i + 1, word.input_line));
  }
}

/// What is said of a key that goes beyond what is there. \return whether an override could add it
bool explain_way(const std::string& key, const Tree& tree, const SourceMap& sources, Diagnostic& diagnostic) {
  NodeId node = tree.root();
  for (const std::string_view part : split_key(key)) {
    if (part.empty()) return false;
    NodeId next = kNoNode;
    if (tree[node].kind == NodeKind::kList) {
      const std::optional<int64_t> index = list_index(part);
      if (index && *index >= 0) next = tree.item(node, static_cast<size_t>(*index));
      if (next == kNoNode) {
        diagnostic.notes.push_back(
            fmt::format("'{}' is a list of {}, counted from 0", dotted_path(tree, node), tree[node].length));
        return false;
      }
    } else {
      next = tree.find(node, Key(part));
    }
    if (next == kNoNode) return true;
    node = next;
    if (tree[node].is_container()) continue;
    SourceLocation at;
    if (!sources.locate(tree[node].pos, &at)) return false;
    const bool is_text = tree[node].is_text();
    diagnostic.notes.push_back(fmt::format("'{}' is {}: {}", dotted_path(tree, node),
                                           is_text ? std::string(tree[node].text()) : python_repr(tree, node),
                                           to_string(at)));
    return false;
  }
  return false;
}

/// A group is no key, but people ask for it. \return whether it is one
bool name_group(const std::string& key, const Composition& composition, Diagnostic& diagnostic) {
  const DefaultsList& defaults = composition.defaults;
  for (size_t i = 0; i < defaults.known_choices.size(); ++i) {
    const auto& [group, choice] = defaults.known_choices[i];
    if (group != key) continue;
    SourceLocation at;
    const bool is_placed = composition.sources->locate(defaults.known_choice_places[i], &at) && at.line != 0;
    diagnostic.notes.push_back(
        fmt::format("it is a group, of which {} is chosen{}{}",
                    std::holds_alternative<std::monostate>(choice) ? "nothing" : to_python(choice),
                    is_placed ? ": " : "", is_placed ? to_string(at) : ""));
    return true;
  }
  return false;
}

}  // namespace

Diagnostic absent_key(const std::string& key, const Tree& tree, const Composition& composition,
                      const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kCompose;
  diagnostic.code = "key-absent";
  diagnostic.message = fmt::format("The configuration has no key '{}'", key);
  diagnostic.key_path = key;
  diagnostic.labels.push_back({composition.sources->add(SourceKind::kFlag, "KEY", key),
                               static_cast<uint32_t>(std::max<size_t>(key.size(), 1)),
                               {}});
  name_near_keys(key, tree, diagnostic);
  const bool is_group = name_group(key, composition, diagnostic);
  const bool can_be_added = explain_way(key, tree, *composition.sources, diagnostic) && !is_group;
  name_deletion(key, composition, diagnostic);
  for (const KeyDefinition& definition : configs_that_define(store, request, composition, key, kMost)) {
    SourceLocation at;
    composition.sources->locate(definition.pos, &at);
    const std::string how = definition.group.empty() ? fmt::format("--config-name {}", definition.option)
                                                     : fmt::format("{}={}", definition.group, definition.option);
    diagnostic.notes.push_back(fmt::format("{} would define it: {}", how, to_string(at)));
  }
  if (can_be_added) diagnostic.notes.push_back(fmt::format("+{}=VALUE would add it", key));
  return diagnostic;
}

}  // namespace cfgtool
