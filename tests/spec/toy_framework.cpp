#include "tests/spec/toy_framework.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "config_engine/diagnostic_render.hpp"

namespace cfgtool::test {

const char* const kToyMapping = R"(version: 1
framework: toy
implementations:
  default: sdpa
  known: [eager, sdpa]
models:
  net:
    section: model
    implementation: model.attention
    folder: model.path
    sizes:
      heads_q: model.heads
      heads_kv: model.kv_heads
      head_dim: model.head_dim
      hidden_size: {first_of: [model.width, model.hidden]}
roles:
  learner:
    model: net
    passes: train
    dtype: model.dtype
    sequence_length: {sum_of: [data.prompt, data.answer]}
  judge:
    model: net
    section: judge
    passes: infer
device: gpu
examples:
  heads_q: 4
  heads_kv: 2
  head_dim: 16
  sequence_length: 64
  dtype: float32
dtype_of_model: [auto]
)";

std::string Scratch::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path file = folder_.path() / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file.string();
}

Config compose_text(const Scratch& scratch, const std::string& yaml, const std::vector<std::string>& overrides) {
  scratch.write("config.yaml", yaml);
  ComposeRequest request;
  request.config_dirs = {scratch.path()};
  request.config_name = "config";
  request.overrides = overrides;
  return Config(compose(std::make_shared<FileStore>(), request));
}

AttentionSpec toy_spec(const Scratch& scratch, const std::string& yaml, const std::vector<std::string>& overrides) {
  const Config cfg = compose_text(scratch, yaml, overrides);
  const std::string file = scratch.write("toy.yaml", kToyMapping);
  return make_attention_spec(cfg, read_attention_mapping(cfg.composition().sources, file));
}

Caught caught(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    Caught result{error.diagnostics(), "nowhere", render(error.diagnostics(), error.sources().get())};
    SourceLocation at;
    if (!result.first().labels.empty() && error.sources() &&
        error.sources()->locate(result.first().labels.front().pos, &at)) {
      result.place = to_string(at);
      const size_t slash = result.place.rfind('/');
      if (at.kind == SourceKind::kFile && slash != std::string::npos) result.place.erase(0, slash + 1);
    }
    return result;
  }
  FAIL("nothing was refused");
  return {};
}

}  // namespace cfgtool::test
