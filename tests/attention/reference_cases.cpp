#include "tests/attention/reference_cases.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "attention_plugins/host/names.hpp"

namespace attention_test {
namespace {

using cfgtool::attention::Dims;

double number(const std::string& word) {
  return std::strtod(word.c_str(), nullptr);  // also "-inf", and numbers too small for std::stod
}

RecordedTensor read_tensor(std::istringstream& line) {
  RecordedTensor tensor;
  std::string word;
  line >> tensor.count >> tensor.step >> word;
  tensor.largest = number(word);
  line >> word;
  tensor.projection = number(word);
  while (line >> word)
    tensor.samples.push_back(number(word));
  if (static_cast<int64_t>(tensor.samples.size()) != (tensor.count + tensor.step - 1) / tensor.step)
    throw std::runtime_error("reference.txt: a tensor has not as many samples as it says");
  return tensor;
}

void read_field(ReferenceCase& reference, const std::string& field, std::istringstream& line) {
  std::string word;
  if (field == "tensor") {
    line >> word;
    reference.tensors[word] = read_tensor(line);
  } else if (field == "dtype") {
    line >> reference.dtype;
  } else if (field == "lengths_q" || field == "lengths_kv") {
    auto& lengths = field == "lengths_q" ? reference.lengths_q : reference.lengths_kv;
    for (int32_t length = 0; line >> length;)
      lengths.push_back(length);
  } else {
    line >> word;
    reference.fields[field] = number(word);
  }
}

uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x85ebca6bU;
  x ^= x >> 13;
  x *= 0xc2b2ae35U;
  return x ^ (x >> 16);
}

/// Rows in four arrangements: by heads, by positions, by heads with gaps, by positions within a wider row.
void arrange(int64_t (&stride)[4], const Dims& size, int64_t layout) {
  const int64_t gap = layout == 2 ? 5 : layout == 3 ? size[3] : 0;
  const bool by_heads = layout == 0 || layout == 2;
  const int64_t row = size[3] + gap;
  stride[3] = 1;
  stride[2] = by_heads ? row : row * size[1];
  stride[1] = by_heads ? row * size[2] + gap : row;
  stride[0] = row * size[1] * size[2] + 2 * gap * size[1];
}

}  // namespace

std::vector<ReferenceCase> read_reference_cases() {
  std::ifstream file(ATTENTION_REFERENCE_FILE);
  if (!file) throw std::runtime_error("cannot read " ATTENTION_REFERENCE_FILE);
  std::vector<ReferenceCase> cases;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string field;
    line >> field;
    if (field.empty() || field[0] == '#' || field == "end") continue;
    if (field == "case") {
      line >> cases.emplace_back().name;
    } else {
      read_field(cases.back(), field, line);
    }
  }
  return cases;
}

float input_value(const ReferenceCase& reference, uint32_t stream, int64_t index, float amplitude) {
  const auto seed = static_cast<uint32_t>(reference.size("seed"));
  const uint32_t key = static_cast<uint32_t>(index) * 0x9e3779b1U + (seed * 0x10001U + stream * 0x1000193U);
  return (static_cast<float>(mix(key) >> 20) - 2048.0F) / 2048.0F * amplitude;
}

double sign_of(int64_t index) {
  return (mix(static_cast<uint32_t>(index)) & 1U) != 0 ? 1.0 : -1.0;
}

attn_problem problem_of(const ReferenceCase& c) {
  using namespace cfgtool::attention;
  attn_problem p =
      make_problem({c.size("batch"), c.size("heads_q"), c.size("heads_kv"), c.size("seq_q"), c.size("seq_kv"),
                    c.size("head_dim_qk"), c.size("head_dim_v")},
                   dtype_from_name(c.dtype).value(), ATTN_PASS_FORWARD | ATTN_PASS_LSE | ATTN_PASS_BACKWARD);
  p.scale = static_cast<float>(c.fields.at("scale"));
  p.window_left = c.size("window_left");
  p.window_right = c.size("window_right");
  p.diagonal = static_cast<int32_t>(c.size("diagonal"));
  p.varlen = static_cast<int32_t>(c.size("varlen"));
  if (p.varlen == ATTN_VARLEN_PACKED) {
    for (int32_t length : c.lengths_q)
      p.total_q += length;
    for (int32_t length : c.lengths_kv)
      p.total_kv += length;
  }
  const int64_t layout = c.size("layout");
  for (auto* stride : {&p.query_stride, &p.d_query_stride})
    arrange(*stride, query_size(p), layout);
  for (auto* stride : {&p.key_stride, &p.d_key_stride})
    arrange(*stride, key_size(p), layout);
  for (auto* stride : {&p.value_stride, &p.d_value_stride})
    arrange(*stride, value_size(p), layout);
  for (auto* stride : {&p.output_stride, &p.d_output_stride})
    arrange(*stride, output_size(p), layout);
  p.bias = static_cast<int32_t>(c.size("bias"));
  if (p.bias == ATTN_BIAS_ADDITIVE) {
    p.flags |= ATTN_FLAG_D_BIAS;
    add_bias(p, p.dtype, c.size("bias_batch") == 0, c.size("bias_heads") == 0);
  }
  return p;
}

}  // namespace attention_test
