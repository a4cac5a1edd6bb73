// Numbers made into the words that multiply() takes (gemm-inl.hpp). Where a word is one fp32 number, most of this is
// nothing. Included once for each SIMD target.
#if defined(CFGTOOL_CPU_FLASH_WORDS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_WORDS_INL_HPP
#undef CFGTOOL_CPU_FLASH_WORDS_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_WORDS_INL_HPP
#endif

#include <bit>
#include <cstdint>
#include <cstring>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/gemm-inl.hpp"
#include "attention_plugins/cpu_flash/vector_math-inl.hpp"
#include "attention_plugins/geometry/float_formats.hpp"
#include "attention_plugins/geometry/tensor_rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

/// Writes the row that begins at `start` as words(padded) words, with zeros behind its numbers.
HWY_INLINE void load_words(const geometry::Rows<const void>& rows, int64_t start, float* to, int64_t padded) {
  if constexpr (kPerWord == 1) {
    load_numbers(rows.data, rows.dtype, start, rows.head_dim, to, padded);
  } else {
    // bf16 as it is.
    const size_t bytes = static_cast<size_t>(rows.head_dim) * sizeof(uint16_t);
    std::memcpy(to, static_cast<const uint16_t*>(rows.data) + start, bytes);
    std::memset(reinterpret_cast<char*>(to) + bytes, 0, static_cast<size_t>(padded) * sizeof(uint16_t) - bytes);
  }
}

/// Whether none of the numbers in some words is an infinity or a NaN.
HWY_INLINE bool all_finite(const float* row, int64_t count) {
  const FloatTag d;
  FloatVec sum = hn::Zero(d);  // infinities and NaNs times 0 are NaNs
  int64_t k = 0;
  for (; k + lanes() <= count; k += lanes())
    sum = multiply_add(hn::LoadU(d, row + k), hn::Zero(d), sum);
  // Of bf16, half a vector may be left.
  if (k < count) sum = multiply_add(hn::MaskedLoad(hn::FirstN(d, count - k), d, row + k), hn::Zero(d), sum);
  return hn::AllTrue(d, hn::Eq(sum, hn::Zero(d)));
}

/// The number at `place` of a word: below kPerWord.
inline float number_of(float word, int64_t place) {
  if constexpr (kPerWord == 1) return word;
  return geometry::float_from_bf16(static_cast<uint16_t>(std::bit_cast<uint32_t>(word) >> (16 * place)));
}

/// Writes kPerWord rows of words(numbers) words as `numbers` words, in each of which are the numbers that the rows have
/// at its place. A single row stays where it is. \param numbers a multiple of lanes()
HWY_INLINE void group_rows(const float* rows, int64_t distance, int64_t numbers, float* to) {
  if constexpr (kPerWord == 1) return;
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  const hn::Rebind<uint16_t, FloatTag> d16;
  const auto* const even = reinterpret_cast<const uint16_t*>(rows);
  const auto* const odd = reinterpret_cast<const uint16_t*>(rows + distance);
  for (int64_t k = 0; k < numbers; k += lanes()) {
    const auto low = hn::PromoteTo(du, hn::LoadU(d16, even + k));
    const auto high = hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(d16, odd + k)));
    hn::StoreU(hn::BitCast(d, hn::Or(low, high)), d, to + k);
  }
}

/// The same for vectors of kPerWord rows, which are rounded.
HWY_INLINE FloatVec grouped(const FloatVec (&rows)[kPerWord]) {
#if HWY_TARGET == HWY_AVX3_DL
  const hn::RebindToSigned<FloatTag> di;
  const auto low = hn::Iota(di, 0);
  const auto places = hn::Or(low, hn::ShiftLeft<16>(hn::Add(low, hn::Set(di, 16))));
  const auto rounded = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(rows[1].raw, rows[0].raw));
  return FloatVec{_mm512_castsi512_ps(_mm512_permutexvar_epi16(places.raw, rounded))};
#else
  return rows[0];
#endif
}

/// Numbers side by side, rounded and written as words(lanes()) words.
HWY_INLINE void store_words(FloatVec numbers, float* to) {
#if HWY_TARGET == HWY_AVX3_DL
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(numbers.raw)));
#else
  hn::StoreU(numbers, FloatTag(), to);
#endif
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
