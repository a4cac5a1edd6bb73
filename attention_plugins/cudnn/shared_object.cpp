#include "attention_plugins/cudnn/shared_object.hpp"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>

namespace cfgtool::attention::cudnn {

namespace {

namespace fs = std::filesystem;

std::string resolved_path(void* handle, const std::string& name) {
  const link_map* map = nullptr;
  const bool known = dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != '\0';
  return known ? map->l_name : name;
}

void add_folder(std::vector<fs::path>& folders, const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(folder, error);
  if (!error && std::find(folders.begin(), folders.end(), real) == folders.end()) folders.push_back(real);
}

}  // namespace

SharedObject open_first(const std::vector<std::string>& candidates, std::string& why) {
  std::string looked_for, broken;
  for (const std::string& candidate : candidates) {
    if (void* handle = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL); handle != nullptr)
      return {handle, resolved_path(handle, candidate)};
    const char* error = dlerror();
    std::error_code ignored;
    // A file that is there and does not load says more than all the places where there is none.
    if (error != nullptr && broken.empty() && candidate.find('/') != std::string::npos &&
        fs::exists(candidate, ignored))
      broken = candidate + " does not load: " + error;
    looked_for += (looked_for.empty() ? "" : ", ") + candidate;
  }
  why = broken.empty() ? "none of these was found: " + looked_for : broken;
  return {};
}

std::vector<fs::path> toolkit_library_folders() {
  std::vector<fs::path> roots;
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') roots.emplace_back(value);
  roots.emplace_back("/usr/local/cuda");
  std::error_code error;
  std::vector<fs::path> versions;
  for (fs::directory_iterator entry("/usr/local", error), end; !error && entry != end; entry.increment(error))
    if (entry->path().filename().string().rfind("cuda-", 0) == 0) versions.push_back(entry->path());
  std::sort(versions.rbegin(), versions.rend());
  roots.insert(roots.end(), versions.begin(), versions.end());

  std::vector<fs::path> folders;
  for (const fs::path& root : roots) {
    add_folder(folders, root / "lib64");
    add_folder(folders, root / "lib");
  }
  add_folder(folders, CUDA_LIBRARY_FOLDER);
  add_folder(folders, "/usr/lib/x86_64-linux-gnu");
  return folders;
}

void* find_symbol(void* handle, const char* name) {
  return dlsym(handle, name);
}

}  // namespace cfgtool::attention::cudnn
