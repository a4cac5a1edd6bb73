// The plugin where something is missing: CMakeLists.txt runs each case in a process of its own, with libraries hidden
// or a driver that is none. Without that environment the cases say what they skip.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/cudnn/plugin_question.hpp"

using namespace cfgtool::attention;

namespace {

bool in_environment(const char* name) {
  const char* value = std::getenv("CUDNN_TEST");
  const bool is_it = value != nullptr && std::string(value) == name;
  if (!is_it) MESSAGE("skipped: it needs the environment of its own test");
  return is_it;
}

Answer ask(int32_t level, const attn_device& device) {
  return load_cudnn()->query(kSdpa, device, causal_problem(ATTN_PASS_FORWARD), level);
}

Answer ask_h100(int32_t level) {
  return ask(level, DescribedDevice("h100").device());
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_cannot_tell(const Answer& answer, const std::string& part) {
  INFO(answer.text);
  CHECK(answer.verdict == Verdict::kCannotTell);
  CHECK(answer.reason == ATTN_REASON_RUNTIME_MISSING);
  CHECK(contains(answer.text, part));
}

}  // namespace

TEST_CASE("no cuDNN") {
  if (!in_environment("no cuDNN")) return;
  CHECK(ask_h100(ATTN_LEVEL_RULES).verdict == Verdict::kYes);
  check_cannot_tell(ask_h100(ATTN_LEVEL_HEURISTICS), "libcudnn_graph.so.9");
  check_cannot_tell(ask_h100(ATTN_LEVEL_COMPILE), "library=PATH");
  // What rules forbid is no, with or without it.
  CHECK(ask(ATTN_LEVEL_COMPILE, DescribedDevice("t4").device()).verdict == Verdict::kNo);
}

TEST_CASE("a path where no cuDNN is") {
  const Answer answer =
      load_cudnn("library=/no/such/folder")
          ->query(kSdpa, DescribedDevice("h100").device(), causal_problem(ATTN_PASS_FORWARD), ATTN_LEVEL_HEURISTICS);
  check_cannot_tell(answer, "/no/such/folder");
}

TEST_CASE("neither driver nor stub") {
  if (!in_environment("neither driver nor stub")) return;
  const Answer answer = ask_h100(ATTN_LEVEL_HEURISTICS);
  check_cannot_tell(answer, "libcuda.so.1");
  CHECK(contains(answer.text, "stubs/libcuda.so"));
  CHECK(contains(answer.text, "--compile"));
  check_cannot_tell(ask(ATTN_LEVEL_HEURISTICS, first_device()), "no NVIDIA driver");
}

TEST_CASE("null driver") {
  if (!in_environment("null driver")) return;
  const Answer answer = ask_h100(ATTN_LEVEL_COMPILE);
  INFO(answer.text);
  CHECK(answer.verdict == Verdict::kYes);
  CHECK(answer.level == ATTN_LEVEL_COMPILE);
}

TEST_CASE("stub as driver") {
  if (!in_environment("stub as driver")) return;
  const Answer answer = ask_h100(ATTN_LEVEL_COMPILE);
  INFO(answer.text);
  CHECK(answer.verdict == Verdict::kYes);
  CHECK(answer.level == ATTN_LEVEL_COMPILE);
}

TEST_CASE("no NVRTC") {
  if (!in_environment("no NVRTC")) return;
  const Answer answer = ask_h100(ATTN_LEVEL_COMPILE);
  INFO(answer.text);
  CHECK((answer.verdict == Verdict::kYes || answer.verdict == Verdict::kCannotTell));
  CHECK(answer.level < ATTN_LEVEL_COMPILE);
}

TEST_CASE("old driver") {
  if (!in_environment("old driver")) return;
  const Answer answer = ask(ATTN_LEVEL_HEURISTICS, first_device());
  check_cannot_tell(answer, "CUDA up to 12.2");
  CHECK(contains(answer.text, "was built for CUDA 1"));
  int32_t reason = 0;
  try {
    const Plan plan(load_cudnn(), kSdpa, first_device(), causal_problem(ATTN_PASS_FORWARD));
  } catch (const KernelError& error) {
    reason = error.reason();
  }
  CHECK(reason == ATTN_REASON_RUNTIME_MISSING);
}

TEST_CASE("old driver: it describes its device all the same") {
  if (!in_environment("old driver")) return;
  const auto plugin = load_cudnn();
  const std::optional<std::string> description = plugin->describe_device(ATTN_DEVICE_CUDA, 0);
  REQUIRE(description.has_value());
  CHECK(contains(*description, "\"name\":\"a GPU of the tests\""));
  CHECK(contains(*description, "\"compute_capability\":90"));
  CHECK(contains(*description, "\"driver_version\":12020"));
  CHECK(!plugin->describe_device(ATTN_DEVICE_CUDA, 1).has_value());
}
