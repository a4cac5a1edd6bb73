// Compiling, caching and saving plans for described GPUs. It asks for compiling first, since the first question decides
// which libcuda the process has.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <chrono>

#include "tests/cudnn/plugin_question.hpp"

using namespace cfgtool::attention;

namespace {

constexpr uint32_t kTraining = ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD;

/// The plugin, if it can compile here; else the reason is printed.
std::shared_ptr<const Plugin> compiling_plugin(const std::string& options = "") {
  auto plugin = load_cudnn(options);
  const DescribedDevice device("a100");
  const Answer answer = plugin->query(kSdpa, device.device(), causal_problem(ATTN_PASS_FORWARD), ATTN_LEVEL_COMPILE);
  if (answer.verdict == Verdict::kYes && answer.level == ATTN_LEVEL_COMPILE) return plugin;
  MESSAGE("skipped: " << answer.text);
  return nullptr;
}

double milliseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

std::string refusal_of(const std::function<void()>& work, int32_t& reason) {
  try {
    work();
  } catch (const KernelError& error) {
    reason = error.reason();
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("both passes compile for each generation, with the workspace that they need") {
  const auto plugin = compiling_plugin();
  if (!plugin) return;
  for (const char* name : {"a100", "h100", "b200"}) {
    const DescribedDevice device(name);
    const Answer answer = plugin->query(kSdpa, device.device(), causal_problem(kTraining), ATTN_LEVEL_COMPILE);
    INFO(name, ": ", answer.text);
    CHECK(answer.verdict == Verdict::kYes);
    CHECK(answer.level == ATTN_LEVEL_COMPILE);
    CHECK(answer.text.find("; compiled") != std::string::npos);
    // At least the sums of one number per row: batch 2, heads 16, 2048 rows, fp32.
    CHECK(answer.backward_workspace_bytes >= 2 * 16 * 2048 * 4);
  }
}

TEST_CASE("an equal question is answered from the cache, one with another stride is not") {
  const auto plugin = compiling_plugin("plan_cache=4");
  if (!plugin) return;
  const DescribedDevice device("h100");
  attn_problem problem = causal_problem(ATTN_PASS_FORWARD, 64);
  const auto ask = [&] {
    const Answer answer = plugin->query(kFlashAttention2, device.device(), problem, ATTN_LEVEL_COMPILE);
    CHECK(answer.level == ATTN_LEVEL_COMPILE);
  };
  const double first = milliseconds(ask);
  const double again = milliseconds(ask);
  problem.query_stride[0] += 64 * 16;
  const double other = milliseconds(ask);
  MESSAGE("compiling: " << first << " ms, again: " << again << " ms, another stride: " << other << " ms");
  CHECK(again * 3 < first);
  CHECK(again * 3 < other);
}

TEST_CASE("a plan for a described device is saved and loaded, and not run") {
  const auto plugin = compiling_plugin();
  if (!plugin) return;
  const DescribedDevice device("h100");
  const attn_problem problem = causal_problem(kTraining);
  const Plan plan(plugin, kSdpa, device.device(), problem);
  REQUIRE(plan.can_save());
  const std::vector<std::byte> bytes = plan.save();
  CHECK(bytes.size() > 10000);  // the kernels' code

  const auto other_instance = load_cudnn();
  const Plan loaded = Plan::load(other_instance, kSdpa, device.device(), problem, bytes);
  CHECK(loaded.engine() == plan.engine());
  CHECK(loaded.forward_workspace_bytes() == plan.forward_workspace_bytes());
  CHECK(loaded.backward_workspace_bytes() == plan.backward_workspace_bytes());

  int32_t reason = 0;
  attn_problem other = problem;
  other.scale *= 2;
  refusal_of([&] { Plan::load(plugin, kSdpa, device.device(), other, bytes); }, reason);
  CHECK(reason == ATTN_REASON_STALE);
  reason = 0;
  refusal_of([&] { Plan::load(plugin, kSdpa, DescribedDevice("h200").device(), problem, bytes); }, reason);
  CHECK(reason == ATTN_REASON_STALE);
  std::vector<std::byte> damaged = bytes;
  damaged[damaged.size() / 2] ^= std::byte{1};
  reason = 0;
  CHECK(refusal_of([&] { Plan::load(plugin, kSdpa, device.device(), problem, damaged); }, reason).find("damaged") !=
        std::string::npos);
  CHECK(reason == ATTN_REASON_STALE);
}
