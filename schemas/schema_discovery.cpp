#include "schemas/schema_discovery.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "config_engine/diagnostic.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/write_file.hpp"
#include "config_engine/yaml_reader.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

constexpr const char* kProjectFile = "cfgtool.yaml";

[[noreturn]] void refuse(std::string code, std::string message, SourcePos pos, size_t length, std::string note = {}) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({pos, static_cast<uint32_t>(std::max<size_t>(length, 1)), {}});
  if (!note.empty()) diagnostic.notes.push_back(std::move(note));
  throw ConfigError(std::move(diagnostic));
}

std::string from_folder(const fs::path& folder, std::string_view path) {
  if (path.find("://") != std::string_view::npos) return std::string(path);
  return (folder / path).lexically_normal().string();
}

/// What follows `$schema=` in a comment for editors; empty if the line is another.
std::string_view schema_in_comment(std::string_view line) {
  constexpr std::string_view kEditors = "yaml-language-server";
  constexpr std::string_view kSchema = "$schema=";
  const size_t editors = line.find_first_not_of("# \t");
  if (editors == std::string_view::npos || line.substr(editors, kEditors.size()) != kEditors) return {};
  const size_t schema = line.find(kSchema, editors);
  if (schema == std::string_view::npos) return {};
  const std::string_view rest = line.substr(schema + kSchema.size());
  return rest.substr(0, rest.find_first_of(" \t\r"));
}

std::optional<DiscoveredSchema> named_in_comments(const fs::path& file, SourceMap& sources) {
  std::optional<std::string> text = read_whole_file(file.string());
  if (!text) return std::nullopt;  // who wants the file itself will say so
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  for (size_t begin = text->starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0; begin < text->size();) {
    const size_t end = std::min(text->find('\n', begin), text->size());
    const std::string_view line = std::string_view(*text).substr(begin, end - begin);
    const size_t first = line.find_first_not_of(" \t\r");
    const bool is_comment = first != std::string_view::npos && line[first] == '#';
    if (!is_comment && first != std::string_view::npos) return std::nullopt;
    const std::string_view schema = is_comment ? schema_in_comment(line) : std::string_view();
    if (!schema.empty()) {
      const auto offset = static_cast<size_t>(schema.data() - text->data());
      std::string path = from_folder(file.parent_path(), schema);
      return DiscoveredSchema{std::move(path),
                              sources.add(SourceKind::kFile, file.string(), std::move(*text)) + offset};
    }
    begin = end + 1;
  }
  return std::nullopt;
}

bool matches(const std::string& pattern, const std::string& path) {
  const bool within_a_folder = pattern.find("**") == std::string::npos;
  return fnmatch(pattern.c_str(), path.c_str(), within_a_folder ? FNM_PATHNAME : 0) == 0;
}

/// Reads the patterns of one schema and says whether one is about `path`.
bool is_about(const Tree& tree, NodeId patterns, const std::string& path) {
  const bool is_list = tree[patterns].kind == NodeKind::kList;
  bool found = false;
  const auto look_at = [&](NodeId pattern) {
    if (!tree[pattern].is_text()) {
      refuse("project-type",
             fmt::format("a schema's files are texts such as conf/*.yaml, not {}", type_name(tree[pattern])),
             tree[pattern].pos, 1);
    }
    found |= matches(std::string(tree[pattern].text()), path);
  };
  if (!is_list) look_at(patterns);
  for (const NodeId pattern : tree.children(patterns)) {
    if (is_list) look_at(pattern);
  }
  return found;
}

std::optional<DiscoveredSchema> named_by_project(const fs::path& project, const fs::path& file, SourceMap& sources) {
  std::optional<std::string> text = read_whole_file(project.string());
  if (!text) return std::nullopt;
  const Tree tree = read_yaml(sources, sources.add(SourceKind::kFile, project.string(), std::move(*text)));
  NodeId schemas = kNoNode;
  for (const NodeId child : tree.children(tree.root())) {
    const std::string key(tree[child].key().text);
    if (key == "schemas") {
      schemas = child;
    } else {
      refuse("project-unknown-key", fmt::format("{} has no key '{}'", kProjectFile, key), tree[child].key_pos,
             key.size(), did_you_mean(key, {"schemas"}));
    }
  }
  if (schemas == kNoNode || tree[schemas].kind == NodeKind::kNull) return std::nullopt;
  if (tree[schemas].kind != NodeKind::kMap) {
    refuse("project-type", "'schemas' is a mapping from schemas to the files that they are for", tree[schemas].pos, 1);
  }
  const std::string path = file.lexically_relative(project.parent_path()).string();
  for (const NodeId child : tree.children(schemas)) {
    if (is_about(tree, child, path))
      return DiscoveredSchema{from_folder(project.parent_path(), tree[child].key().text), tree[child].key_pos};
  }
  return std::nullopt;
}

}  // namespace

std::optional<DiscoveredSchema> discover_schema(const std::string& file, SourceMap& sources) {
  std::error_code error;
  const fs::path path = fs::absolute(file, error).lexically_normal();
  if (error) return std::nullopt;
  if (std::optional<DiscoveredSchema> named = named_in_comments(file, sources)) return named;
  for (fs::path folder = path.parent_path();; folder = folder.parent_path()) {
    if (fs::is_regular_file(folder / kProjectFile, error))
      return named_by_project(folder / kProjectFile, path, sources);
    if (fs::exists(folder / ".git", error) || folder == folder.parent_path()) return std::nullopt;
  }
}

std::optional<DiscoveredSchema> discover_schema(const ComposeRequest& request, SourceMap& sources) {
  if (!request.config_name) return std::nullopt;
  std::error_code error;
  for (const std::string& folder : request.config_dirs) {
    fs::path file = fs::path(folder) / *request.config_name;
    if (file.extension() != ".yaml") file += ".yaml";
    if (fs::is_regular_file(file, error)) return discover_schema(file.string(), sources);
  }
  return std::nullopt;
}

}  // namespace cfgtool
