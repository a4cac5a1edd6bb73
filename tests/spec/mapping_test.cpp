// Mapping files: the good one, and each way to get one wrong with the place that a person must look at.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tests/spec/toy_framework.hpp"

namespace cfgtool::test {

namespace {

AttentionMapping read_file(const std::string& file) {
  return read_attention_mapping(std::make_shared<SourceMap>(), file);
}

struct Wrong {
  const char* name;
  const char* good;  ///< what stands in the toy mapping
  const char* bad;   ///< what stands there instead; `@` marks the place of the error and is not part of it
  const char* code;
  const char* words;  ///< part of what is printed
};

constexpr Wrong kWrong[] = {
    {"unknown field", "examples:", "@exmples:", "mapping-unknown-field", "did you mean 'examples'?"},
    {"unknown field of a role", "    passes: train", "    @pases: train", "mapping-unknown-field",
     "did you mean 'passes'?"},
    {"unknown field of a model", "    folder: model.path", "    @directory: model.path", "mapping-unknown-field",
     "its fields are section, implementation, folder, sizes"},
    {"unknown size", "      head_dim:", "      @head_dims:", "mapping-unknown-field", "did you mean 'head_dim'?"},
    {"field missing", "    section: model\n    impl", "    impl", "mapping-field-missing",
     "the model 'net' lacks the field 'section'"},
    {"models is a list", "models:\n  net:", "models:\n@- net:", "mapping-type", "'models' of the mapping is a list"},
    {"roles is empty", "roles:\n  learner:", "roles: {}\nnames:\n  learner:", "mapping-unknown-field", "'names'"},
    {"a model is a text", "  net:\n    section: model", "  net: @nothing\n  other:\n    section: model", "mapping-type",
     "the model 'net' is a text, expected a mapping"},
    {"a role is named twice", "  judge:", "  @learner:", "yaml-duplicate-key", "learner"},
    {"key path with two dots", "implementation: model.attention", "implementation: @model..attention",
     "mapping-key-path", "'model..attention' is no key path"},
    {"key path that ends in a dot", "heads_q: model.heads", "heads_q: @model.heads.", "mapping-key-path",
     "behind the last one"},
    {"key path with an index", "dtype: model.dtype", "dtype: @layers[0].dtype", "mapping-key-path",
     "items of lists cannot be named"},
    {"key path with a blank", "folder: model.path", "folder: @model path", "mapping-key-path", "' ' cannot be part"},
    {"key path in a list", "[data.prompt, data.answer]", "[data.prompt, @.answer]", "mapping-key-path",
     "item 2 of 'sum_of'"},
    {"key path is a number", "dtype: model.dtype", "dtype: @16", "mapping-type", "is an integer, expected a text"},
    {"key is empty", "dtype: model.dtype", "dtype:@", "mapping-type", "is empty, expected a text"},
    {"interpolation", "folder: model.path", "folder: @${model.path}", "mapping-type", "has no interpolations"},
    {"the same key twice", "[data.prompt, data.answer]", "[data.prompt, @data.prompt]", "mapping-repeated",
     "names 'data.prompt' twice"},
    {"first_of and sum_of", "sequence_length: {sum_of: [data.prompt, data.answer]}",
     "@sequence_length: {sum_of: [data.a], first_of: [data.b]}", "mapping-choice", "either 'first_of' or 'sum_of'"},
    {"sum_of is empty", "[data.prompt, data.answer]", "@[]", "mapping-type", "an empty list"},
    {"a type cannot be a sum", "dtype: model.dtype", "@dtype: {sum_of: [model.dtype]}", "mapping-choice",
     "cannot be a sum"},
    {"passes", "passes: infer", "passes: @inference", "mapping-passes", "expected train or infer"},
    {"unknown model", "    model: net\n    section: judge", "    model: @nets\n    section: judge",
     "mapping-unknown-model", "did you mean 'net'?"},
    {"version", "version: 1", "version: @2", "mapping-version", "not known"},
    {"version is a text", "version: 1", "version: @one", "mapping-version", "not known"},
    {"default is not known", "default: sdpa", "default: @spda", "mapping-unknown-default", "did you mean 'sdpa'?"},
    {"known is a text", "known: [eager, sdpa]", "known: @eager", "mapping-type", "expected a list"},
    {"known holds a boolean", "known: [eager, sdpa]", "known: [eager, @yes, sdpa]", "mapping-type",
     "item 2 of 'known' of 'implementations' is a boolean"},
    {"example is 0", "head_dim: 16", "head_dim: @0", "mapping-type", "expected an integer from 1 to 2147483647"},
    {"example is a text", "sequence_length: 64", "sequence_length: @long", "mapping-type", "a positive integer"},
    {"example heads do not fit", "heads_kv: 2", "heads_kv: 3", "mapping-type", "must be a multiple of 'heads_kv', 3"},
    {"a quote is never closed", "framework: toy", "framework: 'toy", "yaml-", ""},
    {"a bracket is never closed", "known: [eager, sdpa]", "known: [eager, sdpa", "yaml-", ""},
};

/// "toy.yaml:3:5" of the `@` in `text`, which is taken out.
std::string take_place(std::string& text) {
  const size_t at = text.find('@');
  if (at == std::string::npos) return {};
  const auto line = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n') + 1;
  const size_t line_begin = text.rfind('\n', at) + 1;  // npos + 1 is 0
  text.erase(at, 1);
  return fmt::format("toy.yaml:{}:{}", line, at - line_begin + 1);
}

}  // namespace

TEST_CASE("a good mapping is read") {
  const Scratch scratch;
  const AttentionMapping mapping = read_file(scratch.write("toy.yaml", kToyMapping));
  CHECK(mapping.framework == "toy");
  CHECK(mapping.default_implementation == "sdpa");
  REQUIRE(mapping.models.size() == 1);
  CHECK(mapping.models[0].hidden_size.keys == std::vector<std::string>{"model.width", "model.hidden"});
  REQUIRE(mapping.roles.size() == 2);
  CHECK(mapping.roles[0].trains);
  CHECK(mapping.roles[0].sequence_length.rule == KeyChoice::Rule::kSumOf);
  CHECK_FALSE(mapping.roles[1].trains);
  CHECK(mapping.roles[1].dtype.keys.empty());
  CHECK(mapping.examples.head_dim == 16);
}

TEST_CASE("VERL's mapping is read by its name") {
  const AttentionMapping mapping = read_file("verl");
  CHECK(mapping.default_implementation == "flash_attention_2");
  REQUIRE(mapping.roles.size() == 4);
  CHECK(mapping.roles[3].name == "critic");
  CHECK(mapping.models[mapping.roles[3].model].implementation == "critic.model.override_config.attn_implementation");
}

TEST_CASE("a wrong mapping is refused at its place") {
  const Scratch scratch;
  for (const Wrong& wrong : kWrong) {
    const std::string name = wrong.name;
    CAPTURE(name);
    std::string text = kToyMapping;
    const size_t at = text.find(wrong.good);
    REQUIRE(at != std::string::npos);
    text.replace(at, std::string(wrong.good).size(), wrong.bad);
    const std::string place = take_place(text);
    const Caught error = caught([&] { read_file(scratch.write("toy.yaml", text)); });
    CAPTURE(error.text);
    CHECK(error.first().code.starts_with(wrong.code));
    CHECK(error.place.starts_with("toy.yaml:"));
    if (!place.empty()) CHECK(error.place == place);
    CHECK(error.text.find(wrong.words) != std::string::npos);
    CHECK(error.first().stage == Stage::kCompose);
  }
}

TEST_CASE("all problems of a mapping are told at once") {
  const Scratch scratch;
  std::string text = kToyMapping;
  text.replace(text.find("train"), 5, "learn");
  text.replace(text.find("model.kv_heads"), 14, "model.kv heads");
  CHECK(caught([&] { read_file(scratch.write("toy.yaml", text)); }).diagnostics.size() == 2);
}

TEST_CASE("a mapping that is not there is refused with the flag that names it") {
  const Scratch scratch;
  const auto refused = [&](const std::string& name, const char* code, const char* words) {
    const Caught error = caught([&] { read_file(name); });
    CAPTURE(error.text);
    CHECK(error.first().code == code);
    CHECK(error.place == "flag --attention-mapping:1");
    CHECK(error.text.find(words) != std::string::npos);
  };
  refused(scratch.path() + "/none.yaml", "mapping-unreadable", "does not exist");
  refused(scratch.path() + "/", "mapping-unreadable", "is no file that can be read");
  refused("verll", "mapping-unknown", "did you mean 'verl'?");
  refused("..", "mapping-unknown", "known are verl");
  refused("", "mapping-unknown", "known are verl");
  CHECK(caught([&] { read_file(scratch.write("toy.yaml", "")); }).first().code == "mapping-field-missing");
  const Caught list = caught([&] { read_file(scratch.write("toy.yaml", "- version\n")); });
  CHECK(list.first().code == "mapping-type");
  CHECK(list.place == "toy.yaml:1:1");
}

}  // namespace cfgtool::test
