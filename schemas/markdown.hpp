/// \file
/// Texts as Markdown shows them word for word, also in the cell of a table. Private to schemas.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace cfgtool {

/// A text that means no formatting; its line breaks become spaces, its empty lines breaks.
std::string markdown_text(std::string_view text);
/// A text as code. Empty for an empty one.
std::string markdown_code(std::string_view text);

/// Names that links lead to.
class MarkdownAnchors {
 public:
  /// One that is not given yet, near to `text`.
  std::string add(std::string_view text);

 private:
  std::set<std::string> given_;
};

}  // namespace cfgtool
