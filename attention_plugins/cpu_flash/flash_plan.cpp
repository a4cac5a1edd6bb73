#include "attention_plugins/cpu_flash/flash_plan.hpp"

#include <algorithm>

#include "attention_plugins/cpu_flash/kernels.hpp"

namespace cfgtool::attention::cpu_flash {

namespace {

/// What the tasks' take() hands out, in whole lines of cache.
int64_t taken(int64_t floats) {
  return rounded_up(floats, 16);
}

}  // namespace

int64_t FlashPlan::words(int64_t numbers) const {
  return (numbers + kernels->numbers_per_word - 1) / kernels->numbers_per_word;
}

int64_t FlashPlan::forward_floats_per_worker() const {
  const int64_t block = taken(kKeyBlock * (words(padded_qk()) + kRowPadding)) +
                        taken(words(kKeyBlock) * (padded_v() + kRowPadding)) + taken(kKeyBlock * kPanelRows) +
                        taken(kPanelRows) + taken(std::max(padded_qk(), padded_v()));
  const int64_t panel =
      taken(words(problem.head_dim_qk) * kPanelRows) + taken(kPanelRows * padded_v()) + 2 * taken(kPanelRows);
  return block + kPanelsPerTask * panel;
}

int64_t FlashPlan::decode_floats_per_worker() const {
  return taken(kDecodeRows * (padded_qk() + padded_v() + kDecodeKeys));
}

int64_t FlashPlan::backward_floats_per_worker() const {
  const int64_t keys = group_size() > 1 ? rounded_up(problem.seq_kv, kBackwardKeys) : kBackwardKeys;
  const int64_t score_row = kBackwardKeys + kRowPadding;
  const int64_t blocks = taken(words(kBackwardKeys) * (padded_qk() + kRowPadding)) +
                         taken(words(problem.head_dim_qk) * score_row) + taken(words(problem.head_dim_v) * score_row) +
                         taken(kBackwardRows * (words(padded_qk()) + kRowPadding)) +
                         taken(kBackwardRows * (words(padded_v()) + kRowPadding)) +
                         2 * taken(kBackwardRows * score_row) + taken(std::max(padded_qk(), padded_v()));
  const int64_t groups = kernels->numbers_per_word == 1
                             ? 0
                             : taken(words(kBackwardRows) * (padded_qk() + kRowPadding)) +
                                   taken(words(kBackwardRows) * (padded_v() + kRowPadding)) +
                                   taken(kBackwardRows * (words(kBackwardKeys) + kRowPadding));
  return blocks + groups + taken(problem.seq_q) + taken(rounded_up(problem.seq_q, kRowMultiple) * padded_qk()) +
         taken(keys * padded_qk()) + taken(keys * padded_v());
}

uint64_t FlashPlan::forward_workspace_bytes() const {
  const int64_t floats = splits_keys() ? taken(all_partial_floats()) + max_workers * decode_floats_per_worker()
                                       : max_workers * forward_floats_per_worker();
  return static_cast<uint64_t>(floats) * sizeof(float);
}

uint64_t FlashPlan::backward_workspace_bytes() const {
  return static_cast<uint64_t>(taken(row_count()) + max_workers * backward_floats_per_worker()) * sizeof(float);
}

void forward(const FlashPlan& plan, const attn_forward_tensors& tensors, const attn_extras& extras,
             const attn_run& run) {
  auto* const workspace = static_cast<float*>(run.workspace);
  const ForwardArguments arguments{plan, tensors, extras, workspace};
  if (!plan.splits_keys()) {
    const int64_t floats = plan.forward_floats_per_worker();
    geometry::parallel_for(*run.executor, plan.forward_tasks(), [&](int64_t task, uint32_t worker) {
      plan.kernels->forward_task(arguments, task, workspace + worker * floats);
    });
    return;
  }
  float* const scratch = workspace + taken(plan.all_partial_floats());
  const int64_t floats = plan.decode_floats_per_worker();
  const int64_t kv_heads = plan.problem.batch * plan.problem.heads_kv;
  geometry::parallel_for(*run.executor, kv_heads * plan.splits(), [&](int64_t task, uint32_t worker) {
    plan.kernels->decode_task(arguments, task, scratch + worker * floats);
  });
  geometry::parallel_for(*run.executor, kv_heads * plan.decode_rows(),
                         [&](int64_t row, uint32_t) { plan.kernels->decode_merge(arguments, row); });
}

void backward(const FlashPlan& plan, const attn_backward_tensors& tensors, const attn_extras& extras,
              const attn_run& run) {
  auto* const deltas = static_cast<float*>(run.workspace);
  float* const scratch = deltas + taken(plan.row_count());
  const BackwardArguments arguments{plan, tensors, extras, deltas};
  const int64_t floats = plan.backward_floats_per_worker();
  geometry::parallel_for(*run.executor, plan.problem.batch * plan.problem.heads_q, [&](int64_t task, uint32_t worker) {
    plan.kernels->delta_task(arguments, task, scratch + worker * floats);
  });
  geometry::parallel_for(*run.executor, plan.problem.batch * plan.problem.heads_kv, [&](int64_t task, uint32_t worker) {
    plan.kernels->backward_task(arguments, task, scratch + worker * floats);
  });
}

}  // namespace cfgtool::attention::cpu_flash
