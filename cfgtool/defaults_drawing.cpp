#include "cfgtool/defaults_drawing.hpp"

#include <fmt/format.h>

#include "cfgtool/cause_text.hpp"
#include "cfgtool/text_table.hpp"
#include "config_engine/choice_overrides.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

DrawnState state_of(const InputDefault& entry) {
  if (entry.is_self()) return DrawnState::kSelf;
  if (entry.deleted_by) return DrawnState::kDeleted;
  if (!entry.name()) return DrawnState::kNothing;
  if (entry.is_missing()) return DrawnState::kMissing;
  if (!entry.deleted) return DrawnState::kTaken;
  return entry.optional ? DrawnState::kSkipped : DrawnState::kNotFound;
}

std::string choice_text(const GroupChoice& choice) {
  return std::holds_alternative<std::monostate>(choice) ? "null" : to_python(choice);
}

class Drawer {
 public:
  Drawer(const SourceMap& sources, VersionBase version_base) : sources_(sources), version_base_(version_base) {}

  DrawnDefault draw(const DefaultsTreeNode& tree) const {
    const InputDefault& entry = tree.node;
    DrawnDefault drawn;
    drawn.state = state_of(entry);
    drawn.label = label(entry);
    drawn.is_optional = entry.optional;
    drawn.place = locate(entry.deleted_by ? entry.deleted_by : entry.pos);
    drawn.is_added = entry.external_append;
    // One of several options that were chosen at once is a config of its own: the entry is known by its place only.
    const bool is_of_override = drawn.place && drawn.place->kind == SourceKind::kOverride;
    drawn.is_overridden = entry.replaced || is_of_override;
    if (drawn.state == DrawnState::kTaken) {
      const std::string package = entry.final_package(version_base_);
      drawn.package = package.empty() ? "_global_" : package;
    }
    if (entry.replaced) {
      drawn.instead_of = choice_text(entry.replaced->choice);
      drawn.replaced_at = locate(entry.replaced->pos);
    }
    for (const auto& child : tree.children)
      drawn.children.push_back(draw(*child));
    return drawn;
  }

 private:
  std::optional<SourceLocation> locate(SourcePos pos) const {
    SourceLocation at;
    if (!sources_.locate(pos, &at)) return std::nullopt;
    return at;
  }

  std::string label(const InputDefault& entry) const {
    if (entry.is_self()) return "_self_";
    if (entry.is_group()) return fmt::format("{}: {}", entry.override_key(version_base_), choice_text(entry.choice));
    return entry.path == "_dummy_empty_config_" ? "(no config)" : entry.config_path();
  }

  const SourceMap& sources_;
  VersionBase version_base_;
};

std::string place_text(const SourceLocation& at) {
  if (at.kind == SourceKind::kOverride) return fmt::format("override {}", at.line_text);
  return path_from_here(to_string(at));
}

/// What there is to say behind the label.
std::string remark(const DrawnDefault& drawn) {
  switch (drawn.state) {
    case DrawnState::kMissing:
      return "must be chosen";
    case DrawnState::kSkipped:
      return "not there, skipped";
    case DrawnState::kNotFound:
      return "not found";
    case DrawnState::kDeleted:
      return drawn.place ? fmt::format("taken out by {}", place_text(*drawn.place)) : "taken out";
    default:
      break;
  }
  if (!drawn.is_overridden || !drawn.place) return {};
  const std::string chosen = place_text(*drawn.place);
  if (drawn.instead_of.empty()) return fmt::format("{} by {}", drawn.is_added ? "added" : "chosen", chosen);
  const std::string where = drawn.replaced_at ? fmt::format(" ({})", place_text(*drawn.replaced_at)) : "";
  return fmt::format("chosen by {} instead of {}{}", chosen, drawn.instead_of, where);
}

std::string label_text(const DrawnDefault& drawn) {
  return (drawn.is_optional ? "optional " : "") + drawn.label;
}

// --- Text ---

const char* color_of(const DrawnDefault& drawn) {
  switch (drawn.state) {
    case DrawnState::kTaken:
      return drawn.is_overridden ? "1;32" : "1";
    case DrawnState::kMissing:
    case DrawnState::kNotFound:
      return "1;31";
    case DrawnState::kDeleted:
      return "9;31";
    default:
      return "2";
  }
}

class TextDrawer {
 public:
  explicit TextDrawer(bool color) : color_(color) {}

  std::string draw(const DrawnDefault& root) {
    text_ += line(root);
    draw_children(root, "");
    return std::move(text_);
  }

 private:
  void draw_children(const DrawnDefault& parent, const std::string& indent) {
    for (const DrawnDefault& child : parent.children) {
      const bool is_last = &child == &parent.children.back();
      text_ += paint("2", indent + (is_last ? "└─ " : "├─ ")) + line(child);
      draw_children(child, indent + (is_last ? "   " : "│  "));
    }
  }

  std::string line(const DrawnDefault& drawn) const {
    std::string text = paint(color_of(drawn), label_text(drawn));
    if (!drawn.package.empty()) text += paint("36", fmt::format(" (package {})", drawn.package));
    const std::string words = remark(drawn);
    if (!words.empty()) text += paint(drawn.state == DrawnState::kTaken ? "32" : "33", "  <- " + words);
    return text + "\n";
  }

  std::string paint(const char* code, std::string_view text) const { return cfgtool::paint(color_, code, text); }

  bool color_;
  std::string text_;
};

// --- Graphs ---

/// The lines of a node's label, not escaped.
std::vector<std::string> graph_lines(const DrawnDefault& drawn) {
  std::vector<std::string> lines{label_text(drawn)};
  if (!drawn.package.empty()) lines.push_back("package " + drawn.package);
  std::string words = remark(drawn);
  if (!words.empty()) lines.push_back(std::move(words));
  return lines;
}

std::string replaced(std::string_view text, std::initializer_list<std::pair<char, const char*>> escapes) {
  std::string out;
  for (const char c : text) {
    const char* escape = nullptr;
    for (const auto& [from, to] : escapes)
      escape = c == from ? to : escape;
    if (escape) {
      out += escape;
    } else {
      out += c;
    }
  }
  return out;
}

/// Numbers the nodes of a graph and writes them and their edges by `node` and `edge`.
template <typename WriteNode, typename WriteEdge>
size_t write_graph(const DrawnDefault& drawn, size_t& next, const WriteNode& node, const WriteEdge& edge) {
  const size_t number = next++;
  node(number, drawn);
  for (const DrawnDefault& child : drawn.children)
    edge(number, write_graph(child, next, node, edge));
  return number;
}

bool is_out(const DrawnDefault& drawn) {
  return drawn.state != DrawnState::kTaken && drawn.state != DrawnState::kSelf;
}

}  // namespace

const char* to_string(DrawnState state) {
  switch (state) {
    case DrawnState::kTaken:
      return "taken";
    case DrawnState::kSelf:
      return "self";
    case DrawnState::kNothing:
      return "nothing";
    case DrawnState::kMissing:
      return "missing";
    case DrawnState::kSkipped:
      return "skipped";
    case DrawnState::kDeleted:
      return "deleted";
    case DrawnState::kNotFound:
      return "not found";
  }
  return "";
}

std::vector<DrawnDefault> drawn_defaults(const Composition& composition, VersionBase version_base, bool with_hydra) {
  std::vector<DrawnDefault> roots;
  for (const auto& root : composition.defaults.tree->children) {
    if (root->node.primary || with_hydra) roots.push_back(Drawer(*composition.sources, version_base).draw(*root));
  }
  return roots;
}

std::string as_text(const std::vector<DrawnDefault>& roots, bool color) {
  std::string text;
  for (const DrawnDefault& root : roots)
    text += TextDrawer(color).draw(root);
  return text;
}

std::string as_mermaid(const std::vector<DrawnDefault>& roots) {
  std::string text = "flowchart LR\n";
  size_t next = 0;
  const auto node = [&](size_t number, const DrawnDefault& drawn) {
    std::vector<std::string> lines = graph_lines(drawn);
    for (std::string& line : lines)
      line = replaced(
          line,
          {{'#', "#35;"}, {'"', "#quot;"}, {'<', "#lt;"}, {'>', "#gt;"}, {'&', "#amp;"}, {'\n', " "}, {'`', "#96;"}});
    text += fmt::format("  n{}[\"{}\"]{}\n", number, fmt::join(lines, "<br/>"),
                        is_out(drawn)         ? ":::out"
                        : drawn.is_overridden ? ":::chosen"
                                              : "");
  };
  for (const DrawnDefault& root : roots)
    write_graph(root, next, node, [&](size_t from, size_t to) { text += fmt::format("  n{} --> n{}\n", from, to); });
  return text + "  classDef chosen stroke:#2a2,stroke-width:3px\n  classDef out stroke-dasharray:4,color:#888\n";
}

std::string as_dot(const std::vector<DrawnDefault>& roots) {
  std::string text = "digraph defaults {\n  rankdir=LR;\n  node [shape=box];\n";
  size_t next = 0;
  const auto node = [&](size_t number, const DrawnDefault& drawn) {
    std::vector<std::string> lines = graph_lines(drawn);
    for (std::string& line : lines)
      line = replaced(line, {{'\\', "\\\\"}, {'"', "\\\""}, {'&', "&amp;"}, {'\n', " "}});
    text += fmt::format("  n{} [label=\"{}\"{}];\n", number, fmt::join(lines, "\\n"),
                        is_out(drawn)         ? ", style=dashed, fontcolor=gray"
                        : drawn.is_overridden ? ", color=green, penwidth=3"
                                              : "");
  };
  for (const DrawnDefault& root : roots)
    write_graph(root, next, node, [&](size_t from, size_t to) { text += fmt::format("  n{} -> n{};\n", from, to); });
  return text + "}\n";
}

Json as_json(const std::vector<DrawnDefault>& roots) {
  Json list = Json::array();
  for (const DrawnDefault& drawn : roots) {
    Json json{{"entry", drawn.label}, {"state", to_string(drawn.state)}, {"optional", drawn.is_optional}};
    json["package"] = drawn.package.empty() ? Json() : Json(drawn.package);
    json["place"] = drawn.place ? place_json(*drawn.place) : Json();
    json["overridden"] = drawn.is_overridden;
    if (!drawn.instead_of.empty()) {
      json["instead_of"] = drawn.instead_of;
      json["replaced_at"] = drawn.replaced_at ? place_json(*drawn.replaced_at) : Json();
    }
    json["children"] = as_json(drawn.children);
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace cfgtool
