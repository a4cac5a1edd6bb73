#include "attention_plugins/cuda_eager/architectures.hpp"

#include <algorithm>

namespace cfgtool::attention::cuda_eager {
namespace {

std::string dotted(int32_t architecture) {
  return std::to_string(architecture / 10) + "." + std::to_string(architecture % 10);
}

}  // namespace

Build this_build() {
  return {CUDA_EAGER_TOOLKIT, CUDA_EAGER_OLDEST_ARCHITECTURE, {CUDA_EAGER_ARCHITECTURES}};
}

std::string why_not(const Build& build, int32_t compute_capability, const std::string& device) {
  const auto runs_on_it = [&](int32_t architecture) {
    return architecture <= compute_capability && architecture / 10 == compute_capability / 10;
  };
  if (compute_capability >= build.compiled_for.back() || std::ranges::any_of(build.compiled_for, runs_on_it)) return {};
  const std::string found = device + " (compute capability " + dotted(compute_capability) + "): ";
  if (compute_capability < build.oldest_known) {
    const std::string major = build.toolkit.substr(0, build.toolkit.find('.'));
    return found + "CUDA " + major + " dropped architectures before " + dotted(build.oldest_known) +
           ", so that nothing here runs on it";
  }
  std::string all;
  for (const int32_t architecture : build.compiled_for)
    all += (all.empty() ? "" : ", ") + dotted(architecture);
  return found + "this was compiled for " + all + " and what is newer than the last of them";
}

}  // namespace cfgtool::attention::cuda_eager
