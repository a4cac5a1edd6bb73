/// \file
/// Runs the command lines of corpus.jsonl on the configuration trees of public projects, and compares with what real
/// Hydra did (record_corpus.py). The trees are looked for in the folder that CFGTOOL_SHARED names, else in ../shared.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cases/child_process.hpp"
#include "tests/cases/sha256.hpp"
#include "tests/command_line/normalise.hpp"

namespace cfgtool::test {
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr int kSkipReturnCode = 77;
constexpr size_t kShownBytes = 1500;

struct Programs {
  std::string cfgtool;
  std::string app;  ///< that embeds the engine
};

struct Answer {
  ChildResult result;
  std::string output;
  std::string errors;
};

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<Json> read_lines(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot read " + file.string());
  std::vector<Json> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(Json::parse(line));
  return lines;
}

fs::path corpus_folder() {
  if (const char* shared = std::getenv("CFGTOOL_SHARED")) return fs::path(shared) / "corpus";
  return fs::path(COMMAND_PROJECT).parent_path() / "shared" / "corpus";
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// As fill_in in record_corpus.py.
std::vector<std::string> fill_in(const Json& words, const Json& one, const fs::path& trees) {
  std::vector<std::string> overrides = one["overrides"];
  for (std::string& word : overrides)
    replace_all(word, "{trees}", trees.string());
  std::string key;
  if (!overrides.empty()) {
    key = overrides[0].substr(std::min(overrides[0].find_first_not_of("+~"), overrides[0].size()));
    key = key.substr(0, key.find('='));
  }
  const size_t dot = key.rfind('.');
  const std::map<std::string, std::string> parts{{"{dir}", (trees / one["config_dir"].get<std::string>()).string()},
                                                 {"{trees}", trees.string()},
                                                 {"{key}", key},
                                                 {"{parent}", dot == std::string::npos ? key : key.substr(0, dot)}};
  std::vector<std::string> filled;
  for (std::string word : words) {
    if (word == "{overrides}") {
      filled.insert(filled.end(), overrides.begin(), overrides.end());
    } else if (word == "{first}") {
      if (!overrides.empty()) filled.push_back(overrides[0]);
    } else if (word == "{rest}") {
      if (!overrides.empty()) filled.insert(filled.end(), overrides.begin() + 1, overrides.end());
    } else {
      for (const auto& [name, text] : parts)
        replace_all(word, name, text);
      filled.push_back(word);
    }
  }
  return filled;
}

/// The message of the first error, without its code; the notes of what is printed before it do not count.
std::string first_message_line(const std::string& errors) {
  const size_t error = errors.starts_with("error[") ? 0 : errors.find("\nerror[");
  const size_t begin = error == std::string::npos ? error : errors.find("]: ", error);
  if (begin == std::string::npos) return {};
  return errors.substr(begin + 3, errors.find('\n', begin) - begin - 3);
}

/// \return what is wrong, or nothing
std::string compare(const Json& record, const Answer& answer, const std::string& trees) {
  if (record.contains("different")) {  // on purpose, and the record says why
    const bool as_said = answer.result.exit_code == record["our_exit"] && record["our_exit"] != record["exit"];
    return as_said ? "" : to_string(answer.result) + ", and the record says otherwise";
  }
  const std::string error = record.value("error", "");
  // What Hydra refuses by a traceback when it looks at the flags is a usage error; ours end with 2.
  const int expected = error == "usage" ? 2 : record["exit"].get<int>();
  if (answer.result.exit_code != expected)
    return fmt::format("{}, and Hydra's answer asks for exit {}", to_string(answer.result), expected);
  if (expected == 0) {
    const std::string output = normalised(answer.output, trees);
    return sha256(output) == record["stdout_sha256"] ? "" : "stdout differs from Hydra's:\n" + output;
  }
  if (!answer.output.empty()) return "an error, and yet something on stdout:\n" + answer.output;
  const std::string message = first_message_line(answer.errors);
  if (message.empty()) return "no error[...] on stderr";
  if (!record.contains("message_sha256") || sha256(normalised(message, trees)) == record["message_sha256"]) return {};
  return "the message differs from Hydra's: " + message;
}

class Run {
 public:
  Run(Programs programs, const fs::path& corpus, const std::vector<Json>& records)
      : programs_(std::move(programs)), trees_(fs::canonical(corpus / "trees")) {
    for (const Json& record : records) {
      const std::string id = record["case"];
      const std::string tree = id.substr(0, id.rfind('-'));
      if (!known_trees_[tree]++) add_cases(corpus / "cases" / (tree + ".jsonl"));
    }
  }

  void check(const Json& record) {
    const auto found = cases_.find(record["case"]);
    if (found == cases_.end()) throw std::runtime_error("the corpus has no case " + record["case"].dump());
    const Json& one = found->second;
    std::vector<std::string> words{"-cp", (trees_ / one["config_dir"].get<std::string>()).string(), "-cn",
                                   one["config_name"]};
    const std::vector<std::string> own = fill_in(record["words"], one, trees_);
    words.insert(words.end(), own.begin(), own.end());
    auto from_app = std::async(std::launch::async, [&, words] { return ask(programs_.app, words, one["env"]); });
    if (!record.value("embedded_only", false)) {
      words.insert(words.begin(), "resolve");
      report(record, "cfgtool resolve", ask(programs_.cfgtool, words, one["env"]));
    }
    report(record, programs_.app, from_app.get());
  }

  size_t failures() const { return failures_; }

 private:
  void add_cases(const fs::path& file) {
    for (Json& one : read_lines(file)) {
      const std::string id = one["id"];
      cases_[id] = std::move(one);
    }
  }

  Answer ask(const std::string& program, const std::vector<std::string>& words, const Json& environment) const {
    const ScratchFolder scratch;
    ChildProcess child;
    child.argv = {program};
    child.argv.insert(child.argv.end(), words.begin(), words.end());
    child.output = scratch.path() / "output";
    child.errors = scratch.path() / "errors";
    child.working_folder = trees_;  // as the recorder's: hydra.runtime.cwd
    child.environment = environment.get<std::map<std::string, std::string>>();
    if (const char* cache = std::getenv("CFGTOOL_CACHE_DIR")) (*child.environment)["CFGTOOL_CACHE_DIR"] = cache;
    const ChildResult result = run(child);
    return {result, read_file(child.output), read_file(child.errors)};
  }

  void report(const Json& record, const std::string& program, const Answer& answer) {
    const std::string wrong = compare(record, answer, trees_.string());
    if (wrong.empty()) return;
    ++failures_;
    fmt::print("FAILED: {}, {}, words {}\n  {}\n  stderr: {}\n", program, record["case"].get<std::string>(),
               record["words"].dump(), wrong.substr(0, kShownBytes), answer.errors.substr(0, kShownBytes));
  }

  Programs programs_;
  fs::path trees_;
  std::map<std::string, int> known_trees_;
  std::map<std::string, Json> cases_;
  size_t failures_ = 0;
};

int run_all(const Programs& programs) {
  const std::vector<Json> records = read_lines(COMMAND_CORPUS_LINES);
  const fs::path corpus = corpus_folder();
  if (!fs::is_directory(corpus / "cases")) {
    fmt::print("SKIPPED: {} recorded command lines because there is no folder {}\n", records.size(), corpus.string());
    return kSkipReturnCode;
  }
  Run run(programs, corpus, records);
  for (const Json& record : records)
    run.check(record);
  const auto wrong = std::count_if(records.begin(), records.end(), [](const Json& one) { return one["exit"] != 0; });
  fmt::print("{} command lines, {} of them wrong, {} differences\n", records.size(), wrong, run.failures());
  return run.failures() == 0 && records.size() >= 160 ? 0 : 1;
}

}  // namespace
}  // namespace cfgtool::test

int main(int argc, char** argv) {
  try {
    if (argc != 3) throw std::runtime_error("usage: run_corpus_lines CFGTOOL APP");
    return cfgtool::test::run_all({argv[1], argv[2]});
  } catch (const std::exception& error) {
    fmt::print(stderr, "run_corpus_lines: {}\n", error.what());
    return 2;
  }
}
