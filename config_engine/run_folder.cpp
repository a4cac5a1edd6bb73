#include "config_engine/run_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "config_engine/hydra_flags.hpp"
#include "config_engine/hydra_settings.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/write_file.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRunDir = "run.dir";

/// What Python's os.path.abspath gives.
std::string absolute_path(const std::string& path) {
  std::error_code ignored;
  std::string absolute = fs::absolute(path, ignored).lexically_normal().string();
  while (absolute.size() > 1 && absolute.ends_with('/'))
    absolute.pop_back();
  return absolute;
}

/// A moment that has no number in common with `now`, in any format.
std::tm another_time(const std::tm& now) {
  std::tm other = now;
  other.tm_year = now.tm_year + 1111;
  other.tm_mon = (now.tm_mon + 1) % 12;
  other.tm_mday = now.tm_mday % 28 + 1;
  other.tm_hour = (now.tm_hour + 13) % 24;
  other.tm_min = (now.tm_min + 31) % 60;
  other.tm_sec = (now.tm_sec + 31) % 60;
  other.tm_wday = (now.tm_wday + 1) % 7;
  other.tm_yday = (now.tm_yday + 111) % 365;
  return other;
}

bool depends_on_time(const Composition& composition, const std::string& run_dir) {
  const std::time_t clock = std::time(nullptr);
  std::tm now{};
  ::localtime_r(&clock, &now);
  if (composition.context.now) now = *composition.context.now;
  return HydraSettings(composition, another_time(now)).text(kRunDir) != run_dir;
}

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

[[noreturn]] void refuse_folder(const HydraSettings& settings, const std::string& path, int reason) {
  settings.refuse("run-folder", kRunDir,
                  fmt::format("cannot make the run folder '{}': {}", path, std::strerror(reason)),
                  "hydra.run.dir=FOLDER");
}

void note_output_dir(Composition& composition, const std::string& path) {
  Tree& tree = composition.hydra;
  NodeId node = tree.find(tree.root(), "hydra");
  if (node != kNoNode) node = tree.find(node, "runtime");
  if (node != kNoNode) node = tree.find(node, "output_dir");
  if (node != kNoNode) tree.set_value(node, Node::of_string(composition.sources->keep(path)));
}

std::string task_overrides(const Composition& composition) {
  const Tree& tree = composition.hydra;
  NodeId node = tree.find(tree.root(), "hydra");
  for (const char* const key : {"overrides", "task"})
    node = node == kNoNode ? kNoNode : tree.find(node, key);
  return node == kNoNode ? "[]\n" : write_yaml(tree, node);
}

/// hydra.mode=MULTIRUN means what --multirun does.
void refuse_multirun_mode(const Composition& composition) {
  const Tree& tree = composition.hydra;
  NodeId mode = tree.find(tree.root(), "hydra");
  if (mode != kNoNode) mode = tree.find(mode, "mode");
  if (mode == kNoNode || !tree[mode].is_text() || tree[mode].text() != "MULTIRUN") return;
  Diagnostic diagnostic = multirun_refusal("hydra.mode=MULTIRUN");
  diagnostic.labels.push_back({tree[mode].pos, 1, {}});
  ConfigError error(std::move(diagnostic));
  error.set_sources(composition.sources);
  throw error;
}

/// \return whether this run made it
bool make_folder(const HydraSettings& settings, const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) return true;
  if (errno != EEXIST) refuse_folder(settings, path, errno);
  return false;
}

std::string run_dir_of(HydraSettings& settings) {
  std::string run_dir = settings.text(kRunDir).value_or("");
  if (run_dir.empty()) {
    settings.refuse("run-folder", kRunDir, "hydra.run.dir names no folder for the run", "hydra.run.dir=FOLDER");
  }
  return run_dir;
}

}  // namespace

// hydra: the first half of run_job
RunFolder make_run_folder(Composition& composition) {
  refuse_multirun_mode(composition);
  HydraSettings settings(composition);
  const std::string run_dir = run_dir_of(settings);
  RunFolder folder;
  folder.path = absolute_path(run_dir);
  std::error_code failed;
  fs::create_directories(fs::path(folder.path).parent_path(), failed);
  if (failed) refuse_folder(settings, folder.path, failed.value());
  folder.is_new = make_folder(settings, folder.path);
  if (!folder.is_new && depends_on_time(composition, run_dir)) {
    const std::string taken = folder.path;
    for (int number = 2; !folder.is_new; ++number) {
      folder.path = fmt::format("{}-{}", taken, number);
      folder.is_new = make_folder(settings, folder.path);
    }
  } else if (!folder.is_new && !is_folder(folder.path)) {
    refuse_folder(settings, folder.path, ENOTDIR);
  }
  if (const auto subdir = settings.text("output_subdir"))
    folder.hydra_folder = absolute_path((fs::path(folder.path) / *subdir).string());
  note_output_dir(composition, folder.path);
  return folder;
}

void save_run_file(const Composition& composition, const RunFolder& folder, const std::string& path,
                   std::string_view content) {
  std::string reason;
  try {
    fs::create_directories(fs::path(path).parent_path());
    write_whole_file(path, content);
    return;
  } catch (const std::system_error& error) {
    reason = error.code().message();
  }
  // Of a new folder nothing is anybody else's.
  std::error_code ignored;
  if (folder.is_new) fs::remove_all(folder.path, ignored);
  HydraSettings(composition)
      .refuse("run-folder", kRunDir, fmt::format("cannot write '{}': {}", path, reason), "hydra.run.dir=FOLDER");
}

// hydra: _save_config in run_job
void save_run(const Composition& composition, const RunFolder& folder, const RunRecord& record) {
  if (folder.hydra_folder.empty()) return;
  const auto save = [&](std::string_view name, std::string_view content) {
    save_run_file(composition, folder, fmt::format("{}/{}", folder.hydra_folder, name), content);
  };
  save("config.yaml", write_yaml(composition.tree, composition.tree.root()));
  save("hydra.yaml", write_yaml(composition.hydra, composition.hydra.root()));
  save("overrides.yaml", task_overrides(composition));
  save(kRunRecordName, to_json(record));
}

// hydra: env_override and chdir in run_job
void enter_run(const Composition& composition, const RunFolder& folder, bool chdir_if_unsaid) {
  HydraSettings settings(composition);
  const NodeId variables = settings.find("job.env_set");
  if (variables != kNoNode) {
    for (NodeId node = settings.tree()[variables].child.first; node != kNoNode; node = settings.tree()[node].next) {
      const std::string name(settings.tree()[node].key().text);
      const NodeId value = settings.follow(node);
      ::setenv(name.c_str(), value == kNoNode ? "" : python_str(settings.tree(), value).c_str(), 1);
    }
  }
  if (settings.boolean("job.chdir").value_or(chdir_if_unsaid) && ::chdir(folder.path.c_str()) != 0) {
    settings.refuse("run-folder", kRunDir,
                    fmt::format("cannot enter the run folder '{}': {}", folder.path, std::strerror(errno)));
  }
}

}  // namespace cfgtool
