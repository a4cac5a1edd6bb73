#include "written_down.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <unordered_map>

#include "config_engine/python_text.hpp"
#include "config_engine/value_tokens.hpp"

namespace cfgtool {

namespace {

std::string json_text(std::string_view text) {
  return nlohmann::json(std::string(text)).dump(-1, ' ', true);
}

std::string typed(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBool:
      return node.boolean ? "bool True" : "bool False";
    case NodeKind::kInt:
      return fmt::format("int {}", node.integer);
    case NodeKind::kBigInt:
      return fmt::format("int {}", node.text());
    case NodeKind::kFloat:
      return "float " + python_repr(node.real);
    default:
      return "str " + json_text(node.text());
  }
}

std::string typed(const Key& key) {
  switch (key.kind) {
    case KeyKind::kString:
      return "str " + json_text(key.text);
    case KeyKind::kNull:
      return "null";
    case KeyKind::kBool:
      return fmt::format("bool {}", key.text);
    case KeyKind::kFloat:
      return fmt::format("float {}", key.text);
    default:
      return fmt::format("int {}", key.text);
  }
}

std::string typed(const Override& parsed, NodeId id) {
  const Node& node = parsed.value[id];
  if (!node.is_container()) {
    const char quote = id < parsed.quotes.size() ? parsed.quotes[id] : '\0';
    return quote ? fmt::format("quoted{} {}", quote, json_text(node.text())) : typed(node);
  }
  const bool is_map = node.kind == NodeKind::kMap;
  std::string text;
  for (NodeId child : parsed.value.children(id)) {
    if (!text.empty()) text += ", ";
    if (is_map) text += typed(parsed.value[child].key()) + ": ";
    text += typed(parsed, child);
  }
  return is_map ? "{" + text + "}" : "[" + text + "]";
}

std::string patterns(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts)
    out += (out.empty() ? "" : ", ") + ("str " + json_text(text));
  return "[" + out + "]";
}

class InterpolationText {
 public:
  explicit InterpolationText(const Interpolation& parsed) : parsed_(parsed) {}

  std::string text(uint32_t id) const {
    const Expr& expr = parsed_[id];
    switch (expr.kind) {
      case ExprKind::kConstant:
        return typed(expr.value);
      case ExprKind::kConcat:
        return fmt::format("(concat {})", pieces(expr.first_child, expr.child_count, ""));
      case ExprKind::kList:
        return list(expr);
      case ExprKind::kDict:
        return dict(expr);
      case ExprKind::kSelect:
        if (expr.child_count == 0) return fmt::format("(select {})", json_text(expr.path()));
        return fmt::format("(select {})", pieces(expr.first_child, expr.child_count, ""));
      case ExprKind::kCall:
        return call(expr);
    }
    return {};
  }

 private:
  std::string list(const Expr& expr) const {
    std::string out;
    for (uint32_t child = expr.first_child; child != kNoNode; child = parsed_[child].next)
      out += (out.empty() ? "" : ", ") + text(child);
    return "[" + out + "]";
  }

  std::string dict(const Expr& expr) const {
    std::vector<std::pair<std::string, std::string>> items;
    std::unordered_map<std::string, size_t> places;
    for (uint32_t key = expr.first_child; key != kNoNode; key = parsed_[parsed_[key].next].next) {
      const std::string identity = python_key_identity(parsed_[key].value);
      const std::string value = text(parsed_[key].next);
      const auto [place, is_new] = places.emplace(identity, items.size());
      if (is_new || identity.empty()) {
        items.emplace_back(typed(parsed_[key].value), value);
      } else {
        items[place->second].second = value;
      }
    }
    std::string out;
    for (const auto& [key, value] : items)
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key, value);
    return "{" + out + "}";
  }

  std::string call(const Expr& expr) const {
    std::string out = "(call ";
    uint32_t child = expr.first_child;
    if (expr.name_parts == 0) {
      out += json_text(expr.path());
    } else {
      out += pieces(child, expr.name_parts, ".");
      for (uint32_t i = 0; i < expr.name_parts; ++i)
        child = parsed_[child].next;
    }
    for (; child != kNoNode; child = parsed_[child].next)
      out += fmt::format("; {} from {}", text(child), json_text(parsed_.source_text(child)));
    return out + ")";
  }

  /// Constants as JSON strings and interpolations, joined by `separator`; neighbouring constants are one string.
  std::string pieces(uint32_t first, uint32_t count, const std::string& separator) const {
    std::string out;
    std::string constant;
    const auto flush = [&] {
      if (!constant.empty()) out += (out.empty() ? "" : " ") + json_text(constant);
      constant.clear();
    };
    uint32_t child = first;
    for (uint32_t i = 0; i < count; ++i, child = parsed_[child].next) {
      if (i > 0) constant += separator;
      if (parsed_[child].kind == ExprKind::kConstant) {
        constant += parsed_[child].value.text();
        continue;
      }
      flush();
      out += (out.empty() ? "" : " ") + text(child);
    }
    flush();
    return out;
  }

  const Interpolation& parsed_;
};

}  // namespace

std::string written_down(const Override& parsed) {
  std::vector<std::string> tags = parsed.sweep.tags;
  std::sort(tags.begin(), tags.end());
  const std::string marks = fmt::format("<{}>{}", fmt::join(tags, ","), parsed.sweep.shuffle ? " shuffled" : "");
  const Sweep& sweep = parsed.sweep;
  switch (parsed.value_kind) {
    case OverrideValueKind::kSimpleChoiceSweep:
    case OverrideValueKind::kChoiceSweep:
      return fmt::format("choice{} {}", marks, typed(parsed, parsed.value.root()));
    case OverrideValueKind::kGlobSweep:
      return fmt::format("glob [{}, {}]", patterns(sweep.include), patterns(sweep.exclude));
    case OverrideValueKind::kRangeSweep:
      return fmt::format("range{} [{}, {}, {}]", marks, typed(sweep.start), typed(sweep.stop), typed(sweep.step));
    case OverrideValueKind::kIntervalSweep:
      return fmt::format("interval{} [{}, {}]", marks, typed(sweep.start), typed(sweep.stop));
    default:
      return typed(parsed, parsed.value.root());
  }
}

std::string written_down(const Interpolation& parsed) {
  return InterpolationText(parsed).text(parsed.root());
}

std::vector<nlohmann::json> recorded(const std::string& file) {
  const char* folder = std::getenv("GRAMMAR_DATA");
  std::ifstream in(std::string(folder ? folder : GRAMMAR_DATA) + "/" + file);
  std::vector<nlohmann::json> records;
  for (std::string line; std::getline(in, line);)
    records.push_back(nlohmann::json::parse(line));
  REQUIRE(records.size() > 50);
  return records;
}

}  // namespace cfgtool
