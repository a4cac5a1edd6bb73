/// \file
/// What Hydra's `--info` prints: which configs make a configuration, and where they were looked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// What `--info` knows: "all", "config", "defaults", "defaults-tree", "searchpath".
const std::vector<std::string>& info_topics();

/// Hydra's text about `topic`, one of info_topics(). "all" is "config" below a line with the version; Hydra's list of
/// Python plugins has no counterpart here.
/// \throws ConfigError with sources, as composing does
std::string print_info(const std::shared_ptr<FileStore>& store, const ComposeRequest& request, std::string_view topic);

/// The same as one JSON document: an object with "searchpath", "defaults_tree", "defaults" and "config", as far as the
/// topic covers them.
std::string print_info_json(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                            std::string_view topic);

}  // namespace cfgtool
