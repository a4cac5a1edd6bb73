// TAB in real shells. What each line becomes is read from the words that a command gets.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/completion/terminal.hpp"

namespace cfgtool::test {

namespace {

using Words = std::vector<std::string>;

const std::string kResolve = "cfgtool resolve -cp tree -cn ppo_trainer ";

/// The words of kResolve and then these.
Words resolve(const Words& further) {
  Words words{"cfgtool", "resolve", "-cp", "tree", "-cn", "ppo_trainer"};
  words.insert(words.end(), further.begin(), further.end());
  return words;
}

std::string to_text(const Words& words) {
  return fmt::format("<{}>", fmt::join(words, "> <"));
}

bool is_missing(const std::string& program) {
  if (!has_terminals()) {
    MESSAGE("SKIPPED: there are no pseudo-terminals here");
    return true;
  }
  if (!find_program(program).empty()) return false;
  MESSAGE(fmt::format("SKIPPED: {} is not installed", program));
  return true;
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A tree whose options have names that mean something to a shell.
void write_special_tree(const std::filesystem::path& folder) {
  write_file(folder / "config.yaml", "defaults: [{db: 'a b'}, _self_]\nflag: true\n");
  write_file(folder / "db/a b.yaml", "x: 1\n");
  write_file(folder / "db/c$HOME.yaml", "x: 1\n");
  write_file(folder / "db/q;w.yaml", "x: 1\n");
  write_file(folder / "db/z*.yaml", "x: 1\n");
}

/// What every shell must do.
void check_common(Terminal& shell) {
  write_file(shell.work() / "data file.txt", "");
  write_file(shell.work() / "plainfile", "");
  write_file(shell.work() / "folder/inside", "");
  write_special_tree(shell.work() / "special");
  const auto expect = [&](const std::string& typed, const Words& words, const std::string& more = "X") {
    CAPTURE(typed);
    CHECK(to_text(shell.complete(typed, more)) == to_text(words));
  };
  // subcommands and flags
  expect("cfgtool resol", {"cfgtool", "resolve", "X"});
  expect("bin/cfgtool resol", {"bin/cfgtool", "resolve", "X"});
  expect("~/bin/cfgtool resol", {shell.home().string() + "/bin/cfgtool", "resolve", "X"});
  expect("cfgtool resolve --config-na", {"cfgtool", "resolve", "--config-name", "X"});
  expect("cfgtool resolve --cfg=jo", {"cfgtool", "resolve", "--cfg=job", "X"});
  expect("cfgtool resolve --cfg hy", {"cfgtool", "resolve", "--cfg", "hydra", "X"});
  expect("cfgtool resolve -cp tr", {"cfgtool", "resolve", "-cp", "tree/X"});
  expect("cfgtool resolve -cp tree -cn ppo_t", {"cfgtool", "resolve", "-cp", "tree", "-cn", "ppo_trainer", "X"});
  expect("cfgtool completion fi", {"cfgtool", "completion", "fish", "X"});
  // folders of runs, groups and keys as words of their own (the same with `=` could stand there as well)
  expect("cfgtool diff fol", {"cfgtool", "diff", "folder/X"});
  expect("cfgtool groups -cp tree -cn ppo_trainer crit",
         {"cfgtool", "groups", "-cp", "tree", "-cn", "ppo_trainer", "criticX"});
  expect("cfgtool explain -cp tree -cn ppo_trainer critic.optim.l",
         {"cfgtool", "explain", "-cp", "tree", "-cn", "ppo_trainer", "critic.optim.lrX"});
  // groups and options
  expect(kResolve + "cri", resolve({"criticX"}));  // critic= and critic.
  expect(kResolve + "critic=wi", resolve({"critic=wide_critic", "X"}));
  expect(kResolve + "actor@", resolve({"actor@actor_rollout_ref.actor=X"}));
  expect(kResolve + "actor@actor_rollout_ref.actor=wi", resolve({"actor@actor_rollout_ref.actor=wide_actor", "X"}));
  expect(kResolve + "hydra/job_l", resolve({"hydra/job_logging=X"}));
  expect(kResolve + "hydra/job_logging=dis", resolve({"hydra/job_logging=disabled", "X"}));
  expect(kResolve + "+opti", resolve({"+optim=X"}));
  // keys and values, one level at a time
  expect(kResolve + "algor", resolve({"algorithmX"}));  // algorithm. and algorithm@…=
  expect(kResolve + "algorithm.gam", resolve({"algorithm.gamma=X"}));
  expect(kResolve + "algorithm.gamma=", resolve({"algorithm.gamma=1.0", "X"}));
  expect(kResolve + "++algorithm.kl_c", resolve({"++algorithm.kl_ctrl.X"}));
  expect(kResolve + "actor_rollout_ref.hybrid_engine=f", resolve({"actor_rollout_ref.hybrid_engine=false", "X"}));
  expect(kResolve + "hydra.mode=MU", resolve({"hydra.mode=MULTIRUN", "X"}));
  expect(kResolve + "+critic.model.override_config.att",
         resolve({"+critic.model.override_config.attn_implementation=X"}));
  expect(kResolve + "+critic.model.override_config.attn_implementation=ea",
         resolve({"+critic.model.override_config.attn_implementation=eager", "X"}));
  // quotes and special characters
  const Words special{"cfgtool", "resolve", "-cp", "special", "-cn", "config"};
  const auto with = [&](const Words& further) {
    Words words = special;
    words.insert(words.end(), further.begin(), further.end());
    return words;
  };
  const std::string in_special = "cfgtool resolve -cp special -cn config ";
  expect(in_special + "db=a", with({"db=a b", "X"}));
  expect(in_special + "\"db=a", with({"db=a b", "X"}));
  expect(in_special + "'db=a", with({"db=a b", "X"}));
  expect(in_special + "db=c", with({"db=c$HOME", "X"}));
  expect(in_special + "\"db='q", with({"db='q;w'", "X"}));
  expect(in_special + "db=z", with({"db=z*", "X"}));
  expect("cfgtool resolve -cp 'special' -cn \"config\" fl", with({"flag=X"}));
  // files, and what only the shell can know
  expect(kResolve + "custom_reward_function.path=./data",
         resolve({"custom_reward_function.path=./data file.txt", "X"}));
  expect(kResolve + "custom_reward_function.path=./fol", resolve({"custom_reward_function.path=./folder/X"}));
  expect(kResolve + "-- plainf", resolve({"--", "plainfile", "X"}));
  // the cursor in the middle
  expect(kResolve + "critic=wi rest\x02\x02\x02\x02\x02", resolve({"critic=wide_critic", "rest"}), "");
  // a program that embeds the engine, also typed as a path
  expect("embedded_parser optim=s", {"embedded_parser", "optim=sgd", "X"});
  expect("./bin/embedded_parser data.batch", {"./bin/embedded_parser", "data.batch_size=X"});
  expect("embedded_parser --inf", {"embedded_parser", "--info", "X"});
  // several answers
  CHECK_MESSAGE(shell.lists(kResolve + "critic=", {"dp_critic", "wide_critic"}), shell.screen());
  CHECK_MESSAGE(shell.lists(kResolve + "algorithm.kl_", {"kl_ctrl.", "kl_penalty="}), shell.screen());
  CHECK_MESSAGE(shell.lists("cfgtool resolve --c", {"--cfg", "--config-dir"}), shell.screen());
  CHECK_MESSAGE(shell.lists("cfgtool ", {"batch", "completion", "overrides"}), shell.screen());
  CHECK_MESSAGE(shell.lists("embedded_parser model", {"model=", "model."}), shell.screen());
}

}  // namespace

TEST_CASE("bash") {
  if (is_missing("bash")) return;
  Terminal shell("bash");
  const std::string breaks = "printf %s \"$COMP_WORDBREAKS\" | od -c > ";
  REQUIRE(shell.run(breaks + "before"));
  REQUIRE(shell.run("eval \"$(cfgtool completion bash)\""));
  REQUIRE(shell.run("eval \"$(embedded_parser -sc install=bash)\""));
  check_common(shell);
  // In an open quote bash closes it behind an only answer, so that it must be a whole one.
  CHECK(to_text(shell.complete(kResolve + "'algorithm.gam")) == to_text(resolve({"algorithm.gamma=1.0", "X"})));
  CHECK(to_text(shell.complete(kResolve + "critic\\=wi")) == to_text(resolve({"critic=wide_critic", "X"})));
  CHECK(to_text(shell.complete(kResolve + "~cri")) == to_text(resolve({"~criticX"})));  // ~critic and ~critic.
  CHECK(to_text(shell.complete(kResolve + "~custom_reward_function.na")) ==
        to_text(resolve({"~custom_reward_function.name", "X"})));
  CHECK(to_text(shell.complete(kResolve + "critic=[dp_critic,wi")) ==
        to_text(resolve({"critic=[dp_critic,wide_criticX"})));
  // The home folder is written out: the shell would not put it in behind the `=` of a key with dots.
  write_file(shell.home() / "notes.txt", "");
  CHECK(to_text(shell.complete(kResolve + "custom_reward_function.path=~/no")) ==
        to_text(resolve({"custom_reward_function.path=" + shell.home().string() + "/notes.txt", "X"})));
  // The user's own stay as they were.
  REQUIRE(shell.run(breaks + "after"));
  REQUIRE(!read_file(shell.work() / "before").empty());
  CHECK(read_file(shell.work() / "before") == read_file(shell.work() / "after"));
  // Other word breaks, as other people's settings have them.
  REQUIRE(shell.run("COMP_WORDBREAKS=${COMP_WORDBREAKS//=}"));
  CHECK(to_text(shell.complete(kResolve + "critic=wi")) == to_text(resolve({"critic=wide_critic", "X"})));
  REQUIRE(shell.run("COMP_WORDBREAKS=$COMP_WORDBREAKS="));
  REQUIRE(shell.run("eval \"$(embedded_parser -sc uninstall=bash)\""));
  CHECK(to_text(shell.complete("embedded_parser optim=ad")) == to_text(Words{"embedded_parser", "optim=adX"}));
  CHECK(to_text(shell.complete("cfgtool resol")) == to_text(Words{"cfgtool", "resolve", "X"}));
}

TEST_CASE("zsh") {
  if (is_missing("zsh")) return;
  Terminal shell("zsh");
  // The first without compinit, which the script then calls itself.
  REQUIRE(shell.run("bindkey -e; eval \"$(cfgtool completion zsh)\""));
  REQUIRE(shell.run("eval \"$(embedded_parser -sc install=zsh)\""));
  check_common(shell);
  CHECK(to_text(shell.complete(kResolve + "'algorithm.gam", "X'")) == to_text(resolve({"algorithm.gamma=X"})));
  // zsh completes users behind a tilde, unless it is quoted.
  CHECK(to_text(shell.complete(kResolve + "\\~custom_reward_function.na")) ==
        to_text(resolve({"~custom_reward_function.name", "X"})));
  CHECK_MESSAGE(shell.lists("cfgtool ", {"compose a configuration"}), shell.screen());
  CHECK_MESSAGE(shell.lists(kResolve + "critic=", {"option, now chosen"}), shell.screen());
  REQUIRE(shell.run("eval \"$(embedded_parser -sc uninstall=zsh)\""));
  CHECK(to_text(shell.complete("embedded_parser optim=ad")) == to_text(Words{"embedded_parser", "optim=adX"}));
}

TEST_CASE("zsh finds a saved script by itself") {
  if (is_missing("zsh")) return;
  Terminal shell("zsh");
  REQUIRE(shell.run("mkdir functions; cfgtool completion zsh > functions/_cfgtool"));
  REQUIRE(shell.run("bindkey -e; fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D"));
  for (int i = 0; i < 2; ++i) {
    CHECK(to_text(shell.complete("cfgtool resol")) == to_text(Words{"cfgtool", "resolve", "X"}));
  }
}

TEST_CASE("fish") {
  if (is_missing("fish")) return;
  Terminal shell("fish");
  REQUIRE(shell.run("cfgtool completion fish | source"));
  REQUIRE(shell.run("embedded_parser -sc install=fish | source"));
  check_common(shell);
  CHECK(to_text(shell.complete(kResolve + "'algorithm.gam", "X'")) == to_text(resolve({"algorithm.gamma=X"})));
  CHECK(to_text(shell.complete(kResolve + "~custom_reward_function.na")) ==
        to_text(resolve({"~custom_reward_function.name", "X"})));
  CHECK_MESSAGE(shell.lists("cfgtool ", {"compose a configuration"}), shell.screen());
  CHECK_MESSAGE(shell.lists(kResolve + "critic=", {"option, now chosen"}), shell.screen());
  REQUIRE(shell.run("embedded_parser -sc uninstall=fish | source"));
  CHECK(to_text(shell.complete("embedded_parser optim=ad")) == to_text(Words{"embedded_parser", "optim=adX"}));
}

TEST_CASE("fish finds a saved script by itself") {
  if (is_missing("fish")) return;
  Terminal shell("fish");
  REQUIRE(shell.run("mkdir -p ~/config/fish/completions"));
  REQUIRE(shell.run("cfgtool completion fish > ~/config/fish/completions/cfgtool.fish"));
  CHECK(to_text(shell.complete("cfgtool resol")) == to_text(Words{"cfgtool", "resolve", "X"}));
}

namespace {

void check_without_python(const std::string& program) {
  if (is_missing(program) || is_missing("strace")) return;
  const ScratchFolder scratch;
  const std::string log = (scratch.path() / "log").string();
  if (std::system(fmt::format("strace -f --seccomp-bpf -o {} true > /dev/null 2>&1", log).c_str()) != 0) {
    MESSAGE("SKIPPED: strace may not trace here");
    return;
  }
  {
    Terminal shell(program, {"strace", "-f", "--seccomp-bpf", "-e", "trace=execve", "-o", log});
    REQUIRE(shell.run(program == "fish" ? "cfgtool completion fish | source"
                                        : fmt::format("eval \"$(cfgtool completion {})\"", program)));
    CHECK(to_text(shell.complete(kResolve + "critic=wi")) == to_text(resolve({"critic=wide_critic", "X"})));
  }
  const std::string started = read_file(log);
  CHECK(started.find("query=" + program) != std::string::npos);
  CHECK(started.find("python") == std::string::npos);
}

}  // namespace

TEST_CASE("no python in bash") {
  check_without_python("bash");
}

TEST_CASE("no python in zsh") {
  check_without_python("zsh");
}

TEST_CASE("no python in fish") {
  check_without_python("fish");
}

}  // namespace cfgtool::test
