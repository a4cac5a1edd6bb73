#include "cfgtool/check_targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "attention_plugins/host/problem.hpp"
#include "config_engine/diagnostic.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kCuda = "cuda";

/// The N of `cuda:N`; `cuda` is the first. Nothing for another word.
std::optional<size_t> ordinal_of(std::string_view word) {
  if (word == kCuda) return 0;
  if (!word.starts_with("cuda:")) return std::nullopt;
  const std::string_view digits = word.substr(kCuda.size() + 1);
  size_t ordinal = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), ordinal);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return ordinal;
}

CheckTarget known_target(std::shared_ptr<const attention::KnownDevice> known) {
  CheckTarget target;
  target.name = known->name;
  target.device = known->device();
  target.known = std::move(known);
  return target;
}

CheckTarget cuda_target(const std::string& word, size_t ordinal, const attention::Machine& machine) {
  CheckTarget target;
  target.name = word;
  if (ordinal < machine.cuda.size()) {
    target.device = machine.cuda_device(ordinal);
  } else {
    target.missing = machine.cuda.empty() ? machine.no_cuda
                                          : fmt::format("this machine has no GPU {}: it has {}, counted from 0",
                                                        ordinal, machine.cuda.size());
  }
  return target;
}

class Finder {
 public:
  explicit Finder(const attention::DeviceFolders& folders)
      : sources_(std::make_shared<SourceMap>()), catalogue_(sources_, folders) {}

  void find(const std::string& word);
  CheckTargets take() { return std::move(targets_); }

 private:
  void add(CheckTarget target);
  const attention::Machine& machine();

  std::shared_ptr<SourceMap> sources_;
  attention::DeviceCatalogue catalogue_;
  CheckTargets targets_;
  bool has_looked_ = false;
};

void Finder::add(CheckTarget target) {
  const auto is_same = [&](const CheckTarget& other) { return other.name == target.name; };
  if (std::ranges::none_of(targets_.all, is_same)) targets_.all.push_back(std::move(target));
}

const attention::Machine& Finder::machine() {
  if (!has_looked_) targets_.machine = attention::look_at_machine();
  has_looked_ = true;
  return targets_.machine;
}

void Finder::find(const std::string& word) {
  if (word == "cpu") {
    CheckTarget target;
    target.name = word;
    target.device = attention::cpu_device(machine().workers);
    return add(std::move(target));
  }
  if (const std::optional<size_t> ordinal = ordinal_of(word)) return add(cuda_target(word, *ordinal, machine()));
  const attention::DeviceNaming named{sources_->add(SourceKind::kFlag, "--device", word), Stage::kRequest, {}};
  if (word == "all") {
    for (auto& known : catalogue_.all(named))
      add(known_target(std::move(known)));
    return;
  }
  try {
    add(known_target(catalogue_.find(word, named)));
  } catch (ConfigError& error) {
    if (error.diagnostics().front().code == "device-unknown")
      error.diagnostics().front().notes.emplace_back(
          "cpu, cuda and cuda:N are devices of this machine, all is every "
          "known GPU");
    throw;
  }
}

}  // namespace

CheckTargets find_targets(const std::vector<std::string>& words, const attention::DeviceFolders& folders) {
  Finder finder(folders);
  for (const std::string& word : words)
    finder.find(word);
  return finder.take();
}

}  // namespace cfgtool
