/// \file
/// The problems and results that make_reference.py recorded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attention_plugins/host/problem.hpp"

namespace attention_test {

struct RecordedTensor {
  int64_t count = 0;            ///< elements of the whole tensor, in the order [batch, head, sequence, head_dim]
  int64_t step = 1;             ///< every step-th element is among the samples
  double largest = 0;           ///< largest magnitude of all finite elements
  double projection = 0;        ///< sum over all finite elements, each with the sign of sign_of(index)
  std::vector<double> samples;  ///< may be -infinity in "lse"
};

struct ReferenceCase {
  std::string name;
  std::string dtype;
  std::map<std::string, double> fields;  ///< all that make_reference.py prints for a case, but dtype and lengths
  std::vector<int32_t> lengths_q, lengths_kv;
  std::map<std::string, RecordedTensor> tensors;

  int64_t size(const std::string& field) const { return static_cast<int64_t>(fields.at(field)); }
};

/// All cases of reference.txt. Throws std::runtime_error when it cannot be read.
std::vector<ReferenceCase> read_reference_cases();

/// Element `index` of input tensor `stream` of a case, before it is rounded to the case's type.
float input_value(const ReferenceCase& reference, uint32_t stream, int64_t index, float amplitude);

double sign_of(int64_t index);

/// The case as a problem of the interface, strides as its layout says.
attn_problem problem_of(const ReferenceCase& reference);

}  // namespace attention_test
