// The choice of a plugin for each role: on this machine, and on one that is made up.
#include <doctest/doctest.h>

#include <string>

#include "attention_plugins/host/role_choice.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "tests/spec/toy_framework.hpp"

namespace cfgtool::test {

namespace {

using attention::Machine;
using attention::RoleChoice;
using Plugins = std::vector<std::shared_ptr<const attention::Plugin>>;

Machine without_gpu() {
  Machine machine;
  machine.no_cuda = "no NVIDIA driver (libcuda.so.1) on this machine";
  machine.workers = 2;
  return machine;
}

Machine with_gpu() {
  Machine machine;
  machine.cuda = {{"Pretended H100", 90}};
  machine.workers = 2;
  return machine;
}

Plugins eager_plugin() {
  attention::LoadOptions options;
  options.command_line_paths = {{SPEC_EAGER_PLUGIN, "--attention-plugin-path"}};
  options.use_environment = false;
  options.use_default_folders = false;
  std::vector<Diagnostic> warnings;
  return attention::load_plugins_or_refuse(options, std::make_shared<SourceMap>(), warnings);
}

/// The whole path for one configuration.
struct Chosen {
  AttentionSpec spec;
  std::vector<RoleChoice> choices;
  std::vector<Diagnostic> errors;
  std::string text;

  Chosen(AttentionSpec from, const Machine& machine, const Plugins& plugins) : spec(std::move(from)) {
    choices = attention::choose_roles(spec, machine, plugins);
    errors = attention::refusals(spec, machine, choices, attention::known_names(spec, plugins));
    text = render(errors, spec.sources.get());
  }
  bool says(const std::string& words) const { return text.find(words) != std::string::npos; }
};

constexpr const char* kBothRoles = "model: {}\njudge: {}\n";

}  // namespace

TEST_CASE("what is named and supported is chosen, for every role") {
  const Scratch scratch;
  const Machine machine = without_gpu();
  const Chosen chosen(toy_spec(scratch, kBothRoles, {"+model.attention=eager"}), machine, eager_plugin());
  CHECK(chosen.errors.empty());
  for (const RoleChoice& choice : chosen.choices) {
    REQUIRE(choice.chosen.has_value());
    CHECK(choice.chosen->name() == "eager");
    CHECK(choice.device.kind == ATTN_DEVICE_CPU);
    CHECK(choice.reasons.empty());
  }
  CHECK((chosen.choices[0].problem.passes & ATTN_PASS_BACKWARD) != 0);
  CHECK((chosen.choices[1].problem.passes & ATTN_PASS_BACKWARD) == 0);
}

TEST_CASE("without any plugin for GPUs nothing can be told about one") {
  const Scratch scratch;
  Machine machine;
  auto gpu = std::make_shared<attention::KnownDevice>();
  gpu->name = "h100";
  gpu->gpu.compute_capability = 90;
  machine.described = gpu;
  const Chosen chosen(toy_spec(scratch, "model: {attention: eager}\n"), machine, eager_plugin());
  REQUIRE(chosen.errors.size() == 1);
  CHECK(chosen.errors.front().code == "attention-cannot-tell");
  CHECK(chosen.errors.front().fix.empty());
  CHECK(chosen.says("no plugin for GPUs is loaded; they are built where CUDA's compiler (nvcc)"));
}

TEST_CASE("the default that nothing provides is refused once for all roles of a key, with what to type") {
  const Scratch scratch;
  const Machine machine = without_gpu();
  const Chosen chosen(toy_spec(scratch, kBothRoles), machine, eager_plugin());
  REQUIRE(chosen.errors.size() == 1);
  const Diagnostic& error = chosen.errors.front();
  CHECK(error.code == "attention-unsupported");
  CHECK(error.stage == Stage::kAttention);
  CHECK(error.message == "attention implementation sdpa is not supported here for learner and judge");
  CHECK(error.key_path == "model.attention");
  CHECK(error.fix == "+model.attention=eager");
  CHECK(chosen.says("decided by default: model.attention is not set, and toy then means sdpa"));
  CHECK(chosen.says("no attention plugin provides sdpa (loaded: eager 1.0.0)"));
  CHECK(chosen.says("no NVIDIA driver (libcuda.so.1) on this machine"));
  CHECK(chosen.says("supported here for these sizes: eager"));
}

TEST_CASE("the override to type fits how the choice was made") {
  const Scratch scratch;
  const Machine machine = without_gpu();
  const Plugins plugins = eager_plugin();
  const auto fix = [&](const char* yaml, const std::vector<std::string>& overrides) {
    const Chosen chosen(toy_spec(scratch, yaml, overrides), machine, plugins);
    REQUIRE(chosen.errors.size() == 1);
    return chosen.errors.front().fix;
  };
  CHECK(fix("model: {}\n", {}) == "+model.attention=eager");
  CHECK(fix("model: {attention: null}\n", {}) == "model.attention=eager");
  CHECK(fix("model: {attention: sdpa}\n", {}) == "model.attention=eager");
  CHECK(fix("model: {attention: x}\n", {"model.attention=sdpa"}) == "model.attention=eager");
  CHECK(fix("model: {}\n", {"+model.attention=sdpa"}) == "+model.attention=eager");
  CHECK(fix("model: {}\n", {"++model.attention='sdpa'"}) == "++model.attention=eager");
  CHECK(fix("model: null\n", {"model={attention: sdpa}"}) == "model.attention=eager");
  CHECK(fix("wanted: sdpa\nmodel: {attention: '${wanted}'}\n", {"wanted=sdpa"}) == "model.attention=eager");
  const Chosen chosen(toy_spec(scratch, "model: {}\n", {"+a=1", "+model.attention=sdpa"}), machine, plugins);
  CHECK(chosen.says("type it in place of override 2, +model.attention=sdpa"));
  CHECK(chosen.says("--> override 2:18: decided here"));
}

TEST_CASE("an unknown name lists the known ones and the nearest") {
  const Scratch scratch;
  const Machine machine = without_gpu();
  const Plugins plugins = eager_plugin();
  for (const char* name : {"Eager", "EAGER", "eagre"}) {
    CAPTURE(name);
    const Chosen chosen(toy_spec(scratch, "model: {}\n", {std::string("+model.attention=") + name}), machine, plugins);
    REQUIRE(chosen.errors.size() == 1);
    CHECK(chosen.errors.front().code == "attention-unknown-implementation");
    CHECK(chosen.says("known are eager, sdpa"));
    CHECK(chosen.says("did you mean 'eager'?"));
    CHECK(chosen.errors.front().fix == "+model.attention=eager");
  }
  const Chosen far(toy_spec(scratch, "model: {attention: flash}\n"), machine, plugins);
  CHECK_FALSE(far.says("did you mean"));
  CHECK(far.says("known are eager, sdpa"));
}

TEST_CASE("a machine with a GPU does not blame a missing driver") {
  const Scratch scratch;
  const Machine machine = with_gpu();
  const Plugins plugins = eager_plugin();
  const Chosen refused(toy_spec(scratch, kBothRoles), machine, plugins);
  CHECK_FALSE(refused.says("driver"));
  CHECK(refused.says("no attention plugin provides sdpa on CUDA or on the CPU"));
  const Chosen chosen(toy_spec(scratch, kBothRoles, {"+model.attention=eager"}), machine, plugins);
  REQUIRE(chosen.choices[0].chosen.has_value());
  CHECK(attention::describe(chosen.choices[0].device) == "cpu");
}

TEST_CASE("a plugin's own sentence is told, per role") {
  const Scratch scratch;
  const Machine machine = without_gpu();
  // The learner's type is one that eager refuses, the judge's is the example's.
  const Chosen chosen(toy_spec(scratch, kBothRoles, {"+model.attention=eager", "+model.dtype=fp8_e4m3"}), machine,
                      eager_plugin());
  REQUIRE(chosen.errors.size() == 1);
  CHECK(chosen.errors.front().message == "attention implementation eager is not supported here for learner");
  CHECK(chosen.says("why: eager on cpu: 8-bit types are not supported"));
  CHECK(chosen.says("supported here for these sizes: nothing that is loaded"));
  CHECK(chosen.errors.front().fix.empty());
  CHECK(chosen.choices[0].reasons.front().code == "dtype");
  CHECK(chosen.choices[1].chosen.has_value());
}

TEST_CASE("a type that no kernel knows is refused with its place") {
  const Scratch scratch;
  const Machine machine = without_gpu();
  const Chosen chosen(toy_spec(scratch, "model: {}\n", {"+model.attention=eager", "+model.dtype=int8"}), machine,
                      eager_plugin());
  REQUIRE(chosen.errors.size() == 1);
  CHECK(chosen.says("the type 'int8' (override 2:14) is none of fp32"));
}

TEST_CASE("sizes that are no problem at all are refused by the host") {
  const Scratch scratch;
  const Machine machine = without_gpu();
  const Chosen chosen(
      toy_spec(scratch, "model: {attention: eager, heads: 2147483647, kv_heads: 1, head_dim: 2147483647}\n"), machine,
      eager_plugin());
  REQUIRE(chosen.errors.size() == 1);
  CHECK(chosen.says("too large"));
}

TEST_CASE("without any plugin, nothing is supported") {
  const Scratch scratch;
  const Machine machine = without_gpu();
  const Chosen chosen(toy_spec(scratch, "model: {attention: eager}\n"), machine, {});
  REQUIRE(chosen.errors.size() == 1);
  CHECK(chosen.says("no attention plugin provides eager (no plugin is loaded)"));
  CHECK(chosen.errors.front().fix.empty());
}

TEST_CASE("this machine can be looked at") {
  const Machine machine = attention::look_at_machine();
  CHECK(machine.workers >= 1);
  CHECK(machine.cuda.empty() == !machine.no_cuda.empty());
  CHECK(machine.devices().back().kind == ATTN_DEVICE_CPU);
}

}  // namespace cfgtool::test
