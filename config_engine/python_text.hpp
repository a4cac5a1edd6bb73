/// \file
/// Values as Python writes them: str() and repr(). String interpolation, mapping keys, error messages and the YAML
/// writer need them.
#pragma once

#include <string>
#include <string_view>

#include "config_engine/tree.hpp"

namespace cfgtool {

/// repr(float), which is also str(float): the shortest text that reads back as the same number: `1.0`, `1e-05`, `inf`.
std::string python_repr(double value);
void append_python_repr(std::string& out, double value);

/// repr(str): in single quotes, unless the text has some and no double quotes.
std::string python_repr(std::string_view text);
/// repr(bytes): `b'a\xff'`.
std::string python_repr_bytes(std::string_view bytes);

/// str() of a value as OmegaConf gives it: `True`, `None`, `1e-05`, a string itself, `[1, 'b']`, `{'a': 1}`.
/// Interpolations and missing values appear as the raw strings that they are.
std::string python_str(const Tree& tree, NodeId id);
/// repr() of a value: as python_str, but a string is quoted.
std::string python_repr(const Tree& tree, NodeId id);
/// repr() of a mapping's key: `'a'`, `1`, `True`.
std::string python_repr(const Key& key);

/// Python's bool() of it: false for null, false, 0 and what is empty.
bool python_truth(const Node& node);

}  // namespace cfgtool
