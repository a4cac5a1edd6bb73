// The programs' own answers: what is printed, and how long it takes.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>

#include "tests/spec/run_program.hpp"

extern char** environ;

namespace cfgtool::test {

namespace {

const std::string kTree = std::string(COMPLETION_PROJECT) + "/tests/cases/trees/verl_shaped";

Outcome query(const std::string& program, const std::string& line, const std::string& shell = "fish") {
  return run_program(program, {"--shell-completion", "query=" + shell}, {{"COMP_LINE", line}, {"COMP_POINT", ""}});
}

}  // namespace

TEST_CASE("cfgtool's subcommands and their flags") {
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool comp").output ==
        "completion\tprint a script that completes cfgtool's words in a shell\n");
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool resolve --format ").output == "json\nyaml\n");
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool resolve --attention-mapp").prints("--attention-mapping\t"));
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool batch --max-l").prints("--max-line-bytes"));
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool overrides --j").prints("--json"));
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool overrides d").output.empty());
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool completion z").output == "zsh\n");
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool nosuch x").output.empty());
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool schema ch").output == "check\tchecks schemas themselves\n");
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool schema check --format g").output == "github\n");
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool schema infer --clo").prints("--closed\t"));
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool schema docs s.yaml -cp " + kTree + " -cn ppo_trainer trainer.nno")
            .output.starts_with("trainer.nnodes="));
}

TEST_CASE("the attention that a mapping knows") {
  const std::string line = "cfgtool resolve -cp " + kTree + " -cn ppo_trainer ";
  const std::string key = "+actor_rollout_ref.model.override_config.attn_implementation=";
  CHECK(query(COMPLETION_CFGTOOL, line + key).output == fmt::format("{0}eager\n{0}flash_attention_2\n{0}sdpa\n", key));
  CHECK(query(COMPLETION_CFGTOOL, line + "--attention-mapping nosuch " + key).output.empty());
  const std::string other = std::string(COMPLETION_PROJECT) + "/examples/embedded_parser/config";
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool resolve -cp " + other + " -cn config +actor").output.empty());
}

TEST_CASE("GPUs that are known, where a flag, a word or a key takes one") {
  const std::string line = "cfgtool resolve -cp " + kTree + " -cn ppo_trainer ";
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool attention check --device h").output.starts_with("h100\nh200\n"));
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool attention check --device=rtx").output ==
        "--device=rtx-pro-6000\n--device=rtx3090\n--device=rtx4090\n");
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool attention check --device a").output.starts_with("a100\nall\n"));
  CHECK(query(COMPLETION_CFGTOOL,
              "cfgtool attention check --device " + std::string(COMPLETION_PROJECT) + "/attention_plugins/devices/v")
            .prints("/devices/v100.json"));
  CHECK(query(COMPLETION_CFGTOOL, line + "--spec --attention-device gb").output == "gb200\n");
  CHECK(query(COMPLETION_CFGTOOL, line + "+attention_device=v").output == "+attention_device=v100\n");
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool attention device l4").output == "l40s\n");
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool attention device --du").prints("--dump\t"));
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool attention check --det").prints("--deterministic\t"));
  CHECK(query(COMPLETION_CFGTOOL, "cfgtool attention check --level c").output == "compile\n");
}

TEST_CASE("no line is an error") {
  for (const char* line : {"", "cfgtool", "cfgtool ", "cfgtool resolve -cp /no/such/folder -cn x a.",
                           "cfgtool resolve -cn", "cfgtool resolve -cn x -cp", "cfgtool resolve 'a",
                           "cfgtool resolve --cfg=nosuch --cfg ", "cfgtool resolve ----- a=[[[[[", "\xff\xfe \xff"}) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
      CAPTURE(line);
      for (const char* program : {COMPLETION_CFGTOOL, COMPLETION_EMBEDDED}) {
        const Outcome outcome = query(program, line, shell);
        CHECK(outcome.exit_code == 0);
        CHECK(outcome.errors.empty());
      }
    }
  }
}

TEST_CASE("an embedding program's flags") {
  const auto run = [](const std::vector<std::string>& words) { return run_program(COMPLETION_EMBEDDED, words); };
  CHECK(run({"-sc", "install=bash"}).prints("-F _embedded_parser_complete embedded_parser\n"));
  CHECK(run({"install=zsh", "--shell-completion"}).prints("#compdef embedded_parser\n"));
  CHECK(run({"-sc", "uninstall=fish"}).prints("complete -e -c embedded_parser\n"));
  CHECK(run({"--hydra-help"}).prints("--shell-completion"));
  const Outcome none = run({"-sc"});
  CHECK(none.exit_code == 2);
  CHECK(none.complains("exactly one of install=SHELL, uninstall=SHELL and query=SHELL"));
  const Outcome unknown = run({"-sc", "install=fihs"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.complains("did you mean 'fish'?"));
  CHECK(query(COMPLETION_EMBEDDED, "embedded_parser optim=sgd optim.mom").output == "optim.momentum=\t0.9\n");
  // What the line does not say, the flags of the asking program do, as in Hydra.
  const Outcome elsewhere = run_program(COMPLETION_EMBEDDED, {"-cp", kTree, "-cn", "ppo_trainer", "-sc", "query=fish"},
                                        {{"COMP_LINE", "embedded_parser critic=w"}, {"COMP_POINT", ""}});
  CHECK(elsewhere.output == "critic=wide_critic\toption\n");
}

TEST_CASE("cfgtool completion") {
  const auto run = [](const std::vector<std::string>& words) { return run_program(COMPLETION_CFGTOOL, words); };
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const Outcome script = run({"completion", shell});
    CHECK(script.exit_code == 0);
    CHECK(script.prints("--shell-completion query=" + shell));
    CHECK(script.output == run({"-sc", "install=" + shell}).output);
    CHECK(script.output == run({"resolve", "-sc", "install=" + shell}).output);
  }
  CHECK(run({"completion", "zsh"}).output.starts_with("#compdef cfgtool\n"));
  CHECK(run({"completion", "--help"}).prints("cfgtool completion fish | source"));
  CHECK(run({"completion", "tcsh"}).exit_code == 2);
  CHECK(run({"completion", "tcsh"}).complains("did you mean 'zsh'?") == false);
  CHECK(run({"completion", "bahs"}).complains("did you mean 'bash'?"));
  CHECK(run({"completion"}).exit_code == 2);
  CHECK(run({"completion", "bash", "zsh"}).exit_code == 2);
}

// From the start of the process to its end, the parsed files in the cache.
TEST_CASE("an answer comes in less than 10 ms") {
  using Clock = std::chrono::steady_clock;
  constexpr int kTries = 20;
  for (const std::string word : {"", "actor_rollout_ref.actor.",
                                 "critic=", "+critic.model.override_config.attn_implementation=", "hydra/", "--c"}) {
    const std::string line = "COMP_LINE=cfgtool resolve -cp " + kTree + " -cn ppo_trainer " + word;
    std::vector<char*> environment{const_cast<char*>(line.c_str())};
    for (char** variable = environ; *variable; ++variable)
      environment.push_back(*variable);
    environment.push_back(nullptr);
    std::string words[] = {COMPLETION_CFGTOOL, "--shell-completion", "query=zsh"};
    char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
    auto best = Clock::duration::max();
    for (int i = 0; i < kTries; ++i) {
      const auto begin = Clock::now();
      pid_t child = 0;
      int status = -1;
      REQUIRE(::posix_spawn(&child, argv[0], &actions, nullptr, argv, environment.data()) == 0);
      REQUIRE(::waitpid(child, &status, 0) == child);
      best = std::min(best, Clock::now() - begin);
      REQUIRE(status == 0);
    }
    ::posix_spawn_file_actions_destroy(&actions);
    const double milliseconds = std::chrono::duration<double, std::milli>(best).count();
    MESSAGE(fmt::format("{:.1f} ms for '{}'", milliseconds, word));
    CHECK(milliseconds < COMPLETION_SLOWEST_MS);
  }
}

}  // namespace cfgtool::test
