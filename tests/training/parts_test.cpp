// The training's other parts: products of matrices, the cache of the rollout, the optimizer, the task.
#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <system_error>

#include "examples/ppo_trainer/adamw.hpp"
#include "examples/ppo_trainer/linear.hpp"
#include "examples/ppo_trainer/metrics.hpp"
#include "examples/ppo_trainer/reverse_task.hpp"
#include "examples/ppo_trainer/sampler.hpp"
#include "tests/training/toy_model.hpp"

namespace ppo_trainer::test {

TEST_CASE("products of matrices of any size, with the same bits whatever the number of threads") {
  ThreadPool one(1);
  ThreadPool three(3);
  std::mt19937_64 random(1);
  const int64_t sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {4, 16, 16}, {9, 5, 33}, {6, 1, 25}, {130, 70, 131}};
  for (const auto& [rows, inner, columns] : sizes) {
    CAPTURE(rows);
    const Floats a = random_floats(static_cast<size_t>(rows * inner), random);
    const Floats b = random_floats(static_cast<size_t>(inner * columns), random);
    const Floats before = random_floats(static_cast<size_t>(rows * columns), random);
    for (const bool across : {false, true}) {
      // The same numbers, once as rows and once as columns of a.
      const MatrixView view = across ? MatrixView{a.data(), 1, rows} : MatrixView{a.data(), inner, 1};
      Floats replaced = before;
      Floats added = before;
      Floats with_threads = before;
      multiply(one, rows, inner, columns, view, b.data(), replaced.data(), Into::kReplace);
      multiply(one, rows, inner, columns, view, b.data(), added.data(), Into::kAdd);
      multiply(three, rows, inner, columns, view, b.data(), with_threads.data(), Into::kAdd);
      CHECK(with_threads == added);
      double worst = 0;
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < inner; ++k)
            sum += static_cast<double>(view.data[i * view.row_stride + k * view.column_stride]) *
                   static_cast<double>(b[static_cast<size_t>(k * columns + j)]);
          const auto at = static_cast<size_t>(i * columns + j);
          worst = std::fmax(worst, std::fabs(static_cast<double>(replaced[at]) - sum));
          worst = std::fmax(worst, std::fabs(static_cast<double>(added[at]) - sum - static_cast<double>(before[at])));
        }
      }
      CHECK(worst < 1e-4);
    }
  }
}

TEST_CASE("letter by letter with a cache, the model says what it says of whole sequences") {
  for (const char* implementation : {"eager", "sdpa"}) {
    CAPTURE(std::string(implementation));
    constexpr int64_t kLength = 7;
    constexpr int64_t kPrompt = 4;
    const auto pool = std::make_shared<ThreadPool>(2);
    const Transformer model = toy_model(5);
    const auto choice = toy_choice(implementation, model.sizes(), kLength);
    std::mt19937_64 random(8);
    const Tokens tokens = random_tokens(2 * kLength, 5, random);
    RoleAttention whole(choice, 2, pool);
    Transformer::Tape tape;
    const Floats expected = model.forward(whole, *pool, tokens, {kPrompt - 1, kLength - kPrompt + 1}, tape);
    auto forward_only = choice;
    forward_only.problem.passes = ATTN_PASS_FORWARD;
    for (auto* stride : {&forward_only.problem.d_output_stride, &forward_only.problem.d_query_stride,
                         &forward_only.problem.d_key_stride, &forward_only.problem.d_value_stride})
      std::fill(std::begin(*stride), std::end(*stride), 0);
    CachedAttention cached(forward_only, 2, kPrompt, model.sizes().layers, pool);
    for (int64_t step = 0; step <= kLength - kPrompt; ++step) {
      const int64_t first = step == 0 ? 0 : kPrompt + step - 1;
      const int64_t count = step == 0 ? kPrompt : 1;
      Tokens newest;
      for (int64_t b = 0; b < 2; ++b)
        newest.insert(newest.end(), tokens.begin() + b * kLength + first, tokens.begin() + b * kLength + first + count);
      const Floats found = model.next_outputs(cached, *pool, newest, first, count);
      for (size_t b = 0; b < 2; ++b) {
        for (size_t j = 0; j < 5; ++j) {
          const float wanted = expected[(b * (kLength - kPrompt + 1) + static_cast<size_t>(step)) * 5 + j];
          CHECK(found[b * 5 + j] == doctest::Approx(wanted).epsilon(1e-4));
        }
      }
    }
  }
}

TEST_CASE("AdamW takes the steps of its formula, with the gradient's norm clipped") {
  AdamWSettings settings;
  settings.lr = 0.1;
  settings.beta1 = 0.8;
  settings.beta2 = 0.9;
  settings.weight_decay = 0.05;
  settings.grad_clip = 1;
  settings.lr_warmup_steps = 2;
  std::vector<Parameter> parameters = {{"w", {1.0F, -2.0F}, {0, 0}}};
  AdamW optimizer(settings, parameters);
  double w = 1;
  double first = 0;
  double second = 0;
  for (int step = 1; step <= 3; ++step) {
    parameters[0].gradient = {3.0F * static_cast<float>(step), -4.0F * static_cast<float>(step)};
    const double rate = step == 1 ? 0.05 : 0.1;
    CHECK(optimizer.lr() == doctest::Approx(rate));
    CHECK(optimizer.step(parameters) == doctest::Approx(5 * step));
    const double gradient = 0.6;  // 3 of (3, 4), clipped to length 1
    first = 0.8 * first + 0.2 * gradient;
    second = 0.9 * second + 0.1 * gradient * gradient;
    const double mean = first / (1 - std::pow(0.8, step));
    const double deviation = std::sqrt(second / (1 - std::pow(0.9, step)));
    w = w * (1 - rate * 0.05) - rate * mean / (deviation + 1e-8);
    CHECK(parameters[0].value[0] == doctest::Approx(w).epsilon(1e-5));
  }
  const Floats before = parameters[0].value;
  parameters[0].gradient[0] = NAN;
  CHECK(std::isnan(optimizer.step(parameters)));
  CHECK(parameters[0].value == before);
}

TEST_CASE("the task: prompts from a seed, new ones to look at afterwards, and what is right") {
  const TaskSettings settings{"abcd", 5, 3, 40, 20, 9};
  const ReverseTask task(settings);
  CHECK(task.train_prompts() == ReverseTask(settings).train_prompts());
  TaskSettings other = settings;
  other.seed = 10;
  CHECK(task.train_prompts() != ReverseTask(other).train_prompts());
  const std::set<Tokens> seen(task.train_prompts().begin(), task.train_prompts().end());
  for (const Tokens& prompt : task.val_prompts())
    CHECK_FALSE(seen.contains(prompt));
  const int32_t prompt[] = {0, 1, 2, 3, 1};
  CHECK(task.text(prompt, 5) == "abcdb");
  CHECK(task.is_right(prompt, 0, 1));
  CHECK(task.is_right(prompt, 1, 3));
  CHECK(task.is_right(prompt, 2, 2));
  CHECK_FALSE(task.is_right(prompt, 2, 0));
}

TEST_CASE("a line of metrics is JSON, whatever the numbers") {
  Metrics metrics;
  metrics.set("a/b", 0.5);
  metrics.set("c", NAN);
  metrics.set_summary("d", {1, 2, 6});
  CHECK(metrics.to_json() == R"({"a/b": 0.5, "c": null, "d/mean": 3, "d/max": 6, "d/min": 1})");
}

TEST_CASE("a disk that is full ends the training, not its metrics in the middle of a line") {
  Metrics metrics;
  metrics.set("a", 1);
  MetricsFile file("/dev/full");
  CHECK_THROWS_AS(file.write(metrics), std::system_error);
  CHECK_THROWS_AS(MetricsFile("/no/such/folder/metrics.jsonl"), std::system_error);
}

}  // namespace ppo_trainer::test
