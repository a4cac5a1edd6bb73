/// \file
/// A folder with a configuration, files and a schema, in which `cfgtool validate` runs.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

class Project {
 public:
  Project() {
    write("schema.yaml",
          "$schema: http://json-schema.org/draft-07/schema#\ntype: object\nadditionalProperties: false\nproperties:\n"
          "  name: {type: string}\n  steps: {type: integer, minimum: 1, description: How long}\n  count: {}\n");
    write("conf/config.yaml", "name: demo\nsteps: ${count}\ncount: 3\n");
    write("good.yaml", "name: demo\nsteps: 3\n");
    // é has two bytes, so that `zero` begins at byte 21 and is character 20.
    write("bad.yaml", "# a comment\n{name: \"é\", steps: zero}\n");
  }

  std::filesystem::path path() const { return scratch_.path(); }
  void write(const std::string& name, const std::string& content) const { write_file(path() / name, content); }

  /// `cfgtool validate --schema schema.yaml WORDS`
  Outcome validate(const std::vector<std::string>& words,
                   const std::map<std::string, std::string>& variables = {}) const {
    std::vector<std::string> all{"validate", "--schema", "schema.yaml"};
    all.insert(all.end(), words.begin(), words.end());
    return run_program_in(path(), VALIDATE_CFGTOOL, all, variables);
  }
  /// The same for the composed configuration.
  Outcome validate_config(const std::vector<std::string>& words) const {
    std::vector<std::string> all{"-cp", "conf", "-cn", "config"};
    all.insert(all.end(), words.begin(), words.end());
    return validate(all);
  }

 private:
  ScratchFolder scratch_;
};

}  // namespace cfgtool::test
