// The keys and values of CompletionConfig.
#include <fmt/format.h>

#include <algorithm>

#include "config_engine/completion_config.hpp"
#include "config_engine/completion_values.hpp"
#include "config_engine/hydra_schema.hpp"
#include "config_engine/override.hpp"
#include "config_engine/resolve.hpp"

namespace cfgtool {

namespace {

/// Hydra's grammar has no place for every key that YAML can hold.
bool can_be_typed(std::string_view key) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9') || c == '-';
  };
  if (key.empty() || key.find_first_of(".[]=@") != std::string_view::npos) return false;
  if (std::all_of(key.begin(), key.end(), is_plain)) return true;
  SourceMap sources;
  const std::string word = fmt::format("a.{}=1", key);
  try {
    return parse_override(sources, sources.add(SourceKind::kOverride, word, word, 1)).key_or_group ==
           word.substr(0, word.size() - 2);
  } catch (const ConfigError&) {
    return false;
  }
}

bool names_file(std::string_view value) {
  return value.starts_with('.') || value.starts_with('/') || value.starts_with("~/");
}

std::vector<Candidate> complete_file_value(const TypedOverride& typed, const std::string& before,
                                           const std::string& begin) {
  std::vector<Candidate> found;
  for (Candidate& file : complete_path(begin, "", false)) {
    // Hydra's grammar knows no `~`.
    const auto spelled = spell_text(without_tilde(file.word), begin.starts_with("~/") ? "" : begin);
    if (!spelled) continue;
    file.word = typed.before_value() + before + *spelled;
    file.ends_word = file.ends_word && before.find_first_of("[(") == std::string::npos;
    found.push_back(std::move(file));
  }
  return found;
}

}  // namespace

Tree& CompletionConfig::tree_of(std::string_view key) {
  const bool in_hydra_node = key == "hydra" || key.starts_with("hydra.") || key.starts_with("hydra[");
  return in_hydra_node ? composition_->hydra : composition_->tree;
}

/// The value at a key path, interpolations followed; kNoNode if there is none or it cannot be told.
NodeId CompletionConfig::select(std::string_view key) {
  Tree& tree = tree_of(key);
  if (key.empty()) return tree.root();
  try {
    return Resolver(tree, *sources_, context_).select(tree.root(), key, false);
  } catch (const ConfigError&) {
    return kNoNode;
  }
}

NodeId CompletionConfig::follow(Tree& tree, NodeId node) {
  if (tree[node].kind != NodeKind::kInterpolation) return node;
  try {
    return Resolver(tree, *sources_, context_).dereference(node);
  } catch (const ConfigError&) {
    return kNoNode;
  }
}

NodeId CompletionConfig::child(Tree& tree, NodeId container, std::string_view name) const {
  size_t index = 0;
  for (const NodeId id : tree.children(container)) {
    const bool is_list = tree[container].kind == NodeKind::kList;
    if (is_list ? std::to_string(index) == name : tree[id].key().text == name) return id;
    ++index;
  }
  return kNoNode;
}

/// One level, as Hydra: `trainer.` for what leads on, `lr=` for what does not.
void CompletionConfig::add_keys_below(const TypedOverride& typed, std::string_view base, std::string_view begin,
                                      std::vector<Candidate>& found) {
  const NodeId container = select(base);
  Tree& tree = tree_of(base);
  if (container == kNoNode || !tree[container].is_container()) return;
  const bool is_list = tree[container].kind == NodeKind::kList;
  const std::string before = typed.prefix + (base.empty() ? "" : std::string(base) + ".");
  size_t index = 0;
  for (const NodeId id : tree.children(container)) {
    const Node& node = tree[id];
    const std::string name = is_list ? std::to_string(index++) : std::string(node.key().text);
    if (!name.starts_with(begin) || !can_be_typed(name)) continue;
    if (node.is_container())
      found.push_back({before + name + ".", describe_value(tree, id), CandidateKind::kContainer, false});
    if (typed.prefix == "~") {
      if (!is_list) found.push_back({before + name, describe_value(tree, id), CandidateKind::kKey, true});
    } else if (!node.is_container() && typed.prefix != "+") {
      // With `+` a key that is there is refused: only the way to new ones is of use.
      found.push_back({before + name + "=", describe_value(tree, id), CandidateKind::kKey, false});
    }
  }
}

void CompletionConfig::add_known_keys(const TypedOverride& typed, std::vector<Candidate>& found) {
  if (!typed.prefix.starts_with('+')) return;  // a key that is not there can only be added
  for (const KnownKey& known : known_keys_) {
    if (!known.key.starts_with(typed.left) || select(known.key) != kNoNode) continue;
    const size_t dot = known.key.find('.', typed.left.size());
    if (dot == std::string::npos) {
      found.push_back({typed.prefix + known.key + "=", known.description, CandidateKind::kKey, false});
    } else if (select(known.key.substr(0, dot)) == kNoNode) {
      found.push_back(
          {typed.prefix + known.key.substr(0, dot + 1), known.description, CandidateKind::kContainer, false});
    }
  }
}

std::vector<Candidate> CompletionConfig::keys(const TypedOverride& typed) {
  std::vector<Candidate> found;
  if (!composition_) return found;
  const size_t dot = typed.left.rfind('.');
  const std::string base = dot == std::string::npos ? "" : typed.left.substr(0, dot);
  const std::string begin = dot == std::string::npos ? typed.left : typed.left.substr(dot + 1);
  add_keys_below(typed, base, begin, found);
  const Tree& hydra = composition_->hydra;
  if (base.empty() && std::string_view("hydra").starts_with(begin) && hydra[hydra.root()].length > 0)
    found.push_back({typed.prefix + "hydra.", "Hydra's own settings", CandidateKind::kContainer, false});
  add_known_keys(typed, found);
  return found;
}

std::vector<Candidate> CompletionConfig::packages(std::string_view typed) {
  TypedOverride as_deletion;
  as_deletion.prefix = "~";
  as_deletion.left = typed;
  std::vector<Candidate> found = keys(as_deletion);
  for (Candidate& candidate : found)
    candidate.word.erase(0, 1);
  return found;
}

std::vector<std::string> CompletionConfig::known_values(const std::string& key, const Node* value) const {
  std::vector<std::string> choices;
  for (const std::string_view choice : hydra_values_at(key))
    choices.emplace_back(choice);
  if (choices.empty() && value && value->kind == NodeKind::kBool) choices = {"true", "false"};
  for (const KnownKey& known : known_keys_) {
    if (known.key == key) choices.insert(choices.end(), known.values.begin(), known.values.end());
  }
  return choices;
}

std::vector<Candidate> CompletionConfig::values(const TypedOverride& typed) {
  if (!typed.value || typed.prefix == "~") return {};
  const size_t last = last_item_at(*typed.value);
  const std::string before = typed.value->substr(0, last);
  const std::string begin = typed.value->substr(last);
  if (names_file(begin)) return complete_file_value(typed, before, begin);
  std::vector<Candidate> found;
  if (composition_) add_values(typed, before, begin, found);
  // Where nothing is known, a file may be meant: bash would complete it by itself, others stop at the `=`.
  if (found.empty() && !begin.empty()) return complete_file_value(typed, before, begin);
  return found;
}

void CompletionConfig::add_values(const TypedOverride& typed, const std::string& before, const std::string& begin,
                                  std::vector<Candidate>& found) {
  const size_t dot = typed.left.rfind('.');
  const NodeId container = select(dot == std::string::npos ? "" : std::string_view(typed.left).substr(0, dot));
  Tree& tree = tree_of(typed.left);
  const NodeId node = container == kNoNode ? kNoNode : child(tree, container, typed.left.substr(dot + 1));
  const NodeId value = node == kNoNode ? kNoNode : follow(tree, node);
  const bool is_whole = before.empty();
  // A map is merged into the one that is there: to repeat it says nothing.
  const bool is_worth_it = value != kNoNode && tree[value].kind != NodeKind::kMap;
  const auto now = is_worth_it ? spell_value(tree, value, is_whole ? begin : "") : std::nullopt;
  const auto add = [&](const std::string& word, const std::string& description) {
    if (!word.starts_with(begin)) return;
    const bool ends = before.find_first_of("[(") == std::string::npos;
    found.push_back({typed.before_value() + before + word, description, CandidateKind::kValue, ends});
  };
  if (now && is_whole)
    add(*now, tree[node].kind == NodeKind::kInterpolation ? "now, from " + describe_value(tree, node) : "now");
  for (const std::string& choice : known_values(typed.left, value == kNoNode ? nullptr : &tree[value])) {
    if (!is_whole || now != choice) add(choice, "");
  }
}

}  // namespace cfgtool
