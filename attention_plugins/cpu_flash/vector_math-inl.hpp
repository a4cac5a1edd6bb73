// exp2 and sums of vectors, and rows of tensors of any type from and to fp32. Included once for each SIMD target.
#if defined(CFGTOOL_CPU_FLASH_VECTOR_MATH_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef CFGTOOL_CPU_FLASH_VECTOR_MATH_INL_HPP
#undef CFGTOOL_CPU_FLASH_VECTOR_MATH_INL_HPP
#else
#define CFGTOOL_CPU_FLASH_VECTOR_MATH_INL_HPP
#endif

#include <cstdint>
#include <cstring>

#include <hwy/highway.h>
#include "attention_plugins/cpu_flash/gemm-inl.hpp"
#include "attention_plugins/geometry/tensor_rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE {

/// 2^x for x <= 1 or so: 0 below -126 (what would be subnormal), NaN for NaN. Relative error below 2e-7: the polynomial
/// of Cephes' exp2f on [-0.5, 0.5].
HWY_INLINE FloatVec exp2(FloatVec x) {
  const FloatTag d;
#if HWY_TARGET <= HWY_AVX3
  const FloatVec whole = hn::Round(x);
  const FloatVec f = hn::Sub(x, whole);
#else
  const hn::RebindToSigned<FloatTag> di;
  const auto whole = hn::NearestInt(x);
  const FloatVec f = hn::Sub(x, hn::ConvertTo(d, whole));
#endif
  FloatVec p = hn::Set(d, 1.535336188319500e-4F);
  p = hn::MulAdd(p, f, hn::Set(d, 1.339887440266574e-3F));
  p = hn::MulAdd(p, f, hn::Set(d, 9.618437357674640e-3F));
  p = hn::MulAdd(p, f, hn::Set(d, 5.550332471162809e-2F));
  p = hn::MulAdd(p, f, hn::Set(d, 2.402264791363012e-1F));
  p = hn::MulAdd(p, f, hn::Set(d, 6.931472028550421e-1F));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0F));
#if HWY_TARGET <= HWY_AVX3
  // Times 2^whole where x is not less than that: a NaN is not.
  const __mmask16 is_normal = _mm512_cmp_ps_mask(x.raw, _mm512_set1_ps(-126.0F), _CMP_NLT_UQ);
  return FloatVec{_mm512_maskz_scalef_ps(is_normal, p.raw, whole.raw)};
#else
  const FloatVec scaled = hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(whole)));
  // Of a NaN, NearestInt makes an integer that would turn it into a number.
  const FloatVec result = hn::IfThenElse(hn::Eq(x, x), scaled, x);
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -126.0F)), result);
#endif
}

/// The sum across each of four vectors.
HWY_INLINE void add_across(const FloatVec (&vectors)[4], float* sums) {
#if HWY_TARGET == HWY_SCALAR
  for (int n = 0; n < 4; ++n)
    sums[n] = hn::GetLane(vectors[n]);
#else
  const FloatTag d;
  const hn::Repartition<uint64_t, FloatTag> d64;
  // Halves of four lanes: [a0+a2, b0+b2, a1+a3, b1+b3].
  const FloatVec ab =
      hn::Add(hn::InterleaveLower(d, vectors[0], vectors[1]), hn::InterleaveUpper(d, vectors[0], vectors[1]));
  const FloatVec cd =
      hn::Add(hn::InterleaveLower(d, vectors[2], vectors[3]), hn::InterleaveUpper(d, vectors[2], vectors[3]));
  const auto ab64 = hn::BitCast(d64, ab);
  const auto cd64 = hn::BitCast(d64, cd);
  const FloatVec abcd = hn::Add(hn::BitCast(d, hn::InterleaveLower(d64, ab64, cd64)),
                                hn::BitCast(d, hn::InterleaveUpper(d64, ab64, cd64)));
  HWY_ALIGN float blocks[HWY_LANES(float)];
  hn::Store(abcd, d, blocks);
  for (int n = 0; n < 4; ++n)
    sums[n] = blocks[n];
  for (int64_t block = 4; block < lanes(); block += 4) {
    for (int n = 0; n < 4; ++n)
      sums[n] += blocks[block + n];
  }
#endif
}

/// One vector of a row, widened.
HWY_INLINE FloatVec load_vector(const void* data, int32_t dtype, int64_t index) {
  const FloatTag d;
  if (dtype == ATTN_DTYPE_F32) return hn::LoadU(d, static_cast<const float*>(data) + index);
  const auto* const bits = static_cast<const uint16_t*>(data) + index;
  if (dtype == ATTN_DTYPE_BF16) {
    const hn::RebindToUnsigned<FloatTag> du;
    const hn::Rebind<uint16_t, FloatTag> d16;
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(d16, bits))));
  }
#if HWY_TARGET <= HWY_AVX2 || HWY_TARGET == HWY_NEON
  const hn::Rebind<hwy::float16_t, FloatTag> d16;
  return hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(bits)));
#else
  HWY_ALIGN float numbers[HWY_LANES(float)];
  for (int64_t i = 0; i < lanes(); ++i)
    numbers[i] = geometry::float_from_fp16(bits[i]);
  return hn::Load(d, numbers);
#endif
}

/// Twice as many numbers, in an order of its own that is cheap to read: of bf16, those at even places and those at odd
/// places, which are the halves of 32-bit words; of other types, one vector after the other.
struct VectorPair {
  FloatVec first, second;
};

HWY_INLINE VectorPair load_pair(const void* data, int32_t dtype, int64_t index) {
  if (dtype != ATTN_DTYPE_BF16) return {load_vector(data, dtype, index), load_vector(data, dtype, index + lanes())};
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> du;
  const auto* const bits = static_cast<const uint16_t*>(data) + index;
  const auto words = hn::LoadU(du, reinterpret_cast<const uint32_t*>(bits));
  return {hn::BitCast(d, hn::ShiftLeft<16>(words)), hn::BitCast(d, hn::And(words, hn::Set(du, 0xffff0000U)))};
}

/// Where load_pair puts the number at `place` of 2 * lanes() numbers: in the first vector and then the second.
inline int64_t place_in_pair(int32_t dtype, int64_t place) {
  if (dtype != ATTN_DTYPE_BF16) return place;
  return place / 2 + (place % 2 == 0 ? 0 : lanes());
}

HWY_INLINE void store_vector(FloatVec vector, void* data, int32_t dtype, int64_t index) {
  const FloatTag d;
  if (dtype == ATTN_DTYPE_F32) {
    hn::StoreU(vector, d, static_cast<float*>(data) + index);
    return;
  }
  auto* const bits = static_cast<uint16_t*>(data) + index;
  if (dtype == ATTN_DTYPE_BF16) {
    // To the nearest, ties to even; a NaN stays one. As bf16_from_float.
    const hn::RebindToUnsigned<FloatTag> du;
    const hn::RebindToSigned<FloatTag> di;
    const hn::Rebind<uint16_t, FloatTag> d16;
    const auto number = hn::BitCast(du, vector);
    const auto odd = hn::And(hn::ShiftRight<16>(number), hn::Set(du, 1U));
    const auto rounded = hn::Add(number, hn::Add(odd, hn::Set(du, 0x7fffU)));
    const auto quiet = hn::Or(number, hn::Set(du, 0x400000U));
    const auto is_nan = hn::RebindMask(du, hn::IsNaN(vector));
    const auto high = hn::ShiftRight<16>(hn::IfThenElse(is_nan, quiet, rounded));
    hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, high)), d16, bits);
    return;
  }
#if HWY_TARGET <= HWY_AVX2 || HWY_TARGET == HWY_NEON
  const hn::Rebind<hwy::float16_t, FloatTag> d16;
  hn::StoreU(hn::DemoteTo(d16, vector), d16, reinterpret_cast<hwy::float16_t*>(bits));
#else
  HWY_ALIGN float numbers[HWY_LANES(float)];
  hn::Store(vector, d, numbers);
  for (int64_t i = 0; i < lanes(); ++i)
    bits[i] = geometry::fp16_from_float(numbers[i]);
#endif
}

/// Reads `count` numbers and writes zeros behind them, up to `padded`, a multiple of lanes().
HWY_INLINE void load_numbers(const void* data, int32_t dtype, int64_t index, int64_t count, float* values,
                             int64_t padded) {
  const FloatTag d;
  int64_t i = 0;
  for (; i + lanes() <= count; i += lanes())
    hn::StoreU(load_vector(data, dtype, index + i), d, values + i);
  for (; i < count; ++i)
    values[i] = geometry::load(data, dtype, index + i);
  for (; i < padded; ++i)
    values[i] = 0;
}

/// Writes values[i] * factor.
HWY_INLINE void store_numbers(const float* values, float factor, int64_t count, void* data, int32_t dtype,
                              int64_t index) {
  const FloatTag d;
  int64_t i = 0;
  for (; i + lanes() <= count; i += lanes())
    store_vector(hn::Mul(hn::LoadU(d, values + i), hn::Set(d, factor)), data, dtype, index + i);
  for (; i < count; ++i)
    geometry::store(data, dtype, index + i, values[i] * factor);
}

}  // namespace cfgtool::attention::cpu_flash::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
