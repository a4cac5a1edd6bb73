/// \file
/// What the test programs of this folder have in common: their flags and the table that they end with.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace cfgtool::test {

inline constexpr int kSkipReturnCode = 77;  ///< ctest's SKIP_RETURN_CODE

struct DriverOptions {
  std::filesystem::path cfgtool;         ///< --cfgtool PATH
  std::vector<std::string> program;      ///< --program "WORDS": instead of `cfgtool batch`, with its protocol
  std::filesystem::path resolver_batch;  ///< --resolver-batch PATH: batch_with_resolvers
  std::filesystem::path cases;           ///< --cases FOLDER
  std::vector<std::string> trees;        ///< --tree NAME, may be repeated
  std::string only;                      ///< --only TEXT: cases whose "file: name" has it
  bool check_places = true;              ///< --no-places: real Hydra does not say where
  size_t max_shown = 20;                 ///< --max-shown N: failures that are printed in full
  std::chrono::seconds limit{30};        ///< --limit SECONDS without an answer

  bool other_program() const { return !program.empty(); }
  /// \param resolver_set which resolvers it has to know beside the built-in ones; empty: none
  std::vector<std::string> batch_command(const std::string& resolver_set = {}) const;
};

/// Ends the process with code 2 on wrong flags.
DriverOptions parse_options(int argc, char** argv);

/// Counts right and wrong per group (a case file, a project) and prints.
class Report {
 public:
  explicit Report(size_t max_shown) : max_shown_(max_shown) {}

  enum class Kind { kAccepted, kRefused, kEquivalents, kPartly };

  /// \param wrong empty if right
  /// \param open why it is known to be wrong, so that it counts apart; then being right is what is wrong
  void add(const std::string& group, const std::string& name, Kind kind, const std::string& wrong,
           const std::string& open = {});
  size_t failures() const { return failures_; }
  /// Ends with the table. Columns of the kinds after kRefused are left out where they have no case.
  void print_table(const std::string& group_heading) const;

 private:
  struct Row {
    std::string group;
    size_t cases = 0;
    size_t right[4] = {0, 0, 0, 0};  // by Kind
    size_t open = 0;
    size_t wrong = 0;
  };
  Row& row_of(const std::string& group);
  std::vector<Row> rows_;
  size_t max_shown_;
  size_t failures_ = 0;
};

}  // namespace cfgtool::test
