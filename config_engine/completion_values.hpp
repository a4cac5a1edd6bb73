/// \file
/// Values as they can be typed in an override, and paths of files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/completion.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// A spelling of `text` that Hydra's grammar reads as this string again and that begins with `typed`: plain, in
/// quotes, or with escapes. Nothing if there is none.
std::optional<std::string> spell_text(std::string_view text, std::string_view typed);

/// The same of any value; containers only if they are short.
std::optional<std::string> spell_value(const Tree& tree, NodeId node, std::string_view typed);

/// A value for people, in one short line.
std::string describe_value(const Tree& tree, NodeId node);

/// A path below `folder` (the working directory, if empty) for everything that begins with `typed`; `~/` at its
/// beginning stays. Hidden files only where `typed` asks for them.
std::vector<Candidate> complete_path(std::string_view typed, const std::string& folder, bool only_folders);

/// With the home folder in place of a leading `~`: shells put it in only where a word begins.
std::string without_tilde(const std::string& path);

/// Where the last item of a value begins, of `a,b`, `[a,b` or `choice(a,b`; 0 for a value that is no list.
size_t last_item_at(std::string_view value);

/// Whether a shell and a terminal can take it: no control characters.
bool is_printable(std::string_view text);

}  // namespace cfgtool
