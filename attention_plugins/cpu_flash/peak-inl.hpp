// How fast this processor multiplies and adds, to know what a kernel's time is worth. Included once for each SIMD
// target.
#if defined(CFGTOOL_CPU_FLASH_PEAK_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_PEAK_INL_HPP
#undef CFGTOOL_CPU_FLASH_PEAK_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_PEAK_INL_HPP
#endif

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/gemm-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

/// GFLOP/s of multiply_add on one thread, the best of some repeats, each of which takes less than 0.1 ms: independent
/// sums in registers, as many as there is room for.
inline double peak_gflops(int repeats) {
  using Clock = std::chrono::steady_clock;
  constexpr int kSums = 12;
  constexpr int kSteps = 20000;
  const FloatTag d;
  FloatVec sums[kSums];
  for (FloatVec& sum : sums)
    sum = hn::Set(d, 1.0F);
  // Not known to the compiler, so that it cannot leave the loop out.
  volatile float factor_source = 0.999F;
  volatile float term_source = 1e-3F;
  const FloatVec factor = hn::Set(d, factor_source);
  const FloatVec term = hn::Set(d, term_source);
  double best = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = Clock::now();
    for (int step = 0; step < kSteps; ++step) {
      for (FloatVec& sum : sums)
        sum = multiply_add(factor, term, sum);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, 2.0 * kSums * kSteps * static_cast<double>(lanes() * kPerWord) / seconds / 1e9);
  }
  FloatVec all = hn::Zero(d);
  for (const FloatVec& sum : sums)
    all = hn::Add(all, sum);
  volatile float used = hn::GetLane(all);
  (void)used;
  return best;
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
