#include "config_engine/key_path.hpp"

#include "config_engine/python_number.hpp"

namespace cfgtool {

std::vector<std::string_view> split_key(std::string_view path) {
  std::vector<std::string_view> keys;
  // The head: leading dots, each of which makes an empty key, and the first key.
  size_t head = path.find_first_not_of('.');
  if (head == std::string_view::npos) head = path.size();
  for (size_t dot = 0; dot < head; ++dot)
    keys.emplace_back();
  size_t at = path.find_first_of(".[", head);
  if (at == std::string_view::npos) at = path.size();
  // `[a]` has no first key before its bracket; a path that is empty or ends in dots has an empty one.
  if (at > head || at == path.size()) keys.push_back(path.substr(head, at - head));

  while (at < path.size()) {
    if (path[at] == '.') {
      size_t end = path.find_first_of(".[", at + 1);
      if (end == std::string_view::npos) end = path.size();
      keys.push_back(path.substr(at + 1, end - at - 1));
      at = end;
      continue;
    }
    const size_t close = path[at] == '[' ? path.find(']', at + 1) : std::string_view::npos;
    if (close != std::string_view::npos && path.substr(at, close - at).find('\n') == std::string_view::npos) {
      keys.push_back(path.substr(at + 1, close - at - 1));
      at = close + 1;
    } else {
      ++at;  // OmegaConf searches for the next key and passes over what is none
    }
  }
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
