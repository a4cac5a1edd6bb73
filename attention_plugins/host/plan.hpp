/// \file
/// Running attention: a plan that checks what it is given, and a kernel that also owns what a run needs on the CPU.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "attention_plugins/host/executor.hpp"
#include "attention_plugins/host/plugin.hpp"
#include "attention_plugins/host/problem.hpp"

namespace cfgtool::attention {

/// A kernel could not be made or run. A program ends with exit code 4.
class KernelError : public std::exception {
 public:
  enum class Kind { kRefused, kCannotTell, kBadTensors, kOutOfMemory, kFailed };
  KernelError(Kind kind, std::string plugin, int32_t reason, const std::string& text);
  Kind kind() const { return kind_; }
  int32_t reason() const { return reason_; }
  const std::string& plugin() const { return plugin_; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  Kind kind_;
  std::string plugin_;
  int32_t reason_;
  std::string what_;
};

/// Somebody else's memory as a tensor [batch, heads, sequence, head_dim]. Strides are in elements.
template <typename Void>
struct BasicTensor {
  Void* data = nullptr;
  int32_t dtype = 0;
  Dims size{};
  Dims stride{};
};
using Tensor = BasicTensor<void>;
using ConstTensor = BasicTensor<const void>;

struct ForwardTensors {
  ConstTensor query, key, value;
  Tensor output;
  float* lse = nullptr;  ///< lse_count(problem) numbers if the problem has ATTN_PASS_LSE, else null
};

struct BackwardTensors {
  ConstTensor query, key, value, output;
  const float* lse = nullptr;
  ConstTensor d_output;
  Tensor d_query, d_key, d_value;
};

/// No extras, with the size filled in.
attn_extras no_extras();

/// A plan of a plugin. forward and backward may be called from several threads at the same time, each with its own
/// workspace and outputs. All functions throw KernelError.
class Plan {
 public:
  Plan(std::shared_ptr<const Plugin> plugin, size_t implementation, const attn_device& device,
       const attn_problem& problem);
  /// From what save() returned. A refusal with ATTN_REASON_STALE means: make a new one.
  static Plan load(std::shared_ptr<const Plugin> plugin, size_t implementation, const attn_device& device,
                   const attn_problem& problem, const std::vector<std::byte>& bytes);
  ~Plan();
  Plan(Plan&& other) noexcept;
  Plan& operator=(Plan&& other) noexcept;

  const Plugin& plugin() const { return *plugin_; }
  const attn_problem& problem() const { return problem_; }
  uint64_t forward_workspace_bytes() const { return answer_.forward_workspace_bytes; }
  uint64_t backward_workspace_bytes() const { return answer_.backward_workspace_bytes; }
  const std::string& engine() const { return answer_.engine; }  ///< may be empty

  /// Checks tensors (type, sizes, strides, alignment, null), extras and run against the problem, then runs.
  void forward(const ForwardTensors& tensors, const attn_extras& extras, const attn_run& run) const;
  void backward(const BackwardTensors& tensors, const attn_extras& extras, const attn_run& run) const;

  bool can_save() const;
  std::vector<std::byte> save() const;

 private:
  Plan(std::shared_ptr<const Plugin> plugin, size_t implementation, const attn_device& device,
       const attn_problem& problem, const std::vector<std::byte>* bytes);
  void check_run(const attn_run& run, uint64_t workspace_bytes) const;

  std::shared_ptr<const Plugin> plugin_;
  attn_problem problem_{};
  int32_t device_kind_ = 0;
  uint32_t max_workers_ = 0;
  Answer answer_;
  attn_plan* plan_ = nullptr;
};

/// A plan on the CPU with its workspace. To be used by one thread at a time; the pool may be shared.
class AttentionKernel {
 public:
  AttentionKernel(std::shared_ptr<const Plugin> plugin, size_t implementation, const attn_problem& problem,
                  std::shared_ptr<ThreadPool> pool);

  const Plan& plan() const { return plan_; }
  void forward(const ForwardTensors& tensors, const attn_extras& extras = no_extras());
  void backward(const BackwardTensors& tensors, const attn_extras& extras = no_extras());

 private:
  struct FreeWorkspace {
    void operator()(std::byte* bytes) const;
  };
  attn_run run(uint64_t workspace_bytes);
  void check_guard(const char* function, uint64_t workspace_bytes) const;

  std::shared_ptr<ThreadPool> pool_;
  attn_executor executor_{};
  Plan plan_;
  std::unique_ptr<std::byte, FreeWorkspace> workspace_;  ///< with a guard behind it, to notice a plugin that overruns
};

}  // namespace cfgtool::attention
