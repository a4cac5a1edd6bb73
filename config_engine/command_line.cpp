#include "config_engine/command_line.hpp"

#include <filesystem>

#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

namespace {

/// As a shell takes it for one word.
std::string as_shell_word(const std::string& word) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.,:/@=%~^";
  // A tilde in front is a home folder, elsewhere it is itself.
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos && word != "~") return word;
  std::string text = "'";
  for (const char c : word)
    c == '\'' ? text += "'\\''" : text += c;
  return text + "'";
}

}  // namespace

DiagnosticFormat diagnostic_format_named(std::string_view name) {
  if (name == "json") return DiagnosticFormat::kJson;
  if (name == "github") return DiagnosticFormat::kGithub;
  return name == "sarif" ? DiagnosticFormat::kSarif : DiagnosticFormat::kText;
}

ConfigError internal_error(const std::exception& error) {
  Diagnostic diagnostic;
  diagnostic.code = "internal";
  diagnostic.message = error.what();
  return ConfigError(std::move(diagnostic));
}

CommandLine::CommandLine(int argc, const char* const* argv) : expanded_(expand_short_flags(argc, argv)) {
  program_ = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "";
  line_ = as_shell_word(program_);
  for (int i = 1; i < argc; ++i) {
    words_.emplace_back(argv[i]);
    shown_.push_back(as_shell_word(words_.back()));
    line_ += " " + shown_.back();
  }
}

DiagnosticFormat CommandLine::error_format() const {
  const std::string flag = "--error-format";
  std::string name;
  for (size_t i = 0; i < words_.size() && words_[i] != "--"; ++i) {
    if (words_[i] == flag && i + 1 < words_.size()) name = words_[i + 1];
    if (words_[i].starts_with(flag + "=")) name = words_[i].substr(flag.size() + 1);
  }
  return diagnostic_format_named(name);
}

CommandLine::Place CommandLine::find(const std::string& word) const {
  Place place{words_.size() + 1, line_.size() + 1, 1};
  if (word.empty()) return place;
  size_t column = program_.size() + 1;
  for (size_t i = 0; i < words_.size(); column += shown_[i++].size() + 1) {
    const auto is_it = [&](const std::string& typed) { return typed == word || typed.starts_with(word + "="); };
    if (is_it(words_[i]) || is_it(expanded_[i])) return {i + 1, column, shown_[i].size()};
  }
  return place;
}

std::string CommandLine::render(const ConfigError& error, bool color) const {
  const auto* const usage = dynamic_cast<const UsageError*>(&error);
  const Place place = find(usage ? usage->word() : std::string());
  // What is missing has a place behind the last word and a blank.
  const std::string text_of_line = place.column > line_.size() ? line_ + " " : line_;
  SourceMap typed;
  const SourcePos line = typed.add(SourceKind::kCommandLine, program_, text_of_line, static_cast<uint32_t>(place.word));
  std::vector<Diagnostic> placed;
  std::vector<Diagnostic> unplaced;
  const DiagnosticFormat format = error_format();
  std::string text;
  for (const Diagnostic& diagnostic : error.diagnostics()) {
    SourceLocation ignored;
    const bool has_place = error.sources() && !diagnostic.labels.empty() &&
                           error.sources()->locate(diagnostic.labels.front().pos, &ignored);
    (has_place ? placed : unplaced).push_back(diagnostic);
    if (!has_place) unplaced.back().labels = {{line + place.column, static_cast<uint32_t>(place.length), {}}};
    if (format == DiagnosticFormat::kSarif) continue;
    text += cfgtool::render({has_place ? placed.back() : unplaced.back()}, has_place ? error.sources().get() : &typed,
                            {format, color});
  }
  if (format != DiagnosticFormat::kSarif) return text;
  return render_sarif({{&placed, error.sources().get(), {}}, {&unplaced, &typed, {}}});  // one document
}

}  // namespace cfgtool
