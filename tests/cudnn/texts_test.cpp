// Options, descriptions of devices, cuDNN's error texts, and the bytes of saved plans.
#include <doctest/doctest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "attention_plugins/cudnn/device_description.hpp"
#include "attention_plugins/cudnn/saved_plan.hpp"
#include "tests/cudnn/plugin_question.hpp"

using namespace cfgtool::attention;
using namespace cfgtool::attention::cudnn;

namespace {

template <typename Work>
Failure failure_of(const Work& work) {
  try {
    work();
  } catch (const Failure& failure) {
    return failure;
  }
  return {ATTN_STATUS_OK, ATTN_REASON_NONE, "nothing failed"};
}

Device h100() {
  const DescribedDevice described("h100");
  return {-1, 90, "h100", described.device().description};
}

}  // namespace

TEST_CASE("options") {
  CHECK(parse_options("").plan_cache == 64);
  const Options options = parse_options("library=/a/b, stub=/c plan_cache=3");
  CHECK(options.library == "/a/b");
  CHECK(options.stub == "/c");
  CHECK(options.plan_cache == 3);
  for (const char* wrong : {"library", "library=", "path=/a", "plan_cache=x", "plan_cache=-1",
                            "plan_cache=1 plan_cache=2", "plan_cache=99999999999999999999"}) {
    const Failure failure = failure_of([&] { parse_options(wrong); });
    CHECK(failure.status() == ATTN_STATUS_REFUSED);
    CHECK(failure.reason() == ATTN_REASON_OPTIONS);
    CHECK(std::string(failure.what()).find("is none: library=PATH") != std::string::npos);
  }
}

TEST_CASE("our description of a device becomes cuDNN's") {
  const auto json = nlohmann::json::parse(cudnn_description(h100().description));
  CHECK(json.at("deviceVer") == 900);
  CHECK(json.at("multiProcessorCount") == 132);
  CHECK(json.at("maxSharedMemoryPerBlockOptin") == 232448);
  CHECK(json.at("maxGridSize") == nlohmann::json({2147483647, 65535, 65535}));
  CHECK(json.at("supportCoopLaunch") == 1);
  CHECK(json.size() == 26);
  CHECK(described_compute_capability(h100().description) == 90);
}

TEST_CASE("a description without a field, or with a wrong one, is refused by the field's name") {
  const auto whole = nlohmann::json::parse(h100().description);
  for (const auto& item : whole.items()) {
    auto without = whole;
    without.erase(item.key());
    auto wrong = whole;
    wrong[item.key()] = nlohmann::json::object();
    for (const auto& description : {without, wrong}) {
      const Failure failure = failure_of([&] { cudnn_description(description.dump()); });
      CHECK(failure.reason() == ATTN_REASON_DEVICE);
      CHECK(std::string(failure.what()).find("'" + item.key() + "'") != std::string::npos);
    }
  }
  for (const char* text : {"", "[1]", "{", "null"})
    CHECK(failure_of([&] { cudnn_description(text); }).reason() == ATTN_REASON_DEVICE);
}

TEST_CASE("cuDNN's log becomes one line: each reason once, no JSON, no call stack") {
  const std::string log =
      "{\"engineId\":0,\"smVersion\":750,\"knobChoices\":{}}\n"
      "Warning: CUDNN_STATUS_NOT_SUPPORTED; Reason: initBackends()\n"
      "Warning: CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH; Reason: only for Ampere and later GPUs. deviceVersion==750\n"
      "Warning: CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH; Reason: only for Ampere and later GPUs. deviceVersion==750\n";
  CHECK(one_line(log) ==
        "CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH: only for Ampere and later GPUs. deviceVersion==750");
  CHECK(reason_of(log) == ATTN_REASON_ARCHITECTURE);
  CHECK(one_line("") == "");
  CHECK(one_line("outputGraph.buildDAG()") == "outputGraph.buildDAG()");
  CHECK(reason_of("CUDNN_STATUS_NOT_SUPPORTED_SHARED_MEMORY_INSUFFICIENT") == ATTN_REASON_RESOURCES);
  CHECK(!lacks_runtime(log));
  CHECK(lacks_runtime(
      "Warning: CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING; Reason: this->libcuda == nullptr"));
}

TEST_CASE("versions") {
  CHECK(version_text(91900) == "9.19.0");
  CHECK(version_text(90801) == "9.8.1");
  CHECK(cuda_version_text(13000) == "13.0");
  CHECK(cuda_version_text(12020) == "12.2");
}

TEST_CASE("every byte of a problem, the device and the version are in a plan's key") {
  const attn_problem problem = causal_problem(ATTN_PASS_FORWARD);
  const std::string key = plan_key(problem, h100(), 91900);
  for (size_t i = sizeof(problem.size); i < sizeof(problem); ++i) {
    attn_problem other = problem;
    auto* bytes = reinterpret_cast<unsigned char*>(&other);
    bytes[i] ^= 1U;
    CHECK(plan_key(other, h100(), 91900) != key);
  }
  CHECK(plan_key(problem, h100(), 91901) != key);
  Device other = h100();
  other.description += " ";
  CHECK(plan_key(problem, other, 91900) != key);
  CHECK(plan_key(problem, h100(), 91900) == key);
}

TEST_CASE("saved bytes come back whole, or are stale") {
  const std::vector<SavedPass> passes{{2, "{\"forward\": 1}"}, {6, "{\"backward\": 2}"}};
  const std::string bytes = write_plan("key", passes);
  const auto back = read_plan(bytes.data(), bytes.size(), "key", 2);
  REQUIRE(back.size() == 2);
  CHECK(back[0].engine == 2);
  CHECK(back[1].json == passes[1].json);

  const auto reason = [](const std::string& saved, const char* key, size_t count) {
    return failure_of([&] { read_plan(saved.data(), saved.size(), key, count); }).reason();
  };
  CHECK(reason(bytes, "other", 2) == ATTN_REASON_STALE);
  CHECK(reason(bytes, "key", 1) == ATTN_REASON_STALE);
  CHECK(reason(bytes + "x", "key", 2) == ATTN_REASON_STALE);
  for (size_t size = 0; size < bytes.size(); ++size)
    CHECK(reason(bytes.substr(0, size), "key", 2) == ATTN_REASON_STALE);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    CHECK(reason(damaged, "key", 2) == ATTN_REASON_STALE);
  }
}
