/// \file
/// Shared objects that are opened at run time, and the folders in which CUDA's are looked for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cfgtool::attention::cudnn {

/// What dlopen gave for one of several candidates. It stays open until the process ends: cuDNN starts threads and
/// registers handlers that outlive every use.
struct SharedObject {
  void* handle = nullptr;  ///< null: none could be opened
  std::string path;        ///< as the loader resolved it
};

/// Opens the first of the candidates that can be opened. Where one exists and cannot be opened, or none exists, `why`
/// gets a sentence part for people: what was looked for, and the loader's words.
SharedObject open_first(const std::vector<std::string>& candidates, std::string& why);

/// lib64 folders (or lib) of CUDA toolkits: of CUDA_HOME and CUDA_PATH, /usr/local/cuda and /usr/local/cuda-*, the one
/// that this plugin was built with, and the system's folder, in this order and each once. Only those that exist.
std::vector<std::filesystem::path> toolkit_library_folders();

/// Address of a symbol; null if there is none.
void* find_symbol(void* handle, const char* name);

/// Sets `function` to the symbol of that name, and returns whether there is one.
template <typename Function>
bool find_function(void* handle, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(find_symbol(handle, name));
  return function != nullptr;
}

}  // namespace cfgtool::attention::cudnn
