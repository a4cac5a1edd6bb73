// `cfgtool attention list|check|bench` as a user types it: answers, exit codes, and what is wrong with wrong input.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cases/child_process.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Outcome attention(const std::string& subcommand, const Words& words) {
  Words all{"attention", subcommand};
  all.insert(all.end(), words.begin(), words.end());
  return run_program(SPEC_CFGTOOL, all);
}

/// Appends words that load a plugin that is wrong on purpose.
Words with_wrong(const std::string& plugin, Words words) {
  words.insert(words.end(), {"--attention-plugin-path", SPEC_WRONG_PLUGINS "/" + plugin + ".so"});
  return words;
}

std::string write(const ScratchFolder& folder, const std::string& name, const std::string& text) {
  const std::filesystem::path path = folder.path() / name;
  std::ofstream(path) << text;
  return path.string();
}

struct Refused {
  Words words;
  int exit_code;
  const char* why;
};

void check_refused(const std::string& subcommand, const std::vector<Refused>& all) {
  for (const Refused& refused : all) {
    const Outcome outcome = attention(subcommand, refused.words);
    CAPTURE(refused.words.back());
    CAPTURE(outcome.output);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == refused.exit_code);
    CHECK((refused.exit_code == 2 ? outcome.complains(refused.why) : outcome.prints(refused.why)));
  }
}

}  // namespace

TEST_CASE("list names plugins, what they provide, and the devices") {
  const Outcome text = attention("list", {});
  CHECK(text.exit_code == 0);
  CHECK(text.prints("\n  sdpa                     on cpu "));
  CHECK(text.prints("\ndevices of this machine:\n"));
  const Json json = Json::parse(attention("list", {"--json"}).output);
  REQUIRE(json["plugins"].size() >= 2);
  CHECK(json["plugins"][0]["name"] == "cpu_flash");
  CHECK(json["plugins"][0]["implementations"][0]["name"] == "sdpa");
  CHECK(json["devices"].back()["kind"] == "cpu");
}

TEST_CASE("check says yes with the workspace, as text and as JSON") {
  const Words words{"--impl", "sdpa",       "--device", "cpu",   "--dtype", "bf16",     "--heads",
                    "32:8",   "--head-dim", "128",      "--seq", "2048",    "--causal", "--backward"};
  const Outcome text = attention("check", words);
  CHECK(text.exit_code == 0);
  CHECK(text.prints("yes: sdpa by cpu_flash "));
  CHECK(text.prints("bf16, forward+backward, batch 1, heads 32:8, seq 2048, head_dim 128, causal (bottom-right)"));
  Words as_json = words;
  as_json.emplace_back("--json");
  const Json json = Json::parse(attention("check", as_json).output);
  CHECK(json["verdict"] == "yes");
  CHECK(json["plugin"] == "cpu_flash");
  CHECK(json["backward_workspace_bytes"] > json["forward_workspace_bytes"]);
}

TEST_CASE("check ends with 3 and the reasons, with 5 where it cannot tell, with 2 for what is no problem") {
  check_refused(
      "check",
      {{{"--impl", "sdap"}, 3, "\n  did you mean 'sdpa'?"},
       {{"--impl", "sdap"}, 3, "why: no plugin provides 'sdap'; known are: eager, "},
       {{"--impl", "sdpa", "--dtype", "fp8_e4m3"}, 3, "why: cpu_flash: 8-bit types are not supported"},
       {{"--impl", "sdpa", "--head-dim", "1025"}, 3, "larger than 1024"},
       {{"--impl", "sdpa", "--heads", "5:2"}, 2, "query heads, 5, is not a multiple of that of key-value heads, 2"},
       {{"--impl", "sdpa", "--dropout", "nan"}, 2, "dropout is nan"},
       {{"--impl", "sdpa", "--scale", "inf"}, 2, "the scale is not finite"},
       {{"--impl", "sdpa", "--seq", "2147483648"}, 2, "too large"},
       {with_wrong("cannot_tell", {"--impl", "first_value"}), 5, "cannot tell: first_value on cpu"},
       {{"--impl", "sdpa", "--seq", "0"}, 2, "--seq takes LENGTH or QUERY_LENGTH:KEY_LENGTH, not '0'"},
       {{"--impl", "sdpa", "--seq", "5:"}, 2, "--seq takes LENGTH or QUERY_LENGTH:KEY_LENGTH, not '5:'"},
       {{"--impl", "sdpa", "--seq", "-1"}, 2, "not '-1'"},
       {{"--impl", "sdpa", "--seq", "99999999999999999999"}, 2, "not '99999999999999999999'"},
       {{"--impl", "sdpa", "--heads", "32:0"}, 2, "not '32:0'"},
       {{"--impl", "sdpa", "--window", "-2:0"}, 2, "--window takes BOTH or LEFT:RIGHT, -1 for no bound, not '-2:0'"},
       {{"--impl", "sdpa", "--batch", "0"}, 2, "--batch: Value 0 not in range"},
       {{"--impl", "sdpa", "--dtype", "int"}, 2, "--dtype takes fp32, fp16, bf16"},
       {{"--impl", "sdpa", "--device", "gpu"}, 2, "no GPU named 'gpu' is known"}});
  const Json no = Json::parse(attention("check", {"--impl", "sdpa", "--dropout", "0.5", "--json"}).output);
  CHECK(no["verdict"] == "no");
  CHECK(no["reason"] == "dropout");
  CHECK(no["reasons"][0]["plugin"] == "cpu_flash");
}

TEST_CASE("bench prints a row for each problem and kernel, and the ratio to eager") {
  const ScratchFolder folder;
  const std::string file = write(folder, "problems.txt",
                                 "# two\n\nprefill --heads 2 --head-dim 16 --seq 40 --causal --backward\n"
                                 "no --dtype fp8_e4m3\n");
  const Outcome text = attention("bench", {file, "--seconds", "0"});
  CAPTURE(text.errors);
  CHECK(text.exit_code == 0);
  CHECK(text.prints("GFLOP/s   peak    x eager   runs\n"));
  CHECK(text.prints("\nprefill  sdpa/cpu_flash "));
  CHECK(text.prints("\nno       eager/eager         refused: 8-bit types are not supported"));
  const Json json = Json::parse(attention("bench", {file, "--seconds", "0", "--json"}).output);
  REQUIRE(json["rows"].size() == 4);
  CHECK(json["rows"][0]["implementation"] == "sdpa");
  CHECK(json["rows"][0]["gflops"] > 0);
  CHECK(json["rows"][0]["peak_share"] > 0);
  CHECK(json["rows"][0]["times_eager"] > 0);
  CHECK(json["rows"][1]["times_eager"] == 1);
}

TEST_CASE("bench ends with 4 where a kernel fails, 3 where none takes the problem, 2 where the file is wrong") {
  const ScratchFolder folder;
  const auto file = [&](const std::string& name, const std::string& text) { return write(folder, name, text); };
  const std::string good = file("good.txt", "a --dtype fp32 --heads 2 --head-dim 16 --seq 8\n");
  check_refused(
      "bench",
      {{with_wrong("fails_without_text", {good, "--impl", "first_value", "--seconds", "0"}), 4, "failed: "},
       {with_wrong("yes_then_no_plan", {good, "--impl", "first_value", "--seconds", "0"}), 4, "compiler crashed"},
       {{file("fp8.txt", "a --dtype fp8_e4m3\n"), "--seconds", "0"}, 3, "refused: 8-bit"},
       {{"/nowhere/problems.txt"}, 2, "cannot read '/nowhere/problems.txt'"},
       {{folder.path().string()}, 2, "cannot read"},
       {{file("empty.txt", "# nothing\n")}, 2, "holds no problem"},
       {{file("zero.txt", "a --seq 1\nb --seq 0\n")},
        2,
        "--seq takes LENGTH or QUERY_LENGTH:KEY_LENGTH, not '0'\n  --> "},
       {{file("help.txt", "a --help\n")}, 2, "'--help' is no flag of a problem"},
       {{file("wrong.txt", "a --head-dm 128 # short\nb\nb --causal\n")},
        2,
        "'--head-dm' is no flag of a problem; did you mean '--head-dim'"},
       {{file("twice.txt", "a --seq 0\nb\nb --causal\n")}, 2, "twice.txt:3:1\n    | b --causal"},
       {{file("nameless.txt", "  --seq 8\n")}, 2, "nameless.txt:1:3\n    |   --seq 8"},
       {{good, "--seconds", "nan"}, 2, "--seconds takes a number, not nan"},
       {{good, "--threads", "-1"}, 2, "--threads"},
       {{good, "--impl", "none"}, 2, "no plugin provides none on the CPU; known are: eager, sdpa"}});
}

}  // namespace cfgtool::test
