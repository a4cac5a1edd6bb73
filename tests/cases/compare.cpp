#include "tests/cases/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/cases/sha256.hpp"

namespace cfgtool::test {
using Json = nlohmann::json;

namespace {

constexpr size_t kContextLines = 2;
constexpr size_t kShownLines = 24;

// The classes of Hydra's and OmegaConf's own errors of composition, missing configs and interpolation.
constexpr std::array<std::string_view, 7> kWordedClasses = {
    "ConfigCompositionException",   "MissingConfigException",       "InterpolationKeyError",
    "InterpolationResolutionError", "InterpolationValidationError", "InterpolationToMissingValueError",
    "UnsupportedInterpolationType"};

// Messages of Python itself that Hydra quotes: what comes after the quote's beginning is worded by Python.
constexpr std::array<std::string_view, 2> kQuotedPython = {"GrammarParseError raised while resolving interpolation:",
                                                           "TypeError raised while resolving interpolation:"};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string first_line(std::string_view text) {
  for (std::string_view line : lines_of(text)) {
    const size_t last = line.find_last_not_of(" \t\r");
    if (last != std::string_view::npos) return std::string(line.substr(0, last + 1));
  }
  return {};
}

/// Control characters as escapes, so that a difference in them is seen.
std::string visible(std::string_view line) {
  std::string out;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  if (out.ends_with(' ')) out.replace(out.size() - 1, 1, "\\x20");
  return out;
}

struct DiffLine {
  char mark;
  std::string_view text;
};

/// Line by line, by the longest common subsequence.
std::vector<DiffLine> diff_lines(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  const size_t width = b.size() + 1;
  std::vector<uint32_t> common((a.size() + 1) * width);
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t j = b.size(); j-- > 0;) {
      common[i * width + j] = a[i] == b[j] ? common[(i + 1) * width + j + 1] + 1
                                           : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  std::vector<DiffLine> result;
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      result.push_back({' ', a[i]});
      ++i, ++j;
    } else if (j == b.size() || (i < a.size() && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      result.push_back({'-', a[i++]});
    } else {
      result.push_back({'+', b[j++]});
    }
  }
  return result;
}

std::string compare_refusal(const Refusal& expected, const Json& answer, bool check_places) {
  const Json error = answer.value("error", Json::object());
  const std::string message = error.value("message", "");
  std::string wrong;
  if (const std::string stage = answer.value("stage", ""); stage != expected.stage) {
    wrong += fmt::format("  refused at stage '{}' instead of '{}': {}\n", stage, expected.stage, message);
  }
  if (const std::string words = binding_words(expected.class_name, expected.message); !words.empty()) {
    const std::string got = first_line(message);
    const bool prefix_only = words.ends_with(':') && got.starts_with(words);
    if (got != words && !prefix_only) wrong += fmt::format("  Hydra says: {}\n  we say:     {}\n", words, got);
  }
  if (!check_places) return wrong;
  const std::string place = place_of(error);
  const auto& places = expected.places;
  if (place.empty()) {
    wrong += fmt::format("  the error has no place: {}\n", message);
  } else if (!places.empty() &&
             std::none_of(places.begin(), places.end(), [&](const auto& one) { return place.ends_with(one); })) {
    wrong += fmt::format("  points at {} instead of {}: {}\n", place, fmt::join(places, " or "), message);
  }
  return wrong;
}

}  // namespace

std::string binding_words(const std::string& class_name, const std::string& message) {
  const size_t from = class_name.rfind(' ');
  const std::string shown = from == std::string::npos ? class_name : class_name.substr(from + 1);
  if (std::find(kWordedClasses.begin(), kWordedClasses.end(), shown) == kWordedClasses.end()) return {};
  std::string line = first_line(message);
  for (std::string_view beginning : kQuotedPython) {
    if (line.starts_with(beginning)) return std::string(beginning);
  }
  return line;
}

std::string place_of(const Json& error) {
  const auto number = [&](const char* key) {
    return error.contains(key) && error[key].is_number_unsigned() ? error[key].get<unsigned>() : 0u;
  };
  const auto text = [&](const char* key) {
    return error.contains(key) && error[key].is_string() ? error[key].get<std::string>() : std::string();
  };
  if (number("override") > 0) return fmt::format("override {}:{}", number("override"), number("column"));
  if (!text("flag").empty()) return fmt::format("flag {}:{}", text("flag"), number("column"));
  if (!text("flag").empty()) return "flag " + text("flag");
  if (!text("environment").empty()) return "environment variable " + text("environment");
  if (!text("file").empty() && number("line") > 0) {
    return fmt::format("{}:{}:{}", text("file"), number("line"), number("column"));
  }
  if (number("line") > 0) return fmt::format("<{}>:{}:{}", text("builtin"), number("line"), number("column"));
  return {};
}

std::string diff(std::string_view expected, std::string_view got) {
  std::string out = "  (- Hydra, + ours)\n";
  const std::vector<DiffLine> lines = diff_lines(lines_of(expected), lines_of(got));
  size_t shown = 0;
  size_t shown_to = 0;
  for (size_t i = 0; i < lines.size() && shown < kShownLines; ++i) {
    if (lines[i].mark == ' ') continue;
    const size_t begin = std::max(shown_to, i < kContextLines ? 0 : i - kContextLines);
    const size_t end = std::min(lines.size(), i + kContextLines + 1);
    if (begin > shown_to) out += "  ...\n";
    for (size_t k = begin; k < end; ++k, ++shown)
      out += fmt::format("  {} {}\n", lines[k].mark, visible(lines[k].text));
    shown_to = end;
    i = end - 1;
  }
  if (shown >= kShownLines) out += "  ... and more\n";
  if (shown == 0) out += "  only the newline at the end differs\n";
  return out;
}

std::string compare(const Expectation& expected, const BatchAnswer& answer, bool check_places) {
  if (!answer.problem.empty()) return "  " + answer.problem + "\n";
  const bool ok = answer.json.value("ok", false);
  if (expected.refused) {
    if (ok) return fmt::format("  Hydra refuses this ({}); we accept it\n", expected.refused->class_name);
    return compare_refusal(*expected.refused, answer.json, check_places);
  }
  if (!ok) {
    const Json error = answer.json.value("error", Json::object());
    return fmt::format("  Hydra accepts this; we refuse it at stage '{}': {}\n  at {}\n",
                       answer.json.value("stage", ""), error.value("message", ""), place_of(error));
  }
  const std::string yaml = answer.json.value("yaml", "");
  if (expected.yaml && yaml != *expected.yaml) return diff(*expected.yaml, yaml);
  if (expected.yaml_sha256 && sha256(yaml) != *expected.yaml_sha256) {
    return fmt::format("  other bytes than Hydra's (only their hash is recorded); ours:\n{}\n", yaml.substr(0, 2000));
  }
  return {};
}

}  // namespace cfgtool::test
