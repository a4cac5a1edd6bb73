// The plugin's answers about described GPUs, on a machine that has cuDNN and need not have a GPU.
#include <doctest/doctest.h>

#include <chrono>

#include "tests/cudnn/plugin_question.hpp"

using namespace cfgtool::attention;

namespace {

constexpr uint32_t kTraining = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

double milliseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// Each of these needs a process of its own, since the first question decides which libcuda it has.
bool can_ask() {
  const std::optional<std::string> why = why_no_cudnn();
  if (why) MESSAGE("skipped: " << *why);
  return !why;
}

}  // namespace

TEST_CASE("rules") {
  const auto plugin = load_cudnn();
  for (const char* name : {"a100", "h100", "b200", "rtx4090", "rtx-pro-6000"}) {
    const DescribedDevice device(name);
    const Answer answer = plugin->query(kFlashAttention2, device.device(), causal_problem(kTraining), ATTN_LEVEL_RULES);
    CHECK(answer.verdict == Verdict::kYes);
    CHECK(answer.level == ATTN_LEVEL_RULES);
    CHECK(answer.documented);
    CHECK(contains(answer.text, name));
    CHECK(contains(answer.text, "cuDNN 9."));
  }
  const DescribedDevice h100("h100");
  const Answer odd =
      plugin->query(kFlashAttention2, h100.device(), causal_problem(ATTN_PASS_FORWARD, 300), ATTN_LEVEL_HEURISTICS);
  CHECK(odd.verdict == Verdict::kNo);
  CHECK(odd.reason == ATTN_REASON_HEAD_DIM);
  CHECK(contains(odd.text, "300"));
}

TEST_CASE("a Turing GPU is refused at each level, by rules; sdpa names eager") {
  const auto plugin = load_cudnn();
  const DescribedDevice t4("t4");
  for (const int32_t level : {ATTN_LEVEL_RULES, ATTN_LEVEL_HEURISTICS, ATTN_LEVEL_COMPILE})
    for (const size_t name : {kFlashAttention2, kSdpa}) {
      const Answer answer = plugin->query(name, t4.device(), causal_problem(ATTN_PASS_FORWARD), level);
      CHECK(answer.verdict == Verdict::kNo);
      CHECK(answer.reason == ATTN_REASON_ARCHITECTURE);
      CHECK(contains(answer.text, "t4"));
    }
}

TEST_CASE("a described device without a description is answered by rules alone") {
  attn_device device = first_device();
  device.index = -1;
  const Answer answer = load_cudnn()->query(kSdpa, device, causal_problem(ATTN_PASS_FORWARD), ATTN_LEVEL_COMPILE);
  CHECK(answer.verdict == Verdict::kYes);
  CHECK(answer.level == ATTN_LEVEL_RULES);
  CHECK(contains(answer.text, "no description"));
  device.compute_capability = 0;
  CHECK(load_cudnn()->query(kSdpa, device, causal_problem(ATTN_PASS_FORWARD), ATTN_LEVEL_RULES).reason ==
        ATTN_REASON_DEVICE);
}

TEST_CASE("a description that lacks a field is refused by its name") {
  if (!can_ask()) return;
  attn_device device = DescribedDevice("h100").device();
  device.description = "{\"name\": \"half\", \"compute_capability\": 90}";
  device.name = "half";
  const Answer answer = load_cudnn()->query(kSdpa, device, causal_problem(ATTN_PASS_FORWARD), ATTN_LEVEL_HEURISTICS);
  CHECK(answer.verdict == Verdict::kNo);
  CHECK(answer.reason == ATTN_REASON_DEVICE);
  CHECK(contains(answer.text, "driver_version"));
}

TEST_CASE("heuristics") {
  if (!can_ask()) return;
  const auto plugin = load_cudnn();
  for (const char* name : {"a100", "h100", "b200"}) {
    const DescribedDevice device(name);
    const Answer answer = plugin->query(kSdpa, device.device(), causal_problem(kTraining), ATTN_LEVEL_HEURISTICS);
    CHECK(answer.verdict == Verdict::kYes);
    CHECK(answer.level == ATTN_LEVEL_HEURISTICS);
    CHECK(contains(answer.engine, "cudnn 9."));
    CHECK(contains(answer.engine, "backward engine"));
    CHECK(contains(answer.text, std::string("on ") + name));
  }
  // The size of the problem does not steer what is loaded, so this is the time of one more question.
  const DescribedDevice device("h100");
  double best = 1e9;
  for (int64_t head_dim = 64; head_dim <= 128; head_dim += 8)
    best = std::min(best, milliseconds([&] {
                      plugin->query(kSdpa, device.device(), causal_problem(ATTN_PASS_FORWARD, head_dim),
                                    ATTN_LEVEL_HEURISTICS);
                    }));
  MESSAGE("one more question: " << best << " ms");
  CHECK(best < 5);
}

TEST_CASE("after heuristics with the stub, compiling is not possible in the same process, and is said so") {
  if (!can_ask()) return;
  const auto plugin = load_cudnn();
  const DescribedDevice device("h100");
  const Answer answer = plugin->query(kSdpa, device.device(), causal_problem(ATTN_PASS_FORWARD), ATTN_LEVEL_COMPILE);
  CHECK(answer.verdict == Verdict::kYes);
  if (answer.level == ATTN_LEVEL_COMPILE) return;  // a real driver is here
  CHECK(answer.level == ATTN_LEVEL_HEURISTICS);
  CHECK(contains(answer.text, "not compiled, since this process has already loaded the toolkit's stub driver"));
}
