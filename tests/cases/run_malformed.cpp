/// \file
/// Starts cfgtool once for every case of malformed/*.case: wrong inputs must end with the right exit code and a message
/// that names the place to change, and never with a crash, a hang or a sanitizer's report.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <optional>

#include "tests/cases/case_file.hpp"
#include "tests/cases/child_process.hpp"
#include "tests/cases/driver.hpp"

namespace cfgtool::test {
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr std::chrono::seconds kLimit{10};
constexpr size_t kShownBytes = 1500;
constexpr std::array<std::string_view, 3> kNeverWritten = {"Sanitizer", "runtime error:", "terminate called"};

struct Outcome {
  ChildResult result;
  std::string output;
  std::string errors;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// `config.yaml:1:4` must not be found in `config.yaml:1:42`.
bool contains_whole(const std::string& text, const std::string& part) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    const size_t behind = at + part.size();
    if (!is_digit(part.back()) || behind == text.size() || !is_digit(text[behind])) return true;
  }
  return false;
}

std::map<std::string, std::string> environment_of(const Case& the_case) {
  std::map<std::string, std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    environment[text.substr(0, text.find('='))] = text.substr(std::min(text.find('=') + 1, text.size()));
  }
  const Json own = the_case.json_header("env", Json::object());
  for (auto variable = own.begin(); variable != own.end(); ++variable)
    environment[variable.key()] = variable.value();
  return environment;
}

class Run {
 public:
  explicit Run(const DriverOptions& options) : options_(options), report_(options.max_shown) {}

  int run() {
    size_t count = 0;
    for (const CaseFile& file : read_case_folder(options_.cases / "malformed")) {
      const std::string group = file.path.filename().string();
      for (const Case& c : file.cases) {
        if (fmt::format("{}: {}", group, c.name).find(options_.only) == std::string::npos) continue;
        ++count;
        report_.add(group, fmt::format("{} (line {})", c.name, c.line),
                    c.header("exit") == "0" ? Report::Kind::kAccepted : Report::Kind::kRefused, check(c),
                    c.header("open"));
      }
    }
    report_.print_table("case file");
    return report_.failures() == 0 && count > 0 ? 0 : 1;
  }

 private:
  std::string check(const Case& c) {
    const fs::path folder = scratch_.path() / "case";
    fs::remove_all(folder);
    fs::create_directories(folder);
    lay_out_files(c, folder);
    const Outcome outcome = start(c, folder);

    std::string wrong;
    if (to_string(outcome.result) != "exit " + c.header("exit")) {
      wrong += fmt::format("  {} instead of exit {}\n", to_string(outcome.result), c.header("exit"));
    }
    for (std::string_view never : kNeverWritten) {
      if (outcome.errors.find(never) != std::string::npos) wrong += fmt::format("  stderr says '{}'\n", never);
    }
    wrong += missing(c, folder, "stderr", outcome.errors) + missing(c, folder, "stdout", outcome.output);
    if (!wrong.empty()) wrong += shown("stderr", outcome.errors) + shown("stdout", outcome.output);
    return wrong;
  }

  Outcome start(const Case& c, const fs::path& folder) const {
    ChildProcess child;
    child.argv = {options_.cfgtool.string()};
    for (const char* header : {"args", "overrides"}) {
      for (const Json& word : c.json_header(header, Json::array())) {
        std::string text = fill_in(word.get<std::string>(), "case", folder.string());
        if (text.find("\\*{") != std::string::npos) text = unescape(text);
        child.argv.push_back(std::move(text));
      }
    }
    if (const Section* input = c.section("stdin")) {
      child.input = scratch_.path() / "input";
      std::ofstream(child.input, std::ios::binary) << fill_in(input->text, "case", folder.string());
    }
    child.output = scratch_.path() / "output";
    child.errors = scratch_.path() / "errors";
    child.working_folder = folder;
    child.environment = environment_of(c);
    child.limit = kLimit;
    Outcome outcome;
    outcome.result = cfgtool::test::run(child);
    outcome.output = read_file(child.output);
    outcome.errors = read_file(child.errors);
    return outcome;
  }

  /// The section `stream` names texts that must all be there, the section `stream: one of` texts of which one must.
  static std::string missing(const Case& c, const fs::path& folder, const std::string& stream,
                             const std::string& text) {
    std::string wrong;
    if (const Section* all = c.section(stream)) {
      for (const std::string& line : lines_of(fill_in(all->text, "case", folder.string()))) {
        if (!contains_whole(text, line)) wrong += fmt::format("  {} lacks '{}'\n", stream, line);
      }
    }
    if (const Section* one_of = c.section(stream + ": one of")) {
      const std::vector<std::string> lines = lines_of(one_of->text);
      bool any = false;
      for (const std::string& line : lines)
        any = any || contains_whole(text, line);
      if (!any) wrong += fmt::format("  {} has none of '{}'\n", stream, fmt::join(lines, "', '"));
    }
    return wrong;
  }

  static std::string shown(const std::string& stream, const std::string& text) {
    if (text.empty()) return fmt::format("  {} is empty\n", stream);
    return fmt::format("  {}:\n{}{}\n", stream, text.substr(0, kShownBytes), text.size() > kShownBytes ? "…" : "");
  }

  const DriverOptions& options_;
  ScratchFolder scratch_;
  Report report_;
};

}  // namespace
}  // namespace cfgtool::test

int main(int argc, char** argv) {
  try {
    const cfgtool::test::DriverOptions options = cfgtool::test::parse_options(argc, argv);
    if (options.other_program()) throw std::runtime_error("this test needs --cfgtool");
    return cfgtool::test::Run(options).run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "run_malformed: {}\n", error.what());
    return 2;
  }
}
