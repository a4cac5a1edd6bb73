#include "config_engine/run_record.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iomanip>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config_engine/base64.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/hydra_settings.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/sha256.hpp"
#include "config_engine/utf8.hpp"
#include "config_engine/write_file.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr const char* kTimeFormat = "%Y-%m-%dT%H:%M:%S";

/// \param path the file that is wrong or missing, or the run's folder
[[noreturn]] void refuse(const std::string& path, std::string message, std::string note = {}) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "run-record";
  diagnostic.message = std::move(message);
  if (!note.empty()) diagnostic.notes.push_back(std::move(note));
  throw error_at(std::move(diagnostic), SourceKind::kFile, path);
}

std::string time_text(const std::tm& time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}", time);
}

std::tm parse_time(const std::string& text) {
  std::tm time{};
  std::istringstream stream(text);
  stream >> std::get_time(&time, kTimeFormat);
  if (stream.fail()) throw std::invalid_argument(fmt::format("'{}' is no time", text));
  time.tm_isdst = -1;
  std::mktime(&time);  // the day of the week and of the year
  return time;
}

std::optional<std::string> resolved_hash(const Composition& composition) {
  try {
    const Tree resolved = composition.resolved_tree();
    return sha256_hex(write_yaml(resolved, resolved.root()));
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

void add_leaves(const Tree& tree, NodeId node, std::vector<Leaf>& leaves) {
  if (tree[node].is_container() && tree[node].length > 0) {
    for (const NodeId child : tree.children(node))
      add_leaves(tree, child, leaves);
  } else if (node != tree.root()) {
    leaves.push_back({tree.key_path(node), node});
  }
}

std::vector<RecordedFile> record_files(const FileStore& store, const Composition& composition) {
  std::map<std::string, RecordedFile> files;
  for (const auto& file : store.files_of_composition()) {
    SourceLocation location;
    if (!store.sources()->locate(file->begin, &location)) continue;
    const std::string path(location.name);
    files[path] = {path, sha256_hex(store.sources()->text(file->begin)), {}};
  }
  for (const Leaf& leaf : leaves_of(composition.tree)) {
    SourceLocation location;
    if (!composition.sources->locate(composition.tree[leaf.node].pos, &location)) continue;
    const auto file = files.find(std::string(location.name));
    if (file != files.end()) file->second.decides.push_back(leaf.key);
  }
  std::vector<RecordedFile> sorted;
  for (auto& [path, file] : files)
    sorted.push_back(std::move(file));
  return sorted;
}

std::string read_text(const std::string& path) {
  std::optional<std::string> text = read_whole_file(path);
  if (!text) refuse(path, fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  return std::move(*text);
}

/// JSON is UTF-8; a path need not be. What is not is kept as {"base64": …}.
Json text_json(const std::string& text) {
  return find_invalid_utf8(text) == std::string_view::npos ? Json(text) : Json{{"base64", encode_base64(text)}};
}

std::string json_text(const Json& json) {
  if (!json.is_object()) return json.get<std::string>();
  return decode_base64(json.at("base64").get<std::string>()).value_or("");
}

Json texts_json(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts)
    list.push_back(text_json(text));
  return list;
}

std::vector<std::string> json_texts(const Json& json) {
  std::vector<std::string> texts;
  for (const Json& text : json)
    texts.push_back(json_text(text));
  return texts;
}

/// The library begins with a name of its own in brackets.
std::string behind_bracket(std::string_view text) {
  const size_t bracket = text.find("] ");
  return std::string(bracket == std::string_view::npos ? text : text.substr(bracket + 2));
}

VersionBase version_of(const std::string& path, const std::string& text) {
  try {
    return parse_version_base(text);
  } catch (const ConfigError&) {
    refuse(path, fmt::format("'{}': the version_base '{}' is not known", path, text));
  }
}

RunRecord from_lock(const std::string& path) {
  RunRecord record;
  try {
    const Json lock = Json::parse(read_text(path));
    if (lock.at("format") != kFormat) {
      refuse(path,
             fmt::format("'{}' has the format {}; this program knows {}", path, lock.at("format").dump(), kFormat));
    }
    record.is_locked = true;
    record.working_folder = json_text(lock.at("working_folder"));
    record.time = parse_time(lock.at("time"));
    record.microsecond = lock.at("microsecond");
    record.config_dirs = json_texts(lock.at("config_dirs"));
    if (!lock.at("config_name").is_null()) record.config_name = lock.at("config_name").get<std::string>();
    record.overrides = json_texts(lock.at("overrides"));
    record.job_name = lock.at("job_name");
    record.version_base = version_of(path, lock.at("version_base"));
    record.pkg_path = json_text(lock.at("pkg_path"));
    record.python_version = lock.at("python_version");
    record.extended = lock.at("extended");
    record.keep_unknown_resolvers = lock.at("keep_unknown_resolvers");
    record.output_dir = json_text(lock.at("output_dir"));
    record.saved = lock.at("saved").get<std::map<std::string, std::string>>();
    if (!lock.at("resolved_sha256").is_null()) record.resolved_sha256 = lock.at("resolved_sha256").get<std::string>();
    for (const Json& file : lock.at("files"))
      record.files.push_back({json_text(file.at("path")), file.at("sha256"), json_texts(file.at("decides"))});
    record.command = json_texts(lock.at("command"));
  } catch (const Json::exception& error) {
    refuse(path, fmt::format("'{}' is no lock file of a run", path), behind_bracket(error.what()));
  } catch (const std::invalid_argument& error) {
    refuse(path, fmt::format("'{}' is no lock file: {}", path, error.what()));
  }
  return record;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// Reads what Hydra notes of a run in hydra.yaml.
class HydraFile {
 public:
  explicit HydraFile(const std::string& path)
      : path_(path), sources_(std::make_shared<SourceMap>()), tree_(parse(path)) {}

  RunRecord read() const {
    RunRecord record;
    record.output_dir = text("runtime", "output_dir");
    record.working_folder = text("runtime", "cwd");
    for (const NodeId word : tree_.children(at({"hydra", "overrides", "hydra"}))) {
      const std::string line = python_str(tree_, word);
      // Hydra puts RUN there itself; a job of a sweep is one run.
      if (line != "hydra.mode=RUN" && line != "hydra.mode=MULTIRUN") record.overrides.push_back(line);
    }
    read_task_overrides(record);
    record.job_name = text("job", "name");
    if (tree_[at({"hydra", "job", "config_name"})].kind != NodeKind::kNull)
      record.config_name = text("job", "config_name");
    record.version_base = version_of(path_, text("runtime", "version_base"));
    for (const NodeId source : tree_.children(at({"hydra", "runtime", "config_sources"}))) {
      const std::string provider = member(source, "provider");
      // What hydra.searchpath adds is added again by the configuration.
      if (provider != "main" && provider != "command-line") continue;
      const std::string schema = member(source, "schema");
      const std::string folder = member(source, "path");
      record.config_dirs.push_back(schema == "file" ? folder : fmt::format("{}://{}", schema, folder));
    }
    return record;
  }

 private:
  [[noreturn]] void refuse_content(std::string_view key) const {
    refuse(path_, fmt::format("'{}' is no hydra.yaml of a run: it has no '{}'", path_, key));
  }

  NodeId at(std::initializer_list<std::string_view> keys) const {
    NodeId node = tree_.root();
    for (const std::string_view key : keys) {
      node = tree_.find(node, key);
      if (node == kNoNode) refuse_content(key);
    }
    return node;
  }

  /// From overrides.yaml, which a person may have changed.
  void read_task_overrides(RunRecord& record) const {
    const fs::path path = fs::path(path_).parent_path() / "overrides.yaml";
    Tree list = tree_;
    NodeId words = at({"hydra", "overrides", "task"});
    if (is_file(path)) {
      list = parse(path.string());
      words = list.root();
      if (list[words].kind != NodeKind::kList)
        refuse(path.string(), fmt::format("'{}' is no list of overrides", path.string()));
    }
    for (const NodeId word : list.children(words))
      record.overrides.push_back(python_str(list, word));
  }

  Tree parse(const std::string& path) const {
    try {
      return parse_config_file(*sources_, sources_->add(SourceKind::kFile, path, read_text(path))).tree;
    } catch (ConfigError& error) {
      for (Diagnostic& diagnostic : error.diagnostics())
        diagnostic.stage = Stage::kRequest;  // the run's folder is damaged, not a configuration
      error.set_sources(sources_);
      throw;
    }
  }

  std::string text(std::string_view section, std::string_view key) const {
    return python_str(tree_, at({"hydra", section, key}));
  }

  std::string member(NodeId map, std::string_view key) const {
    const NodeId node = tree_.find(map, key);
    if (node == kNoNode) refuse_content(key);
    return python_str(tree_, node);
  }

  std::string path_;
  std::shared_ptr<SourceMap> sources_;
  Tree tree_;
};

}  // namespace

std::vector<Leaf> leaves_of(const Tree& tree) {
  std::vector<Leaf> leaves;
  add_leaves(tree, tree.root(), leaves);
  return leaves;
}

ComposeRequest RunRecord::request() const {
  ComposeRequest request;
  request.config_dirs = config_dirs;
  request.config_name = config_name;
  request.overrides = overrides;
  request.version_base = version_base;
  request.pkg_path = pkg_path;
  request.job_name = job_name;
  request.extended = extended;
  request.context.keep_unknown_resolvers = keep_unknown_resolvers;
  if (!python_version.empty()) request.context.python_version = python_version;
  if (is_locked) request.context.now = time;
  request.context.now_microsecond = microsecond;
  return request;
}

RunRecord record_run(const FileStore& store, const Composition& composition, const ComposeRequest& request) {
  RunRecord record;
  std::error_code ignored;
  record.working_folder = fs::current_path(ignored).string();
  if (request.context.now) record.time = *request.context.now;
  record.microsecond = request.context.now_microsecond;
  record.config_dirs = request.config_dirs;
  record.config_name = request.config_name;
  record.overrides = request.overrides;
  record.job_name = request.job_name;
  record.version_base = request.version_base;
  record.pkg_path = request.pkg_path;
  record.python_version = request.context.python_version;
  record.extended = request.extended;
  record.keep_unknown_resolvers = request.context.keep_unknown_resolvers;
  record.is_locked = true;
  record.output_dir = HydraSettings(composition).text("runtime.output_dir").value_or("");
  record.resolved_sha256 = resolved_hash(composition);
  record.files = record_files(store, composition);
  return record;
}

std::string to_json(const RunRecord& record) {
  Json lock;
  lock["format"] = kFormat;
  lock["time"] = time_text(record.time);
  lock["microsecond"] = record.microsecond;
  lock["output_dir"] = text_json(record.output_dir);
  lock["working_folder"] = text_json(record.working_folder);
  lock["config_dirs"] = texts_json(record.config_dirs);
  lock["config_name"] = record.config_name ? Json(*record.config_name) : Json();
  lock["overrides"] = texts_json(record.overrides);
  lock["job_name"] = record.job_name;
  lock["version_base"] = fmt::format("{}.{}", record.version_base.major, record.version_base.minor);
  lock["pkg_path"] = text_json(record.pkg_path);
  lock["python_version"] = record.python_version;
  lock["extended"] = record.extended;
  lock["keep_unknown_resolvers"] = record.keep_unknown_resolvers;
  lock["command"] = texts_json(record.command);
  lock["saved"] = record.saved;
  lock["resolved_sha256"] = record.resolved_sha256 ? Json(*record.resolved_sha256) : Json();
  lock["files"] = Json::array();
  for (const RecordedFile& file : record.files)
    lock["files"].push_back(
        {{"path", text_json(file.path)}, {"sha256", file.sha256}, {"decides", texts_json(file.decides)}});
  return lock.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string find_hydra_folder(const std::string& folder) {
  for (const fs::path& place : {fs::path(folder) / ".hydra", fs::path(folder)}) {
    if (is_file(place / "hydra.yaml") || is_file(place / kRunRecordName)) return place.string();
  }
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) refuse(folder, fmt::format("there is no folder '{}'", folder));
  if (::access((fs::path(folder) / ".hydra").c_str(), F_OK) == 0 &&
      ::access((fs::path(folder) / ".hydra").c_str(), R_OK | X_OK) != 0)
    refuse(folder, fmt::format("cannot read '{}/.hydra': {}", folder, std::strerror(errno)));
  refuse(folder, fmt::format("'{}' is not the folder of a run", folder),
         "a run's folder has .hydra/hydra.yaml in it; runs with another hydra.output_subdir are named by that folder");
}

RunRecord read_run_record(const std::string& folder) {
  const fs::path place = find_hydra_folder(folder);
  if (is_file(place / kRunRecordName)) return from_lock((place / kRunRecordName).string());
  return HydraFile((place / "hydra.yaml").string()).read();
}

}  // namespace cfgtool
