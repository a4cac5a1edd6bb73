#include "config_engine/json_reader.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/diagnostic.hpp"

namespace cfgtool {

namespace {

constexpr size_t kDeepestNesting = 500;

/// Hears what the JSON library finds. The library says nothing of places: they are found again in the text, in which
/// one token follows another with nothing but white space and punctuation between them.
class TreeSax {
 public:
  TreeSax(SourceMap& sources, SourcePos begin) : sources_(sources), begin_(begin), text_(sources.text(begin)) {
    // The base of `begin` may hold more texts in front: a text begins at its own first byte.
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Tree take() { return std::move(tree_); }

  bool null() { return scalar(Node::null()); }
  bool boolean(bool value) { return scalar(Node::of_bool(value)); }
  bool number_integer(int64_t value) { return scalar(Node::of_int(value)); }
  bool number_unsigned(uint64_t value) {
    if (value <= static_cast<uint64_t>(INT64_MAX)) return scalar(Node::of_int(static_cast<int64_t>(value)));
    return scalar(Node::of_text(NodeKind::kBigInt, sources_.keep(std::to_string(value))));
  }
  bool number_float(double value, const std::string& text) {
    if (text.find_first_of(".eE") != std::string::npos) return scalar(Node::of_float(value));
    return scalar(Node::of_text(NodeKind::kBigInt, sources_.keep(text)));
  }
  bool string(std::string& value) { return scalar(Node::of_text(NodeKind::kString, sources_.keep(value))); }
  bool binary(std::vector<uint8_t>& /*value*/) { return false; }  // JSON text has none

  bool start_object(size_t /*size*/) { return start(Node::map()); }
  bool start_array(size_t /*size*/) { return start(Node::list()); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }

  bool key(std::string& name) {
    key_pos_ = next_token();
    key_ = sources_.keep(name);
    const NodeId existing = tree_.find(open_.back(), Key(key_));
    if (existing == kNoNode) return true;
    Diagnostic diagnostic;
    diagnostic.code = "json-duplicate-key";
    diagnostic.message = fmt::format("found duplicate key {}", key_);
    const auto length = static_cast<uint32_t>(key_.size() + 2);
    diagnostic.labels.push_back({key_pos_, length, "given again here"});
    diagnostic.labels.push_back({tree_[existing].key_pos, length, "first given here"});
    diagnostic.fix = "remove one of the two";
    throw ConfigError(std::move(diagnostic));
  }

  bool parse_error(size_t position, const std::string& /*token*/, const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing …"
    // "[json.exception.out_of_range.406] number overflow parsing '1e400'"
    std::string message = error.what();
    message.erase(0, message.find("] ") + 2);
    const size_t behind_place = message.starts_with("parse error at ") ? message.find(": ") : std::string::npos;
    if (behind_place != std::string::npos) message.erase(0, behind_place + 2);
    // What comes behind the last token that was heard; in a text, the byte that is wrong.
    const size_t first = next_token().offset - begin_.offset;
    const size_t wrong = std::min(position > 0 ? position - 1 : 0, text_.size());
    const bool is_text = first < text_.size() && text_[first] == '"';
    const size_t at = is_text ? wrong : std::min(first, wrong);
    const size_t length = is_text || at_ <= at ? 1 : at_ - at;
    throw_error(Stage::kCompose, "json-syntax", message, begin_ + at, static_cast<uint32_t>(length));
  }

 private:
  /// Goes to the next token and behind it. \return where it begins
  SourcePos next_token() {
    while (at_ < text_.size() && std::string_view(" \t\r\n,:").find(text_[at_]) != std::string_view::npos)
      ++at_;
    const size_t first = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\') ++at_;
      }
      ++at_;
    } else if (at_ < text_.size() && std::string_view("{}[]").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      at_ = std::min(text_.find_first_of(" \t\r\n,:{}[]", at_), text_.size());
    }
    return begin_ + first;
  }

  NodeId place(Node node, SourcePos pos) {
    node.pos = pos;
    if (open_.empty()) {
      tree_.set_value(tree_.root(), node);
      return tree_.root();
    }
    const bool in_map = tree_[open_.back()].kind == NodeKind::kMap;
    node.key_pos = in_map ? key_pos_ : pos;
    if (in_map) node.set_key(Key(key_));
    return tree_.add(open_.back(), node);
  }

  bool scalar(const Node& node) {
    place(node, next_token());
    return true;
  }

  bool start(const Node& node) {
    const SourcePos pos = next_token();
    if (open_.size() >= kDeepestNesting) {
      throw_error(Stage::kCompose, "json-too-deep",
                  fmt::format("more than {} collections in one another", kDeepestNesting), pos);
    }
    open_.push_back(place(node, pos));
    return true;
  }

  bool end() {
    next_token();
    open_.pop_back();
    return true;
  }

  SourceMap& sources_;
  SourcePos begin_;
  std::string_view text_;
  size_t at_ = 0;  // behind the last token
  Tree tree_;
  std::vector<NodeId> open_;
  std::string_view key_;
  SourcePos key_pos_;
};

}  // namespace

Tree read_json(SourceMap& sources, SourcePos begin) {
  TreeSax sax(sources, begin);
  const std::string_view text = sources.text(begin);
  nlohmann::json::sax_parse(text.begin(), text.end(), &sax);
  return sax.take();
}

}  // namespace cfgtool
