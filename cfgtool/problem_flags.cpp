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
#include "config_engine/diagnostic.hpp"
#include "config_engine/suggest.hpp"
#include "schemas/model_config_file.hpp"

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

constexpr const char* kDefaultDtype = "bf16";
constexpr const char* kDefaultHeads = "1";
constexpr const char* kDefaultHeadDim = "64";
constexpr const char* kDefaultSeq = "128";

ModelConfigFile read_model(const std::string& path, SourceMap& sources) {
  std::filesystem::path file = path;
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) file /= "config.json";
  const SourcePos flag = sources.add(SourceKind::kFlag, "--model", path);
  if (!std::filesystem::exists(file, error))
    throw_error(Stage::kRequest, "model-file-unreadable",
                fmt::format("'{}' is not here: --model takes a local folder or file, no name of a hub", file.string()),
                flag, static_cast<uint32_t>(std::max<size_t>(path.size(), 1)));
  return read_model_config(sources, file, flag);
}

/// A yes about sizes that nobody gave would be about another model.
void refuse_missing_size(const char* what, const char* flag, const SourceMap& sources, SourcePos file) {
  SourceLocation at;
  const bool located = sources.locate(file, &at);
  throw_error(Stage::kRequest, "model-file-field",
              fmt::format("{} does not say {}; {} does", located ? at.name : "config.json", what, flag), file);
}

/// Fills in what a model's config.json says and no flag does.
void take_model(ProblemFlags& flags) {
  const auto sources = std::make_shared<SourceMap>();
  try {
    const ModelConfigFile model = read_model(flags.model, *sources);
    const auto& heads = model.num_attention_heads;
    if (flags.heads.empty() && heads)
      flags.heads = fmt::format("{}:{}", heads->value, model.num_key_value_heads.value_or(*heads).value);
    if (flags.head_dim.empty() && model.head_dim) {
      flags.head_dim = fmt::format("{}:{}", model.head_dim->value, model.head_dim_v.value_or(*model.head_dim).value);
    } else if (flags.head_dim.empty() && model.hidden_size && heads) {
      if (model.hidden_size->value % heads->value != 0) {
        throw_error(Stage::kResolve, "attention-size",
                    fmt::format("the hidden size, {}, is not a multiple of the number of query heads, {}",
                                model.hidden_size->value, heads->value),
                    model.hidden_size->pos);
      }
      flags.head_dim = std::to_string(model.hidden_size->value / heads->value);
    }
    if (flags.seq.empty() && model.max_position_embeddings)
      flags.seq = std::to_string(model.max_position_embeddings->value);
    if (model.is_causal) flags.causal = true;
    if (flags.heads.empty()) refuse_missing_size("the number of heads", "--heads", *sources, model.begin);
    if (flags.head_dim.empty()) refuse_missing_size("the head dimension", "--head-dim", *sources, model.begin);
    if (flags.seq.empty()) refuse_missing_size("the length of sequences", "--seq", *sources, model.begin);
    if (flags.dtype.empty() && model.dtype) {
      if (!attention::dtype_from_name(model.dtype->value))
        throw_error(Stage::kResolve, "attention-dtype",
                    fmt::format("the model's type is '{}', expected fp32, fp16 or bf16; --dtype says another",
                                model.dtype->value),
                    model.dtype->pos);
      flags.dtype = model.dtype->value;
    }
  } catch (ConfigError& refusal) {
    refusal.set_sources(sources);
    throw;
  }
}

void take_defaults(ProblemFlags& flags) {
  if (!flags.model.empty()) take_model(flags);
  if (flags.dtype.empty()) flags.dtype = kDefaultDtype;
  if (flags.heads.empty()) flags.heads = kDefaultHeads;
  if (flags.head_dim.empty()) flags.head_dim = kDefaultHeadDim;
  if (flags.seq.empty()) flags.seq = kDefaultSeq;
}

uint32_t passes_of(const ProblemFlags& flags) {
  uint32_t passes = ATTN_PASS_FORWARD;
  if (flags.lse || flags.backward) passes |= ATTN_PASS_LSE;
  if (flags.backward) passes |= ATTN_PASS_BACKWARD;
  return passes;
}

uint32_t bits_of(const ProblemFlags& flags) {
  uint32_t bits = 0;
  if (flags.deterministic) bits |= ATTN_FLAG_DETERMINISTIC;
  if (flags.sink) bits |= ATTN_FLAG_SINK;
  if (flags.d_bias) bits |= ATTN_FLAG_D_BIAS;
  return bits;
}

void add_mask(const ProblemFlags& flags, attn_problem& problem) {
  const int32_t where = flags.diagonal == "top-left" ? ATTN_DIAGONAL_TOP_LEFT : ATTN_DIAGONAL_BOTTOM_RIGHT;
  if (flags.causal) attention::make_causal(problem, where);
  if (flags.window.empty()) return;
  const SizePair bounds = parse_pair("--window", flags.window, -1, "BOTH or LEFT:RIGHT, -1 for no bound");
  problem.window_left = bounds.first;
  problem.window_right = flags.causal ? std::min<int64_t>(bounds.second < 0 ? 0 : bounds.second, 0) : bounds.second;
  problem.diagonal = where;
}

}  // namespace

std::string ProblemFlags::model_note() const {
  if (model.empty()) return {};
  SourceMap sources;
  const ModelConfigFile file = read_model(model, sources);
  if (file.features.empty()) return {};
  return fmt::format("{} also says {}, which is not asked about unless flags say it", file.path,
                     fmt::join(file.features, ", "));
}

attn_problem ProblemFlags::problem() const {
  ProblemFlags said = *this;
  take_defaults(said);
  const auto type = attention::dtype_from_name(said.dtype);
  if (!type) refuse("--dtype", said.dtype, "fp32, fp16, bf16, fp8_e4m3 or fp8_e5m2");
  const SizePair head_count = parse_pair("--heads", said.heads, 1, "QUERY_HEADS or QUERY_HEADS:KEY_HEADS");
  const SizePair dims = parse_pair("--head-dim", said.head_dim, 1, "D or QUERY_KEY_D:VALUE_D");
  const SizePair lengths = parse_pair("--seq", said.seq, 1, "LENGTH or QUERY_LENGTH:KEY_LENGTH");
  // Packed, the sequences lie end to end in one.
  const int64_t packed = varlen == "packed" ? batch : 1;
  attn_problem problem = attention::make_problem(
      {batch / packed, head_count.first, head_count.second, packed * lengths.first, packed * lengths.second, dims.first,
       dims.second},
      *type, passes_of(said),
      layout == "bshd" ? attention::Layout::kBatchSequenceHeads : attention::Layout::kBatchHeadsSequence);
  problem.batch = batch;
  problem.seq_q = lengths.first;
  problem.seq_kv = lengths.second;
  problem.flags = bits_of(said);
  add_mask(said, problem);
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
  const auto choice = [&](const char* flag, std::string& value, std::initializer_list<std::string> choices,
                          const char* description) {
    app.add_option(flag, value, description)
        ->check(CLI::IsMember(std::vector<std::string>(choices)).description(""))
        ->capture_default_str()
        ->type_name(fmt::format("{}", fmt::join(choices, "|")))
        ->group(kProblemGroup);
  };
  const auto text = [&](const char* flag, std::string& value, const char* type, const char* usual,
                        const char* description) {
    app.add_option(flag, value, description)->default_str(usual)->type_name(type)->group(kProblemGroup);
  };
  text("--dtype", flags.dtype, "TYPE", kDefaultDtype, "fp32, fp16, bf16, fp8_e4m3 or fp8_e5m2, or torch's names");
  text("--heads", flags.heads, "HQ[:HKV]", kDefaultHeads, "Query heads, and key heads where there are fewer (GQA)");
  text("--head-dim", flags.head_dim, "D[:DV]", kDefaultHeadDim, "Head dimension of queries and keys, and of values");
  text("--seq", flags.seq, "SQ[:SKV]", kDefaultSeq, "Sequence length of queries, and of keys");
  text("--model", flags.model, "PATH", "",
       "A Hugging Face config.json, or its folder: it gives type, heads, head dimension and length where no flag does, "
       "and the causal mask of a language model");
  app.add_option("--batch", flags.batch, "Sequences")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 31))
      ->capture_default_str()
      ->type_name("N")
      ->group(kProblemGroup);
  app.add_flag("--causal", flags.causal, "Each row sees the keys up to its own position")->group(kProblemGroup);
  text("--window", flags.window, "L[:R]", "", "Keys that a row sees before and behind its position; -1 is no bound");
  choice("--diagonal", flags.diagonal, {"top-left", "bottom-right"},
         "Where position 0 of the rows lies, if there are more keys or fewer than rows");
  choice("--bias", flags.bias, {"none", "additive", "alibi"}, "What is added to the scores");
  choice("--varlen", flags.varlen, {"none", "padded", "packed"}, "Sequences of different lengths");
  choice("--layout", flags.layout, {"bhsd", "bshd"}, "Which of heads and positions lie together in memory");
  app.add_option("--scale", flags.scale, "Factor of the scores; 0: 1 / sqrt(head dimension)")
      ->capture_default_str()
      ->type_name("X")
      ->group(kProblemGroup);
  app.add_option("--dropout", flags.dropout, "Probability that a weight becomes 0")
      ->capture_default_str()
      ->type_name("P")
      ->group(kProblemGroup);
  app.add_flag("--lse", flags.lse, "The log-sum-exp too")->group(kProblemGroup);
  app.add_flag("--backward", flags.backward, "The gradients too (with the log-sum-exp)")->group(kProblemGroup);
  app.add_flag("--d-bias", flags.d_bias, "The gradient of the additive bias too")->group(kProblemGroup);
  app.add_flag("--sink", flags.sink, "Each softmax has one more term, without a value")->group(kProblemGroup);
  app.add_flag("--deterministic", flags.deterministic, "Equal inputs give equal bits")->group(kProblemGroup);
}

namespace {

void refuse_extra_words(const CLI::App& app, const std::vector<std::string>& words) {
  const std::vector<std::string> extra = app.remaining();
  const auto first = std::ranges::find_if(
      words, [&](const std::string& word) { return std::ranges::find(extra, word) != extra.end(); });
  if (first == words.end()) return;
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options())
    known.push_back(option->get_name());
  const std::string hint = did_you_mean(*first, known);
  throw std::invalid_argument(fmt::format("'{}' is no flag of a problem{}", *first, hint.empty() ? "" : "; " + hint));
}

}  // namespace

NamedProblem parse_problem_line(std::string_view line) {
  std::istringstream stream{std::string(line)};
  NamedProblem problem;
  stream >> problem.name;
  if (problem.name.starts_with("-")) throw std::invalid_argument("a line begins with the problem's name");
  std::vector<std::string> words;
  for (std::string word; stream >> word && !word.starts_with('#');)
    words.push_back(word);
  CLI::App app;
  app.set_help_flag();  // a line asks for no help
  app.allow_extras();
  add_problem_flags(app, problem.flags);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes a vector from its end
  } catch (const CLI::ParseError& error) {
    throw std::invalid_argument(error.what());
  }
  refuse_extra_words(app, words);
  problem.flags.problem();  // refuses what no flag alone can know
  return problem;
}

namespace {

Diagnostic wrong_problem(std::string message, SourcePos pos, size_t length) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "problem-file";
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({pos, static_cast<uint32_t>(std::max<size_t>(length, 1)), {}});
  return diagnostic;
}

/// What is wrong with a line is added to `wrong`. \param pos where it begins
void read_problem(const std::string& line, SourcePos pos, std::vector<NamedProblem>& problems,
                  std::vector<Diagnostic>& wrong) {
  try {
    NamedProblem problem = parse_problem_line(line);
    const auto same = std::ranges::find(problems, problem.name, &NamedProblem::name);
    if (same != problems.end())
      throw std::invalid_argument(fmt::format("another line has the name '{}' already", problem.name));
    problems.push_back(std::move(problem));
  } catch (const std::invalid_argument& error) {
    wrong.push_back(wrong_problem(error.what(), pos, line.size()));
  }
}

}  // namespace

std::vector<NamedProblem> read_problem_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::error_code ignored;
  if (!stream || std::filesystem::is_directory(path, ignored))
    throw error_at(wrong_problem(fmt::format("cannot read '{}'", path), {}, 1), SourceKind::kFile, path);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const auto sources = std::make_shared<SourceMap>();
  const SourcePos file = sources->add(SourceKind::kFile, path, text);
  std::vector<NamedProblem> problems;
  std::vector<Diagnostic> wrong;
  for (size_t at = 0; at < text.size(); at = std::min(text.find('\n', at), text.size() - 1) + 1) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    const size_t end = line.find_last_not_of(" \t\r") + 1;
    read_problem(line.substr(begin, end - begin), file + at + begin, problems, wrong);
  }
  if (wrong.empty() && problems.empty())
    wrong.push_back(wrong_problem(fmt::format("'{}' holds no problem", path), file, 1));
  if (wrong.empty()) return problems;
  ConfigError error(std::move(wrong));
  error.set_sources(sources);
  throw error;
}

}  // namespace cfgtool
