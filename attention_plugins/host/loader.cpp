#include "attention_plugins/host/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <system_error>
#include <utility>

#include "attention_plugins/host/plugin_file.hpp"

namespace cfgtool::attention {
namespace {

namespace fs = std::filesystem;

/// One call of load_plugins.
class Search {
 public:
  explicit Search(const LoadOptions& options) : options_(options) {}

  void named(const NamedPath& place);
  void folder_if_there(const NamedPath& folder);
  LoadedPlugins take() { return std::move(result_); }

 private:
  /// The *.so entries, by name; whatever they are.
  static std::vector<fs::path> shared_objects(const NamedPath& folder);
  void permissions(const NamedPath& place) const;
  void folder(const NamedPath& place, const std::vector<fs::path>& files);
  void load(const NamedPath& file);

  const LoadOptions& options_;
  LoadedPlugins result_;
  std::set<fs::path> seen_;
};

[[noreturn]] void fail(PluginFault fault, const NamedPath& place, std::string sentence) {
  throw PluginError({fault, place.path, place.named_by, std::move(sentence)});
}

std::vector<fs::path> Search::shared_objects(const NamedPath& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder.path, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".so") files.push_back(entry->path());
  if (error) fail(PluginFault::kUnreadable, folder, fmt::format("cannot be read: {}", error.message()));
  std::ranges::sort(files);
  return files;
}

void Search::permissions(const NamedPath& place) const {
  if (!options_.allow_writable_by_others) check_permissions(place);
}

void Search::load(const NamedPath& file) {
  permissions(file);
  std::error_code error;
  const fs::path real = fs::weakly_canonical(file.path, error);
  if (seen_.contains(real)) return;
  auto plugin = Plugin::load(
      file,
      [&](std::string_view name) {
        const auto found = options_.plugin_options.find(name);
        return found == options_.plugin_options.end() ? std::string() : found->second;
      },
      options_.log);
  seen_.insert(real);
  for (const auto& other : result_.plugins) {
    if (other->name() != plugin->name()) continue;
    result_.warnings.push_back({PluginFault::kShadowed, file.path, file.named_by,
                                fmt::format("is not used: a plugin named {} was found before it, '{}'", other->name(),
                                            other->path().string())});
    return;
  }
  result_.plugins.push_back(std::move(plugin));
}

void Search::folder(const NamedPath& place, const std::vector<fs::path>& files) {
  permissions(place);
  for (const fs::path& file : files) {
    try {
      load({file, place.named_by});
    } catch (const PluginError& error) {
      result_.warnings.push_back(error.problem());
    }
  }
}

void Search::named(const NamedPath& place) {
  std::error_code error;
  const fs::file_status status = fs::status(place.path, error);
  if (status.type() == fs::file_type::not_found) fail(PluginFault::kPathMissing, place, "does not exist");
  if (!fs::is_directory(status)) return load(place);
  const auto files = shared_objects(place);
  if (files.empty()) fail(PluginFault::kFolderEmpty, place, "is a folder without plugins: it holds no *.so file");
  folder(place, files);
}

void Search::folder_if_there(const NamedPath& place) {
  std::error_code error;
  if (!fs::is_directory(place.path, error)) return;
  try {
    folder(place, shared_objects(place));
  } catch (const PluginError& problem) {
    result_.warnings.push_back(problem.problem());
  }
}

std::vector<NamedPath> environment_paths() {
  std::vector<NamedPath> paths;
  const char* variable = std::getenv("ATTENTION_PLUGIN_PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) paths.push_back({fs::path(rest.substr(0, colon)), "ATTENTION_PLUGIN_PATH"});
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return paths;
}

bool is_within(const fs::path& path, const fs::path& folder) {
  const auto [in_folder, in_path] = std::ranges::mismatch(folder, path);
  return in_folder == folder.end();
}

}  // namespace

std::vector<std::filesystem::path> default_plugin_folders() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  // Only a program of the build tree looks there: what is installed must not depend on a folder that anyone may remove,
  // or make anew.
  if (is_within(program, fs::weakly_canonical(CFGTOOL_BUILD_FOLDER, error)))
    return {fs::path(CFGTOOL_BUILD_FOLDER) / "attention_plugins"};
  std::vector<fs::path> folders;
  if (!program.empty()) {
    folders.push_back(program.parent_path() / "attention_plugins");
    folders.push_back(program.parent_path().parent_path() / CFGTOOL_PLUGIN_FOLDER);
  }
  const fs::path installed = fs::path(CFGTOOL_INSTALL_PREFIX) / CFGTOOL_PLUGIN_FOLDER;
  if (std::ranges::find(folders, installed) == folders.end()) folders.push_back(installed);
  return folders;
}

LoadedPlugins load_plugins(const LoadOptions& options) {
  Search search(options);
  for (const NamedPath& place : options.command_line_paths)
    search.named(place);
  for (const NamedPath& place : options.configuration_paths)
    search.named(place);
  if (options.use_environment)
    for (const NamedPath& place : environment_paths())
      search.named(place);
  if (options.use_default_folders)
    for (const fs::path& folder : default_plugin_folders())
      search.folder_if_there({folder, "the default plugin folder"});
  return search.take();
}

}  // namespace cfgtool::attention
