#include "cfgtool/saved_config.hpp"

#include <fmt/format.h>

#include "config_engine/config_file.hpp"
#include "config_engine/write_file.hpp"

namespace cfgtool {

SavedConfig read_saved_config(const std::shared_ptr<SourceMap>& sources, const std::string& path) {
  const auto content = read_whole_file(path);
  if (!content) {
    Diagnostic diagnostic;
    diagnostic.stage = Stage::kRequest;
    diagnostic.code = "run-record";
    diagnostic.message = fmt::format("cannot read '{}'", path);
    throw error_at(std::move(diagnostic), SourceKind::kFile, path);
  }
  SavedConfig saved;
  saved.text = *content;
  try {
    saved.tree = parse_config_file(*sources, sources->add(SourceKind::kFile, path, saved.text)).tree;
  } catch (ConfigError& error) {
    for (Diagnostic& diagnostic : error.diagnostics())
      diagnostic.stage = Stage::kRequest;  // the run's folder is damaged
    error.set_sources(sources);
    throw;
  }
  return saved;
}

}  // namespace cfgtool
