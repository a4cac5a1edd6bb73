#include "attention_plugins/host/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "attention_plugins/host/byte_writer.hpp"
#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/tensor_check.hpp"

namespace cfgtool::attention {
namespace {

constexpr size_t kWorkspaceAlignment = 64;
constexpr size_t kCudaWorkspaceAlignment = 256;
constexpr size_t kGuardBytes = 64;
constexpr auto kGuard = std::byte{0xa5};

KernelError::Kind kind_of(const Answer& answer, attn_status status) {
  if (answer.verdict == Verdict::kNo) return KernelError::Kind::kRefused;
  if (answer.verdict == Verdict::kCannotTell) return KernelError::Kind::kCannotTell;
  return status == ATTN_STATUS_OUT_OF_MEMORY ? KernelError::Kind::kOutOfMemory : KernelError::Kind::kFailed;
}

/// Throws unless the call succeeded; returns the answer.
Answer checked(const Plugin& plugin, const char* function, attn_status status, const attn_answer& raw) {
  Answer answer = read_answer(plugin.name(), function, status, raw);
  if (answer.verdict != Verdict::kYes)
    throw KernelError(kind_of(answer, status), plugin.name(), answer.reason, answer.text);
  return answer;
}

[[noreturn]] void bad_tensors(const Plugin& plugin, const std::string& fault) {
  throw KernelError(KernelError::Kind::kBadTensors, plugin.name(), ATTN_REASON_NONE, fault);
}

void check(const Plugin& plugin, const std::string& fault) {
  if (!fault.empty()) bad_tensors(plugin, fault);
}

}  // namespace

KernelError::KernelError(Kind kind, std::string plugin, int32_t reason, const std::string& text)
    : kind_(kind),
      plugin_(std::move(plugin)),
      reason_(reason),
      what_(fmt::format("attention plugin '{}': {}", plugin_, text)) {}

attn_extras no_extras() {
  attn_extras extras{};
  extras.size = sizeof(extras);
  return extras;
}

Plan::Plan(std::shared_ptr<const Plugin> plugin, size_t implementation, const attn_device& device,
           const attn_problem& problem, const std::vector<std::byte>* bytes)
    : plugin_(std::move(plugin)), problem_(problem), device_kind_(device.kind), max_workers_(device.max_workers) {
  const Implementation& asked = plugin_->implementations().at(implementation);
  if (asked.device_kind != device.kind)
    throw KernelError(KernelError::Kind::kRefused, plugin_->name(), ATTN_REASON_DEVICE,
                      fmt::format("provides {} on {} devices, not on {}", asked.name,
                                  device_kind_name(asked.device_kind), device_kind_name(device.kind)));
  if (auto fault = check_problem(problem))
    throw KernelError(KernelError::Kind::kRefused, plugin_->name(), fault->reason, fault->text);
  if (bytes != nullptr && plugin_->table().load_plan == nullptr)
    throw KernelError(KernelError::Kind::kRefused, plugin_->name(), ATTN_REASON_STALE, "does not load saved plans");
  attn_answer raw = blank_answer();
  const attn_plugin& table = plugin_->table();
  const auto index = static_cast<uint32_t>(implementation);
  const attn_status status = bytes == nullptr ? table.plan(plugin_->instance(), index, &device, &problem_, &plan_, &raw)
                                              : table.load_plan(plugin_->instance(), index, &device, &problem_,
                                                                bytes->data(), bytes->size(), &plan_, &raw);
  answer_ = checked(*plugin_, bytes == nullptr ? "plan" : "load_plan", status, raw);
  if (plan_ == nullptr)
    throw KernelError(KernelError::Kind::kFailed, plugin_->name(), ATTN_REASON_OTHER,
                      "broke the interface: plan succeeded and gave no plan");
}

Plan::Plan(std::shared_ptr<const Plugin> plugin, size_t implementation, const attn_device& device,
           const attn_problem& problem)
    : Plan(std::move(plugin), implementation, device, problem, nullptr) {}

Plan Plan::load(std::shared_ptr<const Plugin> plugin, size_t implementation, const attn_device& device,
                const attn_problem& problem, const std::vector<std::byte>& bytes) {
  return {std::move(plugin), implementation, device, problem, &bytes};
}

Plan::~Plan() {
  if (plan_ != nullptr) plugin_->table().free_plan(plan_);
}

Plan::Plan(Plan&& other) noexcept
    : plugin_(std::move(other.plugin_)),
      problem_(other.problem_),
      device_kind_(other.device_kind_),
      max_workers_(other.max_workers_),
      answer_(std::move(other.answer_)),
      plan_(std::exchange(other.plan_, nullptr)) {}

Plan& Plan::operator=(Plan&& other) noexcept {
  std::swap(plugin_, other.plugin_);
  std::swap(problem_, other.problem_);
  std::swap(device_kind_, other.device_kind_);
  std::swap(max_workers_, other.max_workers_);
  std::swap(answer_, other.answer_);
  std::swap(plan_, other.plan_);
  return *this;
}

void Plan::check_run(const attn_run& run, uint64_t workspace_bytes) const {
  if (run.size != sizeof(attn_run)) bad_tensors(*plugin_, "the size of the run is not filled in");
  if (device_kind_ == ATTN_DEVICE_CPU) {
    if (run.executor == nullptr || run.stream != nullptr)
      bad_tensors(*plugin_, "a run on the CPU needs an executor and no stream");
    if (run.executor->worker_count > max_workers_)
      bad_tensors(*plugin_, fmt::format("the executor has {} workers, the plan is for {} at most",
                                        run.executor->worker_count, max_workers_));
  }
  const size_t alignment = device_kind_ == ATTN_DEVICE_CPU ? kWorkspaceAlignment : kCudaWorkspaceAlignment;
  if (workspace_bytes > 0 && (run.workspace == nullptr || run.workspace_bytes < workspace_bytes ||
                              reinterpret_cast<std::uintptr_t>(run.workspace) % alignment != 0))
    bad_tensors(*plugin_,
                fmt::format("the run needs a workspace of {} bytes, aligned to {}", workspace_bytes, alignment));
}

void Plan::forward(const ForwardTensors& tensors, const attn_extras& extras, const attn_run& run) const {
  check(*plugin_, tensors_fault(problem_, tensors));
  check(*plugin_, extras_fault(problem_, extras, false));
  check_run(run, answer_.forward_workspace_bytes);
  attn_forward_tensors raw_tensors{};
  raw_tensors.size = sizeof(raw_tensors);
  raw_tensors.query = tensors.query.data;
  raw_tensors.key = tensors.key.data;
  raw_tensors.value = tensors.value.data;
  raw_tensors.output = tensors.output.data;
  raw_tensors.lse = tensors.lse;
  attn_answer raw = blank_answer();
  checked(*plugin_, "forward", plugin_->table().forward(plan_, &raw_tensors, &extras, &run, &raw), raw);
}

void Plan::backward(const BackwardTensors& tensors, const attn_extras& extras, const attn_run& run) const {
  check(*plugin_, tensors_fault(problem_, tensors));
  check(*plugin_, extras_fault(problem_, extras, true));
  check_run(run, answer_.backward_workspace_bytes);
  if (plugin_->table().backward == nullptr)
    throw KernelError(KernelError::Kind::kFailed, plugin_->name(), ATTN_REASON_PASS,
                      "broke the interface: it planned a backward pass and has none");
  attn_backward_tensors raw_tensors{};
  raw_tensors.size = sizeof(raw_tensors);
  raw_tensors.query = tensors.query.data;
  raw_tensors.key = tensors.key.data;
  raw_tensors.value = tensors.value.data;
  raw_tensors.output = tensors.output.data;
  raw_tensors.lse = tensors.lse;
  raw_tensors.d_output = tensors.d_output.data;
  raw_tensors.d_query = tensors.d_query.data;
  raw_tensors.d_key = tensors.d_key.data;
  raw_tensors.d_value = tensors.d_value.data;
  attn_answer raw = blank_answer();
  checked(*plugin_, "backward", plugin_->table().backward(plan_, &raw_tensors, &extras, &run, &raw), raw);
}

bool Plan::can_save() const {
  return plugin_->table().save_plan != nullptr;
}

std::vector<std::byte> Plan::save() const {
  if (!can_save())
    throw KernelError(KernelError::Kind::kRefused, plugin_->name(), ATTN_REASON_OTHER, "does not save plans");
  std::vector<std::byte> bytes;
  const attn_writer writer = writer_into(bytes);
  attn_answer raw = blank_answer();
  checked(*plugin_, "save_plan", plugin_->table().save_plan(plan_, &writer, &raw), raw);
  return bytes;
}

AttentionKernel::AttentionKernel(std::shared_ptr<const Plugin> plugin, size_t implementation,
                                 const attn_problem& problem, std::shared_ptr<ThreadPool> pool)
    : pool_(std::move(pool)),
      executor_(pool_->executor()),
      plan_(std::move(plugin), implementation, cpu_device(pool_->worker_count()), problem) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 46;
  const uint64_t bytes = std::max(plan_.forward_workspace_bytes(), plan_.backward_workspace_bytes());
  void* memory = nullptr;
  if (bytes < kMostBytes)
    memory = ::operator new (bytes + kGuardBytes, std::align_val_t{kWorkspaceAlignment}, std::nothrow);
  if (memory == nullptr)
    throw KernelError(KernelError::Kind::kOutOfMemory, plan_.plugin().name(), ATTN_REASON_RESOURCES,
                      fmt::format("asks for a workspace of {} bytes, which is not to be had", bytes));
  workspace_.reset(static_cast<std::byte*>(memory));
}

void AttentionKernel::FreeWorkspace::operator()(std::byte* bytes) const {
  ::operator delete (bytes, std::align_val_t{kWorkspaceAlignment});
}

attn_run AttentionKernel::run(uint64_t workspace_bytes) {
  std::fill_n(workspace_.get() + workspace_bytes, kGuardBytes, kGuard);
  attn_run run{};
  run.size = sizeof(run);
  run.executor = &executor_;
  run.workspace = workspace_bytes == 0 ? nullptr : workspace_.get();
  run.workspace_bytes = workspace_bytes;
  return run;
}

void AttentionKernel::check_guard(const char* function, uint64_t workspace_bytes) const {
  const std::byte* guard = workspace_.get() + workspace_bytes;
  if (std::all_of(guard, guard + kGuardBytes, [](std::byte b) { return b == kGuard; })) return;
  throw KernelError(
      KernelError::Kind::kFailed, plan_.plugin().name(), ATTN_REASON_OTHER,
      fmt::format("broke the interface: {} wrote past its workspace of {} bytes", function, workspace_bytes));
}

void AttentionKernel::forward(const ForwardTensors& tensors, const attn_extras& extras) {
  const uint64_t bytes = plan_.forward_workspace_bytes();
  plan_.forward(tensors, extras, run(bytes));
  check_guard("forward", bytes);
}

void AttentionKernel::backward(const BackwardTensors& tensors, const attn_extras& extras) {
  const uint64_t bytes = plan_.backward_workspace_bytes();
  plan_.backward(tensors, extras, run(bytes));
  check_guard("backward", bytes);
}

}  // namespace cfgtool::attention
