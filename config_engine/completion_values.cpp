#include "config_engine/completion_values.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "config_engine/diagnostic.hpp"
#include "config_engine/override.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

constexpr size_t kLongestContainer = 100;
constexpr size_t kLongestDescription = 60;

bool reads_as(const std::string& spelling, std::string_view text) {
  SourceMap sources;
  try {
    const std::string word = "k=" + spelling;
    const Override read = parse_override(sources, sources.add(SourceKind::kOverride, word, word, 1));
    const Node& value = read.value[read.value.root()];
    return read.value_kind == OverrideValueKind::kElement && value.is_text() && value.text() == text;
  } catch (const ConfigError&) {
    return false;
  }
}

std::string with_escapes(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\\()[]{}:=,").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

std::string in_quotes(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += '\\';
    result += c;
  }
  return result + quote;
}

/// An item of a list is read as a whole value is.
std::optional<std::string> spell_container(const Tree& tree, NodeId node) {
  const bool is_map = tree[node].kind == NodeKind::kMap;
  std::string text;
  for (const NodeId child : tree.children(node)) {
    const auto value = spell_value(tree, child, "");
    if (!value || text.size() > kLongestContainer) return std::nullopt;
    if (!text.empty()) text += ',';
    if (is_map) {
      const auto key = spell_text(tree[child].key().text, "");
      if (!key || tree[child].key().kind != KeyKind::kString) return std::nullopt;
      text += *key + ":";
    }
    text += *value;
  }
  return is_map ? "{" + text + "}" : "[" + text + "]";
}

std::string home_folder() {
  const char* const home = std::getenv("HOME");
  return home ? home : "";
}

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

std::optional<std::string> spell_text(std::string_view text, std::string_view typed) {
  const std::string spellings[] = {std::string(text), in_quotes(text, '\''), in_quotes(text, '"'), with_escapes(text)};
  for (const std::string& spelling : spellings) {
    if (!spelling.empty() && spelling.starts_with(typed) && reads_as(spelling, text)) return spelling;
  }
  return std::nullopt;
}

std::optional<std::string> spell_value(const Tree& tree, NodeId node, std::string_view typed) {
  std::optional<std::string> text;
  switch (tree[node].kind) {
    case NodeKind::kNull:
      text = "null";
      break;
    case NodeKind::kBool:
      text = tree[node].boolean ? "true" : "false";
      break;
    case NodeKind::kInt:
    case NodeKind::kBigInt:
    case NodeKind::kFloat:
      text = python_str(tree, node);
      break;
    case NodeKind::kString:
    case NodeKind::kInterpolation:
      return spell_text(tree[node].text(), typed);
    case NodeKind::kMap:
    case NodeKind::kList:
      text = spell_container(tree, node);
      break;
    case NodeKind::kMissing:
    case NodeKind::kBytes:
      break;
  }
  return text && text->starts_with(typed) ? text : std::nullopt;
}

std::string describe_value(const Tree& tree, NodeId node) {
  const Node& value = tree[node];
  if (value.is_container()) {
    const char* const what = value.kind == NodeKind::kMap ? "key" : "item";
    return fmt::format("{} {}{}", value.length, what, value.length == 1 ? "" : "s");
  }
  std::string text = value.kind == NodeKind::kNull    ? "null"
                     : value.kind == NodeKind::kBool  ? (value.boolean ? "true" : "false")
                     : value.kind == NodeKind::kBytes ? "bytes"
                                                      : python_str(tree, node);
  text = text.substr(0, text.find('\n'));
  if (text.size() > kLongestDescription) {
    size_t end = kLongestDescription;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u)
      --end;
    text = text.substr(0, end) + "...";
  }
  return is_printable(text) ? text : std::string();
}

std::vector<Candidate> complete_path(std::string_view typed, const std::string& folder, bool only_folders) {
  const size_t slash = typed.rfind('/');
  const std::string shown(slash == std::string_view::npos ? "" : typed.substr(0, slash + 1));
  const std::string_view begin = slash == std::string_view::npos ? typed : typed.substr(slash + 1);
  std::string place = shown.starts_with("~/") ? home_folder() + shown.substr(1) : shown;
  if (!place.starts_with('/') && !folder.empty()) place = folder + "/" + place;
  std::vector<Candidate> found;
  DIR* const listing = ::opendir(place.empty() ? "." : place.c_str());
  if (!listing) return found;
  while (const dirent* item = ::readdir(listing)) {
    const std::string name = item->d_name;
    if (name == "." || name == ".." || !name.starts_with(begin) || !is_printable(name)) continue;
    if (name[0] == '.' && begin.empty()) continue;
    const bool leads_on = is_folder(place + name);
    if (only_folders && !leads_on) continue;
    found.push_back({shown + name + (leads_on ? "/" : ""), leads_on ? "folder" : "file",
                     leads_on ? CandidateKind::kFolder : CandidateKind::kFile, !leads_on});
  }
  ::closedir(listing);
  return found;
}

std::string without_tilde(const std::string& path) {
  return path.starts_with("~/") && !home_folder().empty() ? home_folder() + path.substr(1) : path;
}

size_t last_item_at(std::string_view value) {
  const size_t separator = value.find_last_of("[,(");
  return separator == std::string_view::npos ? 0 : separator + 1;
}

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace cfgtool
