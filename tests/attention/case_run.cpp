#include "tests/attention/case_run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "attention_plugins/geometry/tensor_rows.hpp"
#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/plugin_error.hpp"

namespace attention_test {

using namespace cfgtool::attention;

namespace {

constexpr auto kUntouched = std::byte{0xff};  // a NaN in every format

Dims stored_bias_size(const attn_problem& p, const int64_t (&stride)[4]) {
  Dims size = p.bias == ATTN_BIAS_ADDITIVE ? bias_size(p) : Dims{0, 0, 0, 0};
  for (size_t i = 0; i < 4; ++i)
    if (stride[i] == 0) size[i] = std::min<int64_t>(size[i], 1);
  return size;
}

int32_t bias_type(const attn_problem& p) {
  return p.bias_dtype == 0 ? p.dtype : p.bias_dtype;
}

std::vector<int32_t> offsets_of(const std::vector<int32_t>& lengths) {
  std::vector<int32_t> offsets{0};
  for (int32_t length : lengths)
    offsets.push_back(offsets.back() + length);
  return offsets;
}

void fill(TestTensor& tensor, const ReferenceCase& reference, uint32_t stream, float amplitude) {
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.set(i, input_value(reference, stream, i, amplitude));
}

}  // namespace

TestTensor::TestTensor(int32_t dtype, const Dims& size, const int64_t (&stride)[4]) : dtype_(dtype), size_(size) {
  std::copy(std::begin(stride), std::end(stride), stride_.begin());
  const int64_t elements = count() == 0 ? 0 : offset(count() - 1) + 1;
  bytes_.assign(static_cast<size_t>(elements * dtype_bytes(dtype)), kUntouched);
}

Tensor TestTensor::tensor() {
  return {bytes_.data(), dtype_, size_, stride_};
}
ConstTensor TestTensor::const_tensor() const {
  return {bytes_.data(), dtype_, size_, stride_};
}
int64_t TestTensor::count() const {
  return size_[0] * size_[1] * size_[2] * size_[3];
}

int64_t TestTensor::offset(int64_t index) const {
  int64_t offset = 0;
  for (size_t i = 4; i-- > 0;) {
    offset += index % size_[i] * stride_[i];
    index /= size_[i];
  }
  return offset;
}

float TestTensor::get(int64_t index) const {
  return geometry::load(bytes_.data(), dtype_, offset(index));
}
void TestTensor::set(int64_t index, float value) {
  geometry::store(bytes_.data(), dtype_, offset(index), value);
}

std::vector<float> TestTensor::values() const {
  std::vector<float> values;
  for (int64_t i = 0; i < count(); ++i)
    values.push_back(get(i));
  return values;
}

bool TestTensor::gaps_untouched() const {
  const auto width = static_cast<size_t>(dtype_bytes(dtype_));
  std::vector<std::byte> rest = bytes_;
  for (int64_t i = 0; i < count(); ++i)
    std::fill_n(rest.begin() + offset(i) * static_cast<int64_t>(width), width, kUntouched);
  return std::ranges::all_of(rest, [](std::byte b) { return b == kUntouched; });
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

std::shared_ptr<const Plugin> eager_plugin() {
  static const auto plugin = Plugin::load({ATTENTION_EAGER_PLUGIN, "the test"}, {}, {});
  return plugin;
}

std::shared_ptr<const Plugin> flash_plugin(const std::string& path) {
  try {
    return Plugin::load({ATTENTION_FLASH_PLUGIN, "the test"}, [&](std::string_view) { return "path=" + path; }, {});
  } catch (const PluginError& error) {
    if (std::string(error.what()).find("the option") == std::string::npos) throw;
    MESSAGE("skipped: this processor has no " << path);
    return nullptr;
  }
}

namespace {

attn_problem without_bias_gradient(attn_problem problem) {
  problem.flags &= ~static_cast<uint32_t>(ATTN_FLAG_D_BIAS);
  std::fill(std::begin(problem.d_bias_stride), std::end(problem.d_bias_stride), 0);
  return problem;
}

}  // namespace

CaseRun::CaseRun(const ReferenceCase& reference, Passes passes)
    : CaseRun(reference, passes == kAll ? problem_of(reference) : without_bias_gradient(problem_of(reference))) {}

namespace {

/// Sequences of different lengths, where the problem has them: each shorter than the one before, but for the second,
/// which has no keys, and the third, which has no rows.
ReferenceCase made_up(const attn_problem& p, uint32_t seed, float amplitude) {
  ReferenceCase made;
  made.fields = {{"seed", seed}, {"amplitude", static_cast<double>(amplitude)}};
  for (int64_t b = 0; b < p.batch; ++b) {
    made.lengths_q.push_back(static_cast<int32_t>(b == 2 ? 0 : std::max<int64_t>(1, p.seq_q - 5 * b)));
    made.lengths_kv.push_back(static_cast<int32_t>(b == 1 ? 0 : std::max<int64_t>(1, p.seq_kv - 9 * b)));
  }
  return made;
}

/// Packed, as many rows and keys as the sequences have.
attn_problem with_totals_of(const ReferenceCase& made, attn_problem p) {
  if (p.varlen != ATTN_VARLEN_PACKED) return p;
  p.total_q = std::accumulate(made.lengths_q.begin(), made.lengths_q.end(), int64_t{0});
  p.total_kv = std::accumulate(made.lengths_kv.begin(), made.lengths_kv.end(), int64_t{0});
  return p;
}

}  // namespace

CaseRun::CaseRun(const attn_problem& problem, uint32_t seed, float amplitude)
    : CaseRun(made_up(problem, seed, amplitude), with_totals_of(made_up(problem, seed, amplitude), problem)) {}

CaseRun::CaseRun(const ReferenceCase& reference, const attn_problem& p)
    : query(p.dtype, query_size(p), p.query_stride),
      key(p.dtype, key_size(p), p.key_stride),
      value(p.dtype, value_size(p), p.value_stride),
      d_output(p.dtype, output_size(p), p.d_output_stride),
      bias(bias_type(p), stored_bias_size(p, p.bias_stride), p.bias_stride),
      problem_(p),
      output_(p.dtype, output_size(p), p.output_stride),
      d_query_(p.dtype, query_size(p), p.d_query_stride),
      d_key_(p.dtype, key_size(p), p.d_key_stride),
      d_value_(p.dtype, value_size(p), p.d_value_stride),
      d_bias_(bias_type(p), stored_bias_size(p, p.d_bias_stride), p.d_bias_stride),
      lse_(static_cast<size_t>(lse_count(p)), std::numeric_limits<float>::quiet_NaN()),
      lengths_q_(reference.lengths_q),
      lengths_kv_(reference.lengths_kv) {
  const auto amplitude = static_cast<float>(reference.fields.at("amplitude"));
  fill(query, reference, 1, amplitude);
  fill(key, reference, 2, amplitude);
  fill(value, reference, 3, 1.0F);
  fill(d_output, reference, 4, 1.0F);
  fill(bias, reference, 5, 2.0F);
  for (int64_t i = 0; i < bias.count(); ++i)
    if (i % p.seq_kv % 11 == 7) bias.set(i, -std::numeric_limits<float>::infinity());
  if (p.varlen == ATTN_VARLEN_PACKED) {
    lengths_q_ = offsets_of(lengths_q_);
    lengths_kv_ = offsets_of(lengths_kv_);
  }
  for (int64_t head = 0; head < p.heads_q; ++head)
    slopes_.push_back(std::ldexp(1.0F, -static_cast<int>(head) - 1));
}

attn_extras CaseRun::extras(bool backward) {
  attn_extras extras = no_extras();
  const bool padded = problem_.varlen == ATTN_VARLEN_PADDED;
  const bool packed = problem_.varlen == ATTN_VARLEN_PACKED;
  if (padded) extras.lengths_q = lengths_q_.data();
  if (padded) extras.lengths_kv = lengths_kv_.data();
  if (packed) extras.offsets_q = lengths_q_.data();
  if (packed) extras.offsets_kv = lengths_kv_.data();
  if (problem_.bias == ATTN_BIAS_ADDITIVE) extras.bias = bias.data();
  if (problem_.bias == ATTN_BIAS_ALIBI) extras.alibi_slopes = slopes_.data();
  if (problem_.dropout > 0) extras.dropout_seed = &dropout_seed;
  if (problem_.dropout > 0) extras.dropout_offset = &dropout_offset;
  if (backward && (problem_.flags & ATTN_FLAG_D_BIAS) != 0) extras.d_bias = d_bias_.data();
  return extras;
}

ForwardTensors CaseRun::forward_tensors() {
  return {query.const_tensor(), key.const_tensor(), value.const_tensor(), output_.tensor(), lse_.data()};
}

BackwardTensors CaseRun::backward_tensors() {
  return {query.const_tensor(),    key.const_tensor(), value.const_tensor(), output_.const_tensor(), lse_.data(),
          d_output.const_tensor(), d_query_.tensor(),  d_key_.tensor(),      d_value_.tensor()};
}

std::vector<float> CaseRun::result(const std::string& name) const {
  if (name == "lse") return lse_;
  if (name == "output") return output_.values();
  if (name == "d_query") return d_query_.values();
  if (name == "d_key") return d_key_.values();
  if (name == "d_value") return d_value_.values();
  return d_bias_.values();
}

bool CaseRun::gaps_untouched() const {
  return output_.gaps_untouched() && d_query_.gaps_untouched() && d_key_.gaps_untouched() &&
         d_value_.gaps_untouched() && d_bias_.gaps_untouched();
}

}  // namespace attention_test
