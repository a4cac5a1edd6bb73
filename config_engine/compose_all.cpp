#include "config_engine/compose_all.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/compose_fixes.hpp"

namespace cfgtool {

namespace {

bool are_at_one_place(const Diagnostic& a, const Diagnostic& b) {
  return a.code == b.code && !a.labels.empty() && !b.labels.empty() && a.labels.front().pos == b.labels.front().pos;
}

}  // namespace

std::vector<Diagnostic> shortened(const std::vector<Diagnostic>& problems) {
  std::vector<Diagnostic> shown;
  size_t left_out = 0;
  for (const Diagnostic& problem : problems) {
    const bool is_known =
        std::any_of(shown.begin(), shown.end(), [&](const auto& other) { return are_at_one_place(other, problem); });
    if (is_known) continue;
    if (shown.size() < kMostShownProblems) {
      shown.push_back(problem);
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) shown.back().notes.push_back(fmt::format("and {} more problems", left_out));
  return shown;
}

namespace {

/// \param compose compose() or compose_defaults()
Composition find_all(Composition (*compose)(const std::shared_ptr<FileStore>&, const ComposeRequest&),
                     const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  std::vector<Diagnostic> problems;
  ComposeRequest going_on = request;
  going_on.passed_over = &problems;
  std::vector<Diagnostic> warnings;
  std::shared_ptr<const SourceMap> sources;
  try {
    Composition composition = compose(store, going_on);
    if (problems.empty()) return composition;
    warnings = std::move(composition.warnings);
    sources = composition.sources;
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics())
      (diagnostic.severity == Severity::kError ? problems : warnings).push_back(diagnostic);
    sources = error.sources();
  }
  problems = shortened(problems);
  if (sources)
    try_fixes(problems, *sources, request, [&](const ComposeRequest& attempt) { return compose(store, attempt); });
  std::move(warnings.begin(), warnings.end(), std::back_inserter(problems));
  ConfigError all(std::move(problems));
  all.set_sources(std::move(sources));
  throw all;
}

}  // namespace

Composition compose_finding_all(const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  return find_all(compose, store, request);
}

Composition compose_defaults_finding_all(const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  return find_all(compose_defaults, store, request);
}

void resolve_finding_all(Resolver& resolver, NodeId root) {
  std::vector<Diagnostic> failures;
  try {
    resolver.resolve_in_place(root, &failures);
  } catch (const ConfigError& error) {
    failures.insert(failures.end(), error.diagnostics().begin(), error.diagnostics().end());
  }
  if (!failures.empty()) throw ConfigError(shortened(failures));
}

}  // namespace cfgtool
