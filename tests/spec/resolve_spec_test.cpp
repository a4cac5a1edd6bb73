// `cfgtool resolve --spec` on our own tree.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/cases/child_process.hpp"
#include "tests/cases/sha256.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPolicy = "actor_rollout_ref.model.override_config.attn_implementation";
constexpr const char* kCritic = "critic.model.override_config.attn_implementation";

Outcome resolve(std::vector<std::string> words) {
  words.insert(words.begin(), {"resolve", "-cp", SPEC_TREE, "-cn", "ppo_trainer"});
  return run_program(SPEC_CFGTOOL, words);
}

Json spec_json(std::vector<std::string> words, int exit_code) {
  words.insert(words.end(), {"--spec", "--json"});
  const Outcome outcome = resolve(words);
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == exit_code);
  return Json::parse(outcome.output);
}

}  // namespace

TEST_CASE("the specification of our own tree") {
  const Json spec = spec_json({}, 0);
  CHECK(spec["configuration"]["trainer"]["project_name"] == "tiny_ppo");
  const Json& roles = spec["attention"]["roles"];
  REQUIRE(roles.size() == 4);
  CHECK(roles["actor"]["implementation"] == "eager");
  CHECK(roles["actor"]["origin"].get<std::string>().ends_with("model/tiny.yaml:7:24"));
  CHECK(roles["actor"]["passes"] == "train");
  CHECK(roles["rollout"]["passes"] == "infer");
  CHECK(roles["rollout"]["dtype"]["value"] == "float32");
  CHECK(roles["critic"]["head_dim"]["value"] == 16);
  CHECK(roles["critic"]["head_dim"]["kind"] == "derived");
  CHECK(roles["ref"]["sequence_length"]["value"] == 16);
  CHECK(roles["critic"]["plugin"]["name"] == "eager");
  CHECK(roles["critic"]["plugin"]["device"] == "cpu");
}

TEST_CASE("the hash is the SHA-256 of what resolve prints") {
  const std::vector<std::string> words = {"trainer.total_epochs=7"};
  const std::string yaml = resolve(words).output;
  CHECK(spec_json(words, 0)["hash"] == "sha256:" + sha256(yaml));
  CHECK(spec_json({}, 0)["hash"] != spec_json(words, 0)["hash"]);
}

TEST_CASE("YAML and JSON say the same of a refused role") {
  const std::string word = std::string(kCritic) + "=flash_attention_2";
  const Json spec = spec_json({word}, 3);
  const Json& refusal = spec["attention"]["roles"]["critic"]["refusal"];
  CHECK(refusal["supported"] == Json::array({"sdpa", "eager"}));
  CHECK(refusal["override"] == std::string(kCritic) + "=sdpa");
  CHECK(refusal["reasons"][0]["reason"] == "not-provided");
  CHECK(spec["attention"]["roles"]["actor"].contains("plugin"));
  const Outcome yaml = resolve({word, "--spec"});
  CHECK(yaml.exit_code == 3);
  CHECK(yaml.prints("\nhash: sha256:"));
  CHECK(yaml.prints("override: " + std::string(kCritic) + "=sdpa"));
  CHECK(yaml.complains(
      "error[attention-unsupported]: attention implementation flash_attention_2 is not supported here for critic"));
  CHECK(yaml.complains("try: " + std::string(kCritic) + "=sdpa"));
}

TEST_CASE("a role that is deleted is not part of the specification") {
  const Json spec = spec_json({"~critic"}, 0);
  CHECK(spec["attention"]["roles"].size() == 3);
  CHECK(spec["attention"]["absent_roles"] == Json::array({"critic"}));
}

TEST_CASE("errors of the configuration end with 1, and nothing is printed") {
  for (const std::string& word :
       {std::string(kPolicy) + "=", std::string(kPolicy) + "=3", std::string("data.max_prompt_length=long"),
        std::string("actor_rollout_ref.model.override_config.num_attention_heads=0"),
        std::string("actor_rollout_ref.model.override_config.num_key_value_heads=3")}) {
    CAPTURE(word);
    const Outcome outcome = resolve({"--spec", word});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output.empty());
    CHECK(outcome.complains("--> override 1:"));
  }
}

TEST_CASE("flags that do not go together, or need --spec, end with 2") {
  CHECK(resolve({"--spec", "--cfg", "job"}).exit_code == 2);
  CHECK(resolve({"--spec", "--no-resolve"}).exit_code == 2);
  CHECK(resolve({"--spec", "--package", "trainer"}).exit_code == 2);
  CHECK(resolve({"--attention-mapping", "verl"}).exit_code == 2);
  CHECK(resolve({"--attention-plugin-path", "/x"}).exit_code == 2);
  CHECK(resolve({"--spec", "--atention-mapping", "verl"}).exit_code == 2);
}

TEST_CASE("mapping files can be named, and a bad one ends with 1") {
  CHECK(resolve({"--spec", "--attention-mapping", "verl"}).exit_code == 0);
  const Outcome unknown = resolve({"--spec", "--attention-mapping", "varl"});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.complains("did you mean 'verl'?"));
  const Outcome not_a_mapping = resolve({"--spec", "--attention-mapping", SPEC_TREE "/ppo_trainer.yaml"});
  CHECK(not_a_mapping.exit_code == 1);
  CHECK(not_a_mapping.complains("ppo_trainer.yaml:"));
}

TEST_CASE("errors are told in JSON if asked") {
  const Outcome outcome = resolve({"--spec", "--error-format", "json", std::string(kCritic) + "=Eager"});
  CHECK(outcome.exit_code == 3);
  const Json error = Json::parse(outcome.errors);
  CHECK(error["code"] == "attention-unknown-implementation");
  CHECK(error["stage"] == "attention");
  CHECK(error["override"] == 1);
  CHECK(error["fix"] == std::string(kCritic) + "=eager");
}

}  // namespace cfgtool::test
