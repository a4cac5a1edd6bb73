#include "config_engine/override_parser.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/override_syntax_errors.hpp"
#include "config_engine/value_tokens.hpp"

namespace cfgtool {

namespace {

using Type = OverrideTokenType;

class OverrideParser {
 public:
  explicit OverrideParser(const OverrideWord& word) : word_(word), tokens_(lex_override(word.text)) {}

  ParsedOverride parse_override();

 private:
  const OverrideToken& peek(size_t ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
  bool at(Type type, size_t ahead = 0) const { return peek(ahead).type == type; }
  OverrideToken take() { return tokens_[next_++]; }
  std::string_view text(const OverrideToken& token) const {
    return word_.text.substr(token.begin, token.end - token.begin);
  }

  void parse_key();
  std::string parse_package_or_group();
  std::string parse_package();
  Element parse_value();
  Element parse_element();
  Element parse_simple_choice_sweep(Element first);
  Element parse_function();
  std::string_view parse_arg_name();
  Element parse_list_container();
  Element parse_dict_container();
  void parse_dict_key_value_pair(Element* dict);
  Element parse_primitive();
  Element parse_dict_key();

  void take_close(Type type, const char* expected);
  Element make_primitive(size_t first, size_t last);
  Element single_token(const OverrideToken& token);
  std::string unescape_quoted(std::string_view text);
  Element string_at(const std::string& decoded, uint32_t begin, uint32_t end);
  [[noreturn]] void fail(const char* expected);

  const OverrideWord& word_;
  std::vector<OverrideToken> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
  std::vector<uint32_t> open_;  // where the brackets that are not closed yet begin
  ParsedOverride result_;
};

bool is_blank_token(const OverrideToken& token) {
  return token.type == Type::kWs;
}

/// The tokens that a dictKey is made of.
bool is_key_token(Type type) {
  switch (type) {
    case Type::kId:
    case Type::kNull:
    case Type::kInt:
    case Type::kFloat:
    case Type::kBool:
    case Type::kUnquotedChar:
    case Type::kEsc:
    case Type::kWs:
      return true;
    default:
      return false;
  }
}

/// The tokens that an unquoted primitive is made of.
bool is_primitive_token(Type type) {
  return is_key_token(type) || type == Type::kColon || type == Type::kInterpolation;
}

ParsedOverride OverrideParser::parse_override() {
  if (at(Type::kTilde)) {
    take();
    result_.kind = OverrideKind::kDelete;
  } else if (at(Type::kPlus)) {
    take();
    result_.kind = OverrideKind::kAdd;
    if (at(Type::kPlus)) {
      take();
      result_.kind = OverrideKind::kForceAdd;
    }
  }
  parse_key();
  if (at(Type::kEqual)) {
    const OverrideToken equal = take();
    result_.has_equal = true;
    result_.value_begin = equal.begin + 1;
    if (!at(Type::kEnd)) result_.value = parse_value();
  } else if (result_.kind != OverrideKind::kDelete) {
    fail("'='");
  }
  if (!at(Type::kEnd)) fail(result_.has_equal ? "the end of the value" : "'='");
  return std::move(result_);
}

void OverrideParser::parse_key() {
  result_.key_begin = peek().begin;
  result_.key_or_group = parse_package_or_group();
  if (at(Type::kAt)) {
    take();
    result_.package = parse_package();
  }
}

std::string OverrideParser::parse_package_or_group() {
  if (!(at(Type::kId) && at(Type::kSlash, 1))) return parse_package();
  std::string group(text(take()));
  while (at(Type::kSlash)) {
    take();
    if (!at(Type::kId)) fail("the name of a config group");
    group += '/';
    group += text(take());
  }
  return group;
}

std::string OverrideParser::parse_package() {
  if (!at(Type::kId) && !at(Type::kKeySpecial) && !at(Type::kDotPath)) return {};
  return std::string(text(take()));
}

Element OverrideParser::parse_value() {
  Element first = parse_element();
  return at(Type::kComma) ? parse_simple_choice_sweep(std::move(first)) : std::move(first);
}

Element OverrideParser::parse_simple_choice_sweep(Element first) {
  Element sweep;
  sweep.type = ElementType::kChoiceSweep;
  sweep.simple_form = true;
  sweep.begin = first.begin;
  sweep.items.push_back(std::move(first));
  while (at(Type::kComma)) {
    take();
    sweep.items.push_back(parse_element());
  }
  sweep.end = sweep.items.back().end;
  return sweep;
}

Element OverrideParser::parse_element() {
  if (++depth_ > kMaxOverrideNesting) {
    throw_override_error(word_, "override-nesting",
                         fmt::format("brackets are nested deeper than {} levels", kMaxOverrideNesting), peek().begin,
                         1);
  }
  Element element;
  if (at(Type::kBracketOpen)) {
    element = parse_list_container();
  } else if (at(Type::kBraceOpen)) {
    element = parse_dict_container();
  } else if (at(Type::kId) && at(Type::kParenOpen, 1)) {
    element = parse_function();
  } else {
    element = parse_primitive();
  }
  --depth_;
  return element;
}

std::string_view OverrideParser::parse_arg_name() {
  if (!(at(Type::kId) && at(Type::kEqual, 1))) return {};
  const OverrideToken name = take();
  take();
  return text(name);
}

Element OverrideParser::parse_function() {
  Element call;
  call.type = ElementType::kCall;
  const OverrideToken name = take();
  call.begin = name.begin;
  call.text = text(name);
  const OverrideToken open = take();
  open_.push_back(open.begin);
  bool more = !at(Type::kParenClose);
  while (more) {
    const uint32_t begin = peek().begin;
    Element arg_name = make_string(parse_arg_name());
    arg_name.begin = begin;
    call.keys.push_back(std::move(arg_name));
    call.items.push_back(parse_element());
    more = at(Type::kComma);
    if (more) take();
  }
  take_close(Type::kParenClose, "',' or ')'");
  call.end = tokens_[next_ - 1].end;
  return call;
}

Element OverrideParser::parse_list_container() {
  Element list;
  list.type = ElementType::kList;
  const OverrideToken open = take();
  list.begin = open.begin;
  open_.push_back(open.begin);
  bool more = !at(Type::kBracketClose);
  while (more) {
    list.items.push_back(parse_element());
    more = at(Type::kComma);
    if (more) take();
  }
  take_close(Type::kBracketClose, "',' or ']'");
  list.end = tokens_[next_ - 1].end;
  return list;
}

Element OverrideParser::parse_dict_container() {
  Element dict;
  dict.type = ElementType::kDict;
  const OverrideToken open = take();
  dict.begin = open.begin;
  open_.push_back(open.begin);
  bool more = !at(Type::kBraceClose);
  while (more) {
    parse_dict_key_value_pair(&dict);
    more = at(Type::kComma);
    if (more) take();
  }
  take_close(Type::kBraceClose, "',' or '}'");
  dict.end = tokens_[next_ - 1].end;
  return dict;
}

void OverrideParser::take_close(Type type, const char* expected) {
  if (!at(type)) fail(expected);
  take();
  open_.pop_back();
}

void OverrideParser::parse_dict_key_value_pair(Element* dict) {
  dict->keys.push_back(parse_dict_key());
  if (!at(Type::kColon)) fail("':'");
  take();
  dict->items.push_back(parse_element());
}

Element OverrideParser::parse_dict_key() {
  const size_t first = next_;
  while (is_key_token(peek().type))
    take();
  if (next_ == first) fail("a key");
  return make_primitive(first, next_);
}

Element OverrideParser::parse_primitive() {
  const size_t first = next_;
  if (at(Type::kQuotedValue)) {
    take();
  } else {
    while (is_primitive_token(peek().type))
      take();
  }
  if (next_ == first) fail("a value");
  return make_primitive(first, next_);
}

/// HydraOverrideVisitor._createPrimitive, of the tokens from `first` to before `last`.
Element OverrideParser::make_primitive(size_t first, size_t last) {
  if (is_blank_token(tokens_[first])) {
    if (last - first == 1) {
      throw_override_error(word_, "override-syntax", "Trying to parse a primitive that is all whitespaces",
                           tokens_[first].begin, tokens_[first].end - tokens_[first].begin);
    }
    ++first;
  }
  if (is_blank_token(tokens_[last - 1])) --last;
  if (last - first == 1) return single_token(tokens_[first]);

  const uint32_t begin = tokens_[first].begin;
  const uint32_t end = tokens_[last - 1].end;
  bool has_escape = false;
  for (size_t i = first; i < last; ++i)
    has_escape = has_escape || tokens_[i].type == Type::kEsc;
  if (!has_escape) {
    Element element = make_string(word_.text.substr(begin, end - begin));
    element.begin = begin;
    element.end = end;
    return element;
  }
  std::string joined;
  for (size_t i = first; i < last; ++i) {
    if (tokens_[i].type == Type::kEsc) {
      joined += drop_escapes(text(tokens_[i]));
    } else {
      joined += text(tokens_[i]);
    }
  }
  return string_at(joined, begin, end);
}

Element OverrideParser::single_token(const OverrideToken& token) {
  const std::string_view token_text = text(token);
  Element element = make_string(token_text);
  switch (token.type) {
    case Type::kQuotedValue:
      element = string_at(unescape_quoted(token_text), token.begin, token.end);
      element.quote = token_text[0];
      break;
    case Type::kEsc:
      element = string_at(drop_escapes(token_text), token.begin, token.end);
      break;
    case Type::kInt:
    case Type::kFloat:
    case Type::kBool:
    case Type::kNull: {
      const ValueToken kind = token.type == Type::kInt     ? ValueToken::kInt
                              : token.type == Type::kFloat ? ValueToken::kFloat
                              : token.type == Type::kBool  ? ValueToken::kBool
                                                           : ValueToken::kNull;
      Node scalar;
      std::string big_digits;
      if (!token_value(kind, token_text, &scalar, &big_digits)) {
        throw_override_error(word_, "override-syntax", "an integer may have at most 4300 digits", token.begin,
                             token.end - token.begin);
      }
      if (!big_digits.empty()) scalar = Node::of_text(NodeKind::kBigInt, word_.sources.keep(big_digits));
      element = make_scalar(scalar);
      break;
    }
    default:
      break;
  }
  element.begin = token.begin;
  element.end = token.end;
  return element;
}

/// HydraOverrideVisitor._unescape_quoted_string: backslashes count only in front of a quote of the kind that encloses
/// the text, and of the enclosing one itself; there every other one goes.
std::string OverrideParser::unescape_quoted(std::string_view text) {
  const char quote = text[0];
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 1; i < text.size();) {
    size_t run_end = i;
    while (run_end < text.size() && text[run_end] == '\\')
      ++run_end;
    const size_t run = run_end - i;
    if (run == 0) {
      plain += text[i++];
    } else if (text[run_end] == quote) {
      plain.append(run / 2, '\\');
      // An odd run escapes the quote; behind an even one stands the closing quote, which goes below.
      plain += quote;
      i = run_end + 1;
    } else {
      plain.append(run, '\\');
      i = run_end;
    }
  }
  plain.pop_back();
  return plain;
}

Element OverrideParser::string_at(const std::string& decoded, uint32_t begin, uint32_t end) {
  Element element = make_string(word_.sources.keep(decoded));
  element.begin = begin;
  element.end = end;
  return element;
}

void OverrideParser::fail(const char* expected) {
  OverrideSyntaxProblem problem;
  problem.token = peek();
  problem.expected = expected;
  problem.has_equal = result_.has_equal;
  problem.value_begin = result_.value_begin;
  problem.open = open_;
  throw_override_syntax_error(word_, problem);
}

}  // namespace

ParsedOverride parse_override_tree(const OverrideWord& word) {
  try {
    return OverrideParser(word).parse_override();
  } catch (ConfigError& error) {
    std::string& fix = error.diagnostics().front().fix;
    if (fix.empty()) throw;
    const OverrideWord mended{word.sources, word.pos, word.sources.keep(fix)};
    try {
      OverrideParser(mended).parse_override();
    } catch (const ConfigError&) {
      fix.clear();  // what cannot be read either mends nothing
    }
    throw;
  }
}

}  // namespace cfgtool
