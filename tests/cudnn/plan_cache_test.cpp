// The cache of compiled plans: bounded, one maker for each key, nothing kept of what failed.
#include "attention_plugins/cudnn/plan_cache.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "attention_plugins/cudnn/compiled_plan.hpp"

using namespace cfgtool::attention::cudnn;

namespace {

struct Maker {
  std::atomic<int> made{0};
  std::function<PlanCache::PlanPointer()> make() {
    return [this]() -> PlanCache::PlanPointer {
      ++made;
      return nullptr;
    };
  }
};

}  // namespace

TEST_CASE("a plan is made once, and the least recently used goes first") {
  PlanCache cache(2);
  Maker maker;
  cache.get("a", maker.make());
  cache.get("b", maker.make());
  cache.get("a", maker.make());
  CHECK(maker.made == 2);
  cache.get("c", maker.make());  // b goes
  CHECK(cache.size() == 2);
  cache.get("a", maker.make());
  CHECK(maker.made == 3);
  cache.get("b", maker.make());
  CHECK(maker.made == 4);
}

TEST_CASE("a cache of 0 plans keeps none") {
  PlanCache cache(0);
  Maker maker;
  cache.get("a", maker.make());
  cache.get("a", maker.make());
  CHECK(maker.made == 2);
  CHECK(cache.size() == 0);
}

TEST_CASE("what fails is not kept") {
  PlanCache cache(2);
  Maker maker;
  const auto fail = []() -> PlanCache::PlanPointer { throw std::runtime_error("no"); };
  CHECK_THROWS_WITH(cache.get("a", fail), "no");
  CHECK(cache.size() == 0);
  cache.get("a", maker.make());
  CHECK(maker.made == 1);
}

TEST_CASE("threads that ask for the same at the same time do the work once") {
  PlanCache cache(4);
  std::atomic<int> made{0};
  const auto slow = [&]() -> PlanCache::PlanPointer {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ++made;
    return nullptr;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { cache.get("a", slow); });
  for (std::thread& thread : threads)
    thread.join();
  CHECK(made == 1);
}
