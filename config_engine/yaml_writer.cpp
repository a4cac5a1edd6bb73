#include "config_engine/yaml_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "config_engine/base64.hpp"
#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/utf8.hpp"
#include "config_engine/yaml_emit_scalar.hpp"
#include "config_engine/yaml_scalar.hpp"

namespace cfgtool {

namespace {

constexpr size_t kIndent = 2;
constexpr size_t kLongestSimpleKey = 128;  // characters, with the tag that PyYAML counts although it does not write it

/// A scalar as PyYAML's serializer hands it to the emitter.
struct Scalar {
  std::string_view text;
  std::string_view tag;  ///< short, as "!!str"
  ScalarStyle wanted = ScalarStyle::kPlain;
  bool plain_is_implicit = true;
  bool write_tag = false;
};

// OmegaConfDumper.str_representer: yaml_is_bool or is_int or is_float, so that other YAML readers see a string too.
bool wants_quotes(std::string_view text) {
  if (text.empty()) return false;
  const unsigned char first = static_cast<unsigned char>(text[0]);
  const bool is_letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  if (text.size() == 1 && (text == "y" || text == "Y" || text == "n" || text == "N")) return true;
  if (is_letter) {
    if (resolve_dumped_scalar(text) == YamlScalarTag::kBool) return true;
    if (first != 'i' && first != 'I' && first != 'n' && first != 'N') return false;
  }
  if (first == '/' || first == '$' || first == '{') return false;
  return python_float(text).has_value() || python_int(text).has_value();
}

Scalar string_scalar(std::string_view text) {
  Scalar scalar;
  scalar.text = text;
  scalar.tag = "!!str";
  if (wants_quotes(text)) {
    scalar.wanted = ScalarStyle::kSingleQuoted;
  } else {
    scalar.plain_is_implicit = resolve_dumped_scalar(text) == YamlScalarTag::kString;
  }
  return scalar;
}

// SafeRepresenter.represent_float, from Python's repr of the number.
std::string float_text(std::string_view repr) {
  if (repr == "nan") return ".nan";
  if (repr == "inf") return ".inf";
  if (repr == "-inf") return "-.inf";
  std::string text(repr);
  if (text.find('.') == std::string::npos) {
    if (const size_t exponent = text.find('e'); exponent != std::string::npos) text.insert(exponent, ".0");
  }
  return text;
}

class Writer {
 public:
  Writer(std::string& out, const Tree& tree) : tree_(tree), stream_(out) {}

  void write(NodeId root) {
    write_value(root, 0, Context::kRoot);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      if (frame.next == kNoNode) {
        frames_.pop_back();
        continue;
      }
      const NodeId child = frame.next;
      const size_t indent = frame.indent;
      frame.next = tree_[child].next;
      stream_.write_indent(indent);
      if (frame.is_map) {
        write_key(tree_[child].key(), indent);
        write_value(child, indent, Context::kMapping);
      } else {
        stream_.write_indicator("-", true, false, true);
        write_value(child, indent, Context::kSequence);
      }
    }
    stream_.write_indent(0);
    if (stream_.open_ended) {
      stream_.write_indicator("...", true);
      stream_.write_indent(0);
    }
  }

 private:
  enum class Context : char { kRoot, kMapping, kSequence };
  struct Frame {
    NodeId next;
    size_t indent;
    bool is_map;
  };

  void write_value(NodeId id, size_t indent, Context context) {
    const Node& node = tree_[id];
    if (!node.is_container()) {
      const ScalarPlace place{context == Context::kRoot ? kIndent : indent + kIndent, context == Context::kRoot, false};
      const Scalar scalar = make_scalar(node);
      write_scalar_at(scalar, analyze_scalar(scalar.text), place);
    } else if (node.length == 0) {
      stream_.write_indicator(node.kind == NodeKind::kMap ? "{" : "[", true, true);
      stream_.write_indicator(node.kind == NodeKind::kMap ? "}" : "]", false);
    } else {
      const bool is_map = node.kind == NodeKind::kMap;
      const bool indentless = !is_map && context == Context::kMapping && !stream_.indention;
      const size_t inner = context == Context::kRoot ? 0 : indentless ? indent : indent + kIndent;
      frames_.push_back({node.child.first, inner, is_map});
    }
  }

  void write_key(const Key& key, size_t indent) {
    const Scalar scalar = make_scalar(key);
    const ScalarAnalysis analysis = analyze_scalar(scalar.text);
    const bool is_simple =
        !analysis.empty && !analysis.multiline && scalar.tag.size() + analysis.characters < kLongestSimpleKey;
    if (is_simple) {
      write_scalar_at(scalar, analysis, {indent + kIndent, false, true});
      stream_.write_indicator(":", false);
      return;
    }
    stream_.write_indicator("?", true, false, true);
    write_scalar_at(scalar, analysis, {indent + kIndent, false, false});
    stream_.write_indent(indent);
    stream_.write_indicator(":", true, false, true);
  }

  void write_scalar_at(const Scalar& scalar, const ScalarAnalysis& analysis, const ScalarPlace& place) {
    if (scalar.write_tag) stream_.write_indicator(scalar.tag, true);
    const ScalarStyle style = choose_scalar_style(analysis, scalar.wanted, scalar.plain_is_implicit, place);
    write_scalar(stream_, scalar.text, style, analysis, place);
  }

  Scalar make_scalar(const Node& node) {
    switch (node.kind) {
      case NodeKind::kBool:
        return typed(node.boolean ? "true" : "false", "!!bool");
      case NodeKind::kInt: {
        const auto [end, error] = std::to_chars(number_.data(), number_.data() + number_.size(), node.integer);
        return typed({number_.data(), static_cast<size_t>(end - number_.data())}, "!!int");
      }
      case NodeKind::kBigInt:
        return typed(node.text(), "!!int");
      case NodeKind::kFloat:
        made_ = float_text(python_repr(node.real));
        return typed(made_, "!!float");
      case NodeKind::kBytes:
        return binary(node.text());
      case NodeKind::kString:
      case NodeKind::kInterpolation:
      case NodeKind::kMissing:
        return string_scalar(node.text());
      case NodeKind::kNull:
      case NodeKind::kMap:
      case NodeKind::kList:
        break;
    }
    return typed("null", "!!null");
  }

  Scalar make_scalar(const Key& key) {
    switch (key.kind) {
      case KeyKind::kString:
        return string_scalar(key.text);
      case KeyKind::kInt:
        return typed(key.text, "!!int");
      case KeyKind::kFloat:
        made_ = float_text(key.text);
        return typed(made_, "!!float");
      case KeyKind::kBool:
        return typed(key.text == "True" ? "true" : "false", "!!bool");
      case KeyKind::kBytes:
        return binary(key.text);
      case KeyKind::kNull:
        break;
    }
    return typed("null", "!!null");
  }

  static Scalar typed(std::string_view text, std::string_view tag) {
    Scalar scalar;
    scalar.text = text;
    scalar.tag = tag;
    return scalar;
  }

  Scalar binary(std::string_view bytes) {
    made_ = encode_base64(bytes);
    Scalar scalar = typed(made_, "!!binary");
    scalar.wanted = ScalarStyle::kLiteral;
    scalar.write_tag = true;
    return scalar;
  }

  const Tree& tree_;
  YamlStream stream_;
  std::vector<Frame> frames_;
  std::string made_;             // the text of the scalar at hand, where the tree does not hold it
  std::array<char, 24> number_;  // likewise
};

}  // namespace

void append_yaml(std::string& out, const Tree& tree, NodeId root) {
  Writer(out, tree).write(root);
}

std::string write_yaml(const Tree& tree, NodeId root) {
  std::string out;
  append_yaml(out, tree, root);
  return out;
}

}  // namespace cfgtool
