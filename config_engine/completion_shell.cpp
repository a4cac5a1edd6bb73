#include "config_engine/completion_shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <exception>

#include "config_engine/diagnostic.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kFlag = "--shell-completion";
/// In an open quote a word that goes on is followed as far as this, see candidates_for_bash().
constexpr int kMostSteps = 8;

[[noreturn]] void refuse(std::string code, std::string message, const std::string& hint) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  if (!hint.empty()) diagnostic.notes.push_back(hint);
  throw error_at(std::move(diagnostic), SourceKind::kFlag, std::string(kFlag));
}

/// `text` as it is typed where the quote `open` is open.
std::string quoted_for_bash(std::string_view text, char open) {
  std::string result;
  for (const char c : text) {
    const std::string_view special = open == '"' ? "\\\"$`" : " \\\"'$`!&;|<>()*?[]{}~#^";
    if (open == '\'') {
      result += c == '\'' ? std::string("'\\''") : std::string(1, c);
      continue;
    }
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// Where readline lets the word at the cursor begin that a completion replaces: behind the open quote, or behind the
/// last break that is not quoted (rl_find_completion_word).
size_t readline_word_at(const ShellLine& line, std::string_view word_breaks) {
  if (line.open_quote) return line.open_quote_at + 1;
  size_t begin = 0;
  char quote = 0;
  for (size_t i = 0; i < line.raw_word.size(); ++i) {
    const char c = line.raw_word[i];
    if (c == '\\' && quote != '\'') {
      ++i;
    } else if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (word_breaks.find(c) != std::string_view::npos) {
      // What readline has in rl_special_prefixes, in bash, belongs to the word that it begins.
      begin = c == '@' || c == '$' ? i : i + 1;
    }
  }
  return begin;
}

/// In an open quote readline closes the quote behind an only answer, also where the word should go on: so an only
/// answer that goes on is followed until there is a choice or an end.
std::vector<Candidate> candidates_for_bash(const ShellLine& line, const LineCompleter& complete) {
  std::vector<Candidate> candidates = complete(line);
  for (int i = 0; i < kMostSteps && line.open_quote && candidates.size() == 1 && !candidates[0].ends_word; ++i) {
    ShellLine further = line;
    further.word = candidates[0].word;
    std::vector<Candidate> next = complete(further);
    if (next.empty()) break;
    candidates = std::move(next);
  }
  return candidates;
}

std::string bash_answer(const ShellLine& line, std::string_view word_breaks, const LineCompleter& complete) {
  const size_t begin = readline_word_at(line, word_breaks);
  const std::string kept = split_shell_line("_ " + line.raw_word.substr(0, begin)).word;
  std::string text;
  for (const Candidate& candidate : candidates_for_bash(line, complete)) {
    if (candidate.word.starts_with(line.word)) {
      // What was typed stays as it was typed.
      text += line.raw_word.substr(begin);
      text += quoted_for_bash(std::string_view(candidate.word).substr(line.word.size()), line.open_quote);
    } else if (candidate.word.starts_with(kept)) {
      text += quoted_for_bash(std::string_view(candidate.word).substr(kept.size()), line.open_quote);
    } else {
      continue;
    }
    text += candidate.ends_word ? " \n" : "\n";
  }
  return text;
}

bool is_path(const Candidate& candidate) {
  return candidate.kind == CandidateKind::kFile || candidate.kind == CandidateKind::kFolder;
}

/// zsh and fish know best how a tilde at a word's beginning is completed; with no answer they are asked.
bool belongs_to_shell(const ShellLine& line, const Candidate& candidate) {
  return is_path(candidate) && line.raw_word.starts_with("~/");
}

std::string zsh_answer(const ShellLine& line, const LineCompleter& complete) {
  std::string text;
  for (const Candidate& candidate : complete(line)) {
    if (belongs_to_shell(line, candidate)) continue;
    if (!candidate.word.starts_with(line.word)) {
      text += fmt::format("R{}\n", candidate.word);
      continue;
    }
    text += candidate.ends_word ? 'S' : 'N';
    for (const char c : candidate.word) {
      if (c == ':' || c == '\\') text += '\\';
      text += c;
    }
    if (!candidate.description.empty()) text += ":" + candidate.description;
    text += '\n';
  }
  return text;
}

std::string fish_answer(const ShellLine& line, const LineCompleter& complete) {
  std::string text;
  for (const Candidate& candidate : complete(line)) {
    if (belongs_to_shell(line, candidate) || !candidate.word.starts_with(line.word)) continue;
    text += candidate.word;
    if (!candidate.description.empty()) text += "\t" + candidate.description;
    text += '\n';
  }
  return text;
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

std::string answer_query(Shell shell, const LineCompleter& complete) {
  try {
    const std::string line = environment("COMP_LINE");
    const std::string point = environment("COMP_POINT");
    size_t characters = line.size();
    std::from_chars(point.data(), point.data() + point.size(), characters);
    return shell_answer(shell, first_characters(line, characters), environment("COMP_WORDBREAKS"), complete);
  } catch (const std::exception&) {
    return {};  // somebody is typing: an error has no place on that terminal
  }
}

}  // namespace

Shell parse_shell(const std::string& name) {
  if (name == "bash") return Shell::kBash;
  if (name == "zsh") return Shell::kZsh;
  if (name == "fish") return Shell::kFish;
  refuse("shell-unknown", fmt::format("there is no completion for the shell '{}', only for bash, zsh and fish", name),
         did_you_mean(name, {"bash", "zsh", "fish"}));
}

std::string shell_answer(Shell shell, std::string_view text, std::string_view word_breaks,
                         const LineCompleter& complete) {
  const ShellLine line = split_shell_line(text);
  if (line.words.empty()) return {};  // the program's own name
  if (shell == Shell::kBash) return bash_answer(line, word_breaks, complete);
  return shell == Shell::kZsh ? zsh_answer(line, complete) : fish_answer(line, complete);
}

bool asks_for_completion(const std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, kFlag) != end;
}

// hydra: Hydra.shell_completion
std::string answer_completion(const std::string& program, const std::vector<std::string>& words,
                              const LineCompleter& complete) {
  std::vector<std::pair<std::string, std::string>> asked;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (equals == std::string::npos || (name != "install" && name != "uninstall" && name != "query")) continue;
    asked.emplace_back(name, word.substr(equals + 1));
  }
  if (asked.size() != 1) {
    refuse("flag-usage", "--shell-completion takes exactly one of install=SHELL, uninstall=SHELL and query=SHELL",
           "SHELL is bash, zsh or fish");
  }
  const Shell shell = parse_shell(asked[0].second);
  if (asked[0].first == "install") return install_script(shell, program);
  if (asked[0].first == "uninstall") return uninstall_script(shell, program);
  return answer_query(shell, complete);
}

}  // namespace cfgtool
