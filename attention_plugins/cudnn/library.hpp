/// \file
/// cuDNN, loaded when it is first needed and never linked: the functions of its backend interface, and its errors.
#pragma once

#include <cudnn_graph.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "attention_plugins/cudnn/failure.hpp"
#include "attention_plugins/cudnn/shared_object.hpp"

namespace cfgtool::attention::cudnn {

/// The oldest cuDNN that is used. 9.8 is the first that takes a device's description in place of a device
/// (https://docs.nvidia.com/deeplearning/cudnn/backend/latest/release-notes.html, "deviceless ahead-of-time"); before
/// 9.10 it needs graphs that are not made here (cudnn-frontend's "select_2nd_padding").
constexpr int64_t kOldestVersion = 91000;

/// Of libcudnn_graph.so.9, which holds all that is called here and loads cuDNN's other parts as it needs them. Does not
/// change once made; safe to use from several threads.
struct Library {
  /// \param named a file, or a folder that holds it; empty: the loader's path, then toolkit_library_folders()
  /// Throws Failure (cannot tell) if cuDNN is missing, too old or too new, with where it was looked for.
  explicit Library(const std::string& named);

  decltype(cudnnGetVersion)* get_version = nullptr;
  decltype(cudnnGetCudartVersion)* get_cudart_version = nullptr;
  decltype(cudnnGetErrorString)* get_error_string = nullptr;
  decltype(cudnnGetLastErrorString)* get_last_error_string = nullptr;
  decltype(cudnnCreate)* create = nullptr;
  decltype(cudnnDestroy)* destroy = nullptr;
  decltype(cudnnSetStream)* set_stream = nullptr;
  decltype(cudnnBackendCreateDescriptor)* create_descriptor = nullptr;
  decltype(cudnnBackendDestroyDescriptor)* destroy_descriptor = nullptr;
  decltype(cudnnBackendSetAttribute)* set_attribute = nullptr;
  decltype(cudnnBackendGetAttribute)* get_attribute = nullptr;
  decltype(cudnnBackendFinalize)* finalize = nullptr;
  decltype(cudnnBackendExecute)* execute = nullptr;

  int64_t version = 0;       ///< such as 91900
  std::string name;          ///< for messages: "cuDNN 9.19.0"
  int32_t cuda_version = 0;  ///< of the CUDA that it was built for, such as 13000
  std::string path;

  /// The thread's last error, on one line, each reason once; "" if there is none. Asking forgets it.
  std::string last_error() const;

  /// Throws the Failure that a status means, unless it is a success. `what` was being done.
  void check(cudnnStatus_t status, const char* what) const;
  Failure failure(cudnnStatus_t status, const char* what) const;
};

/// "9.19.0" of 91900.
std::string version_text(int64_t cudnn_version);
/// "13.0" of 13000.
std::string cuda_version_text(int32_t cuda_version);

/// cuDNN's text of several lines, with its log prefixes and JSON, on one line: statuses with their reasons, each once.
std::string one_line(const std::string& cudnn_text);

/// The ATTN_REASON_… of a text of cuDNN that says why it has no engine, by the status named in it.
int32_t reason_of(const std::string& cudnn_text);

/// Whether the text says that cuDNN lacks a library or driver, so that its "no" means nothing.
bool lacks_runtime(const std::string& cudnn_text);

}  // namespace cfgtool::attention::cudnn
