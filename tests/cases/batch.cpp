#include "tests/cases/batch.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tests/cases/case_file.hpp"
#include "tests/cases/child_process.hpp"

namespace cfgtool::test {
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr size_t kShownErrorBytes = 2000;
constexpr int kFruitlessStarts = 3;  // in a row, after which the program counts as not working at all

/// Says true when the file has grown since it was asked last.
class GrowthWatch {
 public:
  explicit GrowthWatch(fs::path file) : file_(std::move(file)) {}
  bool operator()() {
    std::error_code error;
    const uintmax_t size = fs::file_size(file_, error);
    if (error || size == size_) return false;
    size_ = size;
    return true;
  }

 private:
  fs::path file_;
  uintmax_t size_ = 0;
};

struct Attempt {
  std::vector<BatchAnswer> answers;
  bool ended_well = false;
  std::string end;  // how the program ended, and what it wrote to stderr
};

Attempt ask_once(const std::vector<std::string>& command, const Json* requests, size_t count,
                 std::chrono::seconds limit) {
  const ScratchFolder folder;
  ChildProcess child;
  child.argv = command;
  child.input = folder.path() / "requests";
  child.output = folder.path() / "answers";
  child.errors = folder.path() / "errors";
  child.limit = limit;
  child.made_progress = GrowthWatch(child.output);
  {
    std::ofstream stream(child.input, std::ios::binary);
    for (size_t i = 0; i < count; ++i)
      stream << requests[i].dump() << '\n';
  }
  const ChildResult result = run(child);

  Attempt attempt;
  std::ifstream stream(child.output, std::ios::binary);
  for (std::string line; attempt.answers.size() < count && std::getline(stream, line);) {
    BatchAnswer answer;
    answer.json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (answer.json.is_discarded() || !answer.json.is_object()) {
      if (stream.eof()) break;  // cut short by the program's end
      answer = {nullptr, "the answer is no JSON object: " + line.substr(0, 200)};
    } else if (answer.json.value("id", Json()) != requests[attempt.answers.size()]["id"]) {
      answer = {nullptr, "the answer has another request's id: " + line.substr(0, 200)};
    }
    attempt.answers.push_back(std::move(answer));
  }
  std::string errors = read_file(child.errors);
  if (errors.size() > kShownErrorBytes) errors = "…" + errors.substr(errors.size() - kShownErrorBytes);
  attempt.ended_well = result.exit_code == 0;
  attempt.end = to_string(result) + (errors.empty() ? "" : "; it wrote:\n" + errors);
  return attempt;
}

}  // namespace

std::vector<BatchAnswer> ask_all(const std::vector<std::string>& command, const std::vector<Json>& requests,
                                 std::chrono::seconds limit) {
  std::vector<BatchAnswer> answers;
  int fruitless = 0;
  while (answers.size() < requests.size()) {
    const size_t asked = answers.size();
    Attempt attempt = ask_once(command, requests.data() + asked, requests.size() - asked, limit);
    fruitless = attempt.answers.empty() ? fruitless + 1 : 0;
    for (BatchAnswer& answer : attempt.answers)
      answers.push_back(std::move(answer));
    if (answers.size() == requests.size()) {
      // Everything is answered, but a crash or a sanitizer's report on the way out is a fault all the same.
      if (!attempt.ended_well) answers.back().problem = "after the last answer: " + attempt.end;
      break;
    }
    answers.push_back({nullptr, "no answer: " + attempt.end});
    if (fruitless == kFruitlessStarts) {
      answers.resize(requests.size(), {nullptr, "not asked: the program gave no answers"});
    }
  }
  return answers;
}

}  // namespace cfgtool::test
