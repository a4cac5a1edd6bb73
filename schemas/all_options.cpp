#include "schemas/all_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace cfgtool {

namespace {

struct Outcome {
  ComposedVariant composed;
  Validation validation;
};

/// What makes two problems of two compositions the same.
std::string identity(const Diagnostic& problem, const SourceMap& sources) {
  std::string text = problem.code + '\n' + problem.message;
  SourceLocation place;
  if (!problem.labels.empty() && sources.locate(problem.labels[0].pos, &place)) text += '\n' + to_string(place);
  return text;
}

/// Calls work(worker, i) for every i below `count`, and `tick` in this thread now and then. \throws what `work` does
void run_in_parallel(size_t workers, size_t count, const std::function<void(size_t worker, size_t i)>& work,
                     const std::function<void()>& tick) {
  std::atomic<size_t> next{0};
  std::exception_ptr error;
  std::mutex mutex;
  std::condition_variable changed;
  size_t running = workers;
  std::vector<std::thread> threads;
  for (size_t worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      std::exception_ptr own;
      try {
        for (size_t i = next++; i < count; i = next++)
          work(worker, i);
      } catch (...) {
        own = std::current_exception();
        next = count;
      }
      const std::lock_guard lock(mutex);
      if (own) error = own;
      --running;
      changed.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    while (running > 0) {
      changed.wait_for(lock, std::chrono::milliseconds(100));
      tick();
    }
  }
  for (std::thread& thread : threads)
    thread.join();
  if (error) std::rethrow_exception(error);
}

class AllOptions {
 public:
  explicit AllOptions(const AllOptionsRequest& request)
      : request_(request), variants_(std::make_shared<FileStore>(), request.compose) {
    const size_t threads = std::max<size_t>(request.threads, 1);
    for (size_t i = 0; i < threads; ++i)
      stores_.push_back(std::make_shared<FileStore>());
  }

  AllOptionsReport run() {
    std::map<size_t, std::vector<Outcome>> appended;
    for (std::vector<OptionVariant> round = variants_.first_round(); !round.empty();) {
      std::vector<ComposedVariant> composed;
      for (Outcome& outcome : validate_round(round)) {
        composed.push_back(outcome.composed);
        if (variants_.is_incomplete(outcome.composed)) continue;
        if (outcome.composed.variant.appended == 0) {
          take(outcome);
        } else {
          appended[outcome.composed.variant.appended].push_back(std::move(outcome));
        }
      }
      round = variants_.next_round(composed);
    }
    for (const auto& [number, outcomes] : appended)
      take_best(outcomes);
    for (const auto& [place, count] : counts_) {
      VariantProblems& found = report_.problems[place.first];
      std::string note = fmt::format("found with {}", found.variant.command_line());
      if (count > 1) note += fmt::format(", the same in {} more configuration{}", count - 1, count == 2 ? "" : "s");
      found.problems[place.second].notes.push_back(std::move(note));
    }
    return std::move(report_);
  }

 private:
  /// The outcomes, in the order of `round`.
  std::vector<Outcome> validate_round(const std::vector<OptionVariant>& round) {
    for (const OptionVariant& variant : round) {
      if (!schemas_.contains(variant.config_name))
        schemas_[variant.config_name] = request_.schema_of ? request_.schema_of(variant.config_name) : nullptr;
    }
    all_ += round.size();
    std::vector<Outcome> outcomes(round.size());
    std::atomic<size_t> done{0};
    run_in_parallel(
        stores_.size(), round.size(),
        [&](size_t worker, size_t i) {
          outcomes[i] = validate_one(stores_[worker], round[i]);
          ++done;
        },
        [&] {
          if (request_.progress) request_.progress(done_ + done, all_);
        });
    done_ += round.size();
    return outcomes;
  }

  Outcome validate_one(const std::shared_ptr<FileStore>& store, const OptionVariant& variant) const {
    ComposeRequest request = request_.compose;
    request.config_name = variant.config_name;
    request.skip_missing = true;
    request.overrides.insert(request.overrides.end(), variant.choices.begin(), variant.choices.end());
    Outcome outcome{{variant, {}}, {}};
    outcome.validation = validate(store, request, schemas_.at(variant.config_name).get(), request_.validate);
    if (outcome.validation.composition) {
      outcome.composed.choices = outcome.validation.composition->defaults.known_choices;
      outcome.validation.composition = nullptr;
    }
    return outcome;
  }

  void take(const Outcome& outcome) {
    ++report_.composed;
    if (outcome.validation.has_errors()) ++report_.with_problems;
    VariantProblems found{outcome.composed.variant, {}, outcome.validation.sources};
    for (const Diagnostic& problem : outcome.validation.problems) {
      const Place place{report_.problems.size(), found.problems.size()};
      const auto [known, is_new] = known_.try_emplace(identity(problem, *found.sources), place);
      ++counts_[known->second];
      if (is_new) found.problems.push_back(problem);
    }
    if (!found.problems.empty()) report_.problems.push_back(std::move(found));
  }

  /// Of variants that try one option. A primary config may have problems of its own, whatever is tried on it.
  void take_best(const std::vector<Outcome>& outcomes) {
    const auto count_new = [&](const Outcome& outcome) {
      const std::vector<Diagnostic>& problems = outcome.validation.problems;
      return std::count_if(problems.begin(), problems.end(), [&](const Diagnostic& problem) {
        return !known_.contains(identity(problem, *outcome.validation.sources));
      });
    };
    take(*std::min_element(outcomes.begin(), outcomes.end(),
                           [&](const Outcome& a, const Outcome& b) { return count_new(a) < count_new(b); }));
  }

  using Place = std::pair<size_t, size_t>;  // in AllOptionsReport::problems, in VariantProblems::problems

  const AllOptionsRequest& request_;
  OptionVariants variants_;
  std::vector<std::shared_ptr<FileStore>> stores_;  // one for each thread
  std::map<std::string, std::shared_ptr<const Schema>> schemas_;
  AllOptionsReport report_;
  std::map<std::string, Place> known_;
  std::map<Place, size_t> counts_;
  size_t done_ = 0;
  size_t all_ = 0;
};

}  // namespace

AllOptionsReport validate_all_options(const AllOptionsRequest& request) {
  return AllOptions(request).run();
}

}  // namespace cfgtool
