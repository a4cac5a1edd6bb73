#include <doctest/doctest.h>

#include "attention_plugins/cudnn/rules.hpp"
#include "tests/cudnn_rules/problems.hpp"

using namespace cfgtool::attention;

namespace {

bool prefill(int32_t capability, int64_t head_dim, int64_t head_dim_v = 0) {
  return cudnn::is_documented(make(kForward, square(2048, head_dim, head_dim_v)), capability);
}

bool decode(int32_t capability, int64_t head_dim, int64_t head_dim_v = 0) {
  ProblemSizes sizes = rectangle(1, 4096, head_dim);
  sizes.head_dim_v = head_dim_v;
  return cudnn::is_documented(make(kForward, sizes), capability);
}

bool backward(int32_t capability, int64_t head_dim, int64_t head_dim_v = 0) {
  return cudnn::is_documented(make(kTraining, square(2048, head_dim, head_dim_v)), capability);
}

}  // namespace

// The rows of the table in docs.nvidia.com/deeplearning/cudnn/frontend/latest/operations/Attention.html (9.18.1).
TEST_CASE("NVIDIA's support matrix") {
  const struct {
    int32_t capability;
    int64_t prefill, decode, backward;
    bool latent_prefill, latent_decode, latent_backward;
  } rows[] = {{80, 256, 128, 128, false, false, false}, {86, 256, 128, 128, false, false, false},
              {89, 256, 128, 128, false, false, false}, {90, 256, 256, 256, true, true, true},
              {100, 256, 128, 128, true, true, true},   {103, 256, 128, 128, true, true, true},
              {120, 256, 128, 128, false, true, false}};
  for (const auto& row : rows) {
    CAPTURE(row.capability);
    CHECK(prefill(row.capability, row.prefill));
    CHECK_FALSE(prefill(row.capability, row.prefill + 8));
    CHECK(decode(row.capability, row.decode));
    CHECK_FALSE(decode(row.capability, row.decode + 8));
    CHECK(backward(row.capability, row.backward));
    CHECK_FALSE(backward(row.capability, row.backward + 8));
    CHECK(prefill(row.capability, 192, 128) == row.latent_prefill);
    CHECK(decode(row.capability, 192, 128) == row.latent_decode);
    CHECK(backward(row.capability, 192, 128) == row.latent_backward);
    CHECK_FALSE(prefill(row.capability, 64, 128));
  }
}

TEST_CASE("what the matrix does not hold") {
  for (const int32_t capability : {70, 75, 110, 130})
    CHECK_FALSE(prefill(capability, 128));
  CHECK_FALSE(cudnn::is_documented(make(kForward, square(128), true, ATTN_DTYPE_F32), 90));
}
