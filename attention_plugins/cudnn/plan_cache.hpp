/// \file
/// A bounded cache of compiled plans: the least recently used goes first.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace cfgtool::attention::cudnn {

struct CompiledPlan;

/// Safe to use from several threads. Plans that it forgets live on as long as somebody has them.
class PlanCache {
 public:
  using PlanPointer = std::shared_ptr<const CompiledPlan>;

  explicit PlanCache(size_t capacity) : capacity_(capacity) {}  ///< 0: keeps nothing

  /// The plan with that key; else what `make` gives. Of several threads that ask for the same at the same time one
  /// makes it, and the others wait. What `make` throws, all of them get, and the next to ask tries again.
  PlanPointer get(const std::string& key, const std::function<PlanPointer()>& make);

  size_t size() const;

 private:
  struct Entry {
    std::string key;
    std::shared_future<PlanPointer> plan;
    size_t number;  ///< tells an entry from a later one with the same key
  };
  /// Sets `known` if there is an entry; else makes one, to be filled through `promise`, and returns its number.
  size_t enter(const std::string& key, std::promise<PlanPointer>& promise, std::shared_future<PlanPointer>& known);
  void forget(const std::string& key, size_t number);

  const size_t capacity_;
  mutable std::mutex mutex_;
  size_t next_number_ = 0;
  std::list<Entry> entries_;  ///< the most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

}  // namespace cfgtool::attention::cudnn
