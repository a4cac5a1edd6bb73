/// \file
/// References to documents: URIs as RFC 3986 has them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cfgtool {

/// `reference` as seen from `base` (RFC 3986, section 5): absolute, normalized, fragment kept. Nothing if one of the
/// two is no URI. A base that is no URL, such as `urn:x:y`, gives what can be given.
std::optional<std::string> resolve_uri(const std::string& base, const std::string& reference);

/// `file:///…` of an absolute path.
std::string file_uri(const std::string& absolute_path);
/// The path of a `file:///` URI; nothing for others, be it a file of another machine.
std::optional<std::string> file_of_uri(const std::string& uri);

struct UriParts {
  std::string document;  ///< without the fragment
  std::string fragment;  ///< percent-decoded, without the `#`
};
UriParts split_fragment(std::string_view uri);

}  // namespace cfgtool
