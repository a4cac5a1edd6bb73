/// \file
/// `cfgtool attention bench`: measures the problems of a file.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "attention_plugins/host/machine.hpp"
#include "attention_plugins/host/selector.hpp"
#include "cfgtool/attention_bench.hpp"
#include "cfgtool/attention_commands.hpp"
#include "cfgtool/command.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

namespace {

struct BenchFlags {
  AttentionFlags common;
  BenchOptions options;
  std::string file;
  std::string device = "cpu";
};

void declare_bench(CLI::App& app, BenchFlags& flags) {
  BenchOptions& options = flags.options;
  app.add_option("FILE", flags.file, "Problems, one a line: a name, then the flags of `cfgtool attention check`")
      ->required();
  app.add_option("--device", flags.device, "cpu, or cuda for the first GPU")
      ->check(CLI::IsMember({"cpu", "cuda"}).description(""))
      ->type_name("DEVICE")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Threads on the CPU; 0: all")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--seconds", options.seconds, "How long each is repeated")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str()
      ->type_name("X");
  app.add_option("--impl", options.implementations, "Only these names; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  add_attention_flags(app, flags.common);
  app.footer(
      "GFLOP/s count 4 * batch * heads * head_dim for each row and key that it sees (half of all if causal), 3.5 times "
      "as\n"
      "much with the backward pass. `peak` is the share of what this machine's multiply-add units reach with the\n"
      "problem's type; of a GPU it is not known. On a GPU a run is timed by the GPU's own events.\n\n"
      "A file:\n"
      "  prefill  --dtype bf16 --heads 16 --head-dim 128 --seq 2048 --causal\n"
      "  decode   --dtype bf16 --heads 16 --head-dim 128 --seq 1:4096");
}

}  // namespace

std::vector<CompletionFlag> attention_bench_flags() {
  BenchFlags flags;
  CLI::App app;
  declare_bench(app, flags);
  return completion_flags(app);
}

int attention_bench_command(CLI::App& app, const std::vector<std::string>& words) {
  BenchFlags flags;
  declare_bench(app, flags);
  BenchOptions& options = flags.options;
  if (!parse_flags(app, words)) return 0;
  if (!std::isfinite(options.seconds)) throw std::invalid_argument("--seconds takes a number, not nan");
  options.problems = read_problem_file(flags.file);
  const attention::LoadedPlugins loaded = load_for_command(flags.common);
  const attention::Machine machine = attention::look_at_machine();
  const bool on_gpu = flags.device == "cuda";
  if (on_gpu && machine.cuda.empty())
    throw error_at(attention_problem("attention-device", machine.no_cuda), SourceKind::kFlag, "--device", flags.device);
  if (options.threads == 0) options.threads = machine.workers;
  options.device = on_gpu ? machine.cuda_device(0) : attention::cpu_device(options.threads);
  const bool shows_progress = ::isatty(STDERR_FILENO) != 0;
  const std::vector<BenchRow> rows = run_bench(options, loaded.plugins, [&](const std::string& what) {
    if (shows_progress) write_stderr(fmt::format("\r\033[K{}", what));
  });
  if (shows_progress) write_stderr("\r\033[K");
  if (rows.empty()) {
    refuse_usage(fmt::format("no plugin provides {} on {}; known are: {}", fmt::join(options.implementations, ", "),
                             on_gpu ? "CUDA devices" : "the CPU",
                             fmt::join(attention::provided_names(loaded.plugins, options.device.kind), ", ")),
                 {}, "--impl");
  }
  write_stdout(flags.common.json ? bench_json(rows, options) : bench_text(rows, options));
  if (std::any_of(rows.begin(), rows.end(), [](const BenchRow& row) { return !row.failure.empty(); }))
    return kExitKernelFailed;
  const bool any = std::any_of(rows.begin(), rows.end(), [](const BenchRow& row) { return row.runs > 0; });
  return any ? 0 : kExitUnsupported;
}

}  // namespace cfgtool
