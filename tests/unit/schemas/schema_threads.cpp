// One schema may be read by several threads, also when it is new to all of them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "schemas/validation.hpp"
#include "tests/unit/files/file_folder.hpp"

namespace cfgtool::test {

TEST_CASE("threads that check against one new schema find the same") {
  constexpr size_t kThreads = 4;
  constexpr size_t kKeys = 200;
  std::string text = "properties:\n";
  std::string values;
  for (size_t i = 0; i < kKeys; ++i) {
    text += fmt::format("  key{0}: {{allOf: [{{type: [integer, 'null']}}, {{minimum: {0}}}], enum: [0, {0}, x]}}\n", i);
    values += fmt::format("key{}: {}\n", i, i % 2 == 0 ? "x" : "0");
  }
  const FileFolder folder;
  const std::string file = folder.write("s.yaml", text);
  const std::string document = folder.write("d.yaml", values);
  const auto schema = Schema::read(file);
  std::vector<std::string> found(kThreads);
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (std::string& problems : found) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (const Diagnostic& problem : validate_file(document, *schema).problems)
        problems += problem.message + "\n";
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(found[0].find("'key199'") != std::string::npos);
  CHECK(found[0].find("'key198'") != std::string::npos);
  for (const std::string& problems : found)
    CHECK(problems == found[0]);
}

}  // namespace cfgtool::test
