// examples/attention_plugin: full attention where all blocks are selected, else what a plain masked computation in
// double precision gives; slopes, numbers of threads, workspace, refusals, options.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention_plugins/host/plugin_error.hpp"
#include "tests/attention/case_run.hpp"
#include "tests/attention/reference_check.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

constexpr const char* kResults[] = {"output", "lse", "d_query", "d_key", "d_value"};

std::shared_ptr<const Plugin> block_sparse(const std::string& options) {
  return Plugin::load({BLOCK_SPARSE_PLUGIN, "the test"}, [&](std::string_view) { return options; }, {});
}

AttentionKernel kernel_for(const std::string& options, const CaseRun& run, uint32_t threads = 1) {
  return {block_sparse(options), 0, run.problem(), std::make_shared<ThreadPool>(threads)};
}

void run_both(CaseRun& run, AttentionKernel& kernel) {
  run.forward(kernel);
  run.backward(kernel);
}

/// The recorded cases that the plugin takes: those without a bias and with sequences of one length.
std::vector<ReferenceCase> plain_cases() {
  std::vector<ReferenceCase> cases = read_reference_cases();
  std::erase_if(cases, [](const ReferenceCase& c) { return c.size("bias") != 0 || c.size("varlen") != 0; });
  REQUIRE(cases.size() > 50);
  return cases;
}

ReferenceCase case_named(const std::string& name) {
  const auto cases = read_reference_cases();
  const auto found = std::ranges::find(cases, name, &ReferenceCase::name);
  REQUIRE_MESSAGE(found != cases.end(), name);
  return *found;
}

/// A pattern as options and as the rule that the options promise, said here once more.
struct Pattern {
  std::string options;
  int block;
  int local;   ///< 0: no local part
  int stride;  ///< 0: no strided part

  bool sees(double position, int64_t key) const {
    const double row_block = std::floor(position / block);
    const double key_block = std::floor(static_cast<double>(key) / block);
    if (local > 0 && std::abs(row_block - key_block) <= local - 1) return true;
    return stride > 0 && std::fmod(key_block, stride) == 0.0;
  }
};

const Pattern kPatterns[] = {
    {"block=16,pattern=local,local=1", 16, 1, 0},
    {"block=8,pattern=local,local=2", 8, 2, 0},
    {"block=8,pattern=strided,stride=3", 8, 0, 3},
    {"block=5,local=2,stride=4", 5, 2, 4},
    {"pattern=local+strided,stride=7,local=1,block=3", 3, 1, 7},
    {"block=1,pattern=local,local=4", 1, 4, 0},
    {"block=1,pattern=strided,stride=2", 1, 0, 2},
    {"block=16", 16, 4, 8},
};

/// A problem that has as many blocks as the patterns leave out of sight.
ReferenceCase long_case(const std::string& dtype, int64_t seq_q, int64_t seq_kv, bool causal, int32_t diagonal) {
  ReferenceCase c = case_named("heads_6_3");
  c.dtype = dtype;
  c.fields["batch"] = 2;
  c.fields["heads_q"] = 4;
  c.fields["heads_kv"] = 2;
  c.fields["seq_q"] = static_cast<double>(seq_q);
  c.fields["seq_kv"] = static_cast<double>(seq_kv);
  c.fields["head_dim_qk"] = 12;
  c.fields["head_dim_v"] = 9;
  c.fields["scale"] = 0.75;
  c.fields["window_right"] = causal ? 0 : -1;
  c.fields["diagonal"] = diagonal;
  return c;
}

/// What the plugin should give, from whole matrices in double precision.
class Expected {
 public:
  Expected(const CaseRun& run, const Pattern& pattern) : run_(run), p_(run.problem()), pattern_(pattern) {
    for (const char* name : kResults)
      values_[name].assign(run.result(name).size(), 0.0);
    for (int64_t batch = 0; batch < p_.batch; ++batch)
      for (int64_t head = 0; head < p_.heads_q; ++head)
        for (int64_t row = 0; row < p_.seq_q; ++row)
          add_row(batch, head, row);
  }

  const std::vector<double>& values(const std::string& name) const { return values_.at(name); }
  int64_t hidden() const { return hidden_; }          ///< pairs that the window shows and the pattern hides
  int64_t empty_rows() const { return empty_rows_; }  ///< rows that see no key

 private:
  static double at(const TestTensor& tensor, int64_t row, int64_t width, int64_t d) {
    return static_cast<double>(tensor.get(row * width + d));
  }

  std::vector<int64_t> keys_of(int64_t row) {
    const int64_t position = p_.diagonal == ATTN_DIAGONAL_BOTTOM_RIGHT ? row + p_.seq_kv - p_.seq_q : row;
    std::vector<int64_t> keys;
    for (int64_t key = 0; key < p_.seq_kv; ++key) {
      if (p_.window_left >= 0 && key < position - p_.window_left) continue;
      if (p_.window_right >= 0 && key > position + p_.window_right) continue;
      if (pattern_.sees(static_cast<double>(position), key))
        keys.push_back(key);
      else
        ++hidden_;
    }
    return keys;
  }

  void add_row(int64_t batch, int64_t head, int64_t row) {
    const int64_t dqk = p_.head_dim_qk;
    const int64_t dv = p_.head_dim_v;
    const int64_t q = (batch * p_.heads_q + head) * p_.seq_q + row;
    const int64_t kv = (batch * p_.heads_kv + head / (p_.heads_q / p_.heads_kv)) * p_.seq_kv;
    const std::vector<int64_t> keys = keys_of(row);
    std::vector<double> weights;
    double sum = 0;
    for (const int64_t key : keys) {
      double product = 0;
      for (int64_t d = 0; d < dqk; ++d)
        product += at(run_.query, q, dqk, d) * at(run_.key, kv + key, dqk, d);
      weights.push_back(std::exp(static_cast<double>(p_.scale) * product));
      sum += weights.back();
    }
    values_["lse"][static_cast<size_t>(q)] = keys.empty() ? -std::numeric_limits<double>::infinity() : std::log(sum);
    empty_rows_ += keys.empty() ? 1 : 0;
    double delta = 0;
    std::vector<double> d_weights;
    for (size_t i = 0; i < keys.size(); ++i) {
      weights[i] /= sum;
      double d_weight = 0;
      for (int64_t d = 0; d < dv; ++d) {
        const double value = at(run_.value, kv + keys[i], dv, d);
        values_["output"][static_cast<size_t>(q * dv + d)] += weights[i] * value;
        values_["d_value"][static_cast<size_t>((kv + keys[i]) * dv + d)] += weights[i] * at(run_.d_output, q, dv, d);
        d_weight += at(run_.d_output, q, dv, d) * value;
      }
      d_weights.push_back(d_weight);
      delta += weights[i] * d_weight;
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      const double d_score = static_cast<double>(p_.scale) * weights[i] * (d_weights[i] - delta);
      for (int64_t d = 0; d < dqk; ++d) {
        values_["d_query"][static_cast<size_t>(q * dqk + d)] += d_score * at(run_.key, kv + keys[i], dqk, d);
        values_["d_key"][static_cast<size_t>((kv + keys[i]) * dqk + d)] += d_score * at(run_.query, q, dqk, d);
      }
    }
  }

  const CaseRun& run_;
  const attn_problem& p_;
  const Pattern& pattern_;
  std::map<std::string, std::vector<double>> values_;
  int64_t hidden_ = 0;
  int64_t empty_rows_ = 0;
};

void check_equal(const Expected& expected, const std::string& name, const CaseRun& run, const std::string& dtype) {
  const std::vector<double>& want = expected.values(name);
  const std::vector<float> got = run.result(name);
  // Half a unit in the last place of the type; of delta too, which is made from the rounded output.
  const bool is_gradient = name == "d_query" || name == "d_key";
  double rounding = dtype == "fp16" ? 0x1p-11 : dtype == "bf16" ? 0x1p-8 : 0;
  if (name == "lse") rounding = 0;
  const double of_delta = is_gradient ? 8 * rounding : 0;
  int64_t wrong = 0;
  double worst = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const auto value = static_cast<double>(got[i]);
    if (std::isinf(want[i])) {
      wrong += value == want[i] ? 0 : 1;
      continue;
    }
    const double error = std::abs(value - want[i]);
    if (!(error <= 1.01 * rounding * std::abs(want[i]) + of_delta + 4e-6)) ++wrong;
    worst = std::max(worst, error);
  }
  CAPTURE(worst);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("with all blocks it is full attention: the recorded values, with 1, 2 and 7 threads") {
  for (const char* options : {"", "pattern=all", "block=1,pattern=all", "block=7,pattern=all",
                              "block=16,pattern=strided,stride=1", "block=5,pattern=local,local=1000"}) {
    CAPTURE(options);
    for (const ReferenceCase& reference : plain_cases()) {
      // Up to four blocks of 64 the default leaves nothing out.
      REQUIRE(std::max(reference.size("seq_q"), reference.size("seq_kv")) <= 256);
      CAPTURE(reference.name);
      CaseRun alone(reference);
      AttentionKernel kernel = kernel_for(options, alone);
      run_both(alone, kernel);
      CHECK(alone.gaps_untouched());
      for (const char* name : kResults) {
        CAPTURE(name);
        compare(reference, name, alone.result(name), Delta::kFromOutput);
      }
      for (const uint32_t threads : {2U, 7U}) {
        CAPTURE(threads);
        CaseRun together(reference);
        AttentionKernel threaded = kernel_for(options, together, threads);
        run_both(together, threaded);
        for (const char* name : kResults)
          CHECK(same_bits(alone.result(name), together.result(name)));
      }
    }
  }
}

TEST_CASE("local blocks of one position are a window: the recorded values of windows") {
  for (const char* name : {"window_2_2_top_left", "window_2_2_bottom_right", "window_3_0_bottom_right",
                           "window_15_0_top_left", "window_0_0_bottom_right", "empty_rows_window"}) {
    CAPTURE(name);
    const ReferenceCase reference = case_named(name);
    ReferenceCase open = reference;  // the pattern is the bound to the left
    open.fields["window_left"] = -1;
    CaseRun run(open);
    AttentionKernel kernel =
        kernel_for("block=1,pattern=local,local=" + std::to_string(reference.size("window_left") + 1), run);
    run_both(run, kernel);
    for (const char* result : kResults) {
      CAPTURE(result);
      compare(reference, result, run.result(result), Delta::kFromOutput);
    }
  }
}

TEST_CASE("with some blocks it is the masked computation in double precision, whatever the number of threads") {
  struct Size {
    int64_t seq_q, seq_kv;
  };
  int64_t hidden = 0;
  int64_t empty_rows = 0;
  for (const Size& size : {Size{150, 150}, Size{37, 90}, Size{90, 37}, Size{1, 129}}) {
    for (const bool causal : {false, true}) {
      for (const int32_t diagonal : {ATTN_DIAGONAL_TOP_LEFT, ATTN_DIAGONAL_BOTTOM_RIGHT}) {
        for (const Pattern& pattern : kPatterns) {
          CAPTURE(size.seq_q);
          CAPTURE(size.seq_kv);
          CAPTURE(causal);
          CAPTURE(diagonal);
          CAPTURE(pattern.options);
          CaseRun run(long_case("fp32", size.seq_q, size.seq_kv, causal, diagonal));
          AttentionKernel kernel = kernel_for(pattern.options, run);
          run_both(run, kernel);
          const Expected expected(run, pattern);
          hidden += expected.hidden();
          empty_rows += expected.empty_rows();
          for (const char* name : kResults) {
            CAPTURE(name);
            check_equal(expected, name, run, "fp32");
          }
          CaseRun together(long_case("fp32", size.seq_q, size.seq_kv, causal, diagonal));
          AttentionKernel threaded = kernel_for(pattern.options, together, 3);
          run_both(together, threaded);
          for (const char* name : kResults)
            CHECK(same_bits(run.result(name), together.result(name)));
        }
      }
    }
  }
  // Otherwise this would show nothing about patterns.
  CHECK(hidden > 100000);
  CHECK(empty_rows > 100);
}

TEST_CASE("the same in fp16 and bf16, and in other layouts") {
  for (const char* dtype : {"fp16", "bf16"}) {
    for (const int layout : {0, 1, 2, 3}) {
      for (const Pattern& pattern : kPatterns) {
        CAPTURE(dtype);
        CAPTURE(layout);
        CAPTURE(pattern.options);
        ReferenceCase c = long_case(dtype, 70, 83, true, ATTN_DIAGONAL_BOTTOM_RIGHT);
        c.fields["layout"] = layout;
        CaseRun run(c);
        AttentionKernel kernel = kernel_for(pattern.options, run);
        run_both(run, kernel);
        CHECK(run.gaps_untouched());
        const Expected expected(run, pattern);
        for (const char* name : kResults) {
          CAPTURE(name);
          check_equal(expected, name, run, dtype);
        }
      }
    }
  }
}

TEST_CASE("gradients are the slopes of the loss") {
  for (const Pattern& pattern : kPatterns) {
    for (const bool causal : {false, true}) {
      CAPTURE(pattern.options);
      CAPTURE(causal);
      ReferenceCase c = long_case("fp32", 40, 47, causal, ATTN_DIAGONAL_BOTTOM_RIGHT);
      c.fields["scale"] = 0.25;
      CaseRun run(c);
      AttentionKernel kernel = kernel_for(pattern.options, run);
      run_both(run, kernel);
      check_slopes(run, kernel, run.query, run.result("d_query"), 3e-4);
      check_slopes(run, kernel, run.key, run.result("d_key"), 3e-4);
      check_slopes(run, kernel, run.value, run.result("d_value"), 3e-4);
    }
  }
}

TEST_CASE("keys and values of blocks that nobody sees may hold anything") {
  const Pattern pattern{"block=8,pattern=strided,stride=3", 8, 0, 3};
  CaseRun clean(long_case("fp32", 64, 64, true, ATTN_DIAGONAL_TOP_LEFT));
  AttentionKernel kernel = kernel_for(pattern.options, clean);
  run_both(clean, kernel);
  CaseRun dirty(long_case("fp32", 64, 64, true, ATTN_DIAGONAL_TOP_LEFT));
  for (int64_t row = 0; row < 2 * 2 * 64; ++row) {
    if (row % 64 / 8 % 3 == 0) continue;
    dirty.key.set(row * 12, std::numeric_limits<float>::quiet_NaN());
    dirty.value.set(row * 9, std::numeric_limits<float>::infinity());
  }
  run_both(dirty, kernel);
  for (const char* name : kResults) {
    CAPTURE(name);
    CHECK(same_bits(clean.result(name), dirty.result(name)));
  }
}

TEST_CASE("a NaN stays in the rows that see it") {
  CaseRun run(long_case("fp32", 64, 64, true, ATTN_DIAGONAL_TOP_LEFT));
  AttentionKernel kernel = kernel_for("block=8,pattern=local,local=2", run);
  run.key.set(20 * 12, std::numeric_limits<float>::quiet_NaN());  // key 20, block 2, of the first head
  run.forward(kernel);
  const auto lse = run.result("lse");
  for (size_t row = 0; row < 64; ++row) {
    CAPTURE(row);
    CHECK(std::isnan(lse[row]) == (row >= 20 && row < 32));
  }
}

TEST_CASE("the workspace is one tile for each worker, however long the sequence") {
  const auto bytes = [](const char* options, int64_t length, uint32_t workers) {
    attn_problem problem = make_problem({1, 4, 2, length, length, 64, 64}, ATTN_DTYPE_BF16,
                                        ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD);
    const Plan plan(block_sparse(options), 0, cpu_device(workers), problem);
    return std::pair(plan.forward_workspace_bytes(), plan.backward_workspace_bytes());
  };
  CHECK(bytes("", 100, 1) == bytes("", 1 << 20, 1));
  CHECK(bytes("", 100, 8).first == 8 * bytes("", 100, 1).first);
  CHECK(bytes("", 100, 8).second == 8 * bytes("", 100, 1).second);
  CHECK(bytes("block=16", 100, 1).first < bytes("block=64", 100, 1).first);
  CHECK(bytes("", 1 << 20, 1).second < (1 << 20));
}

TEST_CASE("what it does not do is refused with a reason, what was found and what is supported") {
  struct Row {
    int32_t reason;
    const char* text;
    void (*change)(attn_problem&);
  };
  const Row rows[] = {
      {ATTN_REASON_DTYPE, "the type fp8_e4m3 is not supported, only fp32, fp16 and bf16",
       [](attn_problem& p) { p.dtype = ATTN_DTYPE_F8_E4M3; }},
      {ATTN_REASON_VARLEN, "padded sequences are not supported, only sequences of one length",
       [](attn_problem& p) { p.varlen = ATTN_VARLEN_PADDED; }},
      {ATTN_REASON_BIAS, "a bias (additive) is not supported, only none",
       [](attn_problem& p) { add_bias(p, ATTN_DTYPE_F32, true, true); }},
      {ATTN_REASON_BIAS, "a bias (alibi) is not supported, only none",
       [](attn_problem& p) { p.bias = ATTN_BIAS_ALIBI; }},
      {ATTN_REASON_DROPOUT, "dropout 0.25 is not supported, only 0", [](attn_problem& p) { p.dropout = 0.25F; }},
      {ATTN_REASON_SINK, "attention sinks are not supported, only none",
       [](attn_problem& p) { p.flags |= ATTN_FLAG_SINK; }},
      {ATTN_REASON_HEAD_DIM, "head_dim 520 (of values 16) is not supported, only 1 to 512",
       [](attn_problem& p) {
         p = make_problem({2, 2, 2, 8, 8, 520, 16}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD);
       }},
  };
  const auto plugin = block_sparse("");
  const attn_device cpu = cpu_device(1);
  for (const Row& row : rows) {
    CAPTURE(row.text);
    attn_problem problem =
        make_problem({2, 2, 2, 8, 8, 16, 16}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD);
    CHECK(plugin->query(0, cpu, problem, ATTN_LEVEL_COMPILE).verdict == Verdict::kYes);
    row.change(problem);
    const Answer answer = plugin->query(0, cpu, problem, ATTN_LEVEL_RULES);
    CHECK(answer.verdict == Verdict::kNo);
    CHECK(answer.reason == row.reason);
    CHECK(answer.text == row.text);
    CHECK_THROWS_AS(Plan(plugin, 0, cpu, problem), KernelError);
  }
}

TEST_CASE("options that are not understood are refused with those that are") {
  const std::pair<const char*, const char*> rows[] = {
      {"blok=3", "the option 'blok=3' is not known: there are block=, pattern=, local= and stride="},
      {"block", "the option 'block' is not known: there are block=, pattern=, local= and stride="},
      {"block=8,,local=2", "the option '' is not known: there are block=, pattern=, local= and stride="},
      {"block=0", "block=0 is not a number from 1 to 256"},
      {"block=257", "block=257 is not a number from 1 to 256"},
      {"block=", "block= is not a number from 1 to 256"},
      {"block=-8", "block=-8 is not a number from 1 to 256"},
      {"block=99999999999999999999999", "is not a number from 1 to 256"},
      {"stride=2k", "stride=2k is not a number from 1 to 1073741824"},
      {"pattern=dense", "pattern=dense is none of local, strided, local+strided and all"},
      {"block=8,block=8", "the option block is given twice"},
      {"block=8,", "the options end with a comma"},
      {"pattern=all,local=2", "local= has no meaning with pattern=all"},
      {"pattern=strided,local=2", "local= has no meaning with pattern=strided"},
      {"pattern=local,stride=2", "stride= has no meaning with pattern=local"},
  };
  for (const auto& [options, text] : rows) {
    CAPTURE(options);
    CHECK_THROWS_WITH_AS(block_sparse(options), doctest::Contains(text), PluginError);
  }
}

TEST_CASE("the engine says which pattern it is") {
  const std::pair<const char*, const char*> rows[] = {
      {"", "block 64, local 4, stride 8"},
      {"pattern=all", "block 64, all"},
      {"block=16,pattern=local,local=2", "block 16, local 2"},
      {"pattern=strided,stride=5", "block 64, stride 5"},
  };
  const attn_problem problem = make_problem({1, 1, 1, 8, 8, 16, 16}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD);
  for (const auto& [options, engine] : rows) {
    CAPTURE(options);
    CHECK(block_sparse(options)->query(0, cpu_device(1), problem, ATTN_LEVEL_RULES).engine == engine);
  }
}
