#include "cfgtool/batch_request.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "config_engine/compose.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kDeepestRequest = 64;
constexpr double kLongestSeconds = 1e9;

// Texts of files that changed stay as long as the store; half of what fits into a SourceMap.
constexpr size_t kMostStoredBytes = size_t{1} << 30;

/// Something about the request itself is wrong.
struct RequestError {
  std::string code;
  std::string message;
};

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* member(const Json& request, const char* name) {
  const auto found = request.find(name);
  return found == request.end() || found->is_null() ? nullptr : &*found;
}

std::string text_member(const Json& request, const char* name) {
  const Json* value = member(request, name);
  if (!value) return {};
  if (!value->is_string()) throw RequestError{"request-field", fmt::format("\"{}\" must be a string", name)};
  return value->get<std::string>();
}

bool bool_member(const Json& request, const char* name) {
  const Json* value = member(request, name);
  if (!value) return false;
  if (!value->is_boolean()) throw RequestError{"request-field", fmt::format("\"{}\" must be true or false", name)};
  return value->get<bool>();
}

std::vector<std::string> texts_member(const Json& request, const char* name) {
  std::vector<std::string> texts;
  const Json* value = member(request, name);
  if (!value) return texts;
  if (value->is_string() && std::string_view(name) == "config_dir") return {value->get<std::string>()};
  const auto refuse = [&] {
    throw RequestError{"request-field", fmt::format("\"{}\" must be a list of strings", name)};
  };
  if (!value->is_array()) refuse();
  for (const Json& item : *value) {
    if (!item.is_string()) refuse();
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
    throw RequestError{"request-field",
                       fmt::format("\"now\" must be a time such as 2026-01-02T03:04:05, not '{}'", text)};
  }
  return time;
}

std::map<std::string, std::string> environment_member(const Json& value) {
  if (!value.is_object()) throw RequestError{"request-field", "\"env\" must be an object of strings"};
  std::map<std::string, std::string> environment;
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string()) throw RequestError{"request-field", fmt::format("\"env\".\"{}\" must be a string", name)};
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
    throw RequestError{"request-field", message};
  }
}

ComposeRequest read_request(const Json& request) {
  ComposeRequest compose;
  compose.config_dirs = texts_member(request, "config_dir");
  for (const std::string& dir : compose.config_dirs) {
    if (dir.starts_with('/') || dir.find("://") != std::string::npos) continue;
    throw RequestError{"request-field", fmt::format("\"config_dir\" must be absolute, not '{}'", dir)};
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

Json warnings_json(const std::vector<Diagnostic>& warnings) {
  Json texts = Json::array();
  for (const Diagnostic& warning : warnings)
    texts.push_back(warning.message);
  return texts;
}

Json answer(const Json& request, FileStorePtr& store, const BatchSettings& settings) {
  const Json id = request.contains("id") ? request["id"] : Json();
  try {
    refuse_unknown_fields(request);
    ComposeRequest wanted = read_request(request);
    wanted.context.deadline =
        std::chrono::steady_clock::now() +
        std::chrono::milliseconds(static_cast<int64_t>(std::min(settings.max_seconds, kLongestSeconds) * 1000));
    wanted.context.resolvers = settings.resolvers;
    const bool resolve = bool_member(request, "resolve");
    if (!store || store->sources()->text_bytes() > kMostStoredBytes) store = std::make_shared<FileStore>();
    Composition composition = compose(store, wanted);
    if (resolve) composition.resolve();
    Json result = {{"id", id}, {"ok", true}};
    result["yaml"] = write_yaml(composition.tree, composition.tree.root());
    result["warnings"] = warnings_json(composition.warnings);
    return result;
  } catch (const ConfigError& error) {
    const Diagnostic& first = error.diagnostics().front();
    return refusal(id, first.stage, Json::parse(diagnostic_json(first, error.sources().get())));
  } catch (const RequestError& error) {
    return Json::parse(refuse_batch_request(id, error.code, error.message));
  } catch (const std::exception& error) {
    return Json::parse(refuse_batch_request(id, "internal", error.what()));
  }
}

}  // namespace

std::string refuse_batch_request(const Json& id, const std::string& code, const std::string& message) {
  const Json error = {{"code", code},    {"message", message}, {"file", nullptr},
                      {"line", nullptr}, {"column", nullptr},  {"notes", Json::array()}};
  return dump(refusal(id, Stage::kRequest, error));
}

std::string answer_batch_request(const std::string& line, FileStorePtr& store, const BatchSettings& settings) {
  Json request;
  try {
    request = Json::parse(line, [](int depth, Json::parse_event_t, const Json&) {
      // The library reads any depth, but prints recursively.
      if (depth > kDeepestRequest) throw RequestError{"request-json", "the request is nested too deeply"};
      return true;
    });
  } catch (const Json::exception& error) {
    // Not only what is no JSON: a number beyond a double's range as well. What stands in brackets is the library's own
    // name for it.
    const std::string_view text = error.what();
    return refuse_batch_request(nullptr, "request-json", fmt::format("not JSON: {}", text.substr(text.find("] ") + 2)));
  } catch (const RequestError& error) {
    return refuse_batch_request(nullptr, error.code, error.message);
  }
  if (!request.is_object()) return refuse_batch_request(nullptr, "request-json", "a request is a JSON object");
  return dump(answer(request, store, settings));
}

}  // namespace cfgtool
