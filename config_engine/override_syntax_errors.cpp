#include "config_engine/override_syntax_errors.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cfgtool {

namespace {

using Type = OverrideTokenType;

/// The value in quotes, escaped so that Hydra reads back exactly `text`. Nothing is escaped inside but the quote and
/// the backslashes before it or at the end.
std::string quoted(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string result(1, quote);
  size_t backslashes = 0;
  for (char c : text) {
    if (c == quote) result.append(backslashes + 1, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    result += c;
  }
  result.append(backslashes, '\\');
  result += quote;
  return result;
}

/// The word with its whole value in quotes.
std::string quoted_value_fix(const OverrideWord& word, const OverrideSyntaxProblem& problem) {
  return fmt::format("{}{}", word.text.substr(0, problem.value_begin), quoted(word.text.substr(problem.value_begin)));
}

bool starts_container(const OverrideWord& word, const OverrideSyntaxProblem& problem) {
  const size_t first = word.text.find_first_not_of(" \t", problem.value_begin);
  return first != std::string_view::npos && (word.text[first] == '[' || word.text[first] == '{');
}

/// The bytes of one character: a person sees 'é', not its first byte.
std::string_view character_at(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    ++end;
  return text.substr(at, end - at);
}

std::string found(const OverrideWord& word, const OverrideToken& token) {
  if (token.type == Type::kEnd) return "the end of the word";
  if (token.type == Type::kError) return fmt::format("'{}'", character_at(word.text, token.begin));
  const std::string_view text = word.text.substr(token.begin, token.end - token.begin);
  const size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? "a blank" : fmt::format("'{}'", text.substr(first));
}

/// `lst[0].x` as `lst.0.x`.
std::string dotted(std::string_view key) {
  std::string result;
  for (char c : key) {
    if (c == '[') result += '.';
    if (c != '[' && c != ']') result += c;
  }
  return result;
}

std::string_view without_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// A word that ends where the `=` should be.
void explain_lone_key(std::string_view text, Diagnostic* diagnostic) {
  const std::string_view key = text.substr(std::min<size_t>(text.find_first_not_of('+'), text.size()));
  const size_t slash = text.rfind('/');
  if (key.empty()) return;
  if (slash == text.npos || slash + 1 == text.size()) {
    diagnostic->fix = fmt::format("{}=VALUE", text);
    diagnostic->notes.push_back(fmt::format("to delete the key, write ~{}", key));
    return;
  }
  diagnostic->notes.push_back("an option of a group is chosen by group=option");
  diagnostic->fix = fmt::format("{}={}", text.substr(0, slash), text.substr(slash + 1));
}

void explain_key(const OverrideWord& word, const OverrideSyntaxProblem& problem, Diagnostic* diagnostic) {
  const std::string_view text = word.text;
  const uint32_t at = problem.token.begin;
  const size_t equal = text.find('=');
  const char c = at < text.size() ? text[at] : '\0';
  if (c == '[' && text.find(']', at) < equal) {
    diagnostic->message += "; a list index is written with a dot";
    diagnostic->fix = dotted(text.substr(0, equal)) + std::string(equal == text.npos ? "" : text.substr(equal));
  } else if (problem.token.type == Type::kEnd) {
    explain_lone_key(text, diagnostic);
  } else if (c == ':' && (equal == text.npos ? at + 1 < text.size() : equal == at + 1)) {
    diagnostic->notes.push_back("a value stands behind '='");
    diagnostic->fix =
        fmt::format("{}={}", text.substr(0, at), without_blanks(text.substr(at + (equal == at + 1 ? 2 : 1))));
  } else if (c == ':') {
    diagnostic->notes.push_back("a group's package can no longer be renamed with ':'; write group@package=option");
  } else if (c == ' ' || c == '\t') {
    if (const size_t next = text.find_first_not_of(" \t", at); next == equal && equal != text.npos) {
      diagnostic->notes.push_back("no blanks may stand before the '='");
      diagnostic->fix = fmt::format("{}={}", text.substr(0, at), without_blanks(text.substr(equal + 1)));
    }
  } else if (c == '-' && at == 0) {
    diagnostic->notes.push_back(
        "a word that begins with '-' is a flag; an override begins with a key, '+', '++' or '~'");
  } else if (c == '.') {
    diagnostic->notes.push_back("every dot of a key path stands between two keys");
  } else {
    diagnostic->notes.push_back("a key is made of letters, digits, '_', '-' and '$', and does not begin with a digit");
  }
}

/// `${a.${b}}`: the token ended at the first brace.
bool is_nested_interpolation(const OverrideWord& word, const OverrideSyntaxProblem& problem) {
  if (problem.token.type != Type::kBraceClose) return false;
  const std::string_view before = word.text.substr(0, problem.token.begin);
  const size_t inner = before.rfind("${");
  const size_t outer = inner == std::string_view::npos || inner == 0 ? inner : before.rfind("${", inner - 1);
  return outer != std::string_view::npos && before.find('}', outer) > inner;
}

/// Where the interpolation that holds another one has it: `${a.${b}}` can be written in quotes only.
size_t nested_interpolation(const OverrideWord& word, const OverrideSyntaxProblem& problem) {
  const std::string_view before = word.text.substr(0, problem.token.begin);
  const size_t inner = before.rfind("${");
  const size_t closed = before.substr(0, inner).rfind('}');
  const size_t outer = before.find("${", closed == std::string_view::npos ? problem.value_begin : closed);
  return before.find("${", outer + 1);
}

/// `${a` with nothing that closes it: where it begins.
std::optional<size_t> unclosed_interpolation(const OverrideWord& word, const OverrideSyntaxProblem& problem) {
  const size_t at = word.text.rfind("${");
  if (problem.token.type != Type::kBraceOpen || at == std::string_view::npos || at < problem.value_begin) return {};
  if (problem.token.begin != at + 1 || word.text.find('}', at) != std::string_view::npos) return {};
  return at;
}

/// Whether the innermost bracket that is open is a brace.
bool is_in_mapping(const OverrideWord& word, const OverrideSyntaxProblem& problem) {
  return !problem.open.empty() && word.text[word.text.find_first_not_of(" \t", problem.open.back())] == '{';
}

/// \return false if it is not the key of a mapping that is wrong
bool explain_mapping(const OverrideWord& word, const OverrideSyntaxProblem& problem, Diagnostic* diagnostic) {
  if (problem.token.type == Type::kQuotedValue && problem.expected == std::string_view("a key")) {
    diagnostic->notes.push_back(
        "the keys of a mapping stand without quotes, and of letters they have those of ASCII only; others can be "
        "written in a config file");
    const std::string_view key = word.text.substr(problem.token.begin, problem.token.end - problem.token.begin);
    const size_t quote = key.find_first_of("'\"");
    diagnostic->fix = fmt::format("{}{}{}", word.text.substr(0, problem.token.begin),
                                  key.substr(quote + 1, key.size() - quote - 2), word.text.substr(problem.token.end));
    return true;
  }
  if (problem.expected != std::string_view("':'")) return false;
  diagnostic->notes.push_back("a mapping is written {key: value, key: value}");
  if (problem.token.type == Type::kEnd) {
    diagnostic->message += "; the '{' is never closed";
    diagnostic->labels.push_back(
        {word.pos + word.text.find_first_not_of(" \t", problem.open.back()), 1, "opened here"});
  }
  return true;
}

/// `key==value`, and a comma behind which nothing stands. \return false if it is neither
bool explain_separator(const OverrideWord& word, const OverrideSyntaxProblem& problem, Diagnostic* diagnostic) {
  const uint32_t at = problem.token.begin;
  const std::string_view expected = problem.expected;
  if ((expected != "a value" && expected != "a key") || at == 0) return false;
  const std::string_view before = word.text.substr(0, at);
  if (problem.token.type == Type::kEqual && at == problem.value_begin) {
    diagnostic->notes.push_back("one '=' stands between a key and its value");
    diagnostic->fix = fmt::format("{}{}", before, word.text.substr(at + 1));
    return true;
  }
  const bool ends_here = problem.token.type == Type::kEnd || problem.token.type == Type::kBracketClose ||
                         problem.token.type == Type::kBraceClose;
  const size_t comma = before.find_last_not_of(" \t");
  if (!ends_here || comma == before.npos || before[comma] != ',') return false;
  diagnostic->notes.push_back("behind a ',' stands another value");
  if (problem.open.empty() || problem.token.type != Type::kEnd)
    diagnostic->fix = fmt::format("{}{}", before.substr(0, comma), word.text.substr(at));
  return true;
}

void explain_value(const OverrideWord& word, const OverrideSyntaxProblem& problem, Diagnostic* diagnostic) {
  const OverrideToken& token = problem.token;
  const char c = token.begin < word.text.size() ? word.text[token.begin] : '\0';
  if (explain_separator(word, problem, diagnostic)) return;
  if (is_in_mapping(word, problem) && explain_mapping(word, problem, diagnostic)) return;
  const bool is_quote = token.type == Type::kError && (c == '\'' || c == '"');
  if (is_quote && word.text.find(c, token.begin + 1) == std::string_view::npos) {
    diagnostic->message += "; the quote is never closed";
    const char before = token.begin > 0 ? word.text[token.begin - 1] : ' ';
    if (std::string_view("=,:[{( \t").find(before) != std::string_view::npos) {
      if (problem.open.empty()) diagnostic->fix = fmt::format("{}{}", word.text, c);
      return;
    }
  }
  if (token.type == Type::kEnd && !problem.open.empty()) {
    const uint32_t open = problem.open.back();
    const size_t bracket = word.text.find_first_not_of(" \t", open);
    diagnostic->message += fmt::format("; the '{}' is never closed", word.text[bracket]);
    diagnostic->labels.push_back({word.pos + bracket, 1, "opened here"});
    std::string closing;
    for (auto place = problem.open.rbegin(); place != problem.open.rend(); ++place) {
      const char opening = word.text[word.text.find_first_not_of(" \t", *place)];
      closing += opening == '[' ? ']' : opening == '{' ? '}' : ')';
    }
    diagnostic->fix = fmt::format("{}{}", word.text, closing);
    return;
  }
  if (const auto open = unclosed_interpolation(word, problem)) {
    diagnostic->message += "; the '${' is never closed";
    diagnostic->labels.front() = {word.pos + *open, 2, ""};
    const bool is_key = word.text.find_first_of("${},:\"'()[] \\", *open + 2) == std::string_view::npos;
    if (problem.open.empty() && is_key) diagnostic->fix = fmt::format("{}}}", word.text);
    return;
  }
  if (is_nested_interpolation(word, problem)) {
    diagnostic->message += "; an interpolation inside an interpolation must be in quotes";
    diagnostic->labels.front() = {word.pos + nested_interpolation(word, problem), 2, ""};
  } else if (token.type == Type::kEnd) {
    return;
  } else {
    diagnostic->notes.push_back("put text with such characters in quotes, inside the quotes of the shell");
  }
  if (problem.open.empty() && !starts_container(word, problem)) diagnostic->fix = quoted_value_fix(word, problem);
}

}  // namespace

void throw_override_syntax_error(const OverrideWord& word, const OverrideSyntaxProblem& problem) {
  const OverrideToken& token = problem.token;
  // A separator's token begins with the blanks before it; the place to look at is behind them.
  const size_t visible = word.text.find_first_not_of(" \t", token.begin);
  const uint32_t begin = visible < token.end ? static_cast<uint32_t>(visible) : token.begin;
  Diagnostic diagnostic = override_problem(word, "override-syntax",
                                           fmt::format("expected {}, found {}", problem.expected, found(word, token)),
                                           begin, std::max<uint32_t>(1, token.end - begin));
  if (problem.has_equal) {
    explain_value(word, problem, &diagnostic);
  } else {
    explain_key(word, problem, &diagnostic);
  }
  throw ConfigError(std::move(diagnostic));
}

Diagnostic override_problem(const OverrideWord& word, const char* code, const std::string& reason, uint32_t begin,
                            uint32_t length) {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.message = fmt::format("Error parsing override '{}'\n{}", word.text, reason);
  diagnostic.labels.push_back({word.pos + begin, length, ""});
  return diagnostic;
}

void throw_override_error(const OverrideWord& word, const char* code, const std::string& reason, uint32_t begin,
                          uint32_t length) {
  throw ConfigError(override_problem(word, code, reason, begin, length));
}

}  // namespace cfgtool
