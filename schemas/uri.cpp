#include "schemas/uri.hpp"

#include <uriparser/Uri.h>

#include <memory>
#include <vector>

namespace cfgtool {

namespace {

/// Frees what the library allocated.
class Uri {
 public:
  Uri() = default;
  ~Uri() {
    if (used_) uriFreeUriMembersA(&uri_);
  }
  Uri(const Uri&) = delete;
  Uri& operator=(const Uri&) = delete;

  /// \param text must outlive this
  bool parse(const std::string& text) {
    const char* error = nullptr;
    used_ = uriParseSingleUriExA(&uri_, text.data(), text.data() + text.size(), &error) == URI_SUCCESS;
    return used_;
  }
  bool resolve(const Uri& reference, const Uri& base) {
    used_ = uriAddBaseUriA(&uri_, &reference.uri_, &base.uri_) == URI_SUCCESS;
    return used_;
  }
  bool is_absolute() const { return uri_.scheme.first != nullptr; }

  std::optional<std::string> text() {
    if (uriNormalizeSyntaxA(&uri_) != URI_SUCCESS) return std::nullopt;
    int characters = 0;
    if (uriToStringCharsRequiredA(&uri_, &characters) != URI_SUCCESS) return std::nullopt;
    std::vector<char> out(static_cast<size_t>(characters) + 1);
    if (uriToStringA(out.data(), &uri_, characters + 1, nullptr) != URI_SUCCESS) return std::nullopt;
    return std::string(out.data());
  }

 private:
  UriUriA uri_{};
  bool used_ = false;
};

}  // namespace

std::optional<std::string> resolve_uri(const std::string& base, const std::string& reference) {
  // Not the library's business: a URN has no path to go on from, but a fragment alone stays within the document.
  if (reference.starts_with('#')) return split_fragment(base).document + reference;
  Uri part;
  if (!part.parse(reference)) return std::nullopt;
  if (part.is_absolute()) return part.text();
  Uri from;
  Uri whole;
  if (!from.parse(base) || !whole.resolve(part, from)) return std::nullopt;
  return whole.text();
}

std::string file_uri(const std::string& absolute_path) {
  std::vector<char> out(8 + 3 * absolute_path.size());
  uriUnixFilenameToUriStringA(absolute_path.c_str(), out.data());
  return out.data();
}

std::optional<std::string> file_of_uri(const std::string& uri) {
  // Of this machine, and no file's name has a NUL.
  if (!uri.starts_with("file:///") || uri.find("%00") != std::string::npos) return std::nullopt;
  std::vector<char> out(uri.size() + 1);
  if (uriUriStringToUnixFilenameA(uri.c_str(), out.data()) != URI_SUCCESS) return std::nullopt;
  return std::string(out.data());
}

UriParts split_fragment(std::string_view uri) {
  const size_t hash = uri.find('#');
  UriParts parts{std::string(uri.substr(0, hash)), {}};
  if (hash == std::string_view::npos) return parts;
  parts.fragment = uri.substr(hash + 1);
  const char* const end = uriUnescapeInPlaceA(parts.fragment.data());
  parts.fragment.resize(static_cast<size_t>(end - parts.fragment.data()));
  return parts;
}

}  // namespace cfgtool
