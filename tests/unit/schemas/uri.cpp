#include "schemas/uri.hpp"

#include <doctest/doctest.h>

namespace cfgtool {

TEST_CASE("references are resolved as RFC 3986 does, section 5.4") {
  const std::string base = "http://a/b/c/d;p?q";
  const std::pair<const char*, const char*> normal[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {"g#s", "http://a/b/c/g#s"},
      {"g?y#s", "http://a/b/c/g?y#s"},
      {";x", "http://a/b/c/;x"},
      {"g;x?y#s", "http://a/b/c/g;x?y#s"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"g#s/../x", "http://a/b/c/g#s/../x"},
  };
  for (const auto& [reference, target] : normal) {
    CAPTURE(reference);
    CHECK(resolve_uri(base, reference).value_or("none") == target);
  }
}

TEST_CASE("a fragment stays in its document, whatever the document is called") {
  CHECK(resolve_uri("urn:x:y", "#/definitions/a") == "urn:x:y#/definitions/a");
  CHECK(resolve_uri("http://a/b#old", "#new") == "http://a/b#new");
  CHECK(resolve_uri("http://a/b", "urn:x:y#z") == "urn:x:y#z");
}

TEST_CASE("equal URIs are spelt equally") {
  CHECK(resolve_uri("http://a/", "HTTP://EXAMPLE.com/%7euser") == "http://example.com/~user");
}

TEST_CASE("what is no URI") {
  for (const char* const reference : {"%zz", "a b", "http://[", "\\", "é"}) {
    CAPTURE(reference);
    CHECK(!resolve_uri("http://a/b", reference));
  }
}

TEST_CASE("paths and their URIs") {
  for (const char* const path : {"/a/b.json", "/with space/é#?%.json", "/"}) {
    CAPTURE(path);
    CHECK(file_of_uri(file_uri(path)) == path);
  }
  CHECK(file_uri("/with space") == "file:///with%20space");
  CHECK(!file_of_uri("http://a/b"));
  CHECK(!file_of_uri("file://host/b"));
  CHECK(!file_of_uri("file:///a%00b"));
}

TEST_CASE("the fragment is taken off and its escapes are undone") {
  CHECK(split_fragment("http://a/b#/c%20d").document == "http://a/b");
  CHECK(split_fragment("http://a/b#/c%20d").fragment == "/c d");
  CHECK(split_fragment("http://a/b%20c").document == "http://a/b%20c");
  CHECK(split_fragment("http://a/b").fragment.empty());
  CHECK(split_fragment("#%zz").fragment == "%zz");
  CHECK(split_fragment("#a%00b").fragment == std::string("a\0b", 3));
}

}  // namespace cfgtool
