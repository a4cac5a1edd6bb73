#include "cfgtool/problem_flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "attention_plugins/host/names.hpp"

namespace cfgtool {

namespace {

namespace attention = cfgtool::attention;

[[noreturn]] void refuse(std::string_view flag, std::string_view value, std::string_view expected) {
  throw std::invalid_argument(fmt::format("{} takes {}, not '{}'", flag, expected, value));
}

std::optional<int64_t> parse_size(std::string_view text, int64_t least) {
  int64_t size = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (failed != std::errc() || end != text.data() + text.size() || size < least) return std::nullopt;
  return size;
}

/// One number stands for both.
SizePair parse_pair(std::string_view flag, const std::string& text, int64_t least, std::string_view expected) {
  const size_t colon = text.find(':');
  const auto first = parse_size(std::string_view(text).substr(0, colon), least);
  const auto second = colon == std::string::npos ? first : parse_size(std::string_view(text).substr(colon + 1), least);
  if (!first || !second) refuse(flag, text, expected);
  return {*first, *second};
}

}  // namespace

attn_problem ProblemFlags::problem() const {
  const auto type = attention::dtype_from_name(dtype);
  if (!type) refuse("--dtype", dtype, "fp32, fp16, bf16, fp8_e4m3 or fp8_e5m2");
  const SizePair head_count = parse_pair("--heads", heads, 1, "QUERY_HEADS or QUERY_HEADS:KEY_HEADS");
  const SizePair dims = parse_pair("--head-dim", head_dim, 1, "D or QUERY_KEY_D:VALUE_D");
  const SizePair lengths = parse_pair("--seq", seq, 1, "LENGTH or QUERY_LENGTH:KEY_LENGTH");
  const uint32_t passes = ATTN_PASS_FORWARD | (backward ? ATTN_PASS_LSE | ATTN_PASS_BACKWARD : 0U);
  // Packed, the sequences lie end to end in one.
  const int64_t packed = varlen == "packed" ? batch : 1;
  attn_problem problem = attention::make_problem(
      {batch / packed, head_count.first, head_count.second, packed * lengths.first, packed * lengths.second, dims.first,
       dims.second},
      *type, passes,
      layout == "bshd" ? attention::Layout::kBatchSequenceHeads : attention::Layout::kBatchHeadsSequence);
  problem.batch = batch;
  problem.seq_q = lengths.first;
  problem.seq_kv = lengths.second;
  const int32_t where = diagonal == "top-left" ? ATTN_DIAGONAL_TOP_LEFT : ATTN_DIAGONAL_BOTTOM_RIGHT;
  if (causal) attention::make_causal(problem, where);
  if (!window.empty()) {
    const SizePair bounds = parse_pair("--window", window, -1, "BOTH or LEFT:RIGHT, -1 for no bound");
    problem.window_left = bounds.first;
    problem.window_right = causal ? std::min<int64_t>(bounds.second < 0 ? 0 : bounds.second, 0) : bounds.second;
    problem.diagonal = where;
  }
  if (scale != 0) problem.scale = static_cast<float>(scale);
  problem.dropout = static_cast<float>(dropout);
  if (bias == "additive") attention::add_bias(problem, *type, true, false);
  if (bias == "alibi") problem.bias = ATTN_BIAS_ALIBI;
  if (varlen == "padded") problem.varlen = ATTN_VARLEN_PADDED;
  if (varlen == "packed") {
    problem.varlen = ATTN_VARLEN_PACKED;
    problem.total_q = batch * lengths.first;
    problem.total_kv = batch * lengths.second;
  }
  return problem;
}

void add_problem_flags(CLI::App& app, ProblemFlags& flags) {
  constexpr const char* kGroup = "The problem";
  const auto choice = [&](const char* flag, std::string& value, std::initializer_list<std::string> choices,
                          const char* description) {
    app.add_option(flag, value, description)
        ->check(CLI::IsMember(std::vector<std::string>(choices)).description(""))
        ->capture_default_str()
        ->type_name(fmt::format("{}", fmt::join(choices, "|")))
        ->group(kGroup);
  };
  const auto text = [&](const char* flag, std::string& value, const char* type, const char* description) {
    app.add_option(flag, value, description)->capture_default_str()->type_name(type)->group(kGroup);
  };
  text("--dtype", flags.dtype, "TYPE", "fp32, fp16, bf16, fp8_e4m3 or fp8_e5m2, or torch's names");
  text("--heads", flags.heads, "HQ[:HKV]", "Query heads, and key heads where there are fewer (GQA)");
  text("--head-dim", flags.head_dim, "D[:DV]", "Head dimension of queries and keys, and of values");
  text("--seq", flags.seq, "SQ[:SKV]", "Sequence length of queries, and of keys");
  app.add_option("--batch", flags.batch, "Sequences")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31))
      ->capture_default_str()
      ->type_name("N")
      ->group(kGroup);
  app.add_flag("--causal", flags.causal, "Each row sees the keys up to its own position")->group(kGroup);
  text("--window", flags.window, "L[:R]", "Keys that a row sees before and behind its position; -1 is no bound");
  choice("--diagonal", flags.diagonal, {"top-left", "bottom-right"},
         "Where position 0 of the rows lies, if there are more keys or fewer than rows");
  choice("--bias", flags.bias, {"none", "additive", "alibi"}, "What is added to the scores");
  choice("--varlen", flags.varlen, {"none", "padded", "packed"}, "Sequences of different lengths");
  choice("--layout", flags.layout, {"bhsd", "bshd"}, "Which of heads and positions lie together in memory");
  app.add_option("--scale", flags.scale, "Factor of the scores; 0: 1 / sqrt(head dimension)")
      ->capture_default_str()
      ->type_name("X")
      ->group(kGroup);
  app.add_option("--dropout", flags.dropout, "Probability that a weight becomes 0")
      ->capture_default_str()
      ->type_name("P")
      ->group(kGroup);
  app.add_flag("--backward", flags.backward, "The gradients too")->group(kGroup);
}

NamedProblem parse_problem_line(std::string_view line) {
  std::istringstream stream{std::string(line)};
  NamedProblem problem;
  stream >> problem.name;
  if (problem.name.starts_with("-")) throw std::invalid_argument("a line begins with the problem's name");
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  CLI::App app;
  app.set_help_flag();  // a line asks for no help
  add_problem_flags(app, problem.flags);
  std::reverse(words.begin(), words.end());  // CLI11 takes a vector from its end
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    throw std::invalid_argument(error.what());
  }
  problem.flags.problem();  // refuses what no flag alone can know
  return problem;
}

std::vector<NamedProblem> read_problem_file(const std::string& path) {
  std::ifstream stream(path);
  std::error_code ignored;
  if (!stream || std::filesystem::is_directory(path, ignored))
    throw std::invalid_argument(fmt::format("cannot read '{}'", path));
  std::vector<NamedProblem> problems;
  size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    try {
      problems.push_back(parse_problem_line(line));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("{}:{}:{}: {}", path, number, begin + 1, error.what()));
    }
  }
  if (problems.empty()) throw std::invalid_argument(fmt::format("'{}' holds no problem", path));
  return problems;
}

}  // namespace cfgtool
