#include "schemas/model_config_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "config_engine/diagnostic.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr uintmax_t kLargestFile = 16U << 20;

class Reader {
 public:
  Reader(SourceMap& sources, const fs::path& file, SourcePos named_at)
      : sources_(sources), file_(file), named_at_(named_at) {}

  ModelConfigFile read();

 private:
  [[noreturn]] void refuse(const std::string& code, const std::string& message, SourcePos pos, size_t length = 1) const;
  std::string read_text() const;
  Json parse() const;
  /// nlohmann's values do not know where they stood: what follows the first `"name":` behind `from`.
  size_t find_value(std::string_view name, size_t from) const;
  const Json* field(const Json& object, const char* name) const;
  std::optional<ModelFileValue<int64_t>> size(const Json& object, const char* name) const;
  std::optional<ModelFileValue<int64_t>> first_size(const Json& object, std::initializer_list<const char*> names) const;
  void read_sizes(const Json& object, ModelConfigFile& model) const;
  std::optional<ModelFileValue<std::string>> dtype(const Json& object) const;
  SourcePos pos_of(const char* name) const { return begin_ + find_value(name, part_); }

  SourceMap& sources_;
  const fs::path& file_;
  SourcePos named_at_;
  SourcePos begin_;
  std::string_view text_;
  size_t part_ = 0;  // where the part of the text begins that fields are looked for in
};

void Reader::refuse(const std::string& code, const std::string& message, SourcePos pos, size_t length) const {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kResolve;
  diagnostic.code = code;
  diagnostic.message = message;
  if (pos) diagnostic.labels.push_back({pos, static_cast<uint32_t>(length), {}});
  if (named_at_) diagnostic.labels.push_back({named_at_, 1, "the model's folder is named here"});
  throw ConfigError(std::move(diagnostic));
}

std::string Reader::read_text() const {
  std::error_code error;
  if (!fs::is_regular_file(file_, error))
    refuse("model-file-unreadable", fmt::format("'{}' is not a file", file_.string()), {});
  if (fs::file_size(file_, error) > kLargestFile)
    refuse("model-file-too-large", fmt::format("'{}' is larger than 16 MiB", file_.string()), {});
  std::ifstream stream(file_, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (!stream) refuse("model-file-unreadable", fmt::format("'{}' cannot be read", file_.string()), {});
  return text;
}

Json Reader::parse() const {
  try {
    return Json::parse(text_);
  } catch (const Json::parse_error& error) {
    // Its words: "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing …".
    const std::string_view what = error.what();
    const size_t colon = what.find(": ");
    const size_t at = error.byte > 0 ? std::min(error.byte - 1, text_.size()) : 0;
    refuse("model-file-syntax",
           fmt::format("'{}' is no JSON: {}", file_.string(),
                       colon == std::string_view::npos ? what : what.substr(colon + 2)),
           begin_ + at);
  } catch (const Json::exception&) {
    refuse("model-file-syntax", fmt::format("'{}' holds a number that is too large", file_.string()), begin_);
  }
}

size_t Reader::find_value(std::string_view name, size_t from) const {
  const std::string quoted = fmt::format("\"{}\"", name);
  const auto skip_blanks = [this](size_t at) {
    while (at < text_.size() && std::isspace(static_cast<unsigned char>(text_[at])) != 0)
      ++at;
    return at;
  };
  for (size_t at = text_.find(quoted, from); at != std::string_view::npos; at = text_.find(quoted, at + 1)) {
    const size_t colon = skip_blanks(at + quoted.size());
    if (colon < text_.size() && text_[colon] == ':') return skip_blanks(colon + 1);
  }
  return from;
}

const Json* Reader::field(const Json& object, const char* name) const {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::optional<ModelFileValue<int64_t>> Reader::size(const Json& object, const char* name) const {
  const Json* value = field(object, name);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_integer() && *value >= 1 && *value <= INT32_MAX;
  if (!fits) {
    refuse("model-file-field",
           fmt::format("'{}' in '{}' is {}, expected a positive integer", name, file_.string(),
                       value->dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 60)),
           pos_of(name));
  }
  return ModelFileValue<int64_t>{value->get<int64_t>(), pos_of(name)};
}

std::optional<ModelFileValue<int64_t>> Reader::first_size(const Json& object,
                                                          std::initializer_list<const char*> names) const {
  for (const char* name : names) {
    if (auto found = size(object, name)) return found;
  }
  return std::nullopt;
}

bool is_true(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && *found == true;
}

void Reader::read_sizes(const Json& object, ModelConfigFile& model) const {
  model.num_attention_heads = first_size(object, {"num_attention_heads", "n_head", "n_heads", "num_heads"});
  model.num_key_value_heads = first_size(object, {"num_key_value_heads", "num_kv_heads"});
  if (is_true(object, "multi_query") && !is_true(object, "new_decoder_architecture"))
    model.num_key_value_heads = ModelFileValue<int64_t>{1, pos_of("multi_query")};
  model.head_dim = size(object, "head_dim");
  model.hidden_size = first_size(object, {"hidden_size", "n_embd", "d_model"});
  model.max_position_embeddings =
      first_size(object, {"max_position_embeddings", "n_positions", "max_seq_len", "seq_length"});
  // Multi-head latent attention: each head has a key of both parts, and its own key and value.
  const auto nope = size(object, "qk_nope_head_dim");
  const auto rope = size(object, "qk_rope_head_dim");
  if (!nope || !rope) return;
  model.head_dim = ModelFileValue<int64_t>{nope->value + rope->value, nope->pos};
  model.head_dim_v = size(object, "v_head_dim");
  model.num_key_value_heads = model.num_attention_heads;
}

/// Fields that make attention another one, each with its value.
std::vector<std::string> read_features(const Json& object) {
  std::vector<std::string> features;
  const auto add = [&](const char* name, bool is_set) {
    if (is_set) features.push_back(fmt::format("{} {}", name, object.at(name).dump()));
  };
  const auto is_positive = [&](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number() && *found > 0;
  };
  const bool slides = !object.contains("use_sliding_window") || is_true(object, "use_sliding_window");
  add("sliding_window", slides && is_positive("sliding_window"));
  for (const char* name : {"attn_logit_softcapping", "attention_dropout", "attn_pdrop"})
    add(name, is_positive(name));
  add("alibi", is_true(object, "alibi"));
  const std::string type = object.value("model_type", Json()).is_string() ? object.value("model_type", "") : "";
  if (type == "bloom" || type == "mpt") features.push_back(fmt::format("model_type {} (ALiBi)", type));
  if (type.starts_with("gpt_oss")) features.push_back(fmt::format("model_type {} (attention sinks)", type));
  return features;
}

bool is_causal_model(const Json& json) {
  const auto found = json.find("architectures");
  if (found == json.end() || !found->is_array()) return false;
  return std::any_of(found->begin(), found->end(), [](const Json& name) {
    return name.is_string() &&
           (name.get<std::string>().ends_with("ForCausalLM") || name.get<std::string>().ends_with("LMHeadModel"));
  });
}

std::optional<ModelFileValue<std::string>> Reader::dtype(const Json& object) const {
  for (const char* name : {"torch_dtype", "dtype"}) {
    const Json* value = field(object, name);
    if (value == nullptr) continue;
    if (!value->is_string()) {
      refuse("model-file-field",
             fmt::format("'{}' in '{}' is {}, expected a text", name, file_.string(), value->type_name()),
             pos_of(name));
    }
    return ModelFileValue<std::string>{value->get<std::string>(), pos_of(name)};
  }
  return std::nullopt;
}

ModelConfigFile Reader::read() {
  begin_ = sources_.add(SourceKind::kFile, file_.string(), read_text());
  text_ = sources_.text(begin_);
  const Json json = parse();
  if (!json.is_object())
    refuse("model-file-syntax", fmt::format("'{}' holds {}, expected an object", file_.string(), json.type_name()),
           begin_);
  const Json* object = &json;
  const Json* text_config = field(json, "text_config");
  if (text_config != nullptr && text_config->is_object() && !first_size(json, {"num_attention_heads", "n_head"})) {
    part_ = find_value("text_config", 0);
    object = text_config;
  }
  ModelConfigFile model;
  model.path = file_.string();
  model.begin = begin_;
  read_sizes(*object, model);
  model.features = read_features(*object);
  model.is_causal = is_causal_model(json);
  model.dtype = dtype(*object);
  if (!model.dtype && object != &json) {
    part_ = 0;
    model.dtype = dtype(json);
  }
  return model;
}

}  // namespace

ModelConfigFile read_model_config(SourceMap& sources, const fs::path& file, SourcePos named_at) {
  return Reader(sources, file, named_at).read();
}

}  // namespace cfgtool
