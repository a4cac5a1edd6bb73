/// \file
/// What a schema gives to a configuration, beside a verdict: types to overrides, and defaults to keys that are absent.
#pragma once

#include "config_engine/compose.hpp"
#include "schemas/schema.hpp"

namespace cfgtool {

struct ApplyOptions {
  /// Overrides become what the schema says they are, as fields of OmegaConf's structured configs do
  /// (omegaconf/nodes.py): for `type: integer` the text "10" becomes 10, for `number` 1 becomes 1.0, for `boolean`
  /// "yes" becomes true, for `string` 10 becomes "10". What cannot become it, and what may be of several types (but for
  /// null), stays as it is.
  bool coerce = false;
  /// Keys that `properties` gives a `default` and that are absent are added, at the end of their mapping.
  bool with_defaults = false;
};

/// Changes `composition.tree`, interpolations not followed. What is added has its place in the schema's file.
/// \throws ConfigError with sources, code schema-limit
void apply_schema(const Schema& schema, const ApplyOptions& options, Composition& composition);

}  // namespace cfgtool
