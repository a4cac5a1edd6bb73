// How plans behave beside each other: on two streams, in two threads, in a graph, and saved and loaded.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "cfgtool/problem_flags.hpp"
#include "tests/attention/case_run.hpp"
#include "tests/gpu/device_kernel.hpp"

using namespace attention_test;
using namespace cfgtool::attention;

namespace {

/// How often what goes on beside other work is repeated; once where nothing goes on beside anything.
int repeats() {
  return Gpu::first().is_fake() ? 1 : 20;
}

constexpr const char* kSmall = "--dtype bf16 --heads 8:2 --head-dim 64 --seq 256 --causal --backward";
constexpr const char* kOther = "--dtype fp16 --heads 4 --head-dim 128 --seq 384 --backward";

/// As training has it: gradients may be summed in any order.
attn_problem training_problem(const std::string& line) {
  attn_problem problem = cfgtool::parse_problem_line("x " + line).flags.problem();
  problem.passes |= ATTN_PASS_LSE;
  return for_gpu(problem);
}

/// One whose results can be compared bit by bit.
attn_problem problem_of(const std::string& line) {
  attn_problem problem = training_problem(line);
  problem.flags |= ATTN_FLAG_DETERMINISTIC;
  return problem;
}

/// Both passes of a problem, with everything that they need on the GPU.
class Job {
 public:
  Job(const GpuImplementation& implementation, const attn_problem& problem, uint32_t seed)
      : on_host_(problem, seed, 1),
        on_gpu_(Gpu::first().context(), Gpu::first().device(), implementation.plugin, implementation.index, problem) {
    on_host_.forward(on_gpu_);
    on_host_.backward(on_gpu_);
  }

  const CudaRun& run() const { return on_gpu_; }
  const CudaStream& stream() const { return on_gpu_.kernel().stream(); }
  const Plan& plan() const { return on_gpu_.kernel().plan(); }

  /// Waits for the GPU. Outputs are NaNs until a run has written them.
  std::vector<std::vector<float>> results() {
    on_gpu_.copy_back();
    return {on_host_.result("output"), on_host_.result("lse"), on_host_.result("d_query"), on_host_.result("d_key"),
            on_host_.result("d_value")};
  }

 private:
  CaseRun on_host_;
  CudaRun on_gpu_;
};

bool all_same(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (!same_bits(a[i], b[i])) return false;
  return true;
}

/// Sums of bf16 products in another order differ by a few roundings.
bool all_alike(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b) {
  constexpr float kRounding = 1.0F / 256;
  for (size_t i = 0; i < a.size(); ++i) {
    float largest = 0;
    for (const float value : a[i])
      largest = std::max(largest, std::abs(value));
    for (size_t j = 0; j < a[i].size(); ++j)
      if (!(std::abs(a[i][j] - b[i][j]) <= 4 * kRounding * largest)) return false;
  }
  return true;
}

/// What the problem gives with nothing else on the GPU.
std::vector<std::vector<float>> expected(const GpuImplementation& implementation, const std::string& line,
                                         uint32_t seed) {
  Job job(implementation, problem_of(line), seed);
  job.run().queue();
  return job.results();
}

/// Implementations that take both problems; deterministic backward passes may be refused.
std::vector<GpuImplementation> implementations() {
  std::vector<GpuImplementation> all;
  for (const GpuImplementation& implementation : Gpu::first().all()) {
    const Answer small = ask(implementation, problem_of(kSmall));
    const Answer other = ask(implementation, problem_of(kOther));
    if (small.verdict == Verdict::kYes && other.verdict == Verdict::kYes) {
      all.push_back(implementation);
    } else {
      MESSAGE(implementation.name() << " is left out: " << small.text << other.text);
    }
  }
  return all;
}

attn_run run_on(const CudaStream& stream, const CudaMemory& workspace) {
  attn_run run{};
  run.size = sizeof(run);
  run.workspace = workspace.data();
  run.workspace_bytes = workspace.size();
  run.stream = stream.handle();
  return run;
}

uint64_t workspace_bytes(const Plan& plan) {
  return std::max(plan.forward_workspace_bytes(), plan.backward_workspace_bytes());
}

/// What is queued on a stream while this exists is recorded, not run.
class Recording {
 public:
  explicit Recording(const CudaStream& stream) : stream_(stream) {
    constexpr int kGlobal = 0;  // CU_STREAM_CAPTURE_MODE_GLOBAL: whatever could wait for the device is an error
    driver().call("cuStreamBeginCapture_v2", stream.handle(), kGlobal);
  }
  ~Recording() {
    if (graph_ == nullptr) return;
    driver().call("cuGraphExecDestroy", executable_);
    driver().call("cuGraphDestroy", graph_);
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  void finish() {
    driver().call("cuStreamEndCapture", stream_.handle(), &graph_);
    driver().call("cuGraphInstantiateWithFlags", &executable_, graph_, 0ULL);
  }
  void replay() { driver().call("cuGraphLaunch", executable_, stream_.handle()); }

 private:
  static const CudaDriver& driver() { return Gpu::first().context().driver(); }

  const CudaStream& stream_;
  void* graph_ = nullptr;
  void* executable_ = nullptr;
};

}  // namespace

TEST_CASE("cuDNN is among what is tested where it can run") {
  const bool is_loaded = std::ranges::any_of(
      Gpu::first().all(), [](const GpuImplementation& one) { return one.plugin->name() == "cudnn"; });
  if (!is_loaded || Gpu::first().device().compute_capability < 80) return;
  const auto tested = implementations();
  CHECK(std::ranges::any_of(tested, [](const GpuImplementation& one) { return one.plugin->name() == "cudnn"; }));
}

TEST_CASE("two plans on two streams at once do not disturb each other") {
  for (const GpuImplementation& implementation : implementations()) {
    CAPTURE(implementation.name());
    const auto want_small = expected(implementation, kSmall, 1);
    const auto want_other = expected(implementation, kOther, 2);
    CHECK_FALSE(same_bits(want_small[0], want_other[0]));
    Job small(implementation, problem_of(kSmall), 1);
    Job other(implementation, problem_of(kOther), 2);
    for (int i = 0; i < repeats(); ++i) {
      small.run().queue();
      other.run().queue();
    }
    CHECK(all_same(small.results(), want_small));
    CHECK(all_same(other.results(), want_other));
  }
}

TEST_CASE("one plan runs in two threads at the same time") {
  for (const GpuImplementation& implementation : implementations()) {
    CAPTURE(implementation.name());
    const auto want_first = expected(implementation, kSmall, 1);
    const auto want_second = expected(implementation, kSmall, 2);
    Job first(implementation, problem_of(kSmall), 1);
    Job second(implementation, problem_of(kSmall), 2);
    const Plan& plan = first.plan();
    std::string failures[2];
    const auto use = [&](const Job& job, std::string& failure) {
      try {
        Gpu::first().context().make_current();
        const CudaStream stream(Gpu::first().context());
        const CudaMemory workspace(Gpu::first().context(), workspace_bytes(plan));
        for (int i = 0; i < repeats(); ++i)
          job.run().queue(plan, run_on(stream, workspace));
        stream.synchronize();
      } catch (const std::exception& error) {
        failure = error.what();
      }
    };
    std::thread other([&] { use(second, failures[1]); });
    use(first, failures[0]);
    other.join();
    CHECK(failures[0].empty());
    CHECK(failures[1].empty());
    CHECK(all_same(first.results(), want_first));
    CHECK(all_same(second.results(), want_second));
  }
}

TEST_CASE("a stream is recorded into a graph, and the graph gives the same") {
  if (Gpu::first().is_fake()) {
    MESSAGE("skipped: the tests' own driver records nothing");
    return;
  }
  for (const GpuImplementation& implementation : implementations()) {
    CAPTURE(implementation.name());
    const auto want = expected(implementation, kSmall, 1);
    Job job(implementation, problem_of(kSmall), 1);
    Recording recording(job.stream());
    job.run().queue();
    recording.finish();
    CHECK_FALSE(all_same(job.results(), want));  // recorded, not run
    for (int i = 0; i < 3; ++i)
      recording.replay();
    CHECK(all_same(job.results(), want));
  }
}

TEST_CASE("a training step, whose gradients are summed in any order, is recorded and replayed") {
  for (const GpuImplementation& implementation : implementations()) {
    CAPTURE(implementation.name());
    const auto want = expected(implementation, kSmall, 1);
    Job job(implementation, training_problem(kSmall), 1);
    if (Gpu::first().is_fake()) {  // which records nothing
      job.run().queue();
    } else {
      Recording recording(job.stream());
      job.run().queue();
      recording.finish();
      for (int i = 0; i < 3; ++i)
        recording.replay();
    }
    CHECK(all_alike(want, job.results()));
  }
}

TEST_CASE("queueing does not wait for the GPU") {
  if (Gpu::first().is_fake()) {
    MESSAGE("skipped: the tests' own driver runs everything at once");
    return;
  }
  const std::string line = "--dtype bf16 --batch 2 --heads 16 --head-dim 128 --seq 4096 --causal --backward";
  for (const GpuImplementation& implementation : implementations()) {
    CAPTURE(implementation.name());
    if (ask(implementation, problem_of(line)).verdict != Verdict::kYes) continue;
    const Job job(implementation, problem_of(line), 1);
    job.run().queue();
    job.stream().synchronize();
    for (int i = 0; i < 10; ++i)
      job.run().queue();
    CHECK_FALSE(job.stream().is_idle());
    job.stream().synchronize();
  }
}

TEST_CASE("a plan that was saved and loaded gives the same, and a damaged one is refused") {
  for (const GpuImplementation& implementation : implementations()) {
    CAPTURE(implementation.name());
    const attn_problem problem = problem_of(kSmall);
    Job job(implementation, problem, 1);
    if (!job.plan().can_save()) continue;
    std::vector<std::byte> bytes = job.plan().save();
    const Plan loaded = Plan::load(implementation.plugin, implementation.index, Gpu::first().device(), problem, bytes);
    const CudaMemory workspace(Gpu::first().context(), workspace_bytes(loaded));
    job.run().queue(loaded, run_on(job.stream(), workspace));
    CHECK(all_same(job.results(), expected(implementation, kSmall, 1)));
    bytes.resize(bytes.size() / 2);
    try {
      Plan::load(implementation.plugin, implementation.index, Gpu::first().device(), problem, bytes);
      FAIL("half a plan was loaded");
    } catch (const KernelError& error) {
      CHECK(error.reason() == ATTN_REASON_STALE);
    }
  }
}
