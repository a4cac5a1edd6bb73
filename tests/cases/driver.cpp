#include "tests/cases/driver.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace cfgtool::test {
namespace {

[[noreturn]] void usage(const std::string& problem) {
  fmt::print(stderr,
             "{}\nflags: --cfgtool PATH | --program \"COMMAND WITH ARGUMENTS\"; --resolver-batch PATH; --cases FOLDER;"
             " --tree NAME; --only TEXT; --no-places; --max-shown N; --limit SECONDS\n",
             problem);
  std::exit(2);
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  return words;
}

}  // namespace

std::vector<std::string> DriverOptions::batch_command(const std::string& resolver_set) const {
  if (!resolver_set.empty()) return {resolver_batch.string(), resolver_set};
  return other_program() ? program : std::vector<std::string>{cfgtool.string(), "batch"};
}

DriverOptions parse_options(int argc, char** argv) {
  DriverOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--no-places") {
      options.check_places = false;
      continue;
    }
    if (i + 1 == argc) usage(flag + ": unknown, or its value is missing");
    const std::string value = argv[++i];
    if (flag == "--cfgtool") {
      options.cfgtool = value;
    } else if (flag == "--program") {
      options.program = words_of(value);
    } else if (flag == "--resolver-batch") {
      options.resolver_batch = value;
    } else if (flag == "--cases") {
      options.cases = std::filesystem::absolute(value).lexically_normal();
    } else if (flag == "--tree") {
      options.trees.push_back(value);
    } else if (flag == "--only") {
      options.only = value;
    } else if (flag == "--max-shown") {
      options.max_shown = std::stoul(value);
    } else if (flag == "--limit") {
      options.limit = std::chrono::seconds(std::stol(value));
    } else {
      usage(flag + ": unknown");
    }
  }
  if (options.cfgtool.empty() && !options.other_program()) usage("neither --cfgtool nor --program");
  return options;
}

Report::Row& Report::row_of(const std::string& group) {
  for (Row& row : rows_) {
    if (row.group == group) return row;
  }
  return rows_.emplace_back(Row{.group = group});
}

void Report::add(const std::string& group, const std::string& name, Kind kind, const std::string& wrong,
                 const std::string& open) {
  Row& row = row_of(group);
  ++row.cases;
  if (!open.empty() && !wrong.empty()) {
    ++row.open;
    fmt::print("open {}: {}: {}\n", group, name, open);
    return;
  }
  if (wrong.empty() && open.empty()) {
    ++row.right[static_cast<size_t>(kind)];
    return;
  }
  ++row.wrong;
  ++failures_;
  if (failures_ <= max_shown_) {
    fmt::print("WRONG {}: {}\n{}\n", group, name,
               wrong.empty() ? "  right at last: remove its header 'open'\n" : wrong);
  }
  if (failures_ == max_shown_ + 1) fmt::print("more wrong ones are only named (--max-shown N shows more)\n");
  if (failures_ > max_shown_) fmt::print("WRONG {}: {}\n", group, name);
}

void Report::print_table(const std::string& group_heading) const {
  constexpr std::array kHeadings{"accepted, right", "refused, right", "with C++ resolvers", "only unresolved"};
  Row sum{.group = "all"};
  for (const Row& row : rows_) {
    sum.cases += row.cases;
    sum.open += row.open;
    sum.wrong += row.wrong;
    for (size_t i = 0; i < kHeadings.size(); ++i)
      sum.right[i] += row.right[i];
  }
  const auto print = [&](const std::string& group, const auto& cases, const auto& right, const auto& open,
                         const auto& wrong) {
    fmt::print("{:<28} {:>7}", group, cases);
    for (size_t i = 0; i < kHeadings.size(); ++i) {
      const bool always = i <= static_cast<size_t>(Kind::kRefused);
      if (always || sum.right[i] > 0) fmt::print(" {:>{}}", right[i], std::string_view(kHeadings[i]).size());
    }
    if (sum.open > 0) fmt::print(" {:>5}", open);
    fmt::print(" {:>7}\n", wrong);
  };
  fmt::print("\n");
  print(group_heading, "cases", kHeadings, "open", "wrong");
  for (const Row& row : rows_)
    print(row.group, row.cases, row.right, row.open, row.wrong);
  print(sum.group, sum.cases, sum.right, sum.open, sum.wrong);
}

}  // namespace cfgtool::test
