/// \file
/// Reads YAML text into a tree as OmegaConf.load does: with OmegaConf's types for scalars, its duplicate-key check and
/// PyYAML's merge keys.
#pragma once

#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// Reads the text whose first byte is at `begin`, which `sources` holds already. The tree's texts live as long as
/// `sources`.
///
/// The root is a map or a list: an empty text and `null` are an empty map, and a string alone is read as YAML once more
/// and then is a map from it to null, as OmegaConf has it. A number, boolean or bytes come back as a scalar root, for
/// the caller to refuse (OmegaConf: "Invalid loaded object type: int").
///
/// A value's place is its first byte (the opening quote, the '|'); of an empty value the byte behind the key's colon;
/// through an alias or `<<`, that of the anchor's value. A node's key_pos is the first byte of its key.
///
/// \throws ConfigError (without sources) for what PyYAML or OmegaConf refuse, in PyYAML's words and mostly with a fix.
/// Codes: yaml-encoding, yaml-tab, yaml-unclosed-quote, yaml-unclosed-bracket, yaml-missing-colon, yaml-syntax,
/// yaml-second-document, yaml-too-deep, yaml-duplicate-key, yaml-bad-key, yaml-bad-merge, yaml-bad-value,
/// yaml-unknown-tag, yaml-unsupported-tag, yaml-duplicate-anchor, yaml-undefined-alias, yaml-recursive-alias,
/// yaml-alias-limit.
///
/// On purpose otherwise than OmegaConf: what nests deeper than 500 levels, or stands for more than 1,000,000 values
/// through aliases, is refused with a message, where Python runs out of stack or memory; a mapping that is merged
/// into another before PyYAML constructs it does not make PyYAML's false "found duplicate key".
///
/// \param duplicates where each yaml-duplicate-key is put instead of being thrown; the later value holds then
Tree read_yaml(SourceMap& sources, SourcePos begin, std::vector<Diagnostic>* duplicates = nullptr);

}  // namespace cfgtool
