#include "config_engine/interpolation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "config_engine/interpolation_parser.hpp"

namespace cfgtool {

void InterpolationParser::append(Literal* literal, std::string_view piece) {
  const uint32_t begin = static_cast<uint32_t>(piece.data() - text_.data());
  if (!literal->has_piece) {
    *literal = {begin, begin, piece.data(), 0, false, true};
  } else if (!literal->is_decoded && literal->data + literal->size != piece.data()) {
    // The pieces do not lie side by side any more: from here on they are copied.
    char* home = take_decoded(literal->size);
    std::memcpy(home, literal->data, literal->size);
    literal->data = home;
    literal->is_decoded = true;
  }
  if (literal->is_decoded) std::memcpy(take_decoded(piece.size()), piece.data(), piece.size());
  literal->size += piece.size();
  literal->end = begin + static_cast<uint32_t>(piece.size());
}

void InterpolationParser::flush(Literal* literal, uint32_t parent) {
  if (literal->has_piece) add_constant(parent, {literal->data, literal->size}, literal->begin, literal->end);
  *literal = {};
}

char* InterpolationParser::take_decoded(size_t bytes) {
  if (!result_.decoded_) result_.decoded_.reset(new char[text_.size()]);
  char* taken = result_.decoded_.get() + result_.decoded_used_;
  result_.decoded_used_ += bytes;
  return taken;
}

void InterpolationParser::set_token_value(uint32_t node, ValueToken token, std::string_view token_text) {
  Node& value = result_.nodes_[node].value;
  if (token != ValueToken::kFloat && token != ValueToken::kInt && token != ValueToken::kBool &&
      token != ValueToken::kNull) {
    value = Node::of_text(NodeKind::kString, token_text);
    return;
  }
  std::string digits;
  if (!token_value(token, token_text, &value, &digits))
    fail_at(result_.nodes_[node].begin, token_text.size(), "an integer may have at most 4300 digits");
  if (digits.empty()) return;
  char* home = take_decoded(digits.size());
  std::copy(digits.begin(), digits.end(), home);
  value = Node::of_text(NodeKind::kBigInt, {home, digits.size()});
}

uint32_t InterpolationParser::add_node(ExprKind kind, uint32_t begin) {
  Expr expr;
  expr.kind = kind;
  expr.begin = begin;
  result_.nodes_.push_back(expr);
  return static_cast<uint32_t>(result_.nodes_.size() - 1);
}

void InterpolationParser::add_child(uint32_t parent, uint32_t child) {
  Expr& above = result_.nodes_[parent];
  if (above.last_child == kNoNode) {
    above.first_child = child;
  } else {
    result_.nodes_[above.last_child].next = child;
  }
  above.last_child = child;
  ++above.child_count;
}

void InterpolationParser::add_constant(uint32_t parent, std::string_view text, uint32_t begin, uint32_t end) {
  const uint32_t constant = add_node(ExprKind::kConstant, begin);
  result_.nodes_[constant].value = Node::of_text(NodeKind::kString, text);
  end_node(constant, end);
  add_child(parent, constant);
}

void InterpolationParser::take_separator(bool blanks_behind) {
  next_ = static_cast<uint32_t>(skip_blanks(text_, next_) + 1);
  if (blanks_behind) next_ = static_cast<uint32_t>(skip_blanks(text_, next_));
}

void InterpolationParser::take_close(char close, const char* expected) {
  if (peek_separator() != close) fail(expected);
  take_separator(false);
}

void InterpolationParser::enter() {
  if (++depth_ > kMaxInterpolationNesting)
    fail_at(next_, 1, fmt::format("nested deeper than {} levels", kMaxInterpolationNesting));
}

void InterpolationParser::fail(const char* expected) {
  const size_t found = skip_blanks(text_, next_);
  if (found >= text_.size()) fail_at(text_.size(), 1, fmt::format("expected {}, found the end of the text", expected));
  size_t length = 1;
  while ((static_cast<unsigned char>(at(found + length)) & 0xC0) == 0x80)
    ++length;
  fail_at(found, length, fmt::format("expected {}, found '{}'", expected, text_.substr(found, length)));
}

void InterpolationParser::fail_at(size_t offset, size_t length, const std::string& message) {
  Diagnostic diagnostic;
  diagnostic.stage = stage_;
  diagnostic.code = "interpolation-syntax";
  diagnostic.message = fmt::format("Error parsing interpolation '{}'\n{}", text_, message);
  bool exact = false;
  const SourcePos pos = place_in_text(origin_, text_, offset, &exact);
  diagnostic.labels.push_back({pos, exact ? static_cast<uint32_t>(length) : 1, ""});
  if (!exact) diagnostic.notes.push_back(fmt::format("at byte {} of the text", offset + 1));
  throw ConfigError(std::move(diagnostic));
}

SourcePos place_in_text(const TextOrigin& origin, std::string_view text, size_t offset, bool* exact) {
  SourceLocation location;
  *exact = false;
  if (!origin.sources || !origin.sources->locate(origin.pos, &location)) return origin.pos;
  // What stands in the source from the value on; a scalar of several lines was folded, so its line is enough.
  const std::string_view source = location.line_text.substr(location.column - 1);
  const size_t quote = source.starts_with('"') || source.starts_with('\'') ? 1 : 0;
  *exact = source.substr(quote).starts_with(text);
  return *exact ? origin.pos + (quote + offset) : origin.pos;
}

Interpolation parse_config_value(std::string_view text, const TextOrigin& origin) {
  return InterpolationParser(text, origin, Stage::kResolve).parse_config_value();
}

namespace {
// A long-lived process meets new texts with every override; what its files hold fits in here.
constexpr size_t kMostCachedInterpolations = 100000;
}  // namespace

struct InterpolationCache::Entry {
  std::string text;
  Interpolation parsed;
};

InterpolationCache::InterpolationCache() = default;
InterpolationCache::~InterpolationCache() = default;

std::shared_ptr<const Interpolation> InterpolationCache::parse_config_value(std::string_view text,
                                                                            const TextOrigin& origin) {
  if (const auto known = entries_.find(text); known != entries_.end()) return {known->second, &known->second->parsed};
  auto entry = std::make_shared<Entry>();
  entry->text = text;
  entry->parsed = cfgtool::parse_config_value(entry->text, origin);
  if (entries_.size() < kMostCachedInterpolations) entries_.emplace(entry->text, entry);
  return {entry, &entry->parsed};
}

Interpolation parse_single_element(std::string_view text, const TextOrigin& origin) {
  return InterpolationParser(text, origin, Stage::kResolve).parse_single_element();
}

void validate_interpolation(std::string_view text, const TextOrigin& origin) {
  if (matches_simple_interpolation(text)) return;
  InterpolationParser(text, origin, Stage::kCompose).parse_config_value();
}

}  // namespace cfgtool
