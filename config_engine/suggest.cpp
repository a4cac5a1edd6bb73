#include "config_engine/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace cfgtool {

namespace {

double replace_cost(char a, char b) {
  if (a == b) return 0;
  const bool same_letter = std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  return same_letter ? 0.5 : 1;
}

bool differ_in_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return replace_cost(x, y) < 1; });
}

}  // namespace

double edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the usual table: the swap of neighbours looks two rows back.
  std::vector<double> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = static_cast<double>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<double>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + replace_cost(a[i - 1], b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::vector<std::string> nearest_names(std::string_view wanted, const std::vector<std::string>& known, size_t most) {
  // A very long name is nobody's slip of the finger, and the table above would be large.
  constexpr size_t kLongestName = 200;
  if (wanted.size() > kLongestName) return {};
  const double farthest = std::max(1.0, static_cast<double>(wanted.size()) / 3);
  std::vector<std::pair<double, std::string>> near;
  for (const std::string& name : known) {
    const double length_gap = static_cast<double>(name.size()) - static_cast<double>(wanted.size());
    if (name.size() > kLongestName || length_gap > farthest || -length_gap > farthest) continue;
    const double distance = edit_distance(wanted, name);
    // A name that shares nothing with the wanted one is no guess, however short both are.
    const double longer = static_cast<double>(std::max(wanted.size(), name.size()));
    if ((distance <= farthest && 2 * distance < longer) || differ_in_case(wanted, name))
      near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  if (near.size() > most) near.resize(most);
  std::vector<std::string> names;
  names.reserve(near.size());
  for (auto& [distance, name] : near)
    names.push_back(std::move(name));
  return names;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known) {
  const std::vector<std::string> names = nearest_names(wanted, known, 2);
  if (names.empty()) return {};
  if (names.size() == 1) return fmt::format("did you mean '{}'?", names[0]);
  return fmt::format("did you mean '{}' or '{}'?", names[0], names[1]);
}

std::string path_from_here(const std::string& path) {
  std::error_code failed;
  const std::string here = std::filesystem::current_path(failed).string();
  const std::string seen = std::filesystem::path(path).lexically_relative(here).string();
  return failed || seen.empty() || seen.starts_with("..") ? path : seen;
}

}  // namespace cfgtool
