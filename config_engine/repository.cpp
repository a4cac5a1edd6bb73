#include "config_engine/repository.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "config_engine/builtin_configs.hpp"
#include "config_engine/defaults_reader.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/interpolation.hpp"
#include "config_engine/package_header.hpp"
#include "config_engine/yaml_reader.hpp"

namespace cfgtool {

namespace {

/// What changes when a file's content does.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};

  friend bool operator==(const FileStamp& a, const FileStamp& b) {
    return a.device == b.device && a.inode == b.inode && a.size == b.size && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

bool stat_regular_file(const std::string& path, FileStamp* stamp = nullptr) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (stamp) *stamp = {info.st_dev, info.st_ino, info.st_size, info.st_mtim};
  return true;
}

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  std::string text;
  if (stream) {
    text.resize(static_cast<size_t>(std::max<std::streamoff>(0, stream.tellg())));
    stream.seekg(0);
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  }
  if (!stream) {
    throw_error(Stage::kCompose, "file-unreadable", fmt::format("Cannot read '{}': {}", path, std::strerror(errno)));
  }
  return text;
}

/// Python's realpath takes `group/../other` apart before it looks at the disk, so that `group` need not exist.
std::string join(const std::string& folder, const std::string& name) {
  if (name.empty()) return folder;
  const std::string path = folder + "/" + name;
  const bool plain = name.find("..") == std::string::npos && name.find("./") == std::string::npos &&
                     name.find("//") == std::string::npos;
  return plain ? path : std::filesystem::path(path).lexically_normal().string();
}

std::string_view scheme_of(std::string_view path) {
  const size_t colon = path.find("://");
  return colon == std::string_view::npos ? "file" : path.substr(0, colon);
}

std::string_view behind_scheme(std::string_view path) {
  const size_t colon = path.find("://");
  return colon == std::string_view::npos ? path : path.substr(colon + 3);
}

bool is_builtin_package(const SearchPathEntry& entry) {
  return entry.path == "pkg://hydra.conf";
}

/// Hydra's own configs are files of its package, but for hydra/config, a dataclass, which is found behind all folders.
bool holds_builtin(const SearchPathEntry& entry, std::string_view config_path) {
  return config_path == "hydra/config" ? scheme_of(entry.path) == "structured" : is_builtin_package(entry);
}

/// What a folder holds, sorted: groups (folders) or options (".yaml" files, without the ending).
std::vector<std::string> list_folder(const std::string& folder, bool groups) {
  std::vector<std::string> names;
  DIR* listing = ::opendir(folder.c_str());
  if (!listing) return names;
  while (const dirent* item = ::readdir(listing)) {
    std::string name = item->d_name;
    if (name == "." || name == ".." || name == "__pycache__" || name == "__init__.py") continue;
    const std::string path = folder + "/" + name;
    if (groups) {
      if (is_folder(path)) names.push_back(name);
    } else if (name.ends_with(".yaml") && stat_regular_file(path)) {
      names.push_back(name.substr(0, name.size() - 5));
    }
  }
  ::closedir(listing);
  return names;
}

}  // namespace

struct FileStore::Entry {
  FileStamp stamp;
  std::shared_ptr<const ConfigFile> file;
};

FileStore::FileStore() : sources_(std::make_shared<SourceMap>()) {}
FileStore::~FileStore() = default;

std::shared_ptr<const SourceMap> FileStore::sources() const {
  return sources_;
}

std::shared_ptr<const ConfigFile> FileStore::load(const std::string& full_path) {
  FileStamp stamp;
  if (!stat_regular_file(full_path, &stamp)) return nullptr;
  std::unique_ptr<Entry>& entry = files_[full_path];
  if (entry && entry->stamp == stamp) return entry->file;
  std::shared_ptr<const ConfigFile> file = parse(SourceKind::kFile, full_path, read_file(full_path));
  entry = std::make_unique<Entry>(Entry{stamp, file});
  return file;
}

std::shared_ptr<const ConfigFile> FileStore::load_builtin(std::string_view path) {
  const BuiltinConfig* config = find_builtin_config(path);
  if (!config) return nullptr;
  std::shared_ptr<const ConfigFile>& file = builtins_[std::string(config->path)];
  if (!file) file = parse(SourceKind::kBuiltin, "builtin " + std::string(config->path), std::string(config->text));
  return file;
}

std::shared_ptr<const ConfigFile> FileStore::parse(SourceKind kind, std::string name, std::string text) {
  auto file = std::make_shared<ConfigFile>();
  file->is_builtin = kind == SourceKind::kBuiltin;
  file->begin = sources_->add(kind, std::move(name), std::move(text));
  file->package_header = read_package_header(sources_->text(file->begin), file->begin);
  file->tree = read_yaml(*sources_, file->begin);
  const Node& root = file->tree[file->tree.root()];
  if (!root.is_container()) {
    throw_error(Stage::kCompose, "config-not-a-map",
                fmt::format("Invalid loaded object type: {}\na config file holds a mapping", type_name(root)),
                root.pos);
  }
  for (NodeId id = 0; id < file->tree.size(); ++id) {
    const Node& node = file->tree[id];
    if (node.kind == NodeKind::kInterpolation) validate_interpolation(node.text(), {sources_.get(), node.pos});
  }
  return file;
}

ConfigRepository::ConfigRepository(std::shared_ptr<FileStore> store, std::vector<SearchPathEntry> search_path,
                                   VersionBase version_base, std::string pkg_path)
    : store_(std::move(store)),
      search_path_(std::move(search_path)),
      version_base_(version_base),
      pkg_path_(std::move(pkg_path)) {}

void ConfigRepository::append_search_path(SearchPathEntry entry) {
  const std::string_view scheme = scheme_of(entry.path);
  if (scheme != "file" && scheme != "pkg" && scheme != "structured") {
    throw_error(
        Stage::kCompose, "search-path-scheme",
        fmt::format("No config source registered for schema {}, supported types : [file, pkg, structured]", scheme),
        entry.pos);
  }
  const bool schema_last = !search_path_.empty() && search_path_.back().provider == "schema";
  search_path_.insert(schema_last ? std::prev(search_path_.end()) : search_path_.end(), std::move(entry));
}

// Empty where the entry is not a folder.
std::string ConfigRepository::folder(const SearchPathEntry& entry) const {
  const std::string_view scheme = scheme_of(entry.path);
  std::string rest(behind_scheme(entry.path));
  if (scheme == "file") return rest.empty() ? "." : rest;
  if (scheme != "pkg" || is_builtin_package(entry) || pkg_path_.empty()) return {};
  std::replace(rest.begin(), rest.end(), '.', '/');
  return join(pkg_path_, rest);
}

bool ConfigRepository::available(const SearchPathEntry& entry) const {
  if (is_builtin_package(entry) || scheme_of(entry.path) == "structured") return true;
  const std::string place = folder(entry);
  return !place.empty() && is_folder(place);
}

std::string ConfigRepository::describe(const SearchPathEntry& entry) {
  std::string path(behind_scheme(entry.path));
  const std::string_view scheme = scheme_of(entry.path);
  if (scheme == "pkg") {
    std::replace(path.begin(), path.end(), '/', '.');
    while (path.ends_with('.'))
      path.pop_back();
  }
  return fmt::format("provider={}, path={}://{}", entry.provider, scheme, path);
}

// hydra: ConfigSource._normalize_file_name
std::string ConfigRepository::normalized_file_name(std::string config_path) const {
  const bool legacy_ending = config_path.ends_with(".yml") && !version_base_.at_least(1, 2);
  if (!config_path.ends_with(".yaml") && !legacy_ending) config_path += ".yaml";
  return config_path;
}

bool ConfigRepository::config_exists(const std::string& config_path) const {
  const std::string name = normalized_file_name(config_path);
  return std::any_of(search_path_.begin(), search_path_.end(), [&](const SearchPathEntry& entry) {
    if (holds_builtin(entry, config_path)) return find_builtin_config(config_path) != nullptr;
    const std::string place = folder(entry);
    return !place.empty() && stat_regular_file(join(place, name));
  });
}

std::shared_ptr<const ConfigFile> ConfigRepository::find_file(const std::string& config_path) {
  const std::string name = normalized_file_name(config_path);
  for (const SearchPathEntry& entry : search_path_) {
    if (holds_builtin(entry, config_path)) {
      if (auto builtin = store_->load_builtin(config_path)) return builtin;
      continue;
    }
    const std::string place = folder(entry);
    if (place.empty()) continue;
    if (auto file = store_->load(join(place, name))) return file;
  }
  return nullptr;
}

const LoadedConfig* ConfigRepository::load_config(const std::string& config_path) {
  if (auto known = loaded_.find(config_path); known != loaded_.end()) return known->second.get();
  std::unique_ptr<LoadedConfig> loaded;
  if (std::shared_ptr<const ConfigFile> file = find_file(config_path)) {
    loaded = std::make_unique<LoadedConfig>();
    loaded->root = file->tree.root();
    loaded->defaults_node = file->tree.find(loaded->root, "defaults");
    if (loaded->defaults_node != kNoNode) {
      loaded->defaults = read_defaults_list(file->tree, loaded->defaults_node, config_path, version_base_);
    }
    loaded->file = std::move(file);
  }
  return (loaded_[config_path] = std::move(loaded)).get();
}

bool ConfigRepository::group_exists(const std::string& group) const {
  return std::any_of(search_path_.begin(), search_path_.end(), [&](const SearchPathEntry& entry) {
    if (is_builtin_package(entry)) return group == "hydra" || is_builtin_group(group);
    const std::string place = folder(entry);
    return !place.empty() && is_folder(join(place, group));
  });
}

std::vector<std::string> ConfigRepository::group_options(const std::string& group) const {
  std::vector<std::string> options;
  for (const SearchPathEntry& entry : search_path_) {
    std::vector<std::string> here;
    if (is_builtin_package(entry)) {
      here = builtin_group_options(group);
    } else if (const std::string place = folder(entry); !place.empty()) {
      here = list_folder(join(place, group), false);
    }
    options.insert(options.end(), here.begin(), here.end());
  }
  std::sort(options.begin(), options.end());
  options.erase(std::unique(options.begin(), options.end()), options.end());
  return options;
}

std::vector<std::string> ConfigRepository::subgroups(const std::string& group) const {
  std::vector<std::string> groups;
  for (const SearchPathEntry& entry : search_path_) {
    const std::string place = folder(entry);
    if (place.empty()) continue;
    const std::vector<std::string> here = list_folder(join(place, group), true);
    groups.insert(groups.end(), here.begin(), here.end());
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

}  // namespace cfgtool
