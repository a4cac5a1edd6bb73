/// \file
/// What the typed fields of OmegaConf's structured configs make of a value.
#pragma once

#include <cstdint>
#include <optional>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

enum class ValueType : uint8_t { kString, kInt, kFloat, kBool };

/// The value as such a field holds it: itself, or converted, which then has no place. Nothing where OmegaConf refuses
/// it; also for null, which fields allow or not whatever their type is. omegaconf: StringNode, IntegerNode, FloatNode
/// and BooleanNode .validate_and_convert_impl
std::optional<Node> typed_value(const Tree& tree, NodeId id, ValueType type, SourceMap& sources);

}  // namespace cfgtool
