#include "config_engine/compose_fixes.hpp"

#include <algorithm>
#include <map>

namespace cfgtool {

namespace {

/// By the numbers of the overrides that they are about.
using ByOverride = std::map<size_t, Diagnostic>;

/// The number of the override in which the label lies; 0 for another place.
size_t override_of(const Label& label, const SourceMap& sources) {
  SourceLocation at;
  return sources.locate(label.pos, &at) && at.kind == SourceKind::kOverride ? at.index : 0;
}

void note_refused(const std::vector<Diagnostic>& problems, const SourceMap& sources, ByOverride& refused) {
  for (const Diagnostic& problem : problems) {
    if (problem.severity != Severity::kError) continue;
    for (const Label& label : problem.labels) {
      if (const size_t number = override_of(label, sources)) refused.emplace(number, problem);
    }
  }
}

ByOverride refused_overrides(const ComposeRequest& request, const std::vector<std::string>& words,
                             const std::function<Composition(const ComposeRequest&)>& compose) {
  std::vector<Diagnostic> problems;
  ComposeRequest attempt = request;
  attempt.overrides = words;
  attempt.passed_over = &problems;
  ByOverride refused;
  try {
    const Composition composition = compose(attempt);
    note_refused(problems, *composition.sources, refused);
  } catch (const ConfigError& error) {
    if (!error.sources()) return refused;
    note_refused(problems, *error.sources(), refused);
    note_refused(error.diagnostics(), *error.sources(), refused);
  }
  return refused;
}

/// `key=VALUE` stands for any value, and is refused for what VALUE is.
bool is_form(const std::string& fix, const Diagnostic& refusal) {
  return fix.ends_with("=VALUE") && refusal.code == "config-not-found";
}

void add_notes(const std::vector<std::string>& notes, Diagnostic& problem) {
  for (const std::string& note : notes) {
    if (std::find(problem.notes.begin(), problem.notes.end(), note) == problem.notes.end())
      problem.notes.push_back(note);
  }
}

}  // namespace

void try_fixes(std::vector<Diagnostic>& problems, const SourceMap& sources, const ComposeRequest& request,
               const std::function<Composition(const ComposeRequest&)>& compose) {
  std::vector<std::string> words = request.overrides;
  std::map<size_t, Diagnostic*> tried;
  for (Diagnostic& problem : problems) {
    const size_t number = problem.labels.empty() ? 0 : override_of(problem.labels.front(), sources);
    const bool is_word = !problem.fix.empty() && !problem.fix.starts_with('-');  // not flags
    if (number == 0 || number > words.size() || !is_word) continue;
    if (tried.emplace(number, &problem).second) words[number - 1] = problem.fix;
  }
  constexpr int kMostAttempts = 2;
  for (int attempt = 1; attempt <= kMostAttempts && !tried.empty(); ++attempt) {
    const ByOverride refused = refused_overrides(request, words, compose);
    std::map<size_t, Diagnostic*> again;
    for (const auto& [number, problem] : tried) {
      const auto refusal = refused.find(number);
      if (refusal == refused.end() || is_form(problem->fix, refusal->second)) continue;
      add_notes(refusal->second.notes, *problem);
      problem->fix = attempt < kMostAttempts ? refusal->second.fix : std::string();
      words[number - 1] = problem->fix.empty() ? request.overrides[number - 1] : problem->fix;
      if (!problem->fix.empty()) again.emplace(number, problem);
    }
    tried = std::move(again);
  }
}

}  // namespace cfgtool
