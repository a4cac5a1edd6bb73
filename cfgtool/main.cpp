/// \file
/// `cfgtool SUBCOMMAND …`: finds the subcommand and turns what it throws into exit codes.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

#include "cfgtool/command.hpp"
#include "config_engine/command_line.hpp"
#include "config_engine/completion_shell.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/override.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitInternal = 70;

constexpr Subcommand kSubcommands[] = {
    {"resolve", "compose a configuration and print it", resolve_command},
    {"validate", "hold a configuration, or files, against a schema", validate_command},
    {"schema", "make a first schema from a configuration, check one, document one", schema_command},
    {"explain", "say where values come from: every place that set one", explain_command},
    {"diff", "say in which values two compositions differ, and why", diff_command},
    {"keys", "list every key with its value, where it is set and what it means", keys_command},
    {"groups", "list every group with its options, and what chooses among them", groups_command},
    {"tree", "draw the defaults lists: which config brings which, and who chose it", tree_command},
    {"overrides", "say what is understood of each override", overrides_command},
    {"run", "compose a configuration and run a command with it in a folder of its own", run_command},
    {"rerun", "compose again what a run's folder was composed from", rerun_command},
    {"verify", "say whether a run's inputs still give the same configuration", verify_command},
    {"attention", "what attention kernels are here, what they support, how fast they are", attention_command},
    {"batch", "answer many requests: JSON Lines in, JSON Lines out", batch_command},
    {"completion", "print a script that completes cfgtool's words in a shell", completion_command},
};

std::string help() {
  std::string text =
      "cfgtool: Hydra's configurations, composed and checked without Python\n\n"
      "Usage: cfgtool SUBCOMMAND [FLAG | OVERRIDE]...\n\nSubcommands:\n";
  for (const Subcommand& subcommand : kSubcommands)
    text += fmt::format("  {:11}{}\n", subcommand.name, subcommand.summary);
  text +=
      "\nExamples:\n"
      "  cfgtool resolve -cp conf -cn config db=postgres +trainer.seed=7\n"
      "  cfgtool resolve -cp conf -cn config --cfg job --package trainer\n"
      "  cfgtool resolve -cp conf -cn ppo_trainer --spec\n"
      "  cfgtool run -cp conf -cn config db=postgres -- python3 {cwd}/train.py {config}\n"
      "  cfgtool verify outputs/2026-01-02/03-04-05\n\n"
      "`cfgtool SUBCOMMAND --help` says more.\n";
  return text;
}

int dispatch(int argc, char** argv) {
  if (argc < 2) {
    write_stderr(help());
    return kExitUsage;
  }
  const std::string name = argv[1];
  if (name == "--help" || name == "-h" || name == "help") {
    write_stdout(help());
    return 0;
  }
  if (name == "--version") {
    write_stdout(version_text("cfgtool", ""));
    return 0;
  }
  const std::vector<std::string> words = expand_short_flags(argc, argv);
  if (asks_for_completion(words)) return completion_command(words);
  for (const Subcommand& subcommand : kSubcommands) {
    if (name == subcommand.name) return subcommand.run(expand_short_flags(argc - 1, argv + 1));
  }
  refuse_subcommand("cfgtool", name, subcommands());
}

}  // namespace

std::vector<Subcommand> subcommands() {
  return {std::begin(kSubcommands), std::end(kSubcommands)};
}

[[noreturn]] void refuse_usage(const std::string& message, const std::string& fix, const std::string& word) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "flag-usage";
  diagnostic.message = message;
  diagnostic.fix = fix;
  throw UsageError(std::move(diagnostic), word);
}

[[noreturn]] void refuse_subcommand(const std::string& command, const std::string& name,
                                    const std::vector<Subcommand>& known) {
  std::vector<std::string> names;
  for (const Subcommand& subcommand : known)
    names.emplace_back(subcommand.name);
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "unknown-subcommand";
  diagnostic.message = fmt::format("{} has no subcommand '{}'", command, name);
  if (std::string hint = did_you_mean(name, names); !hint.empty()) diagnostic.notes.push_back(std::move(hint));
  diagnostic.notes.push_back(fmt::format("`{} --help` lists them", command));
  throw UsageError(std::move(diagnostic), name);
}

ConfigError output_error(const std::string& message, const std::string& flag, const std::string& file) {
  Diagnostic diagnostic;
  diagnostic.code = "output";
  diagnostic.message = message;
  if (flag.empty()) return ConfigError(std::move(diagnostic));
  return error_at(std::move(diagnostic), SourceKind::kFlag, flag, file);
}

std::vector<std::string> take_other_words(std::vector<std::string>& words) {
  const auto others = std::stable_partition(words.begin(), words.end(), reads_as_override);
  std::vector<std::string> taken(std::make_move_iterator(others), std::make_move_iterator(words.end()));
  words.erase(others, words.end());
  return taken;
}

void write_stdout(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw output_error(fmt::format("cannot write to stdout: {}", std::strerror(errno)));
  }
}

void write_stderr(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace cfgtool

int main(int argc, char** argv) {
  const cfgtool::CommandLine typed(argc, argv);
  const auto show = [&](const cfgtool::ConfigError& error) {
    cfgtool::write_stderr(typed.render(error, cfgtool::may_color(STDERR_FILENO)));
  };
  try {
    return cfgtool::dispatch(argc, argv);
  } catch (const cfgtool::ConfigError& error) {
    show(error);
    return cfgtool::exit_code_of(error);
  } catch (const std::exception& error) {
    show(cfgtool::internal_error(error));
    return cfgtool::kExitInternal;
  }
}
