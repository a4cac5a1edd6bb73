// Which devices and problems the plugin cuda_eager takes, asked as a plugin whose device is the CPU.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <string>

#include "attention_plugins/cuda_eager/architectures.hpp"
#include "attention_plugins/host/plan.hpp"
#include "attention_plugins/host/plugin.hpp"

using namespace cfgtool::attention;

namespace {

std::shared_ptr<const Plugin> plugin() {
  static const auto loaded = Plugin::load({CUDA_EAGER_ON_CPU_PLUGIN, "the test"}, {}, {});
  return loaded;
}

attn_device gpu(int32_t index, int32_t compute_capability, const char* name) {
  attn_device device{};
  device.size = sizeof(device);
  device.kind = ATTN_DEVICE_CUDA;
  device.index = index;
  device.compute_capability = compute_capability;
  device.name = name;
  return device;
}

attn_problem small_problem() {
  return make_problem({2, 2, 2, 8, 8, 16, 16}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD | ATTN_PASS_BACKWARD);
}

}  // namespace

TEST_CASE("code runs on its own architecture and on later ones of the same major version, PTX on all later ones") {
  const cuda_eager::Build build{"13.0.88", 75, {75, 80, 86, 90, 120}};
  for (const int32_t good : {75, 80, 86, 87, 89, 90, 120, 121, 130})
    CHECK_MESSAGE(cuda_eager::why_not(build, good, "a GPU").empty(), good);
  CHECK(cuda_eager::why_not(build, 70, "v100") ==
        "v100 (compute capability 7.0): CUDA 13 dropped architectures before 7.5, so that nothing here runs on it");
  CHECK(
      cuda_eager::why_not(build, 100, "b200") ==
      "b200 (compute capability 10.0): this was compiled for 7.5, 8.0, 8.6, 9.0, 12.0 and what is newer than the last "
      "of them");
  // With another toolkit, another answer.
  CHECK(cuda_eager::why_not({"12.4.1", 50, {70, 75}}, 70, "v100").empty());
  CHECK(cuda_eager::why_not({"12.4.1", 50, {70, 75}}, 61, "p40") ==
        "p40 (compute capability 6.1): this was compiled for 7.0, 7.5 and what is newer than the last of them");
}

TEST_CASE("described devices are answered by their architecture") {
  for (const int32_t capability : {75, 80, 86, 89, 90, 100, 120})
    CHECK(plugin()->query(0, gpu(-1, capability, "some"), small_problem(), ATTN_LEVEL_COMPILE).verdict ==
          Verdict::kYes);
  const Answer unknown = plugin()->query(0, gpu(-1, 0, "mystery"), small_problem(), ATTN_LEVEL_RULES);
  CHECK(unknown.verdict == Verdict::kCannotTell);
  CHECK(unknown.text == "the compute capability of mystery is not known");
  const Answer old = plugin()->query(0, gpu(-1, 30, "old"), small_problem(), ATTN_LEVEL_RULES);
  CHECK(old.verdict == Verdict::kNo);
  CHECK(old.reason == ATTN_REASON_ARCHITECTURE);
}

TEST_CASE("a plan for a described device is made, and does not run") {
  const attn_problem problem = small_problem();
  const Plan plan(plugin(), 0, gpu(-1, 90, "h100"), problem);
  CHECK(plan.forward_workspace_bytes() > 0);
  attn_forward_tensors tensors{};
  attn_run run{};
  run.workspace_bytes = plan.forward_workspace_bytes();
  attn_answer answer = blank_answer();
  attn_plan* raw = nullptr;
  const attn_device h100 = gpu(-1, 90, "h100");
  REQUIRE(plugin()->table().plan(plugin()->instance(), 0, &h100, &problem, &raw, &answer) == ATTN_STATUS_OK);
  const attn_extras extras = no_extras();
  CHECK(plugin()->table().forward(raw, &tensors, &extras, &run, &answer) == ATTN_STATUS_BAD_ARGUMENT);
  CHECK(std::string(answer.text) == "the plan is for a device that was only described, so it cannot be run");
  plugin()->table().free_plan(raw);
}

TEST_CASE("what the CPU's reference refuses is refused here too") {
  struct Row {
    int32_t reason;
    void (*change)(attn_problem&);
  };
  const Row rows[] = {
      {ATTN_REASON_DROPOUT, [](attn_problem& p) { p.dropout = 0.25F; }},
      {ATTN_REASON_SINK, [](attn_problem& p) { p.flags |= ATTN_FLAG_SINK; }},
      {ATTN_REASON_DTYPE, [](attn_problem& p) { p.dtype = ATTN_DTYPE_F8_E4M3; }},
      {ATTN_REASON_BIAS, [](attn_problem& p) { add_bias(p, ATTN_DTYPE_F8_E5M2, true, true); }},
  };
  for (const Row& row : rows) {
    attn_problem problem = small_problem();
    row.change(problem);
    const Answer answer = plugin()->query(0, gpu(0, 90, "h100"), problem, ATTN_LEVEL_RULES);
    CHECK(answer.verdict == Verdict::kNo);
    CHECK(answer.reason == row.reason);
  }
}

TEST_CASE("the matrices of scores take 256 MiB at most, however long the sequences are") {
  const attn_problem problem =
      make_problem({8, 32, 8, 8192, 8192, 128, 128}, ATTN_DTYPE_BF16, ATTN_PASS_FORWARD | ATTN_PASS_BACKWARD);
  const Answer answer = plugin()->query(0, gpu(0, 90, "h100"), problem, ATTN_LEVEL_RULES);
  const uint64_t matrices = uint64_t{256} << 20;
  const uint64_t sums_of_keys = uint64_t{8} * 8 * 8192 * (128 + 128) * 4;
  CHECK(answer.forward_workspace_bytes <= matrices + matrices / 1024);
  CHECK(answer.backward_workspace_bytes <= matrices + sums_of_keys + matrices / 1024);
}

#ifdef CUDA_EAGER_PLUGIN
TEST_CASE("the plugin itself loads without a driver, and then says so") {
  const auto real = Plugin::load({CUDA_EAGER_PLUGIN, "the test"}, {}, {});
  CHECK(real->query(0, gpu(-1, 90, "h100"), small_problem(), ATTN_LEVEL_RULES).verdict == Verdict::kYes);
  const Answer answer = real->query(0, gpu(0, 90, "h100"), small_problem(), ATTN_LEVEL_RULES);
  if (answer.verdict == Verdict::kYes) return;  // there is one
  CHECK(answer.reason == ATTN_REASON_RUNTIME_MISSING);
  CHECK(answer.text.find("driver") != std::string::npos);
}
#endif
