#include "cfgtool/cause_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cfgtool/text_table.hpp"
#include "config_engine/choice_overrides.hpp"
#include "config_engine/key_definitions.hpp"
#include "config_engine/key_path.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLongestLine = 100;
constexpr size_t kLongestValue = 60;

const char* kind_name(SourceKind kind) {
  switch (kind) {
    case SourceKind::kFile:
      return "file";
    case SourceKind::kOverride:
      return "override";
    case SourceKind::kFlag:
      return "flag";
    case SourceKind::kCommandLine:
      return "command line";
    case SourceKind::kEnvironment:
      return "environment";
    case SourceKind::kBuiltin:
      return "builtin";
  }
  return "";
}

std::string absolute(std::string_view path) {
  std::error_code failed;
  const std::filesystem::path whole = std::filesystem::absolute(path, failed);
  return failed ? std::string(path) : whole.lexically_normal().string();
}

/// The defaults list's entry that brought the config; nothing for other steps.
const ResultDefault* entry_of(const Composition& composition, const ValueCause& cause) {
  if (cause.step.kind != ComposeStep::Kind::kConfig) return nullptr;
  return &composition.defaults.defaults[cause.step.index];
}

std::string_view trimmed(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
}

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

}  // namespace

Json place_json(const SourceLocation& at) {
  Json place{{"kind", kind_name(at.kind)}};
  if (at.kind == SourceKind::kFile) place["file"] = absolute(at.name);
  if (at.kind != SourceKind::kFile && at.kind != SourceKind::kOverride) place["name"] = std::string(at.name);
  if (at.line == 0) return place;
  place["line"] = at.line;
  place["column"] = at.column;
  if (at.kind == SourceKind::kOverride) place["index"] = at.index;
  return place;
}

Json cause_json(const Composition& composition, const ValueCause& cause) {
  Json json = place_json(cause.at);
  SourceLocation via;
  if (composition.sources->locate(cause.via, &via)) json["via"] = place_json(via);
  if (const ResultDefault* entry = entry_of(composition, cause)) {
    json["config"] = entry->config_path;
    json["package"] = entry->package;
    SourceLocation chosen;
    if (composition.sources->locate(entry->pos, &chosen)) json["chosen_by"] = place_json(chosen);
  }
  return json;
}

Json chain_json(const Composition& composition, const ValueProvenance& found) {
  const auto link = [&](const ValueCause& cause) {
    Json json = cause_json(composition, cause);
    if (cause.is_deletion) json["deleted"] = true;
    if (cause.key != found.own_key) json["key"] = cause.key;
    return json;
  };
  Json chain{{"set_by", link(found.causes.back())}, {"history", Json::array()}};
  for (size_t i = 0; i + 1 < found.causes.size(); ++i)
    chain["history"].push_back(link(found.causes[i]));
  return chain;
}

Json reads_json(const Composition& composition, const std::vector<ValueRead>& reads) {
  Json all = Json::array();
  for (const ValueRead& read : reads) {
    const char* kind = read.kind == ValueRead::Kind::kKey           ? "key"
                       : read.kind == ValueRead::Kind::kEnvironment ? "environment"
                                                                    : "resolver";
    Json json{{"kind", kind}, {"name", read.name}};
    if (read.kind != ValueRead::Kind::kResolver) json["found"] = read.is_there;
    if (!read.causes.empty()) json["set_by"] = cause_json(composition, read.causes.back());
    if (!read.reads.empty()) json["reads"] = reads_json(composition, read.reads);
    all.push_back(std::move(json));
  }
  return all;
}

std::string CausePainter::paint(std::string_view code, std::string_view text) const {
  return color_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

std::string CausePainter::place(const ValueCause& cause) const {
  return cause.at.line == 0 ? std::string("cfgtool itself") : to_string(cause.at);
}

std::string CausePainter::source_line(const SourceLocation& at) const {
  if (at.line == 0) return {};
  const std::string_view line = trimmed(at.line_text);
  return fmt::format("          {} {}\n", paint("1;34", "|"),
                     cuts_ ? cut_short(line, kLongestLine) : std::string(line));
}

std::string CausePainter::cause(std::string_view title, const ValueCause& cause, std::string_view own_key) const {
  std::string text = fmt::format("  {:7} {}", title, paint("36", place(cause)));
  const ResultDefault* entry = entry_of(composition_, cause);
  if (entry) text += fmt::format(" (package {})", entry->package.empty() ? "_global_" : entry->package);
  if (cause.key != own_key) text += fmt::format(", for {}", cause.key);
  text += "\n" + source_line(cause.at);
  SourceLocation via;
  if (composition_.sources->locate(cause.via, &via))
    text += fmt::format("          via {}\n", paint("36", to_string(via))) + source_line(via);
  SourceLocation chosen;
  if (entry && composition_.sources->locate(entry->pos, &chosen) && chosen.line != 0)
    text += fmt::format("          chosen by {}\n", paint("36", to_string(chosen))) + source_line(chosen);
  return text;
}

std::string CausePainter::causes(const ValueProvenance& found) const {
  const std::vector<ValueCause>& causes = found.causes;
  std::string text;
  for (auto one = causes.rbegin(); one != causes.rend(); ++one) {
    const char* const title = one->is_deletion ? "deleted" : one == causes.rbegin() ? "set by" : "before";
    text += cause(title, *one, found.own_key);
  }
  return text;
}

std::string CausePainter::reads(const std::vector<ValueRead>& reads, size_t depth) const {
  const std::string indent(2 * depth, ' ');
  std::string text;
  for (const ValueRead& read : reads) {
    text += indent + "reads   ";
    switch (read.kind) {
      case ValueRead::Kind::kResolver:
        text += fmt::format("resolver {}\n", read.name);
        break;
      case ValueRead::Kind::kEnvironment:
        text += read.is_there ? fmt::format("environment variable {} = {}\n", read.name, read.value)
                              : fmt::format("environment variable {}, which is not set\n", read.name);
        break;
      case ValueRead::Kind::kKey:
        if (!read.is_there) {
          text += fmt::format("{}, which is not in the configuration as it was written\n", read.name);
          break;
        }
        text += key(read.name);
        if (!read.value.empty()) text += " = " + (cuts_ ? cut_short(read.value, kLongestValue) : read.value);
        text += fmt::format(", set by {}\n", paint("36", place(read.causes.back())));
        break;
    }
    text += this->reads(read.reads, depth + 1);
  }
  return text;
}

namespace {

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

void refuse_key(const std::string& key, const Tree& tree, const Composition& composition,
                const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  constexpr size_t kMost = 5;
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kCompose;
  diagnostic.code = "key-absent";
  diagnostic.message = fmt::format("The configuration has no key '{}'", key);
  diagnostic.key_path = key;
  diagnostic.labels.push_back({composition.sources->add(SourceKind::kFlag, "KEY", key),
                               static_cast<uint32_t>(std::max<size_t>(key.size(), 1)),
                               {}});
  const std::vector<std::string> paths = key_paths(tree);
  if (std::string hint = did_you_mean(key, paths); !hint.empty()) diagnostic.notes.push_back(std::move(hint));
  std::vector<std::string> elsewhere;
  for (const std::string& path : paths) {
    if (!key.empty() && !in_hydra(path) && path.ends_with("." + key)) elsewhere.push_back(path);
  }
  std::ranges::sort(elsewhere);
  if (elsewhere.size() > kMost) elsewhere.resize(kMost);
  if (!elsewhere.empty()) diagnostic.notes.push_back(fmt::format("there is '{}'", fmt::join(elsewhere, "', '")));
  const bool is_group = name_group(key, composition, diagnostic);
  const bool can_be_added = explain_way(key, tree, *composition.sources, diagnostic) && !is_group;
  for (size_t i = 0; i < composition.overrides.size(); ++i) {
    const Override& word = composition.overrides[i];
    const bool is_above = key == word.key_or_group || key.starts_with(word.key_or_group + ".");
    if (word.is_delete() && is_above)
      diagnostic.notes.push_back(fmt::format("override {} deletes it: {}", i + 1, word.input_line));
  }
  for (const KeyDefinition& definition : configs_that_define(store, request, composition, key, kMost)) {
    SourceLocation at;
    composition.sources->locate(definition.pos, &at);
    const std::string how = definition.group.empty() ? fmt::format("--config-name {}", definition.option)
                                                     : fmt::format("{}={}", definition.group, definition.option);
    diagnostic.notes.push_back(fmt::format("{} would define it: {}", how, to_string(at)));
  }
  if (can_be_added) diagnostic.notes.push_back(fmt::format("+{}=VALUE would add it", key));
  ConfigError error(std::move(diagnostic));
  error.set_sources(composition.sources);
  throw error;
}

}  // namespace cfgtool
