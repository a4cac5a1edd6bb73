#include "metrics.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace ppo_trainer {

namespace {

bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && kind != nullptr && kind != std::string_view("dumb");
}

std::string bar(double fraction) {
  constexpr int kWidth = 20;
  const auto full = static_cast<size_t>(std::clamp(fraction, 0.0, 1.0) * kWidth + 0.5);
  return std::string(full, '#') + std::string(kWidth - full, '.');
}

}  // namespace

void Metrics::set_summary(const std::string& name, const Floats& values) {
  double sum = 0;
  for (const float value : values)
    sum += static_cast<double>(value);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  set(name + "/mean", sum / static_cast<double>(values.size()));
  set(name + "/max", static_cast<double>(*most));
  set(name + "/min", static_cast<double>(*least));
}

double Metrics::get(std::string_view name) const {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const auto& one) { return one.first == name; });
  return found == values_.end() ? 0 : found->second;
}

std::string Metrics::to_json() const {
  std::string text = "{";
  for (const auto& [name, value] : values_) {
    if (text.size() > 1) text += ", ";
    text += std::isfinite(value) ? fmt::format("\"{}\": {:.9g}", name, value) : fmt::format("\"{}\": null", name);
  }
  return text + "}";
}

MetricsFile::MetricsFile(std::string path) : path_(std::move(path)) {
  constexpr mode_t kMode = 0666;
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, kMode);
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), path_);
}

MetricsFile::~MetricsFile() {
  close(file_);
}

void MetricsFile::write(const Metrics& metrics) {
  const std::string line = metrics.to_json() + "\n";
  ssize_t written = 0;
  do {
    written = ::write(file_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(line.size())) return;
  // A line that was begun and does not fit on the disk is worth less than none.
  const int problem = written < 0 ? errno : ENOSPC;
  if (written > 0 && ftruncate(file_, lseek(file_, 0, SEEK_END) - written) != 0)
    throw std::system_error(errno, std::generic_category(), path_);
  throw std::system_error(problem, std::generic_category(), path_);
}

Progress::Progress(const cfgtool::Logger& log, int64_t total_steps)
    : log_(log), total_steps_(total_steps), in_place_(is_terminal()) {}

Progress::~Progress() {
  clear_line();
}

void Progress::clear_line() {
  if (!line_is_there_) return;
  std::fputs("\r\033[K", stdout);
  std::fflush(stdout);
  line_is_there_ = false;
}

void Progress::show(int64_t step, const Metrics& metrics) {
  constexpr int64_t kLines = 10;
  const int64_t every = std::max<int64_t>(total_steps_ / kLines, 1);
  const double reward = metrics.get("critic/score/mean");
  if (step == 1 || step % every == 0 || step == total_steps_) {
    clear_line();
    log_.info(
        fmt::format("step {}/{}: reward {:.3f}, pg_loss {:+.4f}, vf_loss {:.4f}, entropy {:.3f}, ppo_kl {:+.4f}, "
                    "{:.2f} s",
                    step, total_steps_, reward, metrics.get("actor/pg_loss"), metrics.get("critic/vf_loss"),
                    metrics.get("actor/entropy"), metrics.get("actor/ppo_kl"), metrics.get("timing_s/step")));
  }
  if (!in_place_ || step == total_steps_) return;
  // Short enough for 80 columns: a line that wraps cannot be written over.
  fmt::print("\r\033[K  {}/{} [{}] reward {:.3f}  entropy {:.2f}  {:.2f} s", step, total_steps_,
             bar(static_cast<double>(step) / static_cast<double>(total_steps_)), reward, metrics.get("actor/entropy"),
             metrics.get("timing_s/step"));
  std::fflush(stdout);
  line_is_there_ = true;
}

}  // namespace ppo_trainer
