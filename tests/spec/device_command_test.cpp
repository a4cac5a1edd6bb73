// What a user asks about GPUs that are elsewhere: cfgtool attention device and check, cfgtool resolve --spec and the
// example program, with a plugin that only answers and a driver that only describes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/cases/child_process.hpp"
#include "tests/spec/json_lines.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

/// They take the place of the project's own plugins with these names.
const Words kAnswers{"--attention-plugin-path", SPEC_OBJECTS "/answers_of_cudnn.so", "--attention-plugin-path",
                     SPEC_OBJECTS "/answers_of_cuda_eager.so"};
const Variables kFakeDriver{{"LD_LIBRARY_PATH", SPEC_OBJECTS "/driver"}};

Words joined(Words first, const Words& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

Outcome check(const Words& words) {
  return run_program(SPEC_CFGTOOL, joined(joined({"attention", "check"}, kAnswers), words));
}

Outcome device(const Words& words, Variables variables = {}) {
  return run_program(SPEC_CFGTOOL, joined({"attention", "device"}, words), variables);
}

Variables joined_variables(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  return variables;
}

std::string write(const ScratchFolder& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder.path() / name) << text;
  return (folder.path() / name).string();
}

const std::string kPolicy = "actor_rollout_ref.model.override_config.attn_implementation";
const std::string kHeads = "actor_rollout_ref.model.override_config.num_attention_heads";
const std::string kCritic = "critic.model.override_config.attn_implementation";

/// Our own tree, every role with that name.
Outcome spec(const std::string& implementation, const Words& words) {
  return run_program(
      SPEC_CFGTOOL,
      joined(joined({"resolve", "-cp", SPEC_TREE, "-cn", "ppo_trainer", "--spec"}, kAnswers),
             joined({"++" + kPolicy + "=" + implementation, "++" + kCritic + "=" + implementation}, words)));
}

}  // namespace

TEST_CASE("the verdict's words, and the exit code of each") {
  struct Row {
    Words words;
    int exit_code;
    const char* says;
  };
  const Words flash{"--impl", "flash_attention_2"};
  for (const Row& row : std::vector<Row>{
           {joined(flash, {"--device", "h100"}), 0,
            "yes: flash_attention_2 by cudnn 1.0-test on h100 (NVIDIA H100 80GB HBM3) (engine of sm_90)"},
           {joined(flash, {"--device", "h100", "--head-dim", "256"}), 0,
            "yes, but outside NVIDIA's documented support: flash_attention_2"},
           {joined(flash, {"--device", "t4"}), 3,
            "why: cudnn: t4 has compute capability 75, and 80 and later are supported\n  supported on t4: "
            "eager\n"},
           {joined(flash, {"--device", "h100", "--head-dim", "300"}), 3, "head_dim 300 is no multiple of 8 up to 256"},
           {joined(flash, {"--device", "v100"}), 3, "nothing else on v100 supports it"},
           {{"--impl", "sdpa", "--device", "h100"}, 5, "cannot tell: sdpa on h100"},
           {{"--impl", "sdpa", "--device", "h100", "--rules"}, 0, "yes: sdpa"},
           {{"--impl", "sdpa", "--device", "l40s"}, 0, "l40s: unverified: by rules only"},
           {{"--impl", "eager", "--device", "cuda"}, 3, "why: no NVIDIA driver (libcuda.so.1) on this machine"},
           {{"--impl", "egaer", "--device", "h100"}, 3, "did you mean 'eager'?"},
       }) {
    const Outcome outcome = check(row.words);
    CAPTURE(outcome.output);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == row.exit_code);
    CHECK(outcome.prints(row.says));
  }
}

TEST_CASE("several devices make a table of the three names, with each reason once below it") {
  const Outcome table = check({"--device", "h100", "--device", "t4", "--device", "v100", "--device", "l40s"});
  CHECK(table.exit_code == 3);
  CHECK(table.output ==
        "bf16, forward, batch 1, heads 1:1, seq 128, head_dim 64, no mask\n"
        "\n"
        "implementation     h100   t4      v100    l40s\n"
        "flash_attention_2  yes    no [1]  no [2]  yes\n"
        "sdpa               ? [3]  ? [3]   ? [3]   yes\n"
        "eager              yes    yes     no [4]  yes\n"
        "\n"
        "? it cannot be told here\n"
        "l40s: unverified: by rules only\n"
        "[1] cudnn: t4 has compute capability 75, and 80 and later are supported\n"
        "[2] cudnn: v100 has compute capability 70, and 80 and later are supported\n"
        "[3] cudnn: libanswers.so.1 is not installed\n"
        "[4] cuda_eager: CUDA 13 dropped compute capability 70\n");
  const Outcome open = check({"--device", "h100", "--impl", "sdpa", "--impl", "eager"});
  CHECK(open.exit_code == 5);
  CHECK(check({"--device", "h100", "--impl", "eager", "--impl", "flash_attention_2"}).exit_code == 0);
}

TEST_CASE("problems of a file are rows, and all is every known GPU") {
  const ScratchFolder folder;
  const std::string file = write(folder, "problems.txt", "small --head-dim 64 --causal\nwide --head-dim 256\n");
  const Words words{"--impl", "flash_attention_2", "--device", "all", "--file", file};
  const Outcome table = check(words);
  CHECK(table.prints("problem  implementation     v100    t4      a100  rtx3090  l40s  rtx4090  h100"));
  CHECK(table.prints("\nsmall    flash_attention_2  no [1]  no [2]  yes   yes "));
  CHECK(table.prints("\nwide     flash_attention_2  no [1]  no [2]  yes*  yes* "));
  CHECK(table.prints("* outside NVIDIA's documented support\nl40s, gb200: unverified: by rules only\n"));
  const std::vector<Json> all = lines(check(joined(words, {"--json"})));
  REQUIRE(all.size() == 22);
  CHECK(all[0]["problem"] == "small");
  CHECK(all[0]["device"] == "v100");
  CHECK(all[0]["verdict"] == "no");
  CHECK(all[0]["reason"] == "architecture");
  CHECK(all[13]["verdict"] == "undocumented");
  CHECK(all[13]["gpu"] == "NVIDIA A100-SXM4-80GB");
  CHECK(all[13]["engine"] == "engine of sm_80");
  CHECK(all[13]["level"] == "heuristics");
  CHECK(all[13]["plugin_version"] == "1.0-test");
  CHECK(all[13]["verified"] == true);
  CHECK(all[4]["device"] == "l40s");
  CHECK(all[4]["level"] == "rules");
  CHECK(all[4]["verified"] == false);
}

TEST_CASE("a model's config.json gives the sizes that no flag gives") {
  const ScratchFolder folder;
  write(folder, "config.json",
        R"({"num_attention_heads": 28, "num_key_value_heads": 4, "hidden_size": 3584, "torch_dtype": "float16",
            "max_position_embeddings": 4096})");
  const Words words{"--impl", "eager", "--device", "h100", "--model", folder.path().string()};
  CHECK(check(words).prints("fp16, forward, batch 1, heads 28:4, seq 4096, head_dim 128, no mask\n"));
  CHECK(check(joined(words, {"--seq", "7", "--dtype", "bf16", "--heads", "2"}))
            .prints("bf16, forward, batch 1, heads 2:2, seq 7, head_dim 128, no mask\n"));
  write(folder, "wrong.json", R"({"num_attention_heads": 0})");
  const Outcome wrong = check({"--device", "h100", "--model", (folder.path() / "wrong.json").string()});
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.complains("wrong.json:1:25"));
  CHECK(check({"--model", "/nowhere"}).complains("'/nowhere' is not here: --model takes a local folder or file"));
}

TEST_CASE("other models name their sizes otherwise, and what nobody asks about is said") {
  const ScratchFolder folder;
  const auto asked = [&](const std::string& json) {
    return check({"--impl", "eager", "--device", "h100", "--model", write(folder, "model.json", json)});
  };
  const Outcome gpt2 = asked(
      R"({"architectures": ["GPT2LMHeadModel"], "n_head": 12, "n_embd": 768, "n_positions": 1024, "attn_pdrop": 0.1})");
  CHECK(gpt2.prints("heads 12:12, seq 1024, head_dim 64, causal"));
  CHECK(gpt2.complains("also says attn_pdrop 0.1, which is not asked about"));
  const Outcome mla = asked(
      R"({"num_attention_heads": 128, "num_key_value_heads": 128, "hidden_size": 7168, "qk_nope_head_dim": 128,
          "qk_rope_head_dim": 64, "v_head_dim": 128, "max_position_embeddings": 4096})");
  CHECK(mla.prints("heads 128:128, seq 4096, head_dim 192/128, no mask"));
  const std::string falcon =
      R"({"num_attention_heads": 71, "hidden_size": 4544, "seq_length": 2048, "multi_query": true)";
  CHECK(asked(falcon + "}").prints("heads 71:1, seq 2048, head_dim 64"));
  CHECK_FALSE(
      asked(falcon + R"(, "sliding_window": 4096, "use_sliding_window": false})").complains("is not asked about"));
  CHECK(asked(falcon + R"(, "sliding_window": 4096})").complains("also says sliding_window 4096"));
}

TEST_CASE("a model's file that leaves a size open is no reason to say yes about another size") {
  const ScratchFolder folder;
  const std::string file = write(folder, "model.json", R"({"hidden_size": 4096, "model_type": "x"})");
  const Words words{"--impl", "eager", "--device", "h100", "--model", file};
  const Outcome open = check(words);
  CHECK(open.exit_code != 0);
  CHECK(open.complains("model.json does not say the number of heads; --heads does"));
  CHECK(check(joined(words, {"--heads", "32", "--head-dim", "128"})).complains("does not say the length of sequences"));
  CHECK(check(joined(words, {"--heads", "32", "--head-dim", "128", "--seq", "9"})).exit_code == 0);
}

TEST_CASE("every kind of problem has a flag") {
  const Words words{"--impl", "eager", "--device", "h100"};
  CHECK(check(joined(words, {"--lse"})).prints("forward+lse"));
  CHECK(check(joined(words, {"--deterministic"})).prints("deterministic"));
  CHECK(check(joined(words, {"--sink"})).prints("sink"));
  CHECK(check(joined(words, {"--bias", "additive", "--backward", "--d-bias"})).exit_code == 0);
  const Outcome no_bias = check(joined(words, {"--backward", "--d-bias"}));
  CHECK(no_bias.exit_code == 2);
}

TEST_CASE("flags that do not fit each other, and devices that are not there") {
  struct Row {
    Words words;
    const char* says;
  };
  const ScratchFolder folder;
  const std::string file = write(folder, "problems.txt", "a --seq 8\n");
  for (const Row& row : std::vector<Row>{
           {{"--device", "h10"}, "did you mean 'h100'"},
           {{"--device", "cuda:x"}, "no GPU named 'cuda:x' is known"},
           {{"--device", "/nowhere.json"}, "the device's file '/nowhere.json' cannot be read"},
           {{"--attention-device-path", "/nowhere"}, "'/nowhere' is no folder with devices: it does not exist"},
           {{"--file", file, "--seq", "9"}, "--file holds the problems: --seq cannot be given beside it"},
           {{"--rules", "--compile"}, "excludes"},
           {{"--level", "rules", "--compile"}, "excludes"},
       }) {
    const Outcome outcome = check(row.words);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.complains(row.says));
  }
}

TEST_CASE("devices are listed and shown, and one of this machine is described by its driver") {
  const ScratchFolder folder;
  const Outcome list = device({});
  CHECK(list.exit_code == 0);
  CHECK(list.prints("h100          NVIDIA H100 80GB HBM3                 9.0  132   79 GiB"));
  CHECK(Json::parse(device({"--json"}).output).size() == 11);
  CHECK(device({"h100"}).prints("read from an NVIDIA H100 80GB HBM3"));
  CHECK(Json::parse(device({"H100", "--json"}).output)["description"]["warp_size"] == 32);
  const Outcome nothing = device({"--dump"});
  CHECK(nothing.exit_code == 5);
  CHECK(nothing.complains("no GPU can be described here: no NVIDIA driver (libcuda.so.1) on this machine"));

  const std::string file = (folder.path() / "mine.json").string();
  const Outcome dumped = device({"--dump", "--output", file}, kFakeDriver);
  CAPTURE(dumped.errors);
  CHECK(dumped.exit_code == 0);
  std::ifstream stream(file);
  const Json mine = Json::parse(std::string(std::istreambuf_iterator<char>(stream), {}));
  CHECK(mine["description"]["name"] == "Fake \"GPU\" 7");
  CHECK(mine["description"]["compute_capability"] == 90);
  CHECK(mine["description"]["total_global_memory_bytes"] == 85899345920);
  CHECK(mine["description"]["multiprocessor_count"] == 1016);
  CHECK(mine["description"]["block_dim"] == Json({1002, 1003, 1004}));
  CHECK(mine["description"]["grid_dim"] == Json({1005, 1006, 1007}));
  CHECK(mine["description"]["driver_version"] == 13010);
  CHECK(mine["sources"]["clock_khz"] == "read from the device by cuDeviceGetAttribute, driver for CUDA 13.1");
  CHECK(check({"--impl", "eager", "--attention-device-path", folder.path().string(), "--device", "mine"}).exit_code ==
        0);
  CHECK(check({"--impl", "eager", "--device", file}).prints("on mine (Fake \"GPU\" 7)"));
  CHECK(run_program(SPEC_CFGTOOL, joined(joined({"attention", "check"}, kAnswers), {"--device", "mine", "--rules"}),
                    {{"ATTENTION_DEVICE_PATH", folder.path().string()}})
            .exit_code == 0);
  CHECK(device({"--dump", "1"}, joined_variables(kFakeDriver, "FAKE_DRIVER_GPUS", "2")).prints("Fake \\\"GPU\\\" 8"));
  CHECK(device({"--dump", "2"}, joined_variables(kFakeDriver, "FAKE_DRIVER_GPUS", "2")).exit_code == 2);
  CHECK(device({"--dump", "x"}, kFakeDriver).exit_code == 2);
  CHECK(device({"--dump"}, joined_variables(kFakeDriver, "FAKE_DRIVER_GPUS", "0")).exit_code == 5);
  CHECK(device({"--dump"}, joined_variables(kFakeDriver, "FAKE_DRIVER_ERROR", "34"))
            .complains("no NVIDIA driver (libcuda.so.1)"));
  CHECK(device({"--dump", "--output", "/nowhere/mine.json"}, kFakeDriver).exit_code == 1);
}

TEST_CASE("a GPU of this machine is asked about by its number") {
  const auto on = [&](const std::string& word) {
    return run_program(
        SPEC_CFGTOOL,
        joined(joined({"attention", "check", "--impl", "flash_attention_2"}, kAnswers), {"--device", word}),
        joined_variables(kFakeDriver, "FAKE_DRIVER_GPUS", "2"));
  };
  CHECK(on("cuda").prints("yes: flash_attention_2 by cudnn 1.0-test on cuda:0 (Fake \"GPU\" 7)"));
  CHECK(on("cuda:1").prints("on cuda:1 (Fake \"GPU\" 8)"));
  CHECK(on("cuda:2").exit_code == 3);
  CHECK(on("cuda:2").prints("why: this machine has no GPU 2: it has 2, counted from 0"));
}

TEST_CASE("a configuration whose roles cannot run on the GPU is refused at the place that chose, with the override") {
  const Outcome on_t4 = spec("flash_attention_2", {"--attention-device", "t4"});
  CAPTURE(on_t4.errors);
  CHECK(on_t4.exit_code == 3);
  CHECK(
      on_t4.complains("attention implementation flash_attention_2 is not supported on t4 for actor, rollout and ref"));
  CHECK(on_t4.complains("override 1:63"));
  CHECK(on_t4.complains("t4 (Tesla T4) is asked for by flag --attention-device"));
  CHECK(on_t4.complains("supported on t4 for these sizes: eager"));
  CHECK(on_t4.complains("try: ++" + kPolicy + "=eager"));
  CHECK(on_t4.prints(
      "device:\n    value: t4\n    kind: flag\n    origin: flag --attention-device\n    name: Tesla T4\n"));
  CHECK_FALSE(on_t4.prints("machine:"));
  const Outcome on_h100 = spec("flash_attention_2", {"--attention-device", "h100"});
  CHECK(on_h100.exit_code == 0);
  CHECK_FALSE(on_h100.complains("attention-example-sizes"));
  const Outcome of_examples = spec("flash_attention_2", {"--attention-device", "h100", "~" + kHeads});
  CHECK(of_examples.exit_code == 0);
  CHECK(
      of_examples.complains("warning[attention-example-sizes]: the answer for h100 is about examples, since nothing "
                            "gives the sizes of actor, rollout, ref: query heads 32"));
  CHECK(of_examples.complains("keys such as +" + kHeads + "=32"));
  CHECK(spec("eager", {"--attention-device", "t4"}).exit_code == 0);
  const Outcome on_v100 = spec("eager", {"+attention_device=v100"});
  CHECK(on_v100.exit_code == 3);
  CHECK(on_v100.complains("why: cuda_eager on v100: CUDA 13 dropped compute capability 70"));
  CHECK(on_v100.complains("why: cudnn on v100: nor flash_attention_2: v100 has compute capability 70"));
  CHECK(on_v100.complains("supported on v100 for these sizes: nothing that is loaded"));
  CHECK(on_v100.complains("v100 (V100-SXM2-32GB) is asked for by attention_device (override 3:19)"));
  const Outcome wide =
      spec("flash_attention_2", {"+attention_device=h100", "++actor_rollout_ref.model.override_config.head_dim=300"});
  CHECK(wide.exit_code == 3);
  CHECK(wide.complains("head_dim 300 is no multiple of 8"));
}

TEST_CASE("a model's config.json that a flag names gives the sizes of all roles") {
  const ScratchFolder folder;
  write(folder, "config.json",
        R"({"num_attention_heads": 28, "num_key_value_heads": 4, "hidden_size": 8400, "sliding_window": 4096})");
  const Words words{"--attention-device",
                    "h100",
                    "--model",
                    folder.path().string(),
                    "~" + kHeads,
                    "~actor_rollout_ref.model.override_config.num_key_value_heads",
                    "~actor_rollout_ref.model.override_config.hidden_size",
                    "~actor_rollout_ref.model.override_config.head_dim"};
  const Outcome outcome = spec("flash_attention_2", words);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.complains("head_dim 300 is no multiple of 8"));
  CHECK(
      outcome.complains("warning[attention-not-asked]: the answer for h100 leaves out what the model of actor, "
                        "rollout, ref has besides: sliding_window 4096"));
  CHECK(spec("eager", {"--model", "/nowhere"}).complains("'/nowhere' is not a file"));
}

TEST_CASE("what cannot be told is said so, the flag wins over the key, an unknown GPU is an error at its place") {
  const Outcome open = spec("sdpa", {"--attention-device", "h100"});
  CHECK(open.exit_code == 5);
  CHECK(open.complains(
      "error[attention-cannot-tell]: it cannot be told whether attention implementation sdpa is supported on h100"));
  CHECK(open.complains("libanswers.so.1 is not installed"));
  CHECK_FALSE(open.complains("try: "));
  CHECK(spec("flash_attention_2", {"+attention_device=t4", "--attention-device", "h100"}).exit_code == 0);
  const Outcome key = spec("eager", {"+attention_device=h10"});
  CHECK(key.exit_code == 1);
  CHECK(key.complains("override 3:19"));
  CHECK(key.complains("did you mean 'h100'"));
  const Outcome flag = spec("eager", {"--attention-device", "h10"});
  CHECK(flag.exit_code == 2);
  CHECK(flag.complains("flag --attention-device:1"));
}

TEST_CASE("the example program asks about the GPU too, and trains nothing then") {
  const ScratchFolder folder;
  const auto train = [&](const Words& words) {
    return run_program_in(folder.path(), SPEC_PPO_TRAINER, joined(kAnswers, words));
  };
  const Words flash{"++" + kPolicy + "=flash_attention_2", "++" + kCritic + "=flash_attention_2"};
  const Outcome on_h100 = train(joined(flash, {"--attention-device", "h100"}));
  CAPTURE(on_h100.errors);
  CHECK(on_h100.exit_code == 0);
  CHECK(on_h100.prints("every role would run on h100"));
  CHECK(on_h100.prints("cudnn 1.0-test on h100"));
  const Outcome on_t4 = train(joined(flash, {"+attention_device=t4"}));
  CHECK(on_t4.exit_code == 3);
  CHECK(on_t4.complains("try: ++" + kPolicy + "=eager"));
}

}  // namespace cfgtool::test
