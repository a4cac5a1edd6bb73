/// \file
/// The two small notations of names: key paths (`a.b[0].c`) and config groups with a package (`db@backup`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cfgtool {

/// More parts than this a key path or a package may not have: as deep as YAML may nest.
inline constexpr size_t kDeepestKey = 500;

/// The keys of a path, as OmegaConf's split_key (omegaconf/_utils.py) splits it: `a.b`, `a[b]` and `[a].b` are all
/// {a, b}; each leading dot of a relative path gives an empty key: `.a.b[c].d` is {"", a, b, c, d}. Never fails; text
/// that is no key path gives what OmegaConf makes of it (`a]` is one key). The views point into `path`.
std::vector<std::string_view> split_key(std::string_view path);

/// The same, key by key.
class KeyReader {
 public:
  explicit KeyReader(std::string_view path) : path_(path) {}
  std::optional<std::string_view> next();

 private:
  std::string_view path_;
  size_t at_ = 0;
  bool in_head_ = true;  // the leading dots and the first key
};

/// The index that a list takes `key` for: Python's int(key). Nothing if it is none or does not fit into 64 bits.
std::optional<int64_t> list_index(std::string_view key);

struct GroupAndPackage {
  std::string_view group;
  std::optional<std::string_view> package;   ///< what stands behind the `@`; may be empty
  std::optional<std::string_view> package2;  ///< behind a `:` in it; Hydra ignores it
};

/// `group@package`, as in a defaults list (ConfigRepository._split_group). The views point into `text`.
GroupAndPackage split_group(std::string_view text);

}  // namespace cfgtool
