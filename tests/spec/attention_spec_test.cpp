// The typed specification: where each value comes from, and what is refused on the way.
#include <doctest/doctest.h>

#include <string>

#include "tests/spec/toy_framework.hpp"

namespace cfgtool::test {

namespace {

const RoleSpec& role(const AttentionSpec& spec, const std::string& name) {
  for (const RoleSpec& candidate : spec.roles) {
    if (candidate.name == name) return candidate;
  }
  FAIL("no such role");
  return spec.roles.front();
}

std::string model_json(const char* fields) {
  return std::string("{") + fields + "}";
}

}  // namespace

TEST_CASE("what nothing says is the default and the examples") {
  const Scratch scratch;
  const AttentionSpec spec = toy_spec(scratch, "model: {}\njudge: {}\n");
  REQUIRE(spec.roles.size() == 2);
  const RoleSpec& learner = spec.roles[0];
  CHECK(learner.implementation.value == "sdpa");
  CHECK(learner.implementation.origin.kind == OriginKind::kDefault);
  CHECK(learner.implementation.origin.text == "default");
  CHECK_FALSE(learner.implementation_key_is_there);
  CHECK(learner.nearest_key == "model");
  CHECK(learner.trains);
  CHECK_FALSE(spec.roles[1].trains);
  for (const auto* size : {&learner.heads_q, &learner.heads_kv, &learner.head_dim, &learner.sequence_length})
    CHECK(size->origin.kind == OriginKind::kExample);
  CHECK(learner.heads_kv.value == 2);
  CHECK(learner.dtype.value == "float32");
  CHECK(learner.model_file == "none: model.path says nothing");
}

TEST_CASE("keys say it, and their places are kept") {
  const Scratch scratch;
  const AttentionSpec spec = toy_spec(scratch,
                                      "model:\n  attention: eager\n  heads: 8\n  kv_heads: 2\n  head_dim: 24\n"
                                      "  dtype: float16\ndata: {prompt: 10, answer: 5}\n",
                                      {"model.kv_heads=4", "++model.attention=sdpa"});
  const RoleSpec& learner = role(spec, "learner");
  CHECK(learner.implementation.value == "sdpa");
  CHECK(learner.implementation.origin.text == "override 2:19");
  CHECK(learner.heads_q.value == 8);
  CHECK(learner.heads_q.origin.text.ends_with("config.yaml:3:10"));
  CHECK(learner.heads_q.origin.key == "model.heads");
  CHECK(learner.heads_kv.value == 4);
  CHECK(learner.heads_kv.origin.text == "override 1:16");
  CHECK(learner.head_dim.value == 24);
  CHECK(learner.sequence_length.value == 15);
  CHECK(learner.sequence_length.origin.key == "data.prompt + data.answer");
  CHECK(learner.dtype.value == "float16");
  CHECK(spec.absent_roles == std::vector<std::string>{"judge"});
}

TEST_CASE("null says nothing, and the default's origin says that") {
  const Scratch scratch;
  const AttentionSpec spec = toy_spec(scratch, "model:\n  attention: null\n  heads: null\n");
  const RoleSpec& learner = role(spec, "learner");
  CHECK(learner.implementation.value == "sdpa");
  CHECK(learner.implementation.origin.kind == OriginKind::kDefault);
  CHECK(learner.implementation.origin.text.find("config.yaml:2:14 is null") != std::string::npos);
  CHECK(learner.implementation_key_is_there);
  CHECK(learner.heads_q.origin.kind == OriginKind::kExample);
}

TEST_CASE("sizes follow from one another") {
  const Scratch scratch;
  const AttentionSpec spec = toy_spec(scratch, "model: {heads: 6, hidden: 96}\n");
  const RoleSpec& learner = role(spec, "learner");
  CHECK(learner.heads_kv.value == 6);
  CHECK(learner.heads_kv.origin.kind == OriginKind::kDerived);
  CHECK(learner.head_dim.value == 16);
  CHECK(learner.head_dim.origin.kind == OriginKind::kDerived);
  const Caught odd = caught([&] { toy_spec(scratch, "model:\n  heads: 7\n  hidden: 96\n"); });
  CHECK(odd.first().code == "attention-size");
  CHECK(odd.place == "config.yaml:3:11");
  CHECK(odd.text.find("config.yaml:2:10") != std::string::npos);
  const Caught groups = caught([&] { toy_spec(scratch, "model:\n  heads: 8\n  kv_heads: 3\n"); });
  CHECK(groups.first().code == "attention-size");
  CHECK(groups.place == "config.yaml:3:13");
  const Caught example = caught([&] { toy_spec(scratch, "model:\n  hidden: 99\n"); });
  CHECK(example.text.find("the number of heads is an example; model.heads gives it") != std::string::npos);
}

TEST_CASE("an interpolated choice is followed to where it was written") {
  const Scratch scratch;
  const AttentionSpec spec = toy_spec(scratch, "wanted: eager\nmodel:\n  attention: ${wanted}\n");
  CHECK(role(spec, "learner").implementation.value == "eager");
  CHECK(role(spec, "learner").implementation.origin.text.ends_with("config.yaml:1:9"));
}

TEST_CASE("roles whose model or section is not there are not part of the configuration") {
  const Scratch scratch;
  CHECK(toy_spec(scratch, "model: {}\njudge: null\n").absent_roles == std::vector<std::string>{"judge"});
  CHECK(toy_spec(scratch, "model: {}\njudge: {}\n", {"~judge"}).roles.size() == 1);
  const Caught none = caught([&] { toy_spec(scratch, "other: 1\n"); });
  CHECK(none.first().code == "attention-no-roles");
  CHECK(none.text.find("it has no model") != std::string::npos);
}

TEST_CASE("wrong values are refused where they were written") {
  const Scratch scratch;
  const struct {
    const char* yaml;
    const char* code;
    const char* place;
    const char* words;
  } cases[] = {
      {"model:\n  attention: ''\n", "attention-name-empty", "config.yaml:2:14", "names no attention implementation"},
      {"model:\n  attention: 3\n", "attention-name-type", "config.yaml:2:14", "the names known are eager, sdpa"},
      {"model:\n  attention: true\n", "attention-name-type", "config.yaml:2:14", "expected a string"},
      {"model:\n  attention: [eager]\n", "attention-name-type", "config.yaml:2:14", "is a list"},
      {"model:\n  attention: ???\n", "value-missing", "config.yaml:2:14", "Missing mandatory value"},
      {"model:\n  attention: ${nope}\n", "interpolation", "config.yaml:2:14", "nope"},
      {"model: big\n", "value-type", "config.yaml:1:8", "'model' is not a mapping"},
      {"model: {}\njudge: 5\n", "value-type", "config.yaml:2:8", "'judge' is not a mapping"},
      {"model:\n  heads: many\n", "value-type", "config.yaml:2:10", "expected an integer"},
      {"model:\n  heads: 0\n", "value-range", "config.yaml:2:10", "from 1 to 2147483647"},
      {"model:\n  heads: -4\n", "value-range", "config.yaml:2:10", "-4"},
      {"model:\n  head_dim: 1.5\n", "value-type", "config.yaml:2:13", "expected an integer"},
      {"model:\n  head_dim: 99999999999999999999\n", "value-range", "config.yaml:2:13", "64 bits"},
      {"model:\n  dtype: 16\n", "value-type", "config.yaml:2:10", "expected a string"},
      {"model:\n  dtype: ''\n", "value-empty", "config.yaml:2:10", "empty"},
      {"model:\n  path: 5\n", "value-type", "config.yaml:2:9", "expected a string"},
      {"model: {}\ndata:\n  prompt: 2147483647\n  answer: 1\n", "value-range", "config.yaml:4:11", "sum"},
  };
  for (const auto& wrong : cases) {
    CAPTURE(wrong.yaml);
    const Caught error = caught([&] { toy_spec(scratch, wrong.yaml); });
    CAPTURE(error.text);
    CHECK(error.first().code.starts_with(wrong.code));
    CHECK(error.place == wrong.place);
    CHECK(error.text.find(wrong.words) != std::string::npos);
    CHECK(error.first().stage == Stage::kResolve);
  }
}

TEST_CASE("the problems of all values are told at once") {
  const Scratch scratch;
  const Caught error =
      caught([&] { toy_spec(scratch, "model: {attention: 3, heads: x, dtype: 1}\ndata: {prompt: a, answer: 1}\n"); });
  CHECK(error.diagnostics.size() == 4);
}

TEST_CASE("a model's config.json gives what no key gives") {
  const Scratch scratch;
  scratch.write("net/config.json",
                "{\n \"num_attention_heads\": 12, \"num_key_value_heads\": 4,\n \"hidden_size\": 768,\n"
                " \"head_dim\": null, \"torch_dtype\": \"float16\"\n}\n");
  const std::string path = "model: {path: " + scratch.path() + "/net, heads: 24, dtype: auto}\n";
  const AttentionSpec spec = toy_spec(scratch, path);
  const RoleSpec& learner = role(spec, "learner");
  CHECK(learner.heads_q.value == 24);
  CHECK(learner.heads_q.origin.kind == OriginKind::kKey);
  CHECK(learner.heads_kv.value == 4);
  CHECK(learner.heads_kv.origin.kind == OriginKind::kModelFile);
  CHECK(learner.heads_kv.origin.text.ends_with("/net/config.json:2:52"));
  CHECK(learner.head_dim.value == 32);
  CHECK(learner.head_dim.origin.kind == OriginKind::kDerived);
  CHECK(learner.dtype.value == "float16");
  CHECK(learner.dtype.origin.kind == OriginKind::kModelFile);
  CHECK(learner.model_file.ends_with("/net/config.json"));
}

TEST_CASE("the sizes of a model with several parts are those of its text part") {
  const Scratch scratch;
  scratch.write("net/config.json",
                "{\"vision_config\": {\"num_attention_heads\": 3}, \"torch_dtype\": \"bfloat16\",\n"
                " \"text_config\": {\"num_attention_heads\": 8, \"head_dim\": 64}}");
  const AttentionSpec spec = toy_spec(scratch, "model: {path: " + scratch.path() + "/net}\n");
  CHECK(role(spec, "learner").heads_q.value == 8);
  CHECK(role(spec, "learner").heads_q.origin.text.ends_with("config.json:2:41"));
  CHECK(role(spec, "learner").dtype.value == "bfloat16");
}

TEST_CASE("a folder without config.json, and a name that is no folder, give nothing") {
  const Scratch scratch;
  scratch.write("net/other.json", "{}");
  const AttentionSpec empty = toy_spec(scratch, "model: {path: " + scratch.path() + "/net}\n");
  CHECK(role(empty, "learner").model_file.find("holds no config.json") != std::string::npos);
  const AttentionSpec hub = toy_spec(scratch, "model: {path: someone/some-model}\n");
  CHECK(role(hub, "learner").model_file == "none: 'someone/some-model' is no folder on this machine");
}

TEST_CASE("a wrong config.json is refused, with the file and what") {
  const Scratch scratch;
  const std::string yaml = "model:\n  path: " + scratch.path() + "/net\n";
  const struct {
    std::string json;
    const char* code;
    const char* place;
    const char* words;
  } cases[] = {
      {"", "model-file-syntax", "config.json:1:1", "is no JSON"},
      {"{\"num_attention_heads\": 8,\n", "model-file-syntax", "config.json:2:1", "unexpected end of input"},
      {"{\n  num_attention_heads: 8}", "model-file-syntax", "config.json:2:5", "syntax error"},
      {"{} {}", "model-file-syntax", "config.json:1:4", "is no JSON"},
      {"[1, 2]", "model-file-syntax", "config.json:1:1", "holds array, expected an object"},
      {model_json("\"num_attention_heads\": \"8\""), "model-file-field", "config.json:1:25", "is \"8\", expected"},
      {model_json("\"num_attention_heads\": 8.0"), "model-file-field", "config.json:1:25", "is 8.0, expected"},
      {model_json("\"a\": 1,\n\"num_key_value_heads\": 0"), "model-file-field", "config.json:2:24", "is 0, expected"},
      {model_json("\"head_dim\": -64"), "model-file-field", "config.json:1:14", "is -64"},
      {model_json("\"hidden_size\": 1e30"), "model-file-field", "config.json:1:17", "'hidden_size'"},
      {model_json("\"hidden_size\": 99999999999"), "model-file-field", "config.json:1:17",
       "expected a positive integer"},
      {model_json("\"torch_dtype\": 16"), "model-file-field", "config.json:1:17", "is number, expected a text"},
      {model_json("\"num_attention_heads\": 7, \"hidden_size\": 100"), "attention-size", "config.json:1:43",
       "not a multiple"},
  };
  for (const auto& wrong : cases) {
    CAPTURE(wrong.json);
    scratch.write("net/config.json", wrong.json);
    const Caught error = caught([&] { toy_spec(scratch, yaml); });
    CAPTURE(error.text);
    CHECK(error.first().code == wrong.code);
    CHECK(error.place == wrong.place);
    CHECK(error.text.find(wrong.words) != std::string::npos);
  }
  scratch.write("net2/config.json/x", "");
  const Caught folder = caught([&] { toy_spec(scratch, "model:\n  path: " + scratch.path() + "/net2\n"); });
  CHECK(folder.first().code == "model-file-unreadable");
  CHECK(folder.place == "config.yaml:2:9");
}

}  // namespace cfgtool::test
