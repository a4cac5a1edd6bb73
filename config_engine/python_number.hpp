/// \file
/// Numbers as Python reads them: int() and float() of a string.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cfgtool {

/// An integer of any size.
struct PythonInt {
  bool fits = true;  ///< into 64 bits: then `value` holds it, else `digits`
  int64_t value = 0;
  std::string digits;  ///< decimal, with a leading '-' if negative
};

/// int(text, base) for base 2, 8, 10 or 16: surrounding whitespace, a sign, the base's prefix, single underscores
/// between digits and digits of any script are accepted. Nothing where Python raises ValueError, which includes numbers
/// with more than 4,300 decimal digits (Python can read, but not print, such numbers in the other bases).
std::optional<PythonInt> python_int(std::string_view text, int base = 10);

/// The value of ":"-separated decimal parts, each worth 60 of the next, as YAML 1.1 writes 1:30 for 90. Nothing if a
/// part is not a number, is negative, or (but for the first) does not fit into 32 bits.
std::optional<PythonInt> python_sexagesimal(std::string_view text);

/// `value` with the other sign.
PythonInt negated(PythonInt value);

/// float(text): whitespace, underscores and digits as in python_int, and `inf`, `infinity`, `nan` in any case. Nothing
/// where Python raises ValueError.
std::optional<double> python_float(std::string_view text);

}  // namespace cfgtool
