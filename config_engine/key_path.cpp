#include "config_engine/key_path.hpp"

#include "config_engine/python_number.hpp"

namespace cfgtool {

namespace {
size_t end_of_key(std::string_view path, size_t at) {
  while (at < path.size() && path[at] != '.' && path[at] != '[')
    ++at;
  return at;
}
}  // namespace

std::optional<std::string_view> KeyReader::next() {
  if (in_head_) {
    // Each leading dot makes an empty key.
    if (at_ < path_.size() && path_[at_] == '.') {
      ++at_;
      return std::string_view();
    }
    in_head_ = false;
    const size_t begin = at_;
    at_ = end_of_key(path_, begin);
    // `[a]` has no first key before its bracket; a path that is empty or ends in dots has an empty one.
    if (at_ > begin || at_ == path_.size()) return path_.substr(begin, at_ - begin);
  }
  while (at_ < path_.size()) {
    if (path_[at_] == '.') {
      const size_t begin = at_ + 1;
      at_ = end_of_key(path_, begin);
      return path_.substr(begin, at_ - begin);
    }
    const size_t begin = at_ + 1;
    const size_t close = path_[at_] == '[' ? path_.find(']', begin) : std::string_view::npos;
    if (close != std::string_view::npos && path_.substr(begin, close - begin).find('\n') == std::string_view::npos) {
      at_ = close + 1;
      return path_.substr(begin, close - begin);
    }
    ++at_;  // OmegaConf searches for the next key and passes over what is none
  }
  return std::nullopt;
}

std::vector<std::string_view> split_key(std::string_view path) {
  std::vector<std::string_view> keys;
  KeyReader reader(path);
  while (const auto key = reader.next())
    keys.push_back(*key);
  return keys;
}

std::optional<int64_t> list_index(std::string_view key) {
  const std::optional<PythonInt> index = python_int(key);
  if (!index || !index->fits) return std::nullopt;
  return index->value;
}

GroupAndPackage split_group(std::string_view text) {
  GroupAndPackage result;
  const size_t at = text.find('@');
  result.group = text.substr(0, at);
  if (at == std::string_view::npos) return result;
  const std::string_view package = text.substr(at + 1);
  const size_t colon = package.find(':');
  result.package = package.substr(0, colon);
  if (colon != std::string_view::npos) result.package2 = package.substr(colon + 1);
  return result;
}

}  // namespace cfgtool
