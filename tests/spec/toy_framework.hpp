/// \file
/// A framework that exists in these tests only: its mapping, and configurations for it. That it works shows that
/// nothing of VERL is in the code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config_engine/config.hpp"
#include "schemas/attention_mapping.hpp"
#include "schemas/attention_spec.hpp"
#include "tests/cases/child_process.hpp"

namespace cfgtool::test {

/// A good mapping file.
extern const char* const kToyMapping;

/// Files that are removed at the end.
class Scratch {
 public:
  std::string write(const std::string& name, const std::string& text) const;
  std::string path() const { return folder_.path().string(); }

 private:
  ScratchFolder folder_;
};

/// `yaml` with `overrides`, composed. Its files are in `scratch`.
Config compose_text(const Scratch& scratch, const std::string& yaml, const std::vector<std::string>& overrides = {});

/// What the toy mapping makes of it.
AttentionSpec toy_spec(const Scratch& scratch, const std::string& yaml, const std::vector<std::string>& overrides = {});

/// The error that `action` throws; a test that expects one fails if there is none.
struct Caught {
  std::vector<Diagnostic> diagnostics;
  std::string place;  ///< of the first: `name.yaml:3:5`, without the folder, or `override 1:5`
  std::string text;   ///< all of them, rendered
  const Diagnostic& first() const { return diagnostics.front(); }
};
Caught caught(const std::function<void()>& action);

}  // namespace cfgtool::test
