#include "attention_plugins/host/executor.hpp"

#include <algorithm>
#include <atomic>

namespace cfgtool::attention {

struct ThreadPool::Job {
  Job(uint64_t count_in, const Task& task_in) : count(count_in), task(task_in) {}

  const uint64_t count;
  const Task& task;  // outlives every call of it: parallel_for returns only when all indices are done
  std::atomic<uint64_t> next{0};
  uint64_t done = 0;  // under the pool's mutex
  std::condition_variable finished;
};

ThreadPool::ThreadPool(uint32_t worker_count) {
  const uint32_t extra = std::max(worker_count, 1U) - 1;
  threads_.reserve(extra);
  try {
    for (uint32_t i = 0; i < extra; ++i)
      threads_.emplace_back([this, i] { work(i + 1); });
  } catch (...) {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_)
      thread.join();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

void ThreadPool::parallel_for(uint64_t count, const Task& task) {
  if (count == 0) return;
  if (count == 1 || threads_.empty()) {
    for (uint64_t index = 0; index < count; ++index)
      task(index, 0);
    return;
  }
  auto job = std::make_shared<Job>(count, task);
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(job);
  }
  // More threads than indices would only wake up to find nothing.
  if (count - 1 >= threads_.size()) {
    wake_.notify_all();
  } else {
    for (uint64_t i = 1; i < count; ++i)
      wake_.notify_one();
  }
  run_indices(*job, 0);
  std::unique_lock lock(mutex_);
  job->finished.wait(lock, [&] { return job->done == job->count; });
}

void ThreadPool::run_indices(Job& job, uint32_t worker) {
  uint64_t completed = 0;
  for (uint64_t index = job.next++; index < job.count; index = job.next++) {
    job.task(index, worker);
    ++completed;
  }
  std::lock_guard lock(mutex_);
  std::erase_if(jobs_, [&](const std::shared_ptr<Job>& other) { return other.get() == &job; });
  job.done += completed;
  if (job.done == job.count) job.finished.notify_one();
}

std::shared_ptr<ThreadPool::Job> ThreadPool::next_job() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
  if (jobs_.empty()) return nullptr;
  return jobs_.front();
}

void ThreadPool::work(uint32_t worker) {
  while (auto job = next_job())
    run_indices(*job, worker);
}

attn_executor ThreadPool::executor() {
  attn_executor executor{};
  executor.size = sizeof(executor);
  executor.worker_count = worker_count();
  executor.context = this;
  executor.parallel_for = [](void* context, uint64_t count, void (*task)(void*, uint64_t, uint32_t),
                             void* task_context) {
    static_cast<ThreadPool*>(context)->parallel_for(
        count, [&](uint64_t index, uint32_t worker) { task(task_context, index, worker); });
  };
  return executor;
}

}  // namespace cfgtool::attention
