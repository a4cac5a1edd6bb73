#include "tests/run_folder/files.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace cfgtool::test {

namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

std::vector<fs::path> runs_in(const fs::path& folder) {
  std::vector<fs::path> runs;
  if (!fs::exists(folder / "outputs")) return runs;
  for (const auto& date : fs::directory_iterator(folder / "outputs")) {
    for (const auto& time : fs::directory_iterator(date))
      runs.push_back(time);
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

}  // namespace cfgtool::test
