/// \file
/// The threads that CPU kernels run on: a pool that hands out indices one by one and never spins.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "attention_plugins/abi/attention_plugin.h"

namespace cfgtool::attention {

class ThreadPool {
 public:
  /// `worker_count` >= 1 counts the calling thread, so that 1 starts no thread.
  /// Throws std::system_error when a thread cannot be started.
  explicit ThreadPool(uint32_t worker_count);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  uint32_t worker_count() const { return static_cast<uint32_t>(threads_.size()) + 1; }

  using Task = std::function<void(uint64_t index, uint32_t worker)>;
  /// Calls task(index, worker) for each index in [0, count) and returns when all are done; the calling thread takes
  /// part as worker 0. May be called from several threads at the same time. A task must not throw.
  void parallel_for(uint64_t count, const Task& task);

  /// The same for plugins. Valid as long as the pool.
  attn_executor executor();

 private:
  struct Job;
  void work(uint32_t worker);
  void run_indices(Job& job, uint32_t worker);
  std::shared_ptr<Job> next_job();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> jobs_;  ///< those with indices left to hand out, oldest first
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cfgtool::attention
