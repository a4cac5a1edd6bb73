/// \file
/// Why something could not be answered or done, on its way to the attn_answer that plugin.cpp fills.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention::cudnn {

class Failure : public std::exception {
 public:
  Failure(attn_status status, int32_t reason, std::string text)
      : status_(status), reason_(reason), text_(std::move(text)) {}

  attn_status status() const { return status_; }  ///< never ATTN_STATUS_OK
  int32_t reason() const { return reason_; }      ///< ATTN_REASON_…
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  attn_status status_;
  int32_t reason_;
  std::string text_;
};

/// A library, a driver or one of their versions stands in the way of an answer.
inline Failure runtime_missing(std::string text) {
  return {ATTN_STATUS_CANNOT_TELL, ATTN_REASON_RUNTIME_MISSING, std::move(text)};
}

}  // namespace cfgtool::attention::cudnn
