#include "attention_plugins/cudnn/plan_cache.hpp"

namespace cfgtool::attention::cudnn {

PlanCache::PlanPointer PlanCache::get(const std::string& key, const std::function<PlanPointer()>& make) {
  if (capacity_ == 0) return make();
  std::promise<PlanPointer> promise;
  std::shared_future<PlanPointer> known;
  const size_t number = enter(key, promise, known);
  if (known.valid()) return known.get();
  try {
    PlanPointer plan = make();
    promise.set_value(plan);
    return plan;
  } catch (...) {
    promise.set_exception(std::current_exception());
    forget(key, number);
    throw;
  }
}

size_t PlanCache::enter(const std::string& key, std::promise<PlanPointer>& promise,
                        std::shared_future<PlanPointer>& known) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    known = found->second->plan;
    return 0;
  }
  entries_.push_front({key, promise.get_future().share(), ++next_number_});
  by_key_[key] = entries_.begin();
  if (entries_.size() > capacity_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  return next_number_;
}

size_t PlanCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void PlanCache::forget(const std::string& key, size_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || found->second->number != number) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

}  // namespace cfgtool::attention::cudnn
