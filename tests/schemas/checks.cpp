#include "tests/schemas/checks.hpp"

#include <sys/resource.h>

#include <fstream>
#include <iterator>

namespace cfgtool::test {

namespace {

double seconds_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Check check_file(const std::filesystem::path& schema, const std::filesystem::path& document,
                 const std::vector<std::string>& words) {
  std::vector<std::string> all{"validate", "--schema", schema.string(), document.string()};
  all.insert(all.end(), words.begin(), words.end());
  const double before = seconds_of_children();
  Check check{run_program(SCHEMA_CFGTOOL, all)};
  check.seconds = seconds_of_children() - before;
  return check;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void write_text(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

}  // namespace cfgtool::test
