/// \file
/// Reads JSON text (RFC 8259) into a tree, with the place of every value and key.
#pragma once

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// Reads the text whose first byte is at `begin`, which `sources` holds already. The tree's texts live as long as
/// `sources`. Texts are texts, whatever they look like: `"${a}"` is no interpolation and `"???"` is not missing.
/// A number with a fraction or an exponent is a float, every other an integer of any size.
///
/// \throws ConfigError (without sources), code json-syntax, json-duplicate-key or json-too-deep (more than 500
/// collections in one another)
Tree read_json(SourceMap& sources, SourcePos begin);

}  // namespace cfgtool
