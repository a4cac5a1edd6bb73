/// \file
/// One descriptor of cuDNN's backend, which destroys itself.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "attention_plugins/cudnn/library.hpp"

namespace cfgtool::attention::cudnn {

/// Every function throws the Failure of a status that is not a success. The library must outlive it.
class Descriptor {
 public:
  /// `what` it describes, for messages: a literal.
  Descriptor(const Library& library, cudnnBackendDescriptorType_t type, const char* what)
      : library_(&library), what_(what) {
    library.check(library.create_descriptor(type, &raw_), what);
  }
  ~Descriptor() {
    if (raw_ != nullptr) library_->destroy_descriptor(raw_);
  }
  Descriptor(Descriptor&& other) noexcept
      : library_(other.library_), what_(other.what_), raw_(std::exchange(other.raw_, nullptr)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(library_, other.library_);
    std::swap(what_, other.what_);
    std::swap(raw_, other.raw_);
    return *this;
  }

  cudnnBackendDescriptor_t raw() const { return raw_; }
  const Library& library() const { return *library_; }

  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count, const void* values) {
    library_->check(library_->set_attribute(raw_, name, type, count, values), what_);
  }
  void set(cudnnBackendAttributeName_t name, const Descriptor& value) {
    set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.raw_);
  }
  void set(cudnnBackendAttributeName_t name, int64_t value) { set(name, CUDNN_TYPE_INT64, 1, &value); }
  void set(cudnnBackendAttributeName_t name, bool value) { set(name, CUDNN_TYPE_BOOLEAN, 1, &value); }
  void set(cudnnBackendAttributeName_t name, cudnnDataType_t value) { set(name, CUDNN_TYPE_DATA_TYPE, 1, &value); }

  /// After it nothing can be set, and values can be got.
  void finalize() { library_->check(library_->finalize(raw_), what_); }

  /// Returns how many there are.
  int64_t get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count, void* values) const {
    int64_t found = 0;
    library_->check(library_->get_attribute(raw_, name, type, count, &found, values), what_);
    return found;
  }
  int64_t get_int64(cudnnBackendAttributeName_t name) const {
    int64_t value = 0;
    get(name, CUDNN_TYPE_INT64, 1, &value);
    return value;
  }

 private:
  const Library* library_;
  const char* what_;
  cudnnBackendDescriptor_t raw_ = nullptr;
};

}  // namespace cfgtool::attention::cudnn
