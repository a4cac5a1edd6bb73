#include "attention_plugins/cudnn/library.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <vector>

namespace cfgtool::attention::cudnn {

namespace {

constexpr const char* kFile = "libcudnn_graph.so.9";

/// The loader's path first, then the toolkits' folders.
std::vector<std::string> everywhere(const std::string& file) {
  std::vector<std::string> files{file};
  for (const auto& folder : toolkit_library_folders())
    files.push_back((folder / file).string());
  return files;
}

std::vector<std::string> candidates(const std::string& named) {
  std::error_code error;
  if (named.empty()) return everywhere(kFile);
  return {std::filesystem::is_directory(named, error) ? (std::filesystem::path(named) / kFile).string() : named};
}

/// "CUDNN_STATUS_…: why" of a line of cuDNN's log; "" of one that has nothing for people.
std::string reason_in(const std::string& line) {
  constexpr std::string_view kReason = "Reason: ";
  const size_t status = line.find("CUDNN_STATUS_");
  const size_t reason = line.find(kReason);
  std::string part;
  if (reason != std::string::npos) {
    part = line.substr(reason + kReason.size());
    if (status < reason) part = line.substr(status, line.find_first_of("; ", status) - status) + ": " + part;
  } else if (line.find('{') == std::string::npos) {
    part = line;  // not the JSON of an engine's knobs
  }
  while (!part.empty() && (part.back() == ' ' || part.back() == '\r'))
    part.pop_back();
  return part;
}

/// Whether a reason only names the function of cuDNN in which another one was found.
bool is_call(const std::string& reason) {
  const size_t name = reason.find_last_of(' ', reason.find('('));
  return !reason.empty() && reason.back() == ')' && reason.find('(') != std::string::npos &&
         (name == std::string::npos || reason[name - 1] == ':');
}

}  // namespace

Library::Library(const std::string& named) {
  std::string why;
  const SharedObject object = open_first(candidates(named), why);
  if (object.handle == nullptr)
    throw runtime_missing("cuDNN 9 is not here (" + why +
                          "); install it, or name its folder with the option library=PATH (of cfgtool: "
                          "--attention-plugin-option cudnn=library=PATH)");
  path = object.path;
  const auto find = [&](const char* symbol, auto*& function) {
    if (!find_function(object.handle, symbol, function))
      throw runtime_missing(path + " has no function " + symbol + "; cuDNN " + version_text(kOldestVersion) +
                            " or a newer 9 is needed");
  };
  find("cudnnGetVersion", get_version);
  version = static_cast<int64_t>(get_version());
  name = "cuDNN " + version_text(version);
  if (version < kOldestVersion || version / 10000 != CUDNN_MAJOR)
    throw runtime_missing(path + " is " + name + "; cuDNN " + version_text(kOldestVersion) + " or a newer 9 is needed");
  find("cudnnGetCudartVersion", get_cudart_version);
  find("cudnnGetErrorString", get_error_string);
  find("cudnnGetLastErrorString", get_last_error_string);
  find("cudnnCreate", create);
  find("cudnnDestroy", destroy);
  find("cudnnSetStream", set_stream);
  find("cudnnBackendCreateDescriptor", create_descriptor);
  find("cudnnBackendDestroyDescriptor", destroy_descriptor);
  find("cudnnBackendSetAttribute", set_attribute);
  find("cudnnBackendGetAttribute", get_attribute);
  find("cudnnBackendFinalize", finalize);
  find("cudnnBackendExecute", execute);
  cuda_version = static_cast<int32_t>(get_cudart_version());
  // cuDNN opens and closes NVRTC for each question, at 8 ms each time: while it is open here, that costs nothing. Where
  // it is missing, cuDNN says so.
  std::string ignored;
  open_first(everywhere("libnvrtc.so." + std::to_string(cuda_version / 1000)), ignored);
}

std::string Library::last_error() const {
  std::array<char, 8192> text{};
  get_last_error_string(text.data(), text.size());
  text.back() = '\0';
  return text.data();
}

void Library::check(cudnnStatus_t status, const char* what) const {
  if (status != CUDNN_STATUS_SUCCESS) throw failure(status, what);
}

Failure Library::failure(cudnnStatus_t status, const char* what) const {
  const std::string raw = last_error();
  const std::string detail = one_line(raw);
  const std::string text =
      name + ": " + what + ": " + get_error_string(status) + (detail.empty() ? "" : " (" + detail + ")");
  switch (status) {
    case CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING:
    case CUDNN_STATUS_NOT_SUPPORTED_SUBLIBRARY_UNAVAILABLE:
    case CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED:
    case CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH:
    case CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDA_DRIVER:
    case CUDNN_STATUS_NOT_SUPPORTED_INCOMPATIBLE_CUDART:
      return runtime_missing(text);
    case CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED:
    case CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED:
      return {ATTN_STATUS_OUT_OF_MEMORY, ATTN_REASON_RESOURCES, text};
    default:
      break;
  }
  if (lacks_runtime(raw)) return runtime_missing(text);
  if (status == CUDNN_STATUS_INTERNAL_ERROR_COMPILATION_FAILED) return {ATTN_STATUS_REFUSED, ATTN_REASON_OTHER, text};
  if (CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED)
    return {ATTN_STATUS_REFUSED, reason_of(get_error_string(status)), text};
  return {ATTN_STATUS_BACKEND_FAILED, ATTN_REASON_OTHER, text};
}

std::string version_text(int64_t cudnn_version) {
  return std::to_string(cudnn_version / 10000) + "." + std::to_string(cudnn_version / 100 % 100) + "." +
         std::to_string(cudnn_version % 100);
}

std::string cuda_version_text(int32_t cuda_version) {
  return std::to_string(cuda_version / 1000) + "." + std::to_string(cuda_version / 10 % 100);
}

std::string one_line(const std::string& cudnn_text) {
  std::vector<std::string> reasons, calls;
  std::istringstream lines(cudnn_text);
  for (std::string line; std::getline(lines, line);) {
    const std::string part = reason_in(line);
    std::vector<std::string>& parts = is_call(part) ? calls : reasons;
    if (!part.empty() && std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  std::string all;
  for (const std::string& part : reasons.empty() ? calls : reasons)
    all += (all.empty() ? "" : "; ") + part;
  return all;
}

int32_t reason_of(const std::string& cudnn_text) {
  struct Row {
    const char* mark;
    int32_t reason;
  };
  // Engines of other architectures complain of theirs, so that this comes last.
  constexpr Row kRows[] = {{"SHARED_MEMORY_INSUFFICIENT", ATTN_REASON_RESOURCES},
                           {"NOT_SUPPORTED_DATA_TYPE", ATTN_REASON_DTYPE},
                           {"NOT_SUPPORTED_LAYOUT", ATTN_REASON_STRIDES},
                           {"mbedding dim", ATTN_REASON_HEAD_DIM},
                           {"hidden dim", ATTN_REASON_HEAD_DIM},
                           {"ARCH_MISMATCH", ATTN_REASON_ARCHITECTURE}};
  for (const Row& row : kRows)
    if (cudnn_text.find(row.mark) != std::string::npos) return row.reason;
  return ATTN_REASON_OTHER;
}

bool lacks_runtime(const std::string& cudnn_text) {
  for (const char* mark : {"RUNTIME_PREREQUISITE_MISSING", "SUBLIBRARY_UNAVAILABLE", "SUBLIBRARY_LOADING_FAILED",
                           "INCOMPATIBLE_CUDA_DRIVER", "libcuda == nullptr"})
    if (cudnn_text.find(mark) != std::string::npos) return true;
  return false;
}

}  // namespace cfgtool::attention::cudnn
