#include "tests/cudnn/plugin_question.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace cfgtool::attention {

std::shared_ptr<const Plugin> load_cudnn(const std::string& options) {
  return Plugin::load({CUDNN_PLUGIN, "the test"}, [&](std::string_view) { return options; }, {});
}

DescribedDevice::DescribedDevice(const std::string& name) : name_(name) {
  std::ifstream file(std::string(DEVICE_FOLDER) + "/" + name + ".json");
  REQUIRE(file.good());
  const auto json = nlohmann::json::parse(file);
  description_ = json.at("description").dump();
  device_.size = sizeof(device_);
  device_.kind = ATTN_DEVICE_CUDA;
  device_.index = -1;
  device_.compute_capability = json.at("description").at("compute_capability");
  device_.name = name_.c_str();
  device_.description = description_.c_str();
}

attn_device first_device() {
  attn_device device{};
  device.size = sizeof(device);
  device.kind = ATTN_DEVICE_CUDA;
  device.index = 0;
  device.compute_capability = 90;  // as the host fills it in
  device.name = "device 0";
  return device;
}

attn_problem causal_problem(uint32_t passes, int64_t head_dim) {
  attn_problem problem = make_problem({.batch = 2, .heads_q = 16, .seq_q = 2048, .head_dim_qk = head_dim},
                                      ATTN_DTYPE_BF16, passes, Layout::kBatchSequenceHeads);
  problem.alignment = 16;
  make_causal(problem, ATTN_DIAGONAL_TOP_LEFT);
  return problem;
}

std::optional<std::string> why_no_cudnn() {
  const Answer answer = load_cudnn()->query(kSdpa, DescribedDevice("h100").device(), causal_problem(ATTN_PASS_FORWARD),
                                            ATTN_LEVEL_HEURISTICS);
  if (answer.verdict == Verdict::kCannotTell) return answer.text;
  return std::nullopt;
}

}  // namespace cfgtool::attention
