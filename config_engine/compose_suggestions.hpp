/// \file
/// What a word of the command line that is refused may have been meant to be. Private to the room `compose`.
#pragma once

#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// Completes the error of a word that could not be applied: what deleted its key; else a group, or another key.
void suggest_for_override(const Override& word, const Composition& composition, const ConfigRepository& repository,
                          Diagnostic& diagnostic);

/// Completes the error of a word that could not be read: a file's name, or a blank beside a `=`.
/// \param words all of the command line's \param index of the one that is refused, from 0
void suggest_for_unread_word(const std::vector<std::string>& words, size_t index, Diagnostic& diagnostic);

/// Completes the error of a primary folder that is not there.
void suggest_for_missing_folder(const std::string& folder, Diagnostic& diagnostic);

}  // namespace cfgtool
