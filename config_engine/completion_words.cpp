#include "config_engine/completion_words.hpp"

#include <algorithm>
#include <cstdlib>

namespace cfgtool {

namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class LineSplitter {
 public:
  explicit LineSplitter(std::string_view line) : line_(line) {}

  ShellLine split();

 private:
  void end_word();
  void take_escape();
  bool take_variable();

  std::string_view line_;
  size_t at_ = 0;
  ShellLine out_;
  std::string word_;       // unquoted
  std::string expanded_;   // the same with variables put in
  size_t word_begin_ = 0;  // in line_
  bool in_word_ = false;
  bool knows_program_ = false;
};

void LineSplitter::end_word() {
  if (!in_word_) return;
  const size_t name_end =
      static_cast<size_t>(std::find_if_not(word_.begin(), word_.end(), is_name_char) - word_.begin());
  const bool is_assignment = !knows_program_ && name_end > 0 && name_end < word_.size() && word_[name_end] == '=';
  if (!is_assignment) {
    if (expanded_.starts_with("~/") && line_[word_begin_] == '~') {
      if (const char* home = std::getenv("HOME")) expanded_.replace(0, 1, home);
    }
    knows_program_ = true;
    out_.words.push_back(expanded_);
  }
  word_.clear();
  expanded_.clear();
  in_word_ = false;
}

void LineSplitter::take_escape() {
  ++at_;
  if (at_ >= line_.size()) return;  // the cursor stands behind a backslash: nothing is known of what it escapes
  const char escaped = line_[at_++];
  if (escaped == '\n') return;
  if (out_.open_quote == '"' && std::string_view("\\\"$`").find(escaped) == std::string_view::npos) {
    word_ += '\\';
    expanded_ += '\\';
  }
  word_ += escaped;
  expanded_ += escaped;
}

/// `$NAME` and `${NAME}` of the environment; a shell's own variables are not known here.
bool LineSplitter::take_variable() {
  const bool braces = at_ + 1 < line_.size() && line_[at_ + 1] == '{';
  const size_t begin = at_ + (braces ? 2 : 1);
  size_t end = begin;
  while (end < line_.size() && is_name_char(line_[end]))
    ++end;
  if (end == begin || (braces && (end == line_.size() || line_[end] != '}'))) return false;
  const char* const value = std::getenv(std::string(line_.substr(begin, end - begin)).c_str());
  if (!value) return false;
  const size_t next = end + (braces ? 1 : 0);
  word_ += line_.substr(at_, next - at_);
  expanded_ += value;
  at_ = next;
  return true;
}

ShellLine LineSplitter::split() {
  while (at_ < line_.size()) {
    const char c = line_[at_];
    if (!out_.open_quote && (c == ' ' || c == '\t' || c == '\n')) {
      end_word();
      ++at_;
      continue;
    }
    if (!in_word_) {
      in_word_ = true;
      word_begin_ = at_;
    }
    if (c == out_.open_quote) {
      out_.open_quote = 0;
      ++at_;
    } else if (!out_.open_quote && (c == '\'' || c == '"')) {
      out_.open_quote = c;
      out_.open_quote_at = at_ - word_begin_;
      ++at_;
    } else if (c == '\\' && out_.open_quote != '\'') {
      take_escape();
    } else if (c != '$' || out_.open_quote == '\'' || !take_variable()) {
      word_ += c;
      expanded_ += c;
      ++at_;
    }
  }
  if (in_word_) out_.raw_word = line_.substr(word_begin_);
  out_.word = word_;
  return std::move(out_);
}

bool is_one_letter(const std::string& name) {
  return name.size() == 2;
}

}  // namespace

ShellLine split_shell_line(std::string_view line) {
  return LineSplitter(line).split();
}

std::string_view first_characters(std::string_view line, size_t characters) {
  size_t at = 0;
  for (; at < line.size(); ++at) {
    const bool begins_character = (static_cast<unsigned char>(line[at]) & 0xc0u) != 0x80u;
    if (begins_character && characters-- == 0) break;
  }
  return line.substr(0, at);
}

const CompletionFlag* find_flag(const std::vector<CompletionFlag>& flags, std::string_view name) {
  for (const CompletionFlag& flag : flags) {
    if (std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end()) return &flag;
  }
  return nullptr;
}

std::string ReadFlags::value(const std::string& name) const {
  const auto found = given.find(name);
  return found == given.end() || found->second.empty() ? std::string() : found->second.back();
}

ReadFlags read_flags(const std::vector<std::string>& words, const std::vector<CompletionFlag>& flags) {
  ReadFlags out;
  for (const std::string& word : words) {
    const bool is_flag = !out.only_others && word.size() > 1 && word[0] == '-';
    if (out.pending && !(is_flag && out.pending->value_is_optional)) {
      out.given[out.pending->names.front()].push_back(word);
      out.pending = nullptr;
      continue;
    }
    out.pending = nullptr;
    if (!is_flag) {
      out.others.push_back(word);
    } else if (word == "--") {
      out.only_others = true;
    } else if (const CompletionFlag* flag = find_flag(flags, word)) {
      out.given[flag->names.front()];
      if (flag->value != FlagValue::kNone) out.pending = flag;
    } else if (const size_t equals = word.find('='); equals != std::string::npos) {
      if (const CompletionFlag* before = find_flag(flags, std::string_view(word).substr(0, equals)))
        out.given[before->names.front()].push_back(word.substr(equals + 1));
    } else if (const CompletionFlag* letter = find_flag(flags, std::string_view(word).substr(0, 2));
               letter && is_one_letter(word.substr(0, 2)) && letter->value != FlagValue::kNone) {
      out.given[letter->names.front()].push_back(word.substr(2));  // -cjob
    }
  }
  return out;
}

}  // namespace cfgtool
