// Every fp16 and bf16 number, and every boundary between two of them, against the formats' definitions in double.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "attention_plugins/geometry/float_formats.hpp"

using namespace cfgtool::attention::geometry;

namespace {

struct Format {
  const char* name;
  int exponent_bits;
  int fraction_bits;
  float (*to_float)(uint16_t);
  uint16_t (*from_float)(float);

  uint32_t infinity() const { return ((1U << exponent_bits) - 1) << fraction_bits; }

  /// What a pattern without sign that is finite stands for. For the pattern of infinity: the value that would follow
  /// the largest finite one, where rounding to infinity begins half a step before.
  double value(uint32_t pattern) const {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const auto exponent = static_cast<int>(pattern >> fraction_bits);
    const auto fraction = static_cast<double>(pattern & ((1U << fraction_bits) - 1));
    if (exponent == 0) return std::ldexp(fraction, 1 - bias - fraction_bits);
    return std::ldexp(fraction + std::ldexp(1.0, fraction_bits), exponent - bias - fraction_bits);
  }
};

const Format kFormats[] = {{"fp16", 5, 10, float_from_fp16, fp16_from_float},
                           {"bf16", 8, 7, float_from_bf16, bf16_from_float}};

/// Counts quietly: a CHECK for each of hundreds of thousands of numbers takes longer than the conversions.
struct Failures {
  uint64_t count = 0;
  uint32_t first = 0;
  void expect(bool good, uint32_t pattern) {
    if (!good && count++ == 0) first = pattern;
  }
};

}  // namespace

TEST_CASE("every finite pattern has the value that the format defines, and comes back") {
  for (const Format& format : kFormats) {
    CAPTURE(format.name);
    Failures failures;
    for (uint32_t pattern = 0; pattern < format.infinity(); ++pattern) {
      for (const uint32_t sign : {0U, 0x8000U}) {
        const float got = format.to_float(static_cast<uint16_t>(pattern | sign));
        const double want = sign != 0 ? -format.value(pattern) : format.value(pattern);
        failures.expect(static_cast<double>(got) == want && std::signbit(got) == (sign != 0), pattern | sign);
        failures.expect(format.from_float(got) == (pattern | sign), pattern | sign);
      }
    }
    CAPTURE(failures.first);
    CHECK(failures.count == 0);
  }
}

TEST_CASE("infinities come back, and a NaN stays one") {
  for (const Format& format : kFormats) {
    CAPTURE(format.name);
    Failures failures;
    CHECK(format.to_float(static_cast<uint16_t>(format.infinity())) == std::numeric_limits<float>::infinity());
    CHECK(format.from_float(-std::numeric_limits<float>::infinity()) == (format.infinity() | 0x8000U));
    for (uint32_t pattern = format.infinity() + 1; pattern < 0x8000U; ++pattern) {
      const float got = format.to_float(static_cast<uint16_t>(pattern));
      const uint16_t back = format.from_float(got);
      failures.expect(std::isnan(got) && (back & 0x7fffU) > format.infinity(), pattern);
    }
    CHECK(failures.count == 0);
    // The NaN whose fraction vanishes when it is cut off.
    CHECK((format.from_float(std::bit_cast<float>(0x7f800001U)) & 0x7fffU) > format.infinity());
    CHECK((format.from_float(std::bit_cast<float>(0xffc00000U)) & 0x8000U) != 0);
  }
}

TEST_CASE("between two neighbours, the nearer one is taken, and in the middle the even one") {
  for (const Format& format : kFormats) {
    CAPTURE(format.name);
    Failures failures;
    for (uint32_t pattern = 0; pattern < format.infinity(); ++pattern) {
      const double middle = (format.value(pattern) + format.value(pattern + 1)) / 2;
      const auto tie = static_cast<float>(middle);
      failures.expect(static_cast<double>(tie) == middle, pattern);
      const float below = std::nextafter(tie, 0.0F);
      const float above = std::nextafter(tie, std::numeric_limits<float>::infinity());
      const uint32_t even = pattern + (pattern & 1U);
      for (const uint32_t sign : {0U, 0x8000U}) {
        const float factor = sign != 0 ? -1.0F : 1.0F;
        failures.expect(format.from_float(factor * tie) == (even | sign), pattern);
        failures.expect(format.from_float(factor * below) == (pattern | sign), pattern);
        failures.expect(format.from_float(factor * above) == ((pattern + 1) | sign), pattern);
      }
    }
    CAPTURE(failures.first);
    CHECK(failures.count == 0);
  }
}
