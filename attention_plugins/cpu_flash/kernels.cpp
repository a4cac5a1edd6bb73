// Compiles the tasks once for each set of vector instructions, and knows which of them this processor has.
#include "attention_plugins/cpu_flash/kernels.hpp"

#include "attention_plugins/cpu_common/tensor_rows.hpp"

// Between SSE4 and plain C++ there is nothing that would gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3
// Highway 1.0.3 knows no target with bf16 products. All processors that have these with AVX-512, but the first, have
// all of this target too, which is therefore used for them.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_plugins/cpu_flash/kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: what is compiled again and again.
#include <hwy/highway.h>
#if HWY_TARGET == HWY_AVX3_DL
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
/// Processors make twice, once or half as many products of bf16 as of fp32 in the same time. Only the first is worth
/// that weights are rounded. Halfway between, so that noise does not decide.
bool multiplies_bf16_faster(const Kernels& bf16, const Kernels& fp32) {
  constexpr int kRepeats = 8;
  return bf16.peak_gflops(kRepeats) > 1.5 * fp32.peak_gflops(kRepeats);
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
