#include "cfgtool/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "cfgtool/saved_config.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/run_folder.hpp"
#include "config_engine/sha256.hpp"
#include "config_engine/write_file.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class Verifier {
 public:
  explicit Verifier(const std::string& folder)
      : home_(fs::absolute(find_hydra_folder(folder)).string()),
        record_(read_run_record(folder)),
        saved_(read_saved_config(sources_, home_ + "/config.yaml")) {}

  Verification run();

 private:
  void look_for_edits();
  void compare_files(const FileStore& store);
  void look_at_recorded_files();
  void compare(const FileStore& store, Composition composition);
  void compare_values(const Tree& before, const Tree& after, const SourceMap& sources);
  void compare_surroundings(const Composition& composition);
  std::string to_blame(const std::string& key, const std::string& file_now) const;
  bool is_not_same(const std::string& file) const;

  std::string home_;
  RunRecord record_;
  std::shared_ptr<SourceMap> sources_ = std::make_shared<SourceMap>();  // of what the folder holds
  SavedConfig saved_;
  Verification result_;
};

bool Verifier::is_not_same(const std::string& file) const {
  return std::any_of(result_.files.begin(), result_.files.end(),
                     [&](const VerifiedFile& other) { return other.path == file; });
}

/// What was read then against what was read now.
void Verifier::compare_files(const FileStore& store) {
  std::map<std::string, std::string> now;
  for (const auto& file : store.files_of_composition()) {
    SourceLocation location;
    if (store.sources()->locate(file->begin, &location))
      now[std::string(location.name)] = sha256_hex(store.sources()->text(file->begin));
  }
  result_.files_read = now.size();
  if (!record_.is_locked) return;
  std::map<std::string, const RecordedFile*> then;
  for (const RecordedFile& file : record_.files) {
    then[file.path] = &file;
    const auto found = now.find(file.path);
    std::error_code ignored;
    if (found == now.end()) {
      result_.files.push_back({file.path, fs::exists(file.path, ignored) ? FileState::kUnused : FileState::kGone});
    } else if (found->second != file.sha256) {
      result_.files.push_back({file.path, FileState::kChanged});
    }
  }
  for (const auto& [path, hash] : now) {
    if (then.count(path) == 0) result_.files.push_back({path, FileState::kNew});
  }
}

/// The file where the value stands now or stood then, if it is not the same any more.
std::string Verifier::to_blame(const std::string& key, const std::string& file_now) const {
  if (!file_now.empty() && is_not_same(file_now)) return file_now;
  for (const RecordedFile& file : record_.files) {
    const bool decided = std::find(file.decides.begin(), file.decides.end(), key) != file.decides.end();
    if (decided && is_not_same(file.path)) return file.path;
  }
  return {};
}

void Verifier::compare_values(const Tree& before, const Tree& after, const SourceMap& sources) {
  std::map<std::string, NodeId> old_values;
  std::vector<std::string> order;
  for (const Leaf& leaf : leaves_of(before)) {
    old_values[leaf.key] = leaf.node;
    order.push_back(leaf.key);
  }
  for (const Leaf& leaf : leaves_of(after)) {
    ChangedValue value;
    value.key = leaf.key;
    value.after = write_json(after, leaf.node);
    const auto old_value = old_values.find(leaf.key);
    if (old_value != old_values.end()) value.before = write_json(before, old_value->second);
    if (old_value != old_values.end()) old_values.erase(old_value);
    if (value.before == value.after) continue;
    SourceLocation location;
    const bool has_place = sources.locate(after[leaf.node].pos, &location);
    if (has_place) value.place = to_string(location);
    value.file = to_blame(leaf.key, has_place ? std::string(location.name) : std::string());
    result_.values.push_back(std::move(value));
  }
  for (const std::string& key : order) {
    const auto gone = old_values.find(key);
    if (gone == old_values.end()) continue;
    result_.values.push_back({key, write_json(before, gone->second), std::nullopt, {}, to_blame(key, {})});
  }
}

/// The files give the same; do the interpolations lead to the same?
void Verifier::compare_surroundings(const Composition& composition) {
  if (!record_.resolved_sha256) return;
  Tree resolved;
  try {
    resolved = composition.resolved_tree();
  } catch (ConfigError& error) {
    if (error.diagnostics().front().code == "resolver-unknown") {
      // One that the program itself registers.
      result_.not_compared = error.diagnostics().front().message;
      return;
    }
    for (Diagnostic& diagnostic : error.diagnostics())
      diagnostic.notes.push_back("the files give the same configuration; it could be resolved then");
    throw;
  }
  if (sha256_hex(write_yaml(resolved, resolved.root())) == *record_.resolved_sha256) return;
  if (read_whole_file(home_ + "/resolved.yaml")) {
    const SavedConfig then = read_saved_config(sources_, home_ + "/resolved.yaml");
    compare_values(then.tree, resolved, *composition.sources);
  }
  for (const Leaf& leaf : leaves_of(composition.tree)) {
    const Node& node = composition.tree[leaf.node];
    const bool calls = node.kind == NodeKind::kInterpolation && node.text().find(':') != std::string_view::npos;
    const bool is_known_same =
        !result_.values.empty() && std::none_of(result_.values.begin(), result_.values.end(),
                                                [&](const ChangedValue& value) { return value.key == leaf.key; });
    if (calls && !is_known_same) result_.surroundings.push_back(fmt::format("{}: {}", leaf.key, node.text()));
  }
  result_.is_same = false;
}

/// What a person changed in the run's folder.
void Verifier::look_for_edits() {
  std::map<std::string, std::string> written = record_.saved;
  if (record_.resolved_sha256 && read_whole_file(home_ + "/resolved.yaml"))
    written["resolved.yaml"] = *record_.resolved_sha256;
  for (const auto& [name, hash] : written) {
    const auto content = read_whole_file(home_ + "/" + name);
    if (!content || sha256_hex(*content) != hash) result_.edited.push_back(name);
  }
}

/// Where the inputs do not compose, what was read then is all that can be looked at.
void Verifier::look_at_recorded_files() {
  for (const RecordedFile& file : record_.files) {
    const auto content = read_whole_file(file.path);
    if (!content) {
      result_.files.push_back({file.path, FileState::kGone});
    } else if (sha256_hex(*content) != file.sha256) {
      result_.files.push_back({file.path, FileState::kChanged});
    }
  }
}

void Verifier::compare(const FileStore& store, Composition composition) {
  set_output_dir(composition, record_.output_dir);
  compare_files(store);
  const std::string text = write_yaml(composition.tree, composition.tree.root());
  const auto written = record_.saved.find("config.yaml");
  result_.is_same = written != record_.saved.end() ? sha256_hex(text) == written->second : text == saved_.text;
  if (result_.is_same) {
    compare_surroundings(composition);
  } else {
    compare_values(saved_.tree, composition.tree, *composition.sources);
  }
}

Verification Verifier::run() {
  result_.is_locked = record_.is_locked;
  look_for_edits();
  std::error_code ignored;
  fs::current_path(record_.working_folder, ignored);
  const auto store = std::make_shared<FileStore>();
  try {
    compare(*store, compose(store, record_.request()));
  } catch (const ConfigError& error) {
    result_.is_same = false;
    result_.error = error;
    result_.files.clear();
    look_at_recorded_files();
  }
  return result_;
}

std::string value_line(const ChangedValue& value) {
  const std::string place = value.place.empty() ? "" : fmt::format("   ({})", value.place);
  if (!value.before) return fmt::format("    {} = {}, was not there{}\n", value.key, *value.after, place);
  if (!value.after) return fmt::format("    {} is not there, was {}\n", value.key, *value.before);
  return fmt::format("    {} = {}, was {}{}\n", value.key, *value.after, *value.before, place);
}

std::string values_of(const Verification& verification, const std::string& file) {
  std::string text;
  for (const ChangedValue& value : verification.values) {
    if (value.file == file) text += value_line(value);
  }
  return text;
}

}  // namespace

const char* to_string(FileState state) {
  switch (state) {
    case FileState::kSame:
      return "same";
    case FileState::kChanged:
      return "changed";
    case FileState::kGone:
      return "gone";
    case FileState::kNew:
      return "new";
    case FileState::kUnused:
      return "not read any more";
  }
  return "";
}

Verification verify_run(const std::string& folder) {
  return Verifier(folder).run();
}

std::string print_text(const Verification& verification, const std::string& folder, bool color) {
  const auto painted = [&](const char* code, std::string_view words) {
    return color ? fmt::format("\033[{}m{}\033[0m", code, words) : std::string(words);
  };
  std::string text = verification.is_same ? painted("32", "same") : painted("1;31", "different");
  text += fmt::format(": {} ({})\n", folder,
                      verification.error ? std::string("its inputs do not compose any more")
                                         : fmt::format("{} files", verification.files_read));
  if (!verification.is_locked)
    text +=
        "  without a lock file: which files changed is not known, and what interpolations lead to was not compared\n";
  if (!verification.not_compared.empty())
    text += fmt::format("  what interpolations lead to was not compared: {}\n", verification.not_compared);
  for (const std::string& name : verification.edited)
    text += fmt::format("  {}: {} in the run's folder, after the run\n", painted("33", "edited"), name);
  for (const VerifiedFile& file : verification.files) {
    const std::string values = values_of(verification, file.path);
    const bool is_harmless = values.empty() && !verification.error;
    text += fmt::format("  {}: {}{}\n{}", painted("33", to_string(file.state)), file.path,
                        is_harmless ? ", without changing a value" : "", values);
  }
  if (!verification.is_same && !verification.error && verification.values.empty() && verification.surroundings.empty())
    text += "  the values are the same, in another order\n";
  const std::string others = values_of(verification, {});
  if (!others.empty())
    text += (verification.files.empty() ? "  though no file changed:\n" : "  by none of the files that changed:\n") +
            others;
  if (!verification.surroundings.empty()) {
    text += "  the files give the same, but interpolations lead to other values; these ask the surroundings:\n";
    for (const std::string& line : verification.surroundings)
      text += "    " + line + "\n";
  }
  return text;
}

std::string print_json(const Verification& verification) {
  Json document;
  document["same"] = verification.is_same;
  document["locked"] = verification.is_locked;
  document["edited"] = verification.edited;
  document["error"] = verification.error ? Json(verification.error->what()) : Json();
  document["files_read"] = verification.files_read;
  document["files"] = Json::array();
  for (const VerifiedFile& file : verification.files)
    document["files"].push_back({{"path", file.path}, {"state", to_string(file.state)}});
  document["values"] = Json::array();
  const auto value_json = [](const std::optional<std::string>& text) { return text ? Json::parse(*text) : Json(); };
  for (const ChangedValue& value : verification.values) {
    document["values"].push_back({{"key", value.key},
                                  {"before", value_json(value.before)},
                                  {"was_there", value.before.has_value()},
                                  {"after", value_json(value.after)},
                                  {"is_there", value.after.has_value()},
                                  {"place", value.place},
                                  {"file", value.file}});
  }
  document["not_compared"] = verification.not_compared;
  document["surroundings"] = verification.surroundings;
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cfgtool
