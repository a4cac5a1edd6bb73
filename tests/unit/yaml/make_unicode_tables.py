#!/usr/bin/env python3
"""Prints config_engine/unicode_tables.hpp from this Python's own Unicode data.

Usage: make_unicode_tables.py > config_engine/unicode_tables.hpp
The Python that Hydra is compared with (3.11: Unicode 14.0) should make it.
"""
import sys
import unicodedata


def rows(values):
    text, line = [], "   "
    for value in values:
        word = f" 0x{value:X},"
        if len(line) + len(word) > 120:
            text.append(line)
            line = "   "
        line += word
    text.append(line)
    return "\n".join(text)


def main():
    runs = []
    printable = False
    for code in range(sys.maxunicode + 1):
        if chr(code).isprintable() != printable:
            printable = not printable
            runs.append(code)
    zeros = [c for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) == "Nd" and unicodedata.decimal(chr(c)) == 0]
    for zero in zeros:
        assert all(unicodedata.decimal(chr(zero + i)) == i for i in range(10))
    spaces = [c for c in range(sys.maxunicode + 1) if chr(c).isspace()]
    assert spaces == [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
    print(f"""/// \\file
/// Unicode {unicodedata.unidata_version} as Python {sys.version_info.major}.{sys.version_info.minor} knows it. Made by tests/unit/yaml/make_unicode_tables.py.
#pragma once

#include <cstdint>

namespace cfgtool {{

/// Where str.isprintable changes its answer; the first run begins at U+0020 and is printable.
inline constexpr uint32_t kPrintableRuns[] = {{
{rows(runs)}
}};

/// The digit zero of every script (category Nd); its other digits follow it.
inline constexpr uint32_t kDigitZeros[] = {{
{rows(zeros)}
}};

}}  // namespace cfgtool""")


if __name__ == "__main__":
    main()
