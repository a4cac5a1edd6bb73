/// \file
/// Diagnostics for people (text with the source line and a caret) and for machines (JSON, GitHub annotations, SARIF).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/source.hpp"

namespace cfgtool {

enum class DiagnosticFormat : uint8_t { kText, kJson, kGithub, kSarif };

struct RenderOptions {
  DiagnosticFormat format = DiagnosticFormat::kText;
  bool color = false;  ///< text only
};

/// All of them, in the order given, with a line break at the end. Text looks like this:
///
///     error[override-key-missing]: Could not override 'trainer.nodes'.
///       To append to your config use +trainer.nodes=2
///       --> override 1:9
///         | trainer.nodes=2
///         |         ^
///       note: did you mean 'trainer.nnodes'?
///       try: trainer.nnodes=2
///
/// JSON is one object a line; GitHub is one `::error file=…` line each; SARIF is one document (version 2.1.0).
/// \param sources may be nullptr: then nothing has a place
std::string render(const std::vector<Diagnostic>& diagnostics, const SourceMap* sources,
                   const RenderOptions& options = {});

/// Problems, and what their places refer to. Both outlive the group.
struct DiagnosticGroup {
  const std::vector<Diagnostic>* diagnostics = nullptr;
  const SourceMap* sources = nullptr;  ///< as for render()
  /// The file that a problem without a place in one is shown at: GitHub takes no SARIF result without. Empty: at none.
  std::string file = {};
};

/// Problems with different sources as one SARIF document with one run. There is a document also if there is no problem:
/// that is how a problem is known to be gone.
std::string render_sarif(const std::vector<DiagnosticGroup>& groups);

/// The value of `error` in an answer of `cfgtool batch`: code, message, file, line, column, notes … as a JSON text.
std::string diagnostic_json(const Diagnostic& diagnostic, const SourceMap* sources);

}  // namespace cfgtool
