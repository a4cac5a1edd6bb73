// Plugins that load well and then break their word, and what the selector makes of answers.
#include <doctest/doctest.h>

#include <algorithm>

#include "attention_plugins/host/loader.hpp"
#include "attention_plugins/host/plan.hpp"
#include "attention_plugins/host/selector.hpp"
#include "tests/plugins/scratch_folder.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

using Plugins = std::vector<std::shared_ptr<const Plugin>>;
using Lines = std::vector<std::string>;

Plugins load(const std::vector<std::filesystem::path>& paths) {
  LoadOptions options;
  for (const auto& path : paths)
    options.command_line_paths.push_back({path, "the test"});
  options.use_environment = false;
  options.use_default_folders = false;
  return load_plugins(options).plugins;
}

std::shared_ptr<const Plugin> wrong(const std::string& name) {
  return load({built_plugin(name)}).at(0);
}

attn_problem small_problem(int32_t dtype = ATTN_DTYPE_F32) {
  return make_problem({1, 4, 2, 8, 8, 16, 16}, dtype, ATTN_PASS_FORWARD);
}

Answer ask(const std::string& name) {
  return wrong(name)->query(0, cpu_device(2), small_problem(), ATTN_LEVEL_COMPILE);
}

/// The kind and text of the KernelError that making or running a kernel throws.
struct Failure {
  KernelError::Kind kind;
  std::string text;
};

Failure failure_of(const std::string& plugin, const attn_problem& problem = small_problem()) {
  std::vector<float> memory(1 << 14);
  const auto tensor = [&](size_t at, const Dims& size, const int64_t(&stride)[4]) {
    return Tensor{memory.data() + at, problem.dtype, size, {stride[0], stride[1], stride[2], stride[3]}};
  };
  const auto input = [&](size_t at, const Dims& size, const int64_t(&stride)[4]) {
    const Tensor t = tensor(at, size, stride);
    return ConstTensor{t.data, t.dtype, t.size, t.stride};
  };
  try {
    AttentionKernel kernel(wrong(plugin), 0, problem, std::make_shared<ThreadPool>(1));
    kernel.forward({input(0, query_size(problem), problem.query_stride),
                    input(2048, key_size(problem), problem.key_stride),
                    input(4096, value_size(problem), problem.value_stride),
                    tensor(6144, output_size(problem), problem.output_stride), nullptr});
  } catch (const KernelError& error) {
    CHECK(error.plugin() == plugin);
    return {error.kind(), error.what()};
  }
  FAIL("nothing was thrown");
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a refusal without text gets a sentence of the host's") {
  const Answer answer = ask("refuses_without_text");
  CHECK(answer.verdict == Verdict::kNo);
  CHECK(answer.reason == ATTN_REASON_OTHER);
  CHECK(answer.text == "the plugin 'refuses_without_text' refused in query and gave no text (reason: other)");
}

TEST_CASE("a text without an end is not read, and the plugin is to blame") {
  const Answer answer = ask("text_without_end");
  CHECK(answer.verdict == Verdict::kFailed);
  CHECK(answer.text == "the plugin 'text_without_end' broke the interface: the text that query gave has no end");
}

TEST_CASE("a status that does not exist is a failure") {
  const Answer answer = ask("unknown_status");
  CHECK(answer.verdict == Verdict::kFailed);
  CHECK(contains(answer.text, "returned 77, which is no status"));
}

TEST_CASE("a text of several lines becomes one") {
  const Answer answer = wrong("sound")->query(0, cpu_device(1), small_problem(ATTN_DTYPE_F16), ATTN_LEVEL_RULES);
  CHECK(answer.verdict == Verdict::kNo);
  CHECK(answer.reason == ATTN_REASON_DTYPE);
  CHECK(answer.text == "only fp32 is supported");
}

TEST_CASE("a yes carries the engine and whether it is documented") {
  const Answer answer = ask("sound");
  CHECK(answer.verdict == Verdict::kYes);
  CHECK(answer.documented);
  CHECK(answer.engine == "first value");
  CHECK(answer.reason == ATTN_REASON_NONE);
}

TEST_CASE("a wrong device or problem is refused before the plugin is asked") {
  const auto plugin = wrong("text_without_end");
  attn_device device = cpu_device(1);
  device.kind = ATTN_DEVICE_CUDA;
  const Answer other_device = plugin->query(0, device, small_problem(), ATTN_LEVEL_RULES);
  CHECK(other_device.reason == ATTN_REASON_DEVICE);
  CHECK(other_device.text == "provides first_value on cpu devices, not on cuda");
  attn_problem problem = small_problem();
  problem.heads_kv = 3;
  CHECK(plugin->query(0, cpu_device(1), problem, ATTN_LEVEL_RULES).reason == ATTN_REASON_HEADS);
}

TEST_CASE("a kernel that cannot be made or run says so, and the host survives") {
  struct Row {
    const char* plugin;
    KernelError::Kind kind;
    const char* text;
  };
  const Row rows[] = {
      {"yes_then_no_plan", KernelError::Kind::kFailed, "attention plugin 'yes_then_no_plan': the compiler crashed"},
      {"plan_gives_null", KernelError::Kind::kFailed, "plan succeeded and gave no plan"},
      {"huge_workspace", KernelError::Kind::kOutOfMemory, "asks for a workspace of 18446744073709551615 bytes"},
      {"fails_without_text", KernelError::Kind::kFailed, "failed in forward and gave no text"},
      {"writes_past_workspace", KernelError::Kind::kFailed, "forward wrote past its workspace of 100 bytes"},
      {"refuses_without_text", KernelError::Kind::kRefused, "refused in plan and gave no text"},
      {"cannot_tell", KernelError::Kind::kCannotTell, "libmissing.so.1 is not installed"},
      {"unknown_status", KernelError::Kind::kFailed, "returned 77"},
      {"text_without_end", KernelError::Kind::kFailed, "the text that plan gave has no end"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.plugin);
    const Failure failure = failure_of(row.plugin);
    CHECK(failure.kind == row.kind);
    CHECK_MESSAGE(contains(failure.text, row.text), failure.text);
  }
}

TEST_CASE("a backward pass that a plugin plans but does not have is its failure") {
  const attn_problem problem = make_problem({1, 2, 2, 4, 4, 8, 8}, ATTN_DTYPE_F32, ATTN_PASS_BACKWARD);
  AttentionKernel kernel(wrong("sound"), 0, problem, std::make_shared<ThreadPool>(1));
  std::vector<float> memory(640);
  BackwardTensors tensors;
  size_t at = 0;
  const auto place = [&](auto& tensor) {
    tensor = {memory.data() + at, ATTN_DTYPE_F32, query_size(problem), {64, 32, 8, 1}};
    at += 64;
  };
  place(tensors.query);
  place(tensors.key);
  place(tensors.value);
  place(tensors.output);
  place(tensors.d_output);
  place(tensors.d_query);
  place(tensors.d_key);
  place(tensors.d_value);
  tensors.lse = memory.data() + at;
  CHECK_THROWS_WITH_AS(kernel.backward(tensors), doctest::Contains("it planned a backward pass and has none"),
                       KernelError);
}

TEST_CASE("the first plugin that says yes is chosen, and no other is asked") {
  const auto plugins =
      load({built_plugin("refuses_without_text"), built_plugin("sound"), built_plugin("unknown_status")});
  const Selection selection = select("first_value", cpu_device(1), small_problem(), ATTN_LEVEL_RULES, plugins);
  CHECK(selection.verdict == Verdict::kYes);
  REQUIRE(selection.chosen);
  CHECK(selection.chosen->plugin->name() == "sound");
  CHECK(selection.chosen->name() == "first_value");
  CHECK(selection.chosen->implementation == 0);
  REQUIRE(selection.refusals.size() == 2);  // on the CPU, and the same plugin's entry for CUDA
  CHECK(selection.refusals[0].plugin->name() == "refuses_without_text");
  CHECK(selection.supported_here.empty());
}

TEST_CASE("another implementation that works is reported, never chosen") {
  const auto plugins = load({built_plugin("refuses_without_text"), ATTENTION_EAGER_PLUGIN});
  const Selection selection = select("first_value", cpu_device(1), small_problem(), ATTN_LEVEL_RULES, plugins);
  CHECK(selection.verdict == Verdict::kNo);
  CHECK(!selection.chosen);
  CHECK(selection.name_known);
  REQUIRE(selection.supported_here.size() == 1);
  CHECK(selection.supported_here[0].name() == "eager");
  CHECK(
      refusal_lines(selection) ==
      Lines{"refuses_without_text: the plugin 'refuses_without_text' refused in query and gave no text (reason: other)",
            "refuses_without_text: provides first_value on cuda devices, not on cpu"});
}

TEST_CASE("a missing library is no refusal, and a failure is not one either") {
  const auto cannot =
      load({built_plugin("refuses_without_text"), built_plugin("unknown_status"), built_plugin("cannot_tell")});
  CHECK(select("first_value", cpu_device(1), small_problem(), ATTN_LEVEL_RULES, cannot).verdict ==
        Verdict::kCannotTell);
  const auto failed = load({built_plugin("refuses_without_text"), built_plugin("unknown_status")});
  CHECK(select("first_value", cpu_device(1), small_problem(), ATTN_LEVEL_RULES, failed).verdict == Verdict::kFailed);
}

TEST_CASE("a name that nobody provides, and a problem that is wrong in itself") {
  const auto plugins = load({built_plugin("sound"), ATTENTION_EAGER_PLUGIN});
  const Selection unknown = select("flash_attention_9", cpu_device(1), small_problem(), ATTN_LEVEL_RULES, plugins);
  CHECK(unknown.verdict == Verdict::kNo);
  CHECK(!unknown.name_known);
  CHECK(unknown.refusals.empty());
  CHECK(unknown.supported_here.size() == 2);
  CHECK(provided_names(plugins) == Lines{"eager", "first_value"});
  CHECK(provided_names(plugins, ATTN_DEVICE_CUDA) == Lines{"first_value"});

  attn_problem problem = small_problem();
  problem.heads_kv = 3;
  const Selection wrong_problem = select("eager", cpu_device(1), problem, ATTN_LEVEL_RULES, plugins);
  CHECK(wrong_problem.verdict == Verdict::kNo);
  CHECK(wrong_problem.name_known);
  CHECK(wrong_problem.problem_fault_reason == ATTN_REASON_HEADS);
  CHECK(refusal_lines(wrong_problem).size() == 1);
}
