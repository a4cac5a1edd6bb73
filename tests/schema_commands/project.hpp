/// \file
/// A folder with a configuration in it, and cfgtool run there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

class Project {
 public:
  /// Writes a file, and the folders that it lies in.
  Project& add(const std::string& name, const std::string& text);
  std::string read(const std::string& name) const;
  bool has(const std::string& name) const { return std::filesystem::exists(folder() / name); }
  std::filesystem::path folder() const { return std::filesystem::canonical(scratch_.path()); }

  Outcome run(const std::vector<std::string>& words) const;
  /// What `cfgtool schema infer -cp conf -cn config …` prints.
  std::string infer(const std::vector<std::string>& words = {}) const;
  /// Why `config` with these overrides does not fit the schema in the file; empty if it does.
  std::string misfits(const std::string& schema, const std::vector<std::string>& words, bool strict = false) const;

 private:
  ScratchFolder scratch_;
};

}  // namespace cfgtool::test
