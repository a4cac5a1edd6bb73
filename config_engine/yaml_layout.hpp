/// \file
/// What is wrong with the layout of a YAML text where the parser only sees a ':' too many. Private to the YAML room.
#pragma once

#include <cstddef>

#include "config_engine/diagnostic.hpp"
#include "config_engine/yaml_text.hpp"

namespace cfgtool {

/// Completes the error of a ':' that begins no value, or of a line that continues nothing: an indentation that does not
/// fit the key above, or a line above that lacks the blank behind its ':'. Leaves what it does not know as it is.
/// \param at where the parser stopped, in `text`
void explain_layout(const YamlText& text, size_t at, Diagnostic& diagnostic);

}  // namespace cfgtool
