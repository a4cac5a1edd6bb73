/// \file
/// Makes a first schema from what a configuration tree composes to.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/diagnostic.hpp"

namespace cfgtool {

struct InferOptions {
  bool closed = false;  ///< no mapping may have keys that were not seen
};

struct InferredSchema {
  std::string yaml;         ///< JSON Schema draft-07
  size_t compositions = 0;  ///< that it was made from
  size_t keys = 0;          ///< that it names
  struct Skipped {
    std::string words;  ///< the overrides
    ConfigError error;
  };
  std::vector<Skipped> skipped;  ///< what did not compose
};

/// From the request and every option of its groups, see compose_each_choice(). What it was made from fits the schema.
/// \throws ConfigError with sources if the request does not compose
InferredSchema infer_schema(const std::shared_ptr<FileStore>& store, ComposeRequest request,
                            const InferOptions& options = {});

}  // namespace cfgtool
