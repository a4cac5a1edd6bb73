#include "schemas/model_sizes.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "schemas/config_keys.hpp"
#include "schemas/model_config_file.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

fs::path expand_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  if (home != nullptr && (path == "~" || path.starts_with("~/")))
    return fs::path(home) / path.substr(path == "~" ? 1 : 2);
  return path;
}

/// A file that a flag names must be there.
ModelConfigFile read_named_model(const Config& cfg, const std::string& named) {
  SourceMap& sources = *cfg.composition().sources;
  fs::path file = expand_home(named);
  std::error_code error;
  if (fs::is_directory(file, error)) file /= "config.json";
  return read_model_config(sources, file, sources.add(SourceKind::kFlag, "--model", named));
}

/// The model's config.json, if it is here. `why_not` says why it is not.
std::optional<ModelConfigFile> find_model_file(const Config& cfg, const std::string& key, std::string& why_not) {
  const std::optional<ConfigValue> value = key.empty() ? std::nullopt : said(cfg, key);
  if (!value) {
    why_not = key.empty() ? "none: the mapping names no folder" : fmt::format("none: {} says nothing", key);
    return std::nullopt;
  }
  const auto written = value->as<std::string>();
  const fs::path folder = expand_home(written);
  std::error_code error;
  if (written.empty() || !fs::is_directory(folder, error)) {
    why_not = fmt::format("none: '{}' is no folder on this machine", written);
    return std::nullopt;
  }
  const fs::path file = folder / "config.json";
  if (!fs::exists(file, error)) {
    why_not = fmt::format("none: '{}' holds no config.json", written);
    return std::nullopt;
  }
  return read_model_config(*cfg.composition().sources, file, value->pos());
}

template <typename T>
SpecValue<T> from_file(const SourceMap& sources, const ModelFileValue<T>& found) {
  SourceLocation at;
  const bool located = sources.locate(found.pos, &at);
  return {found.value, {OriginKind::kModelFile, located ? to_string(at) : "config.json", {}, found.pos}};
}

template <typename T>
SpecValue<T> computed(T value, OriginKind kind, std::string how) {
  return {std::move(value), {kind, std::move(how), {}, {}}};
}

class SizeReader {
 public:
  SizeReader(const Config& cfg, const ModelMapping& model, const ExampleSizes& examples, const std::string& named)
      : cfg_(cfg), model_(model), examples_(examples), named_(named) {}

  ModelSizes read() {
    ModelSizes sizes;
    file_ = named_.empty() ? find_model_file(cfg_, model_.folder, sizes.model_file) : read_named_model(cfg_, named_);
    if (file_) sizes.model_file = file_->path;
    if (file_) sizes.model_features = file_->features;
    if (file_ && file_->dtype) sizes.dtype = from_file(sources(), *file_->dtype);
    sizes.heads_q = read_heads_q();
    sizes.heads_kv = read_heads_kv(sizes.heads_q);
    sizes.head_dim = read_head_dim(sizes.heads_q);
    const bool is_of_file = file_ && file_->head_dim_v && sizes.head_dim.origin.kind == OriginKind::kModelFile;
    if (is_of_file) sizes.head_dim_v = from_file(sources(), *file_->head_dim_v);
    check_groups(sizes);
    return sizes;
  }

 private:
  using Size = SpecValue<int64_t>;
  using FileValue = std::optional<ModelFileValue<int64_t>>;

  const SourceMap& sources() const { return *cfg_.composition().sources; }

  /// A key wins over the config.json, as override_config does in the framework.
  std::optional<Size> stated(const KeyChoice& choice, FileValue ModelConfigFile::*field) const {
    if (auto size = read_size(cfg_, choice)) return size;
    if (file_ && (*file_).*field) return from_file(sources(), *((*file_).*field));
    return std::nullopt;
  }

  Size read_heads_q() const {
    if (auto size = stated(model_.heads_q, &ModelConfigFile::num_attention_heads)) return *size;
    return computed(examples_.heads_q, OriginKind::kExample, "example");
  }

  Size read_heads_kv(const Size& heads_q) const {
    if (auto size = stated(model_.heads_kv, &ModelConfigFile::num_key_value_heads)) return *size;
    if (heads_q.origin.kind == OriginKind::kExample)
      return computed(examples_.heads_kv, OriginKind::kExample, "example");
    return computed(heads_q.value, OriginKind::kDerived, "as many as query heads");
  }

  Size read_head_dim(const Size& heads_q) const {
    if (auto size = stated(model_.head_dim, &ModelConfigFile::head_dim)) return *size;
    const auto hidden = stated(model_.hidden_size, &ModelConfigFile::hidden_size);
    if (!hidden) return computed(examples_.head_dim, OriginKind::kExample, "example");
    if (hidden->value % heads_q.value != 0) {
      refuse(fmt::format("the hidden size, {}, is not a multiple of the number of query heads, {} ({})", hidden->value,
                         heads_q.value, heads_q.origin.text),
             hidden->origin, heads_q.origin, "the head dimension is the hidden size divided by the number of heads");
    }
    return computed(hidden->value / heads_q.value, OriginKind::kDerived,
                    fmt::format("hidden size {} ({}) / {} heads", hidden->value, hidden->origin.text, heads_q.value));
  }

  void check_groups(const ModelSizes& sizes) const {
    if (sizes.heads_q.value % sizes.heads_kv.value == 0) return;
    refuse(
        fmt::format("the number of query heads, {} ({}), is not a multiple of that of key-value heads, {} ({})",
                    sizes.heads_q.value, sizes.heads_q.origin.text, sizes.heads_kv.value, sizes.heads_kv.origin.text),
        sizes.heads_kv.origin, sizes.heads_q.origin, {});
  }

  [[noreturn]] void refuse(std::string message, const Origin& at, const Origin& other, std::string note) const {
    Diagnostic diagnostic;
    diagnostic.stage = Stage::kResolve;
    diagnostic.code = "attention-size";
    diagnostic.message = fmt::format("the model '{}': {}", model_.name, message);
    diagnostic.key_path = at.key;
    for (const SourcePos pos : {at.pos, other.pos}) {
      if (pos) diagnostic.labels.push_back({pos, 1, {}});
    }
    if (!note.empty()) diagnostic.notes.push_back(std::move(note));
    if (other.kind == OriginKind::kExample && !model_.heads_q.keys.empty())
      diagnostic.notes.push_back(fmt::format("the number of heads is an example; {} gives it", model_.heads_q.keys[0]));
    throw ConfigError(std::move(diagnostic));
  }

  const Config& cfg_;
  const ModelMapping& model_;
  const ExampleSizes& examples_;
  const std::string& named_;
  std::optional<ModelConfigFile> file_;
};

}  // namespace

ModelSizes read_model_sizes(const Config& cfg, const ModelMapping& model, const ExampleSizes& examples,
                            const std::string& named) {
  return SizeReader(cfg, model, examples, named).read();
}

}  // namespace cfgtool
