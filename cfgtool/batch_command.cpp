/// \file
/// `cfgtool batch`: JSON Lines in, JSON Lines out, one answer per request in the order asked.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <future>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cfgtool/batch_request.hpp"
#include "cfgtool/command.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/compose.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

namespace {

struct BatchFlags {
  unsigned jobs = 1;
  size_t max_line_bytes = size_t{16} << 20;
  BatchSettings settings;
  std::string error_format;
};

/// Lines on their way through the workers, in the order read. At most `capacity` are under way, so that a long input
/// does not pile up in memory.
class Window {
 public:
  Window(unsigned workers, size_t capacity, const BatchSettings& settings) : capacity_(capacity), settings_(settings) {
    for (unsigned i = 0; i < workers; ++i)
      threads_.emplace_back([this] { work(); });
    writer_ = std::thread([this] { write(); });
  }

  ~Window() { finish(); }

  void add(BatchLine line) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return answers_.size() < capacity_; });
    std::packaged_task<std::string(FileStorePtr&)> task(
        [this, line = std::move(line)](FileStorePtr& store) { return answer_batch_request(line, store, settings_); });
    answers_.push_back(task.get_future());
    tasks_.push_back(std::move(task));
    wake_.notify_all();
  }

  void add_answer(std::string answer) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return answers_.size() < capacity_; });
    std::promise<std::string> done;
    answers_.push_back(done.get_future());
    done.set_value(std::move(answer));
    wake_.notify_all();
  }

  /// Waits for all answers. \throws what writing threw
  void finish() {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      closed_ = true;
      wake_.notify_all();
    }
    for (std::thread& thread : threads_)
      thread.join();
    writer_.join();
  }

  bool failed() const { return failed_; }

 private:
  void work() {
    // Each worker keeps its own files: what one has parsed costs the others nothing to wait for.
    FileStorePtr store;
    while (true) {
      std::packaged_task<std::string(FileStorePtr&)> task;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return closed_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task(store);
    }
  }

  void write() {
    while (true) {
      std::future<std::string> next;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return closed_ || !answers_.empty(); });
        if (answers_.empty()) return;
        next = std::move(answers_.front());
      }
      const std::string line = next.get() + "\n";
      if (!failed_) {
        failed_ = std::fwrite(line.data(), 1, line.size(), stdout) != line.size() || std::fflush(stdout) != 0;
      }
      const std::lock_guard lock(mutex_);
      answers_.pop_front();
      room_.notify_one();
    }
  }

  const size_t capacity_;
  const BatchSettings settings_;
  std::mutex mutex_;
  std::condition_variable wake_, room_;
  std::deque<std::packaged_task<std::string(FileStorePtr&)>> tasks_;
  std::deque<std::future<std::string>> answers_;
  std::vector<std::thread> threads_;
  std::thread writer_;
  bool closed_ = false;
  std::atomic<bool> failed_ = false;
};

enum class LineResult : uint8_t { kLine, kTooLong, kEnd };

/// Reads up to the next line break; of a longer line than `limit` the rest is skipped.
LineResult read_line(std::string* line, size_t limit) {
  line->clear();
  bool any = false;
  bool too_long = false;
  for (int c = std::getc(stdin); c != EOF; c = std::getc(stdin)) {
    any = true;
    if (c == '\n') return too_long ? LineResult::kTooLong : LineResult::kLine;
    if (line->size() >= limit) {
      too_long = true;
    } else {
      line->push_back(static_cast<char>(c));
    }
  }
  if (!any) return LineResult::kEnd;
  return too_long ? LineResult::kTooLong : LineResult::kLine;
}

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

void declare(CLI::App& app, BatchFlags& flags) {
  app.footer(
      "A request: {\"id\": 1, \"config_dir\": [\"/abs/conf\"], \"config_name\": \"config\", \"overrides\": [\"a=1\"], "
      "\"resolve\": true,\n"
      "            \"env\": {\"HOME\": \"/root\"}, \"now\": \"2026-01-02T03:04:05\", \"hydra\": false}\n"
      "An answer: {\"id\": 1, \"ok\": true, \"yaml\": \"...\", \"warnings\": []}, or {\"id\": 1, \"ok\": false, "
      "\"stage\": \"compose\",\n"
      "            \"error\": {\"code\": \"...\", \"message\": \"...\", \"file\": ..., \"line\": ..., \"column\": ..., "
      "\"notes\": [...]}}\n"
      "            with the stage request, compose or resolve. What is wrong with a request itself is in the file "
      "<stdin>.\n"
      "            Where there are several errors, \"errors\" has all of them.\n\n"
      "Example:\n"
      "  echo '{\"id\": 1, \"config_dir\": [\"'$PWD'/conf\"], \"config_name\": \"config\"}' | cfgtool batch");
  add_version_flag(app, version_text("cfgtool", ""));
  add_error_format_flag(app, flags.error_format);
  app.add_option("-j,--jobs", flags.jobs, "Requests answered at the same time")
      ->check(CLI::Range(1u, 256u))
      ->capture_default_str();
  app.add_option("--max-line-bytes", flags.max_line_bytes, "Longer requests are refused")->capture_default_str();
  app.add_option("--max-seconds", flags.settings.max_seconds, "A request that takes longer is given up")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
}

}  // namespace

std::vector<CompletionFlag> batch_command_flags() {
  BatchFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int batch_command(const std::vector<std::string>& words) {
  BatchFlags flags;
  CLI::App app("Answers compose requests: JSON Lines on stdin, one answer a line on stdout, in the same order",
               "cfgtool batch");
  declare(app, flags);
  if (!parse_flags(app, words)) return 0;
  Window window(flags.jobs, size_t{4} * flags.jobs, flags.settings);
  BatchLine line;
  for (line.number = 1; !window.failed(); ++line.number) {
    const LineResult read = read_line(&line.text, flags.max_line_bytes);
    if (read == LineResult::kEnd) break;
    if (read == LineResult::kTooLong) {
      window.add_answer(refuse_long_batch_request(line.number, flags.max_line_bytes));
    } else if (!is_blank(line.text)) {
      window.add(line);
    }
  }
  window.finish();
  if (window.failed()) throw output_error("cannot write to stdout");
  return 0;
}

}  // namespace cfgtool
