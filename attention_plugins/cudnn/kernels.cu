#include <cuda_runtime.h>

#include <algorithm>
#include <tuple>

#include "attention_plugins/cudnn/kernels.hpp"

namespace cfgtool::attention::cudnn {

namespace {

constexpr int64_t kThreads = 256;
constexpr int64_t kWarp = 32;

template <typename... Parameters, typename... Arguments>
int queue(void (*kernel)(Parameters...), int64_t threads, void* stream, Arguments... arguments) {
  if (threads == 0) return 0;
  // Kernels step through what is beyond the grid.
  constexpr int64_t kMostBlocks = 65536;
  const int64_t blocks = (threads + kThreads - 1) / kThreads;
  std::tuple<Parameters...> values(arguments...);
  // Not the launch in angle brackets: what cudaGetLastError gives after it may be an older error of this thread.
  return std::apply(
      [&](Parameters&... value) {
        void* pointers[] = {&value...};
        return cudaLaunchKernel(kernel, dim3(static_cast<unsigned>(std::min(blocks, kMostBlocks))),
                                dim3(static_cast<unsigned>(kThreads)), pointers, 0, static_cast<cudaStream_t>(stream));
      },
      values);
}

__device__ int64_t first_thread() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ int64_t thread_count() {
  return static_cast<int64_t>(gridDim.x) * blockDim.x;
}

__global__ void packed_offsets(PackedOffsets packed, int64_t batch) {
  for (int64_t b = first_thread(); b <= batch; b += thread_count()) {
    if (b < batch && packed.lengths != nullptr) packed.lengths[b] = packed.offsets[b + 1] - packed.offsets[b];
    for (int i = 0; i < 3; ++i)
      if (packed.results[i] != nullptr) packed.results[i][b] = packed.offsets[b] * packed.stride[i];
  }
}

__device__ uint16_t* row_of(const RowTensor& tensor, const Place& place, int64_t head) {
  return static_cast<uint16_t*>(tensor.data) + place.batch * tensor.stride[0] + head * tensor.stride[1] +
         place.row * tensor.stride[2];
}

// In both of these a warp has a row, so that its lanes' reads and writes lie side by side.
__global__ void copy_without_tails(Sequences s, RowTensor from, RowTensor to, int64_t rows) {
  for (int64_t warp = first_thread() / kWarp; warp < rows * from.heads; warp += thread_count() / kWarp) {
    const Place place = place_of(s, from.is_key, warp % rows);
    const int64_t head = warp / rows;
    const int64_t length = from.is_key ? length_kv(s, place.sequence) : length_q(s, place.sequence);
    const uint16_t* source = row_of(from, place, head);
    uint16_t* target = row_of(to, place, head);
    for (int64_t d = threadIdx.x % kWarp; d < from.head_dim; d += kWarp)
      target[d] = place.index < length ? source[d] : uint16_t{0};
  }
}

__global__ void clear_empty(Sequences s, RowTensor tensor, const float* stats, float* lse, int64_t rows) {
  for (int64_t warp = first_thread() / kWarp; warp < rows * tensor.heads; warp += thread_count() / kWarp) {
    const Place place = place_of(s, tensor.is_key, warp % rows);
    const int64_t head = warp / rows;
    const bool is_empty = tensor.is_key ? is_unseen_key(s, place.sequence, place.index)
                                        : is_empty_row(s, place.sequence, head, place.index);
    const int64_t lane = threadIdx.x % kWarp;
    if (lse != nullptr && lane == 0) {
      if (is_empty)
        lse[lse_index(s, place, head)] = -INFINITY;
      else if (stats != nullptr)
        lse[lse_index(s, place, head)] = stats[stats_index(s, true, place, head)];
    }
    if (!is_empty) continue;
    uint16_t* row = row_of(tensor, place, head);
    for (int64_t d = lane; d < tensor.head_dim; d += kWarp)
      row[d] = 0;
  }
}

__global__ void copy_stats(Sequences s, const float* lse, bool in_rows, float* stats, int64_t rows) {
  for (int64_t i = first_thread(); i < rows * s.heads_q; i += thread_count()) {
    const Place place = place_of(s, false, i % rows);
    const int64_t head = i / rows;
    const float value = lse[lse_index(s, place, head)];
    const bool is_empty = value == -INFINITY || place.index >= length_q(s, place.sequence);
    stats[stats_index(s, in_rows, place, head)] = is_empty ? INFINITY : value;
  }
}

struct Strided {
  int64_t size[4], stride[4];
};

template <typename Element>
__global__ void zeros(Element* data, Strided shape, int64_t count) {
  for (int64_t i = first_thread(); i < count; i += thread_count()) {
    int64_t rest = i, offset = 0;
    for (int d = 3; d >= 0; --d) {
      offset += rest % shape.size[d] * shape.stride[d];
      rest /= shape.size[d];
    }
    data[offset] = 0;
  }
}

__global__ void fill(float* numbers, float value, int64_t count) {
  for (int64_t i = first_thread(); i < count; i += thread_count())
    numbers[i] = value;
}

}  // namespace

int load_kernels() {
  const void* kernels[] = {reinterpret_cast<const void*>(packed_offsets),
                           reinterpret_cast<const void*>(copy_without_tails),
                           reinterpret_cast<const void*>(clear_empty),
                           reinterpret_cast<const void*>(copy_stats),
                           reinterpret_cast<const void*>(zeros<uint16_t>),
                           reinterpret_cast<const void*>(zeros<uint32_t>),
                           reinterpret_cast<const void*>(fill)};
  for (const void* kernel : kernels) {
    cudaFuncAttributes ignored{};
    if (const int error = cudaFuncGetAttributes(&ignored, kernel); error != 0) return error;
  }
  return 0;
}

int queue_packed_offsets(const PackedOffsets& packed, int64_t batch, void* stream) {
  return queue(packed_offsets, batch + 1, stream, packed, batch);
}

int queue_copy_without_tails(const Sequences& sequences, const RowTensor& from, const RowTensor& to, void* stream) {
  const int64_t rows = rows_per_head(sequences, from.is_key);
  return queue(copy_without_tails, rows * from.heads * kWarp, stream, sequences, from, to, rows);
}

int queue_clear_empty(const Sequences& sequences, const RowTensor& tensor, const float* stats, float* lse,
                      void* stream) {
  const int64_t rows = rows_per_head(sequences, tensor.is_key);
  return queue(clear_empty, rows * tensor.heads * kWarp, stream, sequences, tensor, stats, lse, rows);
}

int queue_stats(const Sequences& sequences, const float* lse, bool in_rows, float* stats, void* stream) {
  const int64_t rows = rows_per_head(sequences, false);
  // Packed sequences, each padded: what lies behind a shorter one belongs to no row.
  if (sequences.varlen == ATTN_VARLEN_PACKED && !in_rows) {
    const int64_t count = sequences.batch * sequences.heads_q * sequences.seq_q;
    if (const int error = queue(fill, count, stream, stats, INFINITY, count); error != 0) return error;
  }
  return queue(copy_stats, rows * sequences.heads_q, stream, sequences, lse, in_rows, stats, rows);
}

int queue_zeros(void* data, int64_t element_bytes, const int64_t (&size)[4], const int64_t (&stride)[4], void* stream) {
  Strided shape{};
  int64_t count = 1;
  for (int d = 0; d < 4; ++d) {
    shape.size[d] = stride[d] == 0 ? 1 : size[d];
    shape.stride[d] = stride[d];
    count *= shape.size[d];
  }
  if (element_bytes == 4) return queue(zeros<uint32_t>, count, stream, static_cast<uint32_t*>(data), shape, count);
  return queue(zeros<uint16_t>, count, stream, static_cast<uint16_t*>(data), shape, count);
}

}  // namespace cfgtool::attention::cudnn
