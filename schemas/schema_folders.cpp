#include "schemas/schema_folders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "config_engine/diagnostic.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

constexpr const char* kMappingFile = "attention.yaml";

bool is_within(const fs::path& path, const fs::path& folder) {
  const auto [in_folder, in_path] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return in_folder == folder.end();
}

bool has_ending_of_a_file(const std::string& name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

std::vector<std::string> frameworks() {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::path& folder : schema_folders()) {
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      if (fs::exists(entry->path() / kMappingFile, error)) names.push_back(entry->path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

std::vector<fs::path> schema_folders() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  // As with plugins, an installed program must not depend on a folder that anyone may remove.
  if (is_within(program, fs::weakly_canonical(CFGTOOL_BUILD_FOLDER, error))) return {CFGTOOL_SCHEMA_SOURCE};
  std::vector<fs::path> folders;
  if (!program.empty()) folders.push_back(program.parent_path().parent_path() / CFGTOOL_SCHEMA_FOLDER);
  const fs::path installed = fs::path(CFGTOOL_INSTALL_PREFIX) / CFGTOOL_SCHEMA_FOLDER;
  if (std::find(folders.begin(), folders.end(), installed) == folders.end()) folders.push_back(installed);
  return folders;
}

fs::path find_attention_mapping(const std::string& name_or_file, SourcePos named_at) {
  if (name_or_file.find('/') != std::string::npos || has_ending_of_a_file(name_or_file)) return name_or_file;
  std::error_code error;
  for (const fs::path& folder : schema_folders()) {
    fs::path file = folder / name_or_file / kMappingFile;
    if (!name_or_file.empty() && name_or_file.front() != '.' && fs::is_regular_file(file, error)) return file;
  }
  const std::vector<std::string> known = frameworks();
  Diagnostic diagnostic;
  diagnostic.code = "mapping-unknown";
  diagnostic.message = fmt::format("there is no attention mapping named '{}'", name_or_file);
  if (named_at) diagnostic.labels.push_back({named_at, static_cast<uint32_t>(name_or_file.size()), {}});
  diagnostic.notes.push_back(fmt::format("known are {}; a file of your own is named with its ending, such as my.yaml",
                                         known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  const std::string hint = did_you_mean(name_or_file, known);
  if (!hint.empty()) diagnostic.notes.push_back(hint);
  throw ConfigError(std::move(diagnostic));
}

std::vector<std::string> schema_names() {
  constexpr std::string_view kEnding = ".schema.yaml";
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::path& folder : schema_folders()) {
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().lexically_relative(folder).string();
      if (name.ends_with(kEnding)) names.push_back(name.substr(0, name.size() - kEnding.size()));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

fs::path find_schema(const std::string& name_or_file) {
  const size_t fragment = std::min(name_or_file.find("#/"), name_or_file.size());
  const std::string name = name_or_file.substr(0, fragment);
  if (name.empty() || name.front() == '/' || has_ending_of_a_file(name)) return name_or_file;
  std::error_code error;
  for (const fs::path& folder : schema_folders()) {
    const fs::path file = folder / (name + ".schema.yaml");
    if (fs::is_regular_file(file, error)) return file.string() + name_or_file.substr(fragment);
  }
  return name_or_file;
}

}  // namespace cfgtool
