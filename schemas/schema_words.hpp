/// \file
/// Values as messages about schemas have them. Private to schemas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config_engine/tree.hpp"

namespace cfgtool {

inline constexpr size_t kMostListed = 12;  ///< names and values in one message

/// At most about `bytes` of it, with an ellipsis where more follows.
std::string shortened(std::string_view text, size_t bytes = 60);

/// `the text 'two'`, `the integer 3`, `null`, `a mapping` …
std::string value_in_words(const Tree& tree, NodeId id);

/// Shortened.
std::string in_quotes(std::string_view text);

/// A number as a person would write it: 1 rather than 1.0.
std::string number_text(double value);

/// `1 item`, `2 items`
std::string counted(uint64_t count, std::string_view one, std::string_view many);

/// What a schema lists, as YAML would have it: at most kMostListed values.
std::string list_of_values(const Tree& tree, NodeId list);

}  // namespace cfgtool
