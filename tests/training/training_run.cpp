#include "tests/training/training_run.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/cases/child_process.hpp"

namespace cfgtool::test {

namespace {

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TrainingRun run_in_scratch(const std::string& program, std::vector<std::string> words) {
  const ScratchFolder scratch;
  words.emplace_back("hydra.run.dir=run");
  TrainingRun run;
  run.outcome = run_program_in(scratch.path(), program, words);
  run.log = read_file(scratch.path() / "run" / "ppo_trainer.log");
  run.metrics_text = read_file(scratch.path() / "run" / "metrics.jsonl");
  std::istringstream lines(run.metrics_text);
  for (std::string line; std::getline(lines, line);)
    run.metrics.push_back(nlohmann::json::parse(line));
  return run;
}

}  // namespace

double TrainingRun::mean(size_t begin, size_t end, const char* name) const {
  double sum = 0;
  for (size_t step = begin; step < end; ++step)
    sum += metric(step, name);
  return sum / static_cast<double>(end - begin);
}

TrainingRun run_training(std::vector<std::string> words) {
  return run_in_scratch(TRAINING_PROGRAM, std::move(words));
}

TrainingRun run_training_with(const std::string& implementation, std::vector<std::string> words) {
  for (const char* model : {"actor_rollout_ref.model", "critic.model"})
    words.push_back(std::string(model) + ".override_config.attn_implementation=" + implementation);
  return run_training(std::move(words));
}

TrainingRun run_and_kill(int seconds, const std::vector<std::string>& words) {
  std::vector<std::string> all = {"-s", "KILL", std::to_string(seconds), TRAINING_PROGRAM};
  all.insert(all.end(), words.begin(), words.end());
  return run_in_scratch("/usr/bin/timeout", std::move(all));
}

nlohmann::json without_times(const nlohmann::json& metrics) {
  nlohmann::json rest;
  for (const auto& [name, value] : metrics.items()) {
    if (!name.starts_with("timing_s/") && name != "perf/throughput") rest[name] = value;
  }
  return rest;
}

}  // namespace cfgtool::test
