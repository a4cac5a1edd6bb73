// What a plan checks before it calls a plugin, and saving.
#include "attention_plugins/host/plan.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <memory>

#include "attention_plugins/host/loader.hpp"
#include "tests/plugins/scratch_folder.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

std::shared_ptr<const Plugin> plugin_at(const std::filesystem::path& path) {
  return Plugin::load({path, "the test"}, {}, {});
}

/// A padded problem with an additive bias, and tensors that fit it.
struct Fixture {
  Fixture() {
    problem = make_problem({2, 4, 2, 6, 8, 16, 24}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD | ATTN_PASS_LSE);
    problem.varlen = ATTN_VARLEN_PADDED;
    problem.alignment = 16;
    add_bias(problem, ATTN_DTYPE_F16, true, true);
    tensors.query = input(query_size(problem), problem.query_stride);
    tensors.key = input(key_size(problem), problem.key_stride);
    tensors.value = input(value_size(problem), problem.value_stride);
    tensors.output = {take(output_size(problem)), ATTN_DTYPE_F32, output_size(problem), dims(problem.output_stride)};
    tensors.lse = lse.data();
    extras.lengths_q = lengths;
    extras.lengths_kv = lengths;
    extras.bias = bias;
  }

  static Dims dims(const int64_t (&stride)[4]) { return {stride[0], stride[1], stride[2], stride[3]}; }
  float* take(const Dims& size) {
    float* start = memory.get() + used;
    used += size[0] * size[1] * size[2] * size[3];
    return start;
  }
  ConstTensor input(const Dims& size, const int64_t (&stride)[4]) {
    return {take(size), ATTN_DTYPE_F32, size, dims(stride)};
  }

  struct Free {
    void operator()(float* floats) const { ::operator delete (floats, std::align_val_t{64}); }
  };
  std::unique_ptr<float, Free> memory{static_cast<float*>(::operator new (sizeof(float) * 8192, std::align_val_t{64}))};
  int64_t used = 0;
  std::vector<float> lse = std::vector<float>(48);  // batch, heads, rows
  alignas(16) uint16_t bias[6 * 8] = {};
  int32_t lengths[2] = {6, 3};
  attn_problem problem{};
  ForwardTensors tensors;
  attn_extras extras = no_extras();
};

struct Row {
  const char* text;
  void (*change)(Fixture&);
};

const Row kMistakes[] = {
    {"query is null", [](Fixture& f) { f.tensors.query.data = nullptr; }},
    {"key is bf16, the plan is for fp32", [](Fixture& f) { f.tensors.key.dtype = ATTN_DTYPE_BF16; }},
    {"value has the size [2, 2, 8, 16], the plan is for [2, 2, 8, 24]",
     [](Fixture& f) { f.tensors.value.size[3] = 16; }},
    {"output has the strides [576, 144, 24, 2], the plan is for [576, 144, 24, 1]",
     [](Fixture& f) { f.tensors.output.stride[3] = 2; }},
    {"the address of query is not a multiple of 16 bytes",
     [](Fixture& f) { f.tensors.query.data = f.memory.get() + 1; }},
    {"lse is null but the problem calls for it", [](Fixture& f) { f.tensors.lse = nullptr; }},
    {"the size of the extras is not filled in", [](Fixture& f) { f.extras.size = 0; }},
    {"lengths_kv is null but the problem calls for it", [](Fixture& f) { f.extras.lengths_kv = nullptr; }},
    {"offsets_q is given but the problem has none", [](Fixture& f) { f.extras.offsets_q = f.lengths; }},
    {"bias is null but the problem calls for it", [](Fixture& f) { f.extras.bias = nullptr; }},
    {"the address of the bias or its gradient is not a multiple of 16 bytes",
     [](Fixture& f) { f.extras.bias = f.bias + 1; }},
    {"sink is given but the problem has none", [](Fixture& f) { f.extras.sink = f.lse.data(); }},
    {"d_bias is given but the problem has none", [](Fixture& f) { f.extras.d_bias = f.bias; }},
};

}  // namespace

TEST_CASE("tensors and extras that do not fit the plan are refused before the plugin is called") {
  const auto eager = plugin_at(ATTENTION_EAGER_PLUGIN);
  auto pool = std::make_shared<ThreadPool>(1);
  for (const Row& row : kMistakes) {
    CAPTURE(row.text);
    Fixture fixture;
    AttentionKernel kernel(eager, 0, fixture.problem, pool);
    CHECK_NOTHROW(kernel.forward(fixture.tensors, fixture.extras));
    row.change(fixture);
    try {
      kernel.forward(fixture.tensors, fixture.extras);
      FAIL_CHECK("nothing was thrown");
    } catch (const KernelError& error) {
      CHECK(error.kind() == KernelError::Kind::kBadTensors);
      CHECK(std::string(error.what()) == std::string("attention plugin 'eager': ") + row.text);
    }
  }
}

TEST_CASE("the stride of a single element does not matter") {
  const auto eager = plugin_at(ATTENTION_EAGER_PLUGIN);
  const attn_problem problem = make_problem({1, 1, 1, 1, 1, 4}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD);
  AttentionKernel kernel(eager, 0, problem, std::make_shared<ThreadPool>(1));
  float in[4] = {1, 2, 3, 4};
  float out[4] = {};
  const ConstTensor input{in, ATTN_DTYPE_F32, {1, 1, 1, 4}, {77, 88, 99, 1}};
  kernel.forward({input, input, input, {out, ATTN_DTYPE_F32, {1, 1, 1, 4}, {5, 6, 7, 1}}, nullptr});
  CHECK(out[3] == 4.0F);
}

TEST_CASE("a run needs what its device needs") {
  const auto eager = plugin_at(ATTENTION_EAGER_PLUGIN);
  Fixture fixture;
  const Plan plan(eager, 0, cpu_device(2), fixture.problem);
  REQUIRE(plan.forward_workspace_bytes() > 0);
  REQUIRE(plan.backward_workspace_bytes() == 0);
  ThreadPool small_pool(2);
  ThreadPool large_pool(3);
  const attn_executor small = small_pool.executor();
  const attn_executor large = large_pool.executor();
  const std::unique_ptr<float, Fixture::Free> workspace(
      static_cast<float*>(::operator new (plan.forward_workspace_bytes(), std::align_val_t{64})));
  attn_run good{sizeof(attn_run), 0, &small, workspace.get(), plan.forward_workspace_bytes(), nullptr};
  CHECK_NOTHROW(plan.forward(fixture.tensors, fixture.extras, good));
  const auto rejected = [&](void (*change)(attn_run&, const attn_executor&)) {
    attn_run run = good;
    change(run, large);
    CHECK_THROWS_AS(plan.forward(fixture.tensors, fixture.extras, run), KernelError);
  };
  rejected([](attn_run& run, const attn_executor&) { run.size = 0; });
  rejected([](attn_run& run, const attn_executor&) { run.executor = nullptr; });
  rejected([](attn_run& run, const attn_executor& more_workers) { run.executor = &more_workers; });
  rejected([](attn_run& run, const attn_executor&) { run.stream = &run; });
  rejected([](attn_run& run, const attn_executor&) { run.workspace = nullptr; });
  rejected([](attn_run& run, const attn_executor&) { --run.workspace_bytes; });
  rejected([](attn_run& run, const attn_executor&) { run.workspace = static_cast<char*>(run.workspace) + 4; });
  CHECK_THROWS_WITH_AS(plan.backward({}, fixture.extras, good), doctest::Contains("not for the backward pass"),
                       KernelError);
}

TEST_CASE("a plan is saved and loaded, and is stale for another problem") {
  const auto sound = plugin_at(built_plugin("sound"));
  const attn_problem problem = make_problem({1, 2, 2, 4, 4, 8}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD);
  const Plan plan(sound, 0, cpu_device(1), problem);
  REQUIRE(plan.can_save());
  const std::vector<std::byte> bytes = plan.save();
  CHECK(bytes.size() == sizeof(attn_problem));
  const Plan again = Plan::load(sound, 0, cpu_device(1), problem, bytes);
  CHECK(again.forward_workspace_bytes() == plan.forward_workspace_bytes());
  CHECK(again.engine() == "first value");
  attn_problem other = problem;
  other.scale = 2;
  try {
    Plan::load(sound, 0, cpu_device(1), other, bytes);
    FAIL("a plan of another problem was loaded");
  } catch (const KernelError& error) {
    CHECK(error.kind() == KernelError::Kind::kRefused);
    CHECK(error.reason() == ATTN_REASON_STALE);
  }
  const auto eager = plugin_at(ATTENTION_EAGER_PLUGIN);
  CHECK(!Plan(eager, 0, cpu_device(1), problem).can_save());
  CHECK_THROWS_AS(Plan::load(eager, 0, cpu_device(1), problem, bytes), KernelError);
}

TEST_CASE("a plan can be moved, and is freed once") {
  const auto sound = plugin_at(built_plugin("sound"));
  const attn_problem problem = make_problem({1, 2, 2, 4, 4, 8}, ATTN_DTYPE_F32, ATTN_PASS_FORWARD);
  Plan first(sound, 0, cpu_device(1), problem);
  Plan second(std::move(first));
  Plan third(sound, 0, cpu_device(1), problem);
  third = std::move(second);
  CHECK(third.engine() == "first value");
  CHECK(third.save().size() == sizeof(attn_problem));
}
