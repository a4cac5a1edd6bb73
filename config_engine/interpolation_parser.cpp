#include "config_engine/interpolation_parser.hpp"

#include <fmt/format.h>

#include <cstring>

namespace cfgtool {

Interpolation InterpolationParser::parse_config_value() {
  if (text_.empty()) fail("text");
  result_.nodes_.reserve(4);
  result_.root_ = parse_text('\0');
  return std::move(result_);
}

Interpolation InterpolationParser::parse_single_element() {
  result_.root_ = parse_element();
  if (!at_end()) fail("the end of the text");
  return std::move(result_);
}

/// Rule text, of a whole value (`quote` is '\0') or between quotes. An interpolation that stands alone is the result
/// itself; everything else becomes a string.
uint32_t InterpolationParser::parse_text(char quote) {
  const uint32_t begin = next_;
  const uint32_t concat = add_node(ExprKind::kConcat, begin);
  Literal literal;
  while (!at_end() && !(quote && peek() == quote)) {
    if (at_interpolation()) {
      flush(&literal, concat);
      add_child(concat, parse_interpolation());
    } else {
      next_ += static_cast<uint32_t>(parse_text_piece(quote, &literal));
    }
  }
  if (result_.nodes_[concat].child_count == 0) {
    Expr& constant = result_.nodes_[concat];
    constant.kind = ExprKind::kConstant;
    constant.value = Node::of_text(NodeKind::kString, {literal.data, literal.size});
    end_node(concat, next_);
    return concat;
  }
  flush(&literal, concat);
  end_node(concat, next_);
  const Expr& node = result_.nodes_[concat];
  const bool alone = node.child_count == 1 && result_.nodes_[node.first_child].kind != ExprKind::kConstant;
  return alone && !quote ? node.first_child : concat;
}

/// One token of text that is no interpolation; returns its length. Backslashes count only before `${` and before the
/// closing quote.
size_t InterpolationParser::parse_text_piece(char quote, Literal* literal) {
  size_t end = next_;
  while (end < text_.size() && text_[end] != '$' && text_[end] != '\\' && !(quote && text_[end] == quote))
    ++end;
  if (end > next_) {
    append(literal, text_.substr(next_, end - next_));
    return end - next_;
  }
  if (peek() == '$') {  // DOLLAR
    append(literal, text_.substr(next_, 1));
    return 1;
  }
  while (end < text_.size() && text_[end] == '\\')
    ++end;
  const size_t run = end - next_;
  const bool before_interpolation = text_.substr(end, 2) == "${";
  const bool before_quote = quote && at(end) == quote;
  size_t length = run;
  size_t kept = run;  // always the last bytes of the token
  if (run % 2 == 1 && before_interpolation) {
    length = run + 2;  // ESC_INTER
    kept = length / 2 + 1;
  } else if (run % 2 == 1 && before_quote) {
    length = run + 1;  // QSINGLE_ESC_QUOTE
    kept = length / 2;
  } else if (run % 2 == 0 && (before_interpolation || before_quote)) {
    kept = run / 2;  // TOP_ESC, QUOTED_ESC
  }
  append(literal, text_.substr(next_ + length - kept, kept));
  return length;
}

uint32_t InterpolationParser::parse_element() {
  enter();
  uint32_t node = 0;
  switch (peek()) {
    case '[':
      node = parse_list_container();
      break;
    case '{':
      node = parse_dict_container();
      break;
    case '\'':
    case '"':
      node = parse_quoted_value();
      break;
    default:
      node = parse_primitive();
      break;
  }
  --depth_;
  return node;
}

uint32_t InterpolationParser::parse_list_container() {
  const uint32_t list = add_node(ExprKind::kList, next_);
  take_separator(true);
  parse_sequence(list, ']');
  take_close(']', "',' or ']'");
  end_node(list, next_);
  return list;
}

uint32_t InterpolationParser::parse_dict_container() {
  const uint32_t dict = add_node(ExprKind::kDict, next_);
  take_separator(true);
  bool more = peek_separator() != '}';
  while (more) {
    parse_dict_key_value_pair(dict);
    more = peek_separator() == ',';
    if (more) take_separator(true);
  }
  take_close('}', "',' or '}'");
  end_node(dict, next_);
  return dict;
}

void InterpolationParser::parse_dict_key_value_pair(uint32_t dict) {
  add_child(dict, parse_dict_key());
  if (peek_separator() != ':') fail("':'");
  take_separator(true);
  add_child(dict, parse_element());
}

/// Items may be missing between commas: those are empty strings, and OmegaConf warns (visitSequence).
void InterpolationParser::parse_sequence(uint32_t parent, char close) {
  const auto add_empty = [&] {
    result_.nodes_[parent].has_empty_items = true;
    add_constant(parent, {}, next_, next_);
  };
  bool is_empty = true;
  bool is_previous_comma = true;
  for (char c = peek_separator(); c != close; c = peek_separator()) {
    is_empty = false;
    if (c == ',') {
      if (is_previous_comma) add_empty();
      is_previous_comma = true;
      take_separator(true);
    } else {
      if (!is_previous_comma) fail(close == '}' ? "',' or '}'" : "',' or ']'");
      add_child(parent, parse_element());
      is_previous_comma = false;
    }
  }
  if (!is_empty && is_previous_comma) add_empty();
}

uint32_t InterpolationParser::parse_interpolation() {
  enter();
  const uint32_t node = add_node(ExprKind::kSelect, next_);
  next_ = static_cast<uint32_t>(skip_blanks(text_, next_ + 2));
  const Head head = parse_head(node);
  if (peek_separator() == ':') {
    finish_interpolation_resolver(node, head);
  } else {
    finish_interpolation_node(node, head);
  }
  end_node(node, next_);
  --depth_;
  return node;
}

/// Dots and keys. Where interpolations are among them, all parts become children.
InterpolationParser::Head InterpolationParser::parse_head(uint32_t node) {
  Head head;
  head.begin = next_;
  const auto make_no_name = [&] {
    if (head.is_name) head.first_wrong = next_;
    head.is_name = false;
  };
  while (peek() == '.') {
    make_no_name();
    ++next_;
  }
  bool more = true;
  while (more) {
    const bool in_brackets = peek() == '[';
    if (in_brackets) {
      make_no_name();
      ++next_;
    }
    parse_config_key(node, &head, in_brackets);
    if (in_brackets) {
      if (peek() != ']') fail("']'");
      ++next_;
    }
    more = peek() == '.' || peek() == '[';
    if (peek() == '.') {
      ++next_;
      // A dot may not stand before a bracket, except in front of the whole path.
      if (peek() == '[') fail("a key");
    }
  }
  head.end = next_;
  return head;
}

void InterpolationParser::parse_config_key(uint32_t node, Head* head, bool in_brackets) {
  if (at_interpolation()) {
    const uint32_t last = result_.nodes_[node].last_child;
    const uint32_t literal_begin =
        last == kNoNode ? head->begin : result_.nodes_[last].begin + result_.nodes_[last].length;
    if (next_ > literal_begin)
      add_constant(node, text_.substr(literal_begin, next_ - literal_begin), literal_begin, next_);
    add_child(node, parse_interpolation());
    head->has_nested = true;
    return;
  }
  const uint32_t begin = next_;
  while (!at_end() && !is_one_of(peek(), "\\{}()[]:. \t'\""))
    ++next_;
  if (next_ == begin) fail(in_brackets || next_ > head->begin ? "a key" : "a key or the name of a resolver");
  if (head->is_name && match_id(text_, begin) != next_) {
    head->is_name = false;
    head->first_wrong = begin;
  }
}

void InterpolationParser::finish_interpolation_node(uint32_t node, const Head& head) {
  take_close('}', head.is_name ? "'.', '[', ':' or '}'" : "'.', '[' or '}'");
  Expr& expr = result_.nodes_[node];
  const std::string_view path = text_.substr(head.begin, head.end - head.begin);
  expr.value = Node::of_text(NodeKind::kString, head.has_nested ? std::string_view() : path);
  if (!head.has_nested) return;
  const uint32_t rest = result_.nodes_[expr.last_child].begin + result_.nodes_[expr.last_child].length;
  if (head.end > rest) add_constant(node, text_.substr(rest, head.end - rest), rest, head.end);
}

void InterpolationParser::finish_interpolation_resolver(uint32_t node, const Head& head) {
  if (!head.is_name) {
    fail_at(head.first_wrong, head.end - head.first_wrong,
            "a resolver's name is made of names of letters, digits, '_' and '-' with dots between them");
  }
  result_.nodes_[node].kind = ExprKind::kCall;
  const std::string_view name = text_.substr(head.begin, head.end - head.begin);
  result_.nodes_[node].value = Node::of_text(NodeKind::kString, head.has_nested ? std::string_view() : name);
  if (head.has_nested) split_name(node, head);
  take_separator(true);
  parse_sequence(node, '}');
  take_close('}', "',' or '}'");
}

/// The name's parts as they are to be joined with dots: text between interpolations loses the dot at either end.
void InterpolationParser::split_name(uint32_t node, const Head& head) {
  Expr& expr = result_.nodes_[node];
  const uint32_t rest = result_.nodes_[expr.last_child].begin + result_.nodes_[expr.last_child].length;
  if (head.end > rest) add_constant(node, text_.substr(rest, head.end - rest), rest, head.end);
  uint32_t previous = kNoNode;
  uint32_t parts = 0;
  for (uint32_t id = result_.nodes_[node].first_child; id != kNoNode; id = result_.nodes_[id].next) {
    Expr& part = result_.nodes_[id];
    if (part.kind == ExprKind::kConstant) {
      std::string_view text = part.value.text();
      if (text.starts_with('.')) text.remove_prefix(1), ++part.begin;
      if (text.ends_with('.')) text.remove_suffix(1);
      part.value = Node::of_text(NodeKind::kString, text);
      part.length = static_cast<uint32_t>(text.size());
      if (text.empty()) {  // `${a}.${b}`: nothing but the dot
        result_.nodes_[previous].next = part.next;
        continue;
      }
    }
    previous = id;
    ++parts;
  }
  Expr& call = result_.nodes_[node];
  call.child_count = parts;
  call.name_parts = parts;
}

uint32_t InterpolationParser::parse_quoted_value() {
  const uint32_t begin = next_;
  const char quote = text_[next_++];
  const uint32_t node = parse_text(quote);
  if (at_end()) fail_at(begin, 1, "the quote is never closed");
  ++next_;
  result_.nodes_[node].begin = begin;
  end_node(node, next_);
  return node;
}

uint32_t InterpolationParser::parse_primitive() {
  return parse_primitive_tokens(false);
}

uint32_t InterpolationParser::parse_dict_key() {
  return parse_primitive_tokens(true);
}

/// _createPrimitive: one token has its type, several are a string.
uint32_t InterpolationParser::parse_primitive_tokens(bool is_dict_key) {
  const uint32_t begin = next_;
  const uint32_t concat = add_node(ExprKind::kConcat, begin);
  Literal literal;
  size_t tokens = 0;
  ValueToken last = ValueToken::kNone;
  for (;; ++tokens) {
    const size_t behind = skip_blanks(text_, next_);
    const char c = at(behind);
    if (behind < text_.size() && (c == ',' || c == ']' || c == '}' || (c == ':' && is_dict_key))) break;
    if (c == ':') {
      last = ValueToken::kNone;
      const size_t end = skip_blanks(text_, behind + 1);
      append(&literal, text_.substr(next_, end - next_));
      next_ = static_cast<uint32_t>(end);
      continue;
    }
    if (!is_dict_key && at_interpolation()) {
      flush(&literal, concat);
      add_child(concat, parse_interpolation());
      continue;
    }
    size_t length = 0;
    const ValueToken matched = match_value_token(text_, next_, &length);
    if (matched == ValueToken::kNone) break;
    last = matched;
    const std::string_view token = text_.substr(next_, length);
    if (matched == ValueToken::kEsc) {
      for (size_t i = 1; i < length; i += 2)
        append(&literal, token.substr(i, 1));
    } else {
      append(&literal, token);
    }
    next_ += static_cast<uint32_t>(length);
  }
  if (tokens == 0) fail(is_dict_key ? "a key" : "a value");
  return finish_primitive(concat, literal, tokens == 1 ? last : ValueToken::kNone);
}

uint32_t InterpolationParser::finish_primitive(uint32_t node, Literal& literal, ValueToken single) {
  if (single == ValueToken::kWs) {
    const uint32_t begin = result_.nodes_[node].begin;
    fail_at(begin, next_ - begin, "blanks alone are no value; write '' for an empty text");
  }
  end_node(node, next_);
  Expr& expr = result_.nodes_[node];
  if (expr.child_count == 0) {
    expr.kind = ExprKind::kConstant;
    set_token_value(node, single, {literal.data, literal.size});
    return node;
  }
  flush(&literal, node);
  const Expr& concat = result_.nodes_[node];
  return concat.child_count == 1 ? concat.first_child : node;
}

}  // namespace cfgtool
