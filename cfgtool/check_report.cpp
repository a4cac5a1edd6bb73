#include "cfgtool/check_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/problem.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kUndocumented = "outside NVIDIA's documented support";
constexpr const char* kUndocumentedCpu = "outside what the plugin's maker documents as supported";

std::string size_text(uint64_t bytes) {
  if (bytes < 10240) return fmt::format("{} bytes", bytes);
  return bytes < 10485760 ? fmt::format("{} KiB", bytes / 1024) : fmt::format("{} MiB", bytes / 1048576);
}

/// "h100 (NVIDIA H100 80GB HBM3)".
std::string device_in_words(const CheckTarget& target) {
  if (target.known) return fmt::format("{} ({})", target.name, target.known->gpu.name);
  return target.missing.empty() ? attention::describe(target.device) : target.name;
}

bool is_yes(CheckVerdict verdict) {
  return verdict == CheckVerdict::kYes || verdict == CheckVerdict::kUndocumented;
}

std::string verdict_in_words(const CheckAnswer& answer) {
  switch (answer.verdict) {
    case CheckVerdict::kYes:
      return "yes";
    case CheckVerdict::kUndocumented:
      return fmt::format("yes, but {}",
                         answer.target->device.kind == ATTN_DEVICE_CUDA ? kUndocumented : kUndocumentedCpu);
    case CheckVerdict::kNo:
      return "no";
    case CheckVerdict::kCannotTell:
      return "cannot tell";
  }
  return "";
}

std::string yes_text(const CheckAnswer& answer) {
  const attn_problem& problem = answer.problem->problem;
  std::string text = fmt::format("{}: {} by {} {} on {}", verdict_in_words(answer), answer.implementation,
                                 answer.plugin, answer.plugin_version, device_in_words(*answer.target));
  if (!answer.answer.engine.empty()) text += fmt::format(" ({})", answer.answer.engine);
  text += fmt::format("\n  {}\n", attention::describe(problem));
  if (!answer.answer.text.empty()) text += fmt::format("  {}\n", answer.answer.text);
  // Before a kernel is compiled, a library may not know.
  if (answer.answer.forward_workspace_bytes == 0 && answer.answer.backward_workspace_bytes == 0) return text;
  text += fmt::format("  workspace: {} forward", size_text(answer.answer.forward_workspace_bytes));
  if ((problem.passes & ATTN_PASS_BACKWARD) != 0)
    text += fmt::format(", {} backward", size_text(answer.answer.backward_workspace_bytes));
  return text + "\n";
}

std::string no_text(const CheckAnswer& answer) {
  std::string text = fmt::format("{}: {} on {}\n  {}\n", verdict_in_words(answer), answer.implementation,
                                 device_in_words(*answer.target), attention::describe(answer.problem->problem));
  for (const CheckReason& reason : answer.reasons)
    text += fmt::format("  why: {}\n", reason.in_words());
  if (!answer.hint.empty()) text += fmt::format("  {}\n", answer.hint);
  if (!answer.target->missing.empty()) return text;
  const std::string where = answer.target->known ? "on " + answer.target->name : "here";
  return text + (answer.supported.empty()
                     ? fmt::format("  nothing else {} supports it\n", where)
                     : fmt::format("  supported {}: {}\n", where, fmt::join(answer.supported, ", ")));
}

std::string unverified_text(const std::string& devices) {
  return fmt::format("{}: unverified: by rules only", devices);
}

/// A table of texts, each with the color that it has on a terminal; columns are as wide as what is in them.
class Table {
 public:
  struct Cell {
    std::string text;
    int color = 0;  ///< of ANSI's SGR; 0: none
  };

  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  std::string text(bool color) const;

 private:
  std::vector<std::vector<Cell>> rows_;
};

std::string Table::text(bool color) const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].text.size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(i + 1 < row.size() ? widths[i] - row[i].text.size() + 2 : 0, ' ');
      line += color && row[i].color != 0 ? fmt::format("\033[{}m{}\033[0m{}", row[i].color, row[i].text, padding)
                                         : row[i].text + padding;
    }
    text += line + "\n";
  }
  return text;
}

/// The reasons of all cells, each once, numbered from 1.
class Footnotes {
 public:
  size_t number(const std::string& text) {
    const auto found = std::ranges::find(texts_, text);
    if (found != texts_.end()) return static_cast<size_t>(found - texts_.begin()) + 1;
    texts_.push_back(text);
    return texts_.size();
  }
  std::string text() const {
    std::string all;
    for (size_t i = 0; i < texts_.size(); ++i)
      all += fmt::format("[{}] {}\n", i + 1, texts_[i]);
    return all;
  }

 private:
  std::vector<std::string> texts_;
};

Table::Cell cell_of(const CheckAnswer& answer, Footnotes& footnotes) {
  constexpr int kRed = 31;
  constexpr int kGreen = 32;
  constexpr int kYellow = 33;
  constexpr int kMagenta = 35;
  if (answer.verdict == CheckVerdict::kYes) return {"yes", kGreen};
  if (answer.verdict == CheckVerdict::kUndocumented) return {"yes*", kYellow};
  std::vector<std::string> reasons;
  for (const CheckReason& reason : answer.reasons)
    reasons.push_back(reason.in_words());
  const size_t number = footnotes.number(fmt::format("{}", fmt::join(reasons, "; ")));
  return answer.verdict == CheckVerdict::kNo ? Table::Cell{fmt::format("no [{}]", number), kRed}
                                             : Table::Cell{fmt::format("? [{}]", number), kMagenta};
}

std::string legend(const std::vector<CheckAnswer>& answers, size_t column_count) {
  std::string text;
  const auto has = [&](CheckVerdict verdict) {
    return std::ranges::any_of(answers, [&](const CheckAnswer& answer) { return answer.verdict == verdict; });
  };
  if (has(CheckVerdict::kUndocumented)) text += fmt::format("* {}\n", kUndocumented);
  if (has(CheckVerdict::kCannotTell)) text += "? it cannot be told here\n";
  std::vector<std::string> unverified;
  for (size_t i = 0; i < column_count; ++i)
    if (!answers[i].target->verified()) unverified.push_back(answers[i].target->name);
  if (!unverified.empty()) text += unverified_text(fmt::format("{}", fmt::join(unverified, ", "))) + "\n";
  return text;
}

}  // namespace

std::string answer_text(const CheckAnswer& answer) {
  std::string text = is_yes(answer.verdict) ? yes_text(answer) : no_text(answer);
  if (!answer.target->verified()) text += fmt::format("  {}\n", unverified_text(answer.target->name));
  return text;
}

std::string answer_table(const std::vector<CheckAnswer>& answers, size_t column_count, bool color) {
  const bool is_named = !answers.front().problem->name.empty();
  Table table;
  Footnotes footnotes;
  std::vector<Table::Cell> header;
  if (is_named) header.push_back({"problem"});
  header.push_back({"implementation"});
  for (size_t i = 0; i < column_count; ++i)
    header.push_back({answers[i].target->name});
  table.add(std::move(header));
  for (size_t first = 0; first < answers.size(); first += column_count) {
    std::vector<Table::Cell> row;
    if (is_named) row.push_back({answers[first].problem->name});
    row.push_back({answers[first].implementation});
    for (size_t i = first; i < first + column_count; ++i)
      row.push_back(cell_of(answers[i], footnotes));
    table.add(std::move(row));
  }
  std::string text = is_named ? "" : attention::describe(answers.front().problem->problem) + "\n\n";
  text += table.text(color);
  const std::string below = legend(answers, column_count) + footnotes.text();
  return below.empty() ? text : text + "\n" + below;
}

std::string answer_json(const CheckAnswer& answer) {
  const CheckTarget& target = *answer.target;
  const std::string text = answer.reasons.empty() ? answer.answer.text : answer.reasons.front().text;
  Json line{{"problem", answer.problem->name},
            {"description", attention::describe(answer.problem->problem)},
            {"device", target.name},
            {"gpu", target.known ? target.known->gpu.name : ""},
            {"implementation", answer.implementation},
            {"verdict", to_string(answer.verdict)},
            {"reason", answer.reasons.empty() ? "" : answer.reasons.front().code},
            {"text", text},
            {"plugin", answer.plugin},
            {"plugin_version", answer.plugin_version},
            {"engine", answer.answer.engine},
            {"level", attention::level_name(answer.answer.level)},
            {"verified", target.verified()}};
  if (is_yes(answer.verdict)) {
    // Before a kernel is compiled, a library may not know.
    const attention::Answer& known = answer.answer;
    const bool is_known = known.forward_workspace_bytes != 0 || known.backward_workspace_bytes != 0;
    line["forward_workspace_bytes"] = is_known ? Json(known.forward_workspace_bytes) : Json();
    line["backward_workspace_bytes"] = is_known ? Json(known.backward_workspace_bytes) : Json();
  } else {
    line["reasons"] = Json::array();
    for (const CheckReason& reason : answer.reasons)
      line["reasons"].push_back({{"reason", reason.code}, {"plugin", reason.plugin}, {"text", reason.text}});
    line["supported"] = answer.supported;
  }
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cfgtool
