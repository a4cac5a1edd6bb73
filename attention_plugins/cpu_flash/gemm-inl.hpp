// Small matrix products with sums in fp32, the work that attention is made of. Included once for each SIMD target.
//
// C[m][n] (+)= sum over k of A(m, k) * B[k][n], where n runs along vectors and A is read one word at a time: A(m, k)
// is a[m * a_row + k * a_column], so that A may be stored either way round. Rows of B and C are aligned to nothing.
//
// A word of A and B is one fp32 number or, where the processor multiplies bf16, two of these that follow each other
// along k, the earlier one in the low half. It is moved about as a float is, and only multiply_add looks into it.
#if defined(CFGTOOL_CPU_FLASH_GEMM_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_GEMM_INL_HPP
#undef CFGTOOL_CPU_FLASH_GEMM_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_GEMM_INL_HPP
#endif

#include <cstdint>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/flash_plan.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVec = hn::Vec<FloatTag>;

inline int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(FloatTag()));
}

#if HWY_TARGET == HWY_AVX3_DL
inline constexpr int64_t kPerWord = 2;
#else
inline constexpr int64_t kPerWord = 1;
#endif

/// That hold so many numbers.
inline constexpr int64_t words(int64_t numbers) {
  return (numbers + kPerWord - 1) / kPerWord;
}

/// sum + a * b; of two numbers in a word, both products.
HWY_INLINE FloatVec multiply_add(FloatVec a, FloatVec b, FloatVec sum) {
#if HWY_TARGET == HWY_AVX3_DL
  return FloatVec{_mm512_dpbf16_ps(sum.raw, reinterpret_cast<__m512bh>(a.raw), reinterpret_cast<__m512bh>(b.raw))};
#else
  return hn::MulAdd(a, b, sum);
#endif
}

/// Rows and vectors of C that are kept in registers. 16 to 24 sums keep the multiply-add units busy; AVX-512 and others
/// have 32 registers, the rest 16.
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kTileRows = 8;
inline constexpr int kTileVectors = 2;
#else
inline constexpr int kTileRows = 4;
inline constexpr int kTileVectors = 3;
#endif

static_assert(kRowMultiple % kTileRows == 0);

/// Stored either way round, see above.
struct Left {
  const float* data;
  int64_t row, column;
  Left rows_from(int64_t first) const { return {data + first * row, row, column}; }
};

struct Right {
  const float* data;
  int64_t row;
};

struct Result {
  float* data;
  int64_t row;
};

enum class Into {
  kStore,          ///< C = AB
  kScaleAndStore,  ///< C = factor[0] * AB
  kAdd,            ///< C += AB
  kScaleAndAdd     ///< C[m] = factor[m] * C[m] + (AB)[m]
};

template <int kVectors, Into kInto>
HWY_INLINE void tile(const float* HWY_RESTRICT a, int64_t a_row, int64_t a_column, const float* HWY_RESTRICT b,
                     int64_t b_row, float* HWY_RESTRICT c, int64_t c_row, int64_t inner,
                     const float* HWY_RESTRICT factors) {
  const FloatTag d;
  const int64_t width = lanes();
  FloatVec sums[kTileRows][kVectors];
  for (int m = 0; m < kTileRows; ++m) {
    for (int n = 0; n < kVectors; ++n) {
      if constexpr (kInto == Into::kStore || kInto == Into::kScaleAndStore) {
        sums[m][n] = hn::Zero(d);
      } else {
        sums[m][n] = hn::LoadU(d, c + m * c_row + n * width);
        if constexpr (kInto == Into::kScaleAndAdd) sums[m][n] = hn::Mul(sums[m][n], hn::Set(d, factors[m]));
      }
    }
  }
  for (int64_t k = 0; k < inner; ++k) {
    FloatVec row[kVectors];
    for (int n = 0; n < kVectors; ++n)
      row[n] = hn::LoadU(d, b + n * width);
    for (int m = 0; m < kTileRows; ++m) {
      const FloatVec word = hn::Set(d, a[m * a_row]);
      for (int n = 0; n < kVectors; ++n)
        sums[m][n] = multiply_add(word, row[n], sums[m][n]);
    }
    a += a_column;
    b += b_row;
  }
  for (int m = 0; m < kTileRows; ++m) {
    for (int n = 0; n < kVectors; ++n) {
      if constexpr (kInto == Into::kScaleAndStore) sums[m][n] = hn::Mul(sums[m][n], hn::Set(d, factors[0]));
      hn::StoreU(sums[m][n], d, c + m * c_row + n * width);
    }
  }
}

template <int kVectors, Into kInto>
HWY_INLINE void column_of_tiles(Left a, Right b, Result c, int64_t rows, int64_t inner, const float* factors) {
  // Known strides make shorter addresses.
  for (int64_t m = 0; m < rows; m += kTileRows) {
    const float* const start = a.data + m * a.row;
    float* const out = c.data + m * c.row;
    const float* const scale = kInto == Into::kScaleAndAdd ? factors + m : factors;
    if (a.row == 1) {
      tile<kVectors, kInto>(start, 1, a.column, b.data, b.row, out, c.row, inner, scale);
    } else {
      tile<kVectors, kInto>(start, a.row, 1, b.data, b.row, out, c.row, inner, scale);
    }
  }
}

/// \param rows of A and C: a multiple of kRowMultiple \param columns of B and C: a multiple of lanes() \param inner the
/// words that are summed \param factors one for each row, for kScaleAndAdd; one for kScaleAndStore. One of A's strides
/// is 1.
template <Into kInto>
HWY_NOINLINE void multiply(Left a, Right b, Result c, int64_t rows, int64_t columns, int64_t inner,
                           const float* factors = nullptr) {
  const int64_t width = lanes();
  int64_t left = columns / width;
  while (left > 0) {
    // Four vectors are better two and two than three and one.
    const int64_t now = left >= kTileVectors && left != kTileVectors + 1 ? kTileVectors : left >= 2 ? 2 : 1;
    switch (now) {
      case 3:
        column_of_tiles<(kTileVectors >= 3 ? 3 : 1), kInto>(a, b, c, rows, inner, factors);
        break;
      case 2:
        column_of_tiles<2, kInto>(a, b, c, rows, inner, factors);
        break;
      default:
        column_of_tiles<1, kInto>(a, b, c, rows, inner, factors);
        break;
    }
    b.data += now * width;
    c.data += now * width;
    left -= now;
  }
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
