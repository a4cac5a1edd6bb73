// Compiles the tasks once for each set of vector instructions, and knows which of them this processor has.
#include "attention_plugins/cpu_flash/kernels.hpp"

#include <algorithm>

#include "attention_plugins/geometry/tensor_rows.hpp"

// Between SSE4 and plain C++ there is nothing that would gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3
// Highway 1.0.3 has no target with products of bf16. The processors that have them (Zen 4, Sapphire Rapids and later)
// have all of this one, which is therefore compiled for bf16.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_plugins/cpu_flash/kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: what is compiled again and again.
#include <hwy/highway.h>
#if HWY_TARGET == HWY_AVX3_DL
// As Highway has it, or its functions could not be inlined, and bf16. (It allows avxvnni, which Zen 4 lacks: sums of
// products of bytes, which there are none of here.)
#undef HWY_TARGET_STR
#define HWY_TARGET_STR \
  HWY_TARGET_STR_AVX3  \
  ",vpclmulqdq,avx512vbmi,avx512vbmi2,vaes,avxvnni,avx512bitalg,avx512vpopcntdq,avx512bf16"
#endif
#include "attention_plugins/cpu_flash/backward-inl.hpp"
#include "attention_plugins/cpu_flash/decode-inl.hpp"
#include "attention_plugins/cpu_flash/decode_merge-inl.hpp"
#include "attention_plugins/cpu_flash/delta-inl.hpp"
#include "attention_plugins/cpu_flash/forward-inl.hpp"
#include "attention_plugins/cpu_flash/peak-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3_DL
constexpr const char* kPath = "avx512_bf16";
#elif HWY_TARGET == HWY_AVX3
constexpr const char* kPath = "avx512";
#elif HWY_TARGET == HWY_AVX2
constexpr const char* kPath = "avx2";
#elif HWY_TARGET == HWY_SSE4
constexpr const char* kPath = "sse4";
#else
constexpr const char* kPath = "portable";
#endif

const Kernels* this_path() {
  static constexpr Kernels kKernels{kPath,        kPerWord,   forward_task,  decode_task,
                                    decode_merge, delta_task, backward_task, peak_gflops};
  return &kKernels;
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace cfgtool::attention::cpu_flash {

namespace {

#if HWY_TARGETS & HWY_AVX3_DL
/// Processors make twice, once or half as many products of bf16 as of fp32 in the same time; the limit is where noise
/// does not decide. In turns, since the clock may rise meanwhile. Takes one millisecond.
bool multiplies_bf16_faster(const Kernels& bf16, const Kernels& fp32) {
  double of_bf16 = 0;
  double of_fp32 = 0;
  for (int turn = 0; turn < 8; ++turn) {
    of_bf16 = std::max(of_bf16, bf16.peak_gflops(1));
    of_fp32 = std::max(of_fp32, fp32.peak_gflops(1));
  }
  return of_bf16 > 1.5 * of_fp32;
}
#endif

}  // namespace

const std::vector<Path>& available_paths() {
  static const std::vector<Path> available = [] {
    std::vector<Path> paths;
    const auto add = [&](const Kernels* kernels) { paths.push_back({kernels->name, kernels, kernels}); };
    const int64_t targets = hwy::SupportedTargets();
#if HWY_TARGETS & HWY_AVX3
    if ((targets & HWY_AVX3) != 0) add(N_AVX3::this_path());
#endif
#if HWY_TARGETS & HWY_AVX3_DL
    if ((targets & HWY_AVX3_DL) != 0 && __builtin_cpu_supports("avx512bf16")) {
      const Kernels* const bf16 = N_AVX3_DL::this_path();
      const Kernels* const fp32 = paths.front().kernels;
      paths.insert(multiplies_bf16_faster(*bf16, *fp32) ? paths.begin() : paths.end(), {bf16->name, fp32, bf16});
    }
#endif
#if HWY_TARGETS & HWY_AVX2
    if ((targets & HWY_AVX2) != 0) add(N_AVX2::this_path());
#endif
#if HWY_TARGETS & HWY_SSE4
    if ((targets & HWY_SSE4) != 0) add(N_SSE4::this_path());
#endif
    add(HWY_STATIC_DISPATCH(this_path)());
    return paths;
  }();
  return available;
}

const Path* find_path(std::string_view name) {
  for (const Path& path : available_paths()) {
    if (path.name == name) return &path;
  }
  return nullptr;
}

}  // namespace cfgtool::attention::cpu_flash

#endif
