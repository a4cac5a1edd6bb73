// Compiles the tasks once for each set of vector instructions, and knows which of them this processor has.
#include "attention_plugins/cpu_flash/kernels.hpp"

#include "attention_plugins/cpu_common/tensor_rows.hpp"

// Between these and the others there is nothing that would gain.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_plugins/cpu_flash/kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: what is compiled again and again.
#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/backward-inl.hpp"
#include "attention_plugins/cpu_flash/decode-inl.hpp"
#include "attention_plugins/cpu_flash/decode_merge-inl.hpp"
#include "attention_plugins/cpu_flash/delta-inl.hpp"
#include "attention_plugins/cpu_flash/forward-inl.hpp"
#include "attention_plugins/cpu_flash/peak-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3
constexpr const char* kPath = "avx512";
#elif HWY_TARGET == HWY_AVX2
constexpr const char* kPath = "avx2";
#elif HWY_TARGET == HWY_SSE4
constexpr const char* kPath = "sse4";
#else
constexpr const char* kPath = "portable";
#endif

const Kernels* this_path() {
  static constexpr Kernels kKernels{kPath,      forward_task,  decode_task, decode_merge,
                                    delta_task, backward_task, fma_gflops};
  return &kKernels;
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace cfgtool::attention::cpu_flash {

const std::vector<const Kernels*>& available_kernels() {
  static const std::vector<const Kernels*> available = [] {
    std::vector<const Kernels*> paths;
    const int64_t targets = hwy::SupportedTargets();
#if HWY_TARGETS & HWY_AVX3
    if ((targets & HWY_AVX3) != 0) paths.push_back(N_AVX3::this_path());
#endif
#if HWY_TARGETS & HWY_AVX2
    if ((targets & HWY_AVX2) != 0) paths.push_back(N_AVX2::this_path());
#endif
#if HWY_TARGETS & HWY_SSE4
    if ((targets & HWY_SSE4) != 0) paths.push_back(N_SSE4::this_path());
#endif
    paths.push_back(HWY_STATIC_DISPATCH(this_path)());
    return paths;
  }();
  return available;
}

const Kernels* find_kernels(std::string_view name) {
  for (const Kernels* const path : available_kernels()) {
    if (path->name == name) return path;
  }
  return nullptr;
}

}  // namespace cfgtool::attention::cpu_flash

#endif
