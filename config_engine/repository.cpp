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

namespace cfgtool {

namespace {

/// What changes when a file's content does.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};  // of its content or its inode

  friend bool operator==(const FileStamp& a, const FileStamp& b) {
    return a.device == b.device && a.inode == b.inode && a.size == b.size && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
  }

  /// A file system's clock ticks slowly, some only every two seconds: a file that changed just now may change again
  /// without getting another time.
  bool is_younger_than_clock() const {
    constexpr time_t kSlowestTick = 2;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - changed.tv_sec <= kSlowestTick;
  }
};

bool stat_regular_file(const std::string& path, FileStamp* stamp = nullptr) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (stamp) *stamp = {info.st_dev, info.st_ino, info.st_size, info.st_ctim};
  return true;
}

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string read_file(const std::string& path, SourceMap& sources) {
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  std::string text;
  if (stream) {
    text.resize(static_cast<size_t>(std::max<std::streamoff>(0, stream.tellg())));
    stream.seekg(0);
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  }
  if (!stream) {
    throw_error(Stage::kCompose, "file-unreadable", fmt::format("Cannot read '{}': {}", path, std::strerror(errno)),
                sources.add(SourceKind::kFile, path, ""));
  }
  return text;
}

/// Python's realpath takes `group/../other` apart before it looks at the disk, so that `group` need not exist.
std::string normalized(const std::string& path) {
  const bool plain = path.find("..") == std::string::npos && path.find("./") == std::string::npos &&
                     path.find("//") == std::string::npos;
  return plain ? path : std::filesystem::path(path).lexically_normal().string();
}

std::string join(const std::string& folder, const std::string& name) {
  return name.empty() ? folder : normalized(folder + "/" + name);
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
    const std::string path = fmt::format("{}/{}", folder, name);
    // Of links the listing does not say what they lead to, and some file systems never say.
    const bool is_told = item->d_type == DT_DIR || item->d_type == DT_REG;
    if (groups) {
      if (is_told ? item->d_type == DT_DIR : is_folder(path)) names.push_back(name);
    } else if (name.ends_with(".yaml") && (is_told ? item->d_type == DT_REG : stat_regular_file(path))) {
      names.push_back(name.substr(0, name.size() - 5));
    }
  }
  ::closedir(listing);
  return names;
}

/// Whether the group is a link to a folder that it lies in, or passed on the way to it: who goes through all groups
/// would go round for ever.
bool leads_back(const std::string& top, const std::string& group) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path path = fs::path(top) / group;
  if (!fs::is_symlink(path, error)) return false;
  const std::string target = fs::canonical(path, error).string() + "/";
  for (fs::path passed = path.parent_path(); !error; passed = passed.parent_path()) {
    if ((fs::canonical(passed, error).string() + "/").starts_with(target)) return true;
    if (passed.native().size() <= top.size()) return false;
  }
  return false;
}

}  // namespace

struct FileStore::Entry {
  std::string path;          // normalized
  uint64_t composition = 0;  // that looked at it last
  FileStamp stamp;
  bool may_change_unseen = false;
  std::shared_ptr<const ConfigFile> file;
};

FileStore::FileStore(std::string cache_folder)
    : cache_folder_(std::move(cache_folder)),
      sources_(std::make_shared<SourceMap>()),
      interpolations_(std::make_shared<InterpolationCache>()) {}

FileStore::~FileStore() = default;

std::shared_ptr<const SourceMap> FileStore::sources() const {
  return sources_;
}

void FileStore::begin_composition(const std::string& config_folder, const std::string& config_name) {
  ++composition_;
  if (cache_folder_.empty()) return;
  const std::string path = parse_cache_path(cache_folder_, config_folder, config_name);
  cache_ = &caches_.try_emplace(path, path).first->second;
}

void FileStore::save_caches() {
  for (auto& cache : caches_)
    cache.second.save();
}

std::shared_ptr<const ConfigFile> FileStore::load(const std::string& spelled_path) {
  std::unique_ptr<Entry>& entry = files_[spelled_path];
  if (!entry) entry = std::make_unique<Entry>(Entry{normalized(spelled_path), 0, {}, false, nullptr});
  if (entry->composition == composition_) return entry->file;
  FileStamp stamp;
  if (!stat_regular_file(entry->path, &stamp)) {
    files_.erase(spelled_path);
    return nullptr;
  }
  if (!entry->file || !(entry->stamp == stamp) || entry->may_change_unseen) {
    const bool is_young = stamp.is_younger_than_clock();
    std::string text = read_file(entry->path, *sources_);
    if (!entry->file || sources_->text(entry->file->begin) != text) {
      entry->file.reset();
      entry->file = parse(SourceKind::kFile, entry->path, std::move(text));
    }
    entry->stamp = stamp;
    entry->may_change_unseen = is_young;
  }
  entry->composition = composition_;
  return entry->file;
}

std::vector<std::shared_ptr<const ConfigFile>> FileStore::files_of_composition() const {
  std::vector<std::shared_ptr<const ConfigFile>> files;
  for (const auto& [path, entry] : files_) {
    if (entry->composition == composition_ && entry->file) files.push_back(entry->file);
  }
  return files;
}

std::shared_ptr<const ConfigFile> FileStore::load_builtin(std::string_view path) {
  const BuiltinConfig* config = find_builtin_config(path);
  if (!config) return nullptr;
  std::shared_ptr<const ConfigFile>& file = builtins_[std::string(config->path)];
  if (!file) file = parse(SourceKind::kBuiltin, "builtin " + std::string(config->path), std::string(config->text));
  return file;
}

std::shared_ptr<const ConfigFile> FileStore::parse(SourceKind kind, const std::string& name, std::string text) {
  const SourcePos begin = sources_->add(kind, name, std::move(text));
  if (cache_) {
    if (auto known = cache_->find(name, *sources_, begin)) {
      known->is_builtin = kind == SourceKind::kBuiltin;
      return std::make_shared<ConfigFile>(std::move(*known));
    }
  }
  auto file = std::make_shared<ConfigFile>(parse_config_file(*sources_, begin));
  file->is_builtin = kind == SourceKind::kBuiltin;
  if (cache_ && file->duplicates.empty()) cache_->add(name, *sources_, *file);
  return file;
}

ConfigRepository::ConfigRepository(std::shared_ptr<FileStore> store, std::vector<SearchPathEntry> search_path,
                                   VersionBase version_base, std::string pkg_path, SourceMap& sources,
                                   const ResolveContext& context)
    : store_(std::move(store)),
      search_path_(std::move(search_path)),
      version_base_(version_base),
      pkg_path_(std::move(pkg_path)),
      sources_(sources),
      context_(context) {
  for (const SearchPathEntry& entry : search_path_)
    folders_.push_back(folder(entry));
}

void ConfigRepository::append_search_path(SearchPathEntry entry) {
  const std::string_view scheme = scheme_of(entry.path);
  if (scheme != "file" && scheme != "pkg" && scheme != "structured") {
    throw_error(
        Stage::kCompose, "search-path-scheme",
        fmt::format("No config source registered for schema {}, supported types : [file, pkg, structured]", scheme),
        entry.pos);
  }
  const bool schema_last = !search_path_.empty() && search_path_.back().provider == "schema";
  folders_.insert(schema_last ? std::prev(folders_.end()) : folders_.end(), folder(entry));
  search_path_.insert(schema_last ? std::prev(search_path_.end()) : search_path_.end(), std::move(entry));
}

// Empty where the entry is not a folder.
std::string ConfigRepository::folder(const SearchPathEntry& entry) const {
  const std::string_view scheme = scheme_of(entry.path);
  std::string rest(behind_scheme(entry.path));
  if (scheme == "file" && rest.find("..") != std::string::npos) {
    std::error_code ignored;
    const std::filesystem::path real = std::filesystem::weakly_canonical(rest, ignored);  // as Python's realpath
    return real.empty() ? rest : real.string();
  }
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

std::shared_ptr<const ConfigFile> ConfigRepository::find_file(const std::string& config_path) {
  const std::string name = normalized_file_name(config_path);
  for (size_t i = 0; i < search_path_.size(); ++i) {
    std::shared_ptr<const ConfigFile> file;
    if (holds_builtin(search_path_[i], config_path)) {
      file = store_->load_builtin(config_path);
    } else if (!folders_[i].empty()) {
      file = store_->load(folders_[i] + "/" + name);
    }
    if (file) return file;
  }
  return nullptr;
}

bool ConfigRepository::is_in_folder(const std::string& config_path) const {
  const std::string name = normalized_file_name(config_path);
  return std::any_of(folders_.begin(), folders_.end(), [&](const std::string& folder) {
    return !folder.empty() && stat_regular_file(join(folder, name));
  });
}

const LoadedConfig* ConfigRepository::load_config(const std::string& config_path) {
  if (auto known = loaded_.find(config_path); known != loaded_.end()) return known->second.get();
  std::unique_ptr<LoadedConfig> loaded;
  if (std::shared_ptr<const ConfigFile> file = find_file(config_path)) {
    if (!file->duplicates.empty()) {
      if (!passed_over_) throw ConfigError(file->duplicates);
      passed_over_->insert(passed_over_->end(), file->duplicates.begin(), file->duplicates.end());
    }
    loaded = std::make_unique<LoadedConfig>();
    loaded->root = file->tree.root();
    loaded->defaults_node = file->tree.find(loaded->root, "defaults");
    if (loaded->defaults_node != kNoNode) {
      loaded->defaults = read_defaults(*file, loaded->defaults_node, config_path);
    }
    loaded->file = std::move(file);
  }
  return (loaded_[config_path] = std::move(loaded)).get();
}

std::vector<InputDefault> ConfigRepository::read_defaults(const ConfigFile& file, NodeId defaults,
                                                          const std::string& config_path) const {
  if (file.tree[defaults].kind != NodeKind::kInterpolation) {
    return read_defaults_list(file.tree, defaults, config_path, version_base_);
  }
  // `defaults: ${base}` sees the file that it stands in and nothing else.
  Tree tree = file.tree;
  try {
    Resolver resolver(tree, sources_, context_);
    const NodeId list = resolver.dereference(defaults);
    if (resolver.is_plain_container(list)) {
      throw_error(Stage::kCompose, "defaults-list-entry",
                  fmt::format("Invalid defaults list in '{}', defaults must be a list (got {})", config_path,
                              type_name(tree[list])),
                  tree[defaults].pos);
    }
    return read_defaults_list(tree, list, config_path, version_base_);
  } catch (ConfigError& error) {
    error.diagnostics().front().stage = Stage::kCompose;
    throw;
  }
}

bool ConfigRepository::group_exists(const std::string& group) const {
  for (size_t i = 0; i < search_path_.size(); ++i) {
    if (is_builtin_package(search_path_[i])) {
      if (group == "hydra" || is_builtin_group(group)) return true;
    } else if (!folders_[i].empty() && is_folder(join(folders_[i], group))) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> ConfigRepository::group_options(const std::string& group) const {
  std::vector<std::string> options;
  for (size_t i = 0; i < search_path_.size(); ++i) {
    std::vector<std::string> here;
    if (is_builtin_package(search_path_[i])) {
      here = builtin_group_options(group);
    } else if (!folders_[i].empty()) {
      here = list_folder(join(folders_[i], group), false);
    }
    options.insert(options.end(), here.begin(), here.end());
  }
  std::sort(options.begin(), options.end());
  options.erase(std::unique(options.begin(), options.end()), options.end());
  return options;
}

std::vector<std::string> ConfigRepository::subgroups(const std::string& group) const {
  std::vector<std::string> groups;
  for (size_t i = 0; i < search_path_.size(); ++i) {
    std::vector<std::string> here;
    if (is_builtin_package(search_path_[i])) {
      here = builtin_subgroups(group);
    } else if (!folders_[i].empty()) {
      here = list_folder(join(folders_[i], group), true);
      std::erase_if(here, [&](const std::string& name) {
        return leads_back(folders_[i], group.empty() ? name : join(group, name));
      });
    }
    groups.insert(groups.end(), here.begin(), here.end());
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

}  // namespace cfgtool
