#include "attention_plugins/host/executor.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using cfgtool::attention::ThreadPool;

TEST_CASE("each index is run once, by workers that exist") {
  for (const uint32_t workers : {1U, 2U, 7U}) {
    ThreadPool pool(workers);
    REQUIRE(pool.worker_count() == workers);
    for (const uint64_t count : {0U, 1U, 2U, 3U, 100U, 5000U}) {
      std::vector<std::atomic<int>> runs(count);
      std::atomic<uint32_t> bad_workers{0};
      pool.parallel_for(count, [&](uint64_t index, uint32_t worker) {
        ++runs[index];
        if (worker >= workers) ++bad_workers;
      });
      CAPTURE(workers);
      CAPTURE(count);
      int wrong = 0;
      for (const auto& run : runs)
        wrong += run != 1 ? 1 : 0;
      CHECK(wrong == 0);
      CHECK(bad_workers == 0);
    }
  }
}

TEST_CASE("no two tasks run at the same time as the same worker, and all workers take part") {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> busy(4);
  std::vector<std::atomic<int>> used(4);
  std::atomic<int> clashes{0};
  pool.parallel_for(40, [&](uint64_t, uint32_t worker) {
    if (++busy[worker] != 1) ++clashes;
    ++used[worker];
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --busy[worker];
  });
  CHECK(clashes == 0);
  for (const auto& uses : used)
    CHECK(uses > 0);
}

TEST_CASE("several threads may use one pool at the same time") {
  ThreadPool pool(3);
  std::atomic<uint64_t> sum{0};
  std::atomic<int> clashes{0};
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        std::vector<std::atomic<int>> busy(3);
        pool.parallel_for(20, [&](uint64_t index, uint32_t worker) {
          if (++busy[worker] != 1) ++clashes;
          sum += index;
          --busy[worker];
        });
      }
    });
  for (std::thread& caller : callers)
    caller.join();
  CHECK(sum == 4 * 50 * 190);
  CHECK(clashes == 0);
}

TEST_CASE("a slow task does not hold up the others") {
  ThreadPool pool(2);
  std::atomic<int> others{0};
  std::atomic<int> others_before_slow_ended{0};
  pool.parallel_for(50, [&](uint64_t index, uint32_t) {
    if (index == 0) {
      // Waits until all others are done, which a division of the indices beforehand would never let happen.
      for (int i = 0; i < 5000 && others < 49; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      others_before_slow_ended = others.load();
    } else {
      ++others;
    }
  });
  CHECK(others_before_slow_ended == 49);
}

TEST_CASE("plugins get the same through the interface") {
  ThreadPool pool(2);
  const attn_executor executor = pool.executor();
  REQUIRE(executor.size == sizeof(attn_executor));
  REQUIRE(executor.worker_count == 2);
  std::atomic<uint64_t> sum{0};
  executor.parallel_for(
      executor.context, 100,
      [](void* context, uint64_t index, uint32_t) { *static_cast<std::atomic<uint64_t>*>(context) += index; }, &sum);
  CHECK(sum == 4950);
}
