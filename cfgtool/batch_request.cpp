#include "cfgtool/batch_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "config_engine/compose_all.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/json_reader.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kDeepestRequest = 64;
constexpr double kLongestSeconds = 1e9;

// Texts of files that changed stay as long as the store; half of what fits into a SourceMap.
constexpr size_t kMostStoredBytes = size_t{1} << 30;

// As the name of the file that requests stand in.
constexpr const char* kInput = "<stdin>";

/// Something about the request itself is wrong.
struct RequestError {
  std::string code;
  std::string message;
  size_t column = 1;        ///< in the line, 1-based, if no field is named
  std::string field = {};   ///< the field that is wrong
  std::string part = {};    ///< which of its items or members; empty: all of it
  bool is_unknown = false;  ///< the field's name is wrong, not its value
};

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The value of the field, or of a part of it, is wrong.
[[noreturn]] void refuse_field(std::string message, std::string field, std::string part = {}) {
  throw RequestError{"request-field", std::move(message), 1, std::move(field), std::move(part), false};
}

const Json* member(const Json& request, const char* name) {
  const auto found = request.find(name);
  return found == request.end() || found->is_null() ? nullptr : &*found;
}

std::string text_member(const Json& request, const char* name) {
  const Json* value = member(request, name);
  if (!value) return {};
  if (!value->is_string()) refuse_field(fmt::format("\"{}\" must be a string", name), name);
  return value->get<std::string>();
}

bool bool_member(const Json& request, const char* name) {
  const Json* value = member(request, name);
  if (!value) return false;
  if (!value->is_boolean()) refuse_field(fmt::format("\"{}\" must be true or false", name), name);
  return value->get<bool>();
}

std::vector<std::string> texts_member(const Json& request, const char* name) {
  std::vector<std::string> texts;
  const Json* value = member(request, name);
  if (!value) return texts;
  if (value->is_string() && std::string_view(name) == "config_dir") return {value->get<std::string>()};
  const std::string message = fmt::format("\"{}\" must be a list of strings", name);
  if (!value->is_array()) refuse_field(message, name);
  for (const Json& item : *value) {
    if (!item.is_string()) refuse_field(message, name, std::to_string(texts.size()));
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::tm time_member(const Json& request) {
  const std::string text = text_member(request, "now");
  std::tm time{};
  const char* const end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  std::tm real = time;  // strptime takes the 31st of February, timegm makes the 3rd of March of it
  ::timegm(&real);
  if (!end || *end != '\0' || real.tm_mday != time.tm_mday || real.tm_sec != time.tm_sec) {
    refuse_field(fmt::format("\"now\" must be a time such as 2026-01-02T03:04:05, not '{}'", text), "now");
  }
  return time;
}

std::map<std::string, std::string> environment_member(const Json& value) {
  if (!value.is_object()) refuse_field("\"env\" must be an object of strings", "env");
  std::map<std::string, std::string> environment;
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string()) refuse_field(fmt::format("\"env\".\"{}\" must be a string", name), "env", name);
    environment[name] = text.get<std::string>();
  }
  return environment;
}

void refuse_unknown_fields(const Json& request) {
  static const std::vector<std::string> kFields{"id",      "config_dir", "config_name", "overrides",
                                                "resolve", "env",        "now",         "hydra"};
  for (const auto& [name, value] : request.items()) {
    if (std::find(kFields.begin(), kFields.end(), name) != kFields.end()) continue;
    std::string message = fmt::format("a request has no field \"{}\"", name);
    const std::string hint = did_you_mean(name, kFields);
    if (!hint.empty()) message += "; " + hint;
    throw RequestError{"request-field", message, 1, name, {}, true};
  }
}

ComposeRequest read_request(const Json& request) {
  ComposeRequest compose;
  compose.config_dirs = texts_member(request, "config_dir");
  for (size_t i = 0; i < compose.config_dirs.size(); ++i) {
    const std::string& dir = compose.config_dirs[i];
    if (dir.starts_with('/') || dir.find("://") != std::string::npos) continue;
    refuse_field(fmt::format("\"config_dir\" must be absolute, not '{}'", dir), "config_dir", std::to_string(i));
  }
  if (member(request, "config_name")) compose.config_name = text_member(request, "config_name");
  compose.overrides = texts_member(request, "overrides");
  compose.with_hydra = bool_member(request, "hydra");
  if (const Json* environment = member(request, "env")) compose.context.environment = environment_member(*environment);
  if (member(request, "now")) compose.context.now = time_member(request);
  return compose;
}

Json refusal(const Json& id, Stage stage, Json error) {
  return {{"id", id}, {"ok", false}, {"stage", to_string(stage)}, {"error", std::move(error)}};
}

Json request_refusal(const Json& id, const std::string& code, const std::string& message, size_t line, size_t column) {
  return refusal(id, Stage::kRequest,
                 {{"code", code},
                  {"message", message},
                  {"file", kInput},
                  {"line", line},
                  {"column", column},
                  {"notes", Json::array()}});
}

/// Where the field or its part stands in the line, 1-based; 1 if it cannot be told.
size_t column_of(const RequestError& error, const std::string& line) {
  if (error.field.empty()) return error.column;
  SourceMap sources;
  const SourcePos begin = sources.add(SourceKind::kFile, kInput, line);
  try {
    const Tree tree = read_json(sources, begin);
    const NodeId field = tree.find(tree.root(), Key(std::string_view(error.field)));
    if (field == kNoNode) return 1;
    SourcePos pos = error.is_unknown ? tree[field].key_pos : tree[field].pos;
    size_t number = 0;
    for (const NodeId child : tree.children(field)) {
      const bool is_it = tree[field].kind == NodeKind::kList ? std::to_string(number++) == error.part
                                                             : tree[child].key().text == error.part;
      if (is_it) pos = tree[child].pos;
    }
    return pos.offset - begin.offset + 1;
  } catch (const ConfigError&) {
    return 1;  // a field that is given twice: the last counts here
  }
}

/// \throws RequestError at the bracket that opens one level too many
void refuse_deep_request(const std::string& line) {
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_text && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_text = !in_text;
    } else if (!in_text && (c == '{' || c == '[')) {
      if (++depth > kDeepestRequest) throw RequestError{"request-json", "the request is nested too deeply", i + 1};
    } else if (!in_text && (c == '}' || c == ']')) {
      --depth;
    }
  }
}

/// \throws RequestError
Json parse_request(const std::string& line) {
  refuse_deep_request(line);  // the library reads any depth, but prints recursively
  Json request;
  try {
    request = Json::parse(line);
  } catch (const Json::exception& error) {
    // Not only what is no JSON: a number beyond a double's range as well. Our reader knows the place.
    SourceMap sources;
    const SourcePos begin = sources.add(SourceKind::kFile, kInput, line);
    try {
      read_json(sources, begin);
    } catch (const ConfigError& placed) {
      const Diagnostic& first = placed.diagnostics().front();
      throw RequestError{"request-json", "not JSON: " + first.message,
                         first.labels.front().pos.offset - begin.offset + 1};
    }
    throw RequestError{"request-json", fmt::format("not JSON: {}", error.what())};
  }
  if (!request.is_object())
    throw RequestError{"request-json", "a request is a JSON object", line.find_first_not_of(" \t\r") + 1};
  return request;
}

/// As the renderer has it; what has no place of its own has the line of the request.
Json error_json(const Diagnostic& diagnostic, const SourceMap* sources, size_t line) {
  Json error = Json::parse(diagnostic_json(diagnostic, sources));
  if (!error["column"].is_null()) return error;
  error["file"] = kInput;
  error["line"] = line;
  error["column"] = 1;
  return error;
}

/// The first error in the place where there is one, all of them where there are several.
Json composing_refusal(const Json& id, const ConfigError& failed, size_t line) {
  const Diagnostic& first = failed.diagnostics().front();
  Json answer = refusal(id, first.stage, error_json(first, failed.sources().get(), line));
  Json all = Json::array();
  for (const Diagnostic& diagnostic : failed.diagnostics()) {
    if (diagnostic.severity == Severity::kError) all.push_back(error_json(diagnostic, failed.sources().get(), line));
  }
  if (all.size() > 1) answer["errors"] = std::move(all);
  return answer;
}

Json warnings_json(const std::vector<Diagnostic>& warnings) {
  Json texts = Json::array();
  for (const Diagnostic& warning : warnings)
    texts.push_back(warning.message);
  return texts;
}

/// \throws RequestError, ConfigError
Json compose_answer(const Json& request, const Json& id, FileStorePtr& store, const BatchSettings& settings) {
  refuse_unknown_fields(request);
  ComposeRequest wanted = read_request(request);
  wanted.context.deadline =
      std::chrono::steady_clock::now() +
      std::chrono::milliseconds(static_cast<int64_t>(std::min(settings.max_seconds, kLongestSeconds) * 1000));
  wanted.context.resolvers = settings.resolvers;
  const bool resolve = bool_member(request, "resolve");
  if (!store || store->sources()->text_bytes() > kMostStoredBytes) store = std::make_shared<FileStore>();
  Composition composition = compose_finding_all(store, wanted);
  if (resolve) composition.resolve();
  Json result = {{"id", id}, {"ok", true}};
  result["yaml"] = write_yaml(composition.tree, composition.tree.root());
  result["warnings"] = warnings_json(composition.warnings);
  return result;
}

}  // namespace

std::string refuse_long_batch_request(size_t line_number, size_t limit) {
  return dump(request_refusal(nullptr, "request-too-long",
                              fmt::format("the request is longer than {} bytes (--max-line-bytes)", limit), line_number,
                              limit + 1));
}

std::string answer_batch_request(const BatchLine& line, FileStorePtr& store, const BatchSettings& settings) {
  Json id;
  try {
    const Json request = parse_request(line.text);
    if (request.contains("id")) id = request["id"];
    return dump(compose_answer(request, id, store, settings));
  } catch (const ConfigError& error) {
    return dump(composing_refusal(id, error, line.number));
  } catch (const RequestError& error) {
    return dump(request_refusal(id, error.code, error.message, line.number, column_of(error, line.text)));
  } catch (const std::exception& error) {
    return dump(request_refusal(id, "internal", error.what(), line.number, 1));
  }
}

}  // namespace cfgtool
