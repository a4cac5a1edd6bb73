#include "attention_plugins/host/device_catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <system_error>

#include "config_engine/suggest.hpp"

namespace cfgtool::attention {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".json";
constexpr const char* kFlag = "--attention-device-path";
constexpr const char* kVariable = "ATTENTION_DEVICE_PATH";

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_within(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

[[noreturn]] void refuse_unknown(const std::string& name, const std::vector<std::string>& known,
                                 const DeviceNaming& named) {
  Diagnostic diagnostic;
  diagnostic.stage = named.stage;
  diagnostic.code = "device-unknown";
  diagnostic.message = fmt::format("no GPU named '{}' is known", name);
  diagnostic.key_path = named.key;
  if (named.pos) diagnostic.labels.push_back({named.pos, static_cast<uint32_t>(std::max<size_t>(name.size(), 1)), {}});
  diagnostic.notes.push_back(fmt::format("known are {}; the path of a file describes another one",
                                         known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  if (std::string hint = did_you_mean(lower_case(name), known); !hint.empty())
    diagnostic.notes.push_back(std::move(hint));
  throw ConfigError(std::move(diagnostic));
}

}  // namespace

DeviceCatalogue::DeviceCatalogue(std::shared_ptr<SourceMap> sources, const DeviceFolders& folders)
    : sources_(std::move(sources)) {
  for (const std::string& folder : folders.command_line)
    add_named_folder(folder, SourceKind::kFlag, kFlag);
  const char* variable = folders.use_environment ? std::getenv(kVariable) : nullptr;
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) add_named_folder(std::string(rest.substr(0, colon)), SourceKind::kEnvironment, kVariable);
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  if (!folders.use_default) return;
  for (const fs::path& folder : default_device_folders())
    add_folder(folder);
}

void DeviceCatalogue::add_named_folder(const std::string& folder, SourceKind kind, const char* named_by) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return add_folder(folder);
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "device-folder";
  diagnostic.message = fmt::format("'{}' is no folder with devices: it {}", folder,
                                   fs::exists(folder, error) ? "is no folder" : "does not exist");
  diagnostic.labels.push_back(
      {sources_->add(kind, named_by, folder), static_cast<uint32_t>(std::max<size_t>(folder.size(), 1)), {}});
  ConfigError refusal(std::move(diagnostic));
  refusal.set_sources(sources_);
  throw refusal;
}

void DeviceCatalogue::add_folder(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == kEnding) found.push_back(entry->path());
  std::ranges::sort(found);
  for (const fs::path& file : found) {
    const auto same_name = [&](const fs::path& other) {
      return lower_case(other.stem().string()) == lower_case(file.stem().string());
    };
    if (std::ranges::none_of(files_, same_name)) files_.push_back(file);
  }
}

std::vector<std::string> DeviceCatalogue::names() const {
  std::vector<std::string> names;
  for (const fs::path& file : files_)
    names.push_back(file.stem().string());
  std::ranges::sort(names);
  return names;
}

std::shared_ptr<const KnownDevice> DeviceCatalogue::find(const std::string& name_or_file,
                                                         const DeviceNaming& named) const {
  try {
    if (name_or_file.find('/') != std::string::npos || name_or_file.ends_with(kEnding))
      return std::make_shared<const KnownDevice>(read_device_file(*sources_, name_or_file, named));
    const auto file = std::ranges::find_if(
        files_, [&](const fs::path& known) { return lower_case(known.stem().string()) == lower_case(name_or_file); });
    if (file == files_.end()) refuse_unknown(name_or_file, names(), named);
    return std::make_shared<const KnownDevice>(read_device_file(*sources_, *file, named));
  } catch (ConfigError& error) {
    error.set_sources(sources_);
    throw;
  }
}

std::vector<std::shared_ptr<const KnownDevice>> DeviceCatalogue::all(const DeviceNaming& named) const {
  std::vector<std::shared_ptr<const KnownDevice>> devices;
  for (const std::string& name : names())
    devices.push_back(find(name, named));
  std::ranges::stable_sort(devices, {}, [](const auto& device) { return device->gpu.compute_capability; });
  return devices;
}

std::vector<fs::path> default_device_folders() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  // As with plugins, an installed program must not depend on a folder that anyone may remove.
  if (is_within(program, fs::weakly_canonical(CFGTOOL_BUILD_FOLDER, error))) return {CFGTOOL_DEVICE_SOURCE};
  std::vector<fs::path> folders;
  if (!program.empty()) folders.push_back(program.parent_path().parent_path() / CFGTOOL_DEVICE_FOLDER);
  const fs::path installed = fs::path(CFGTOOL_INSTALL_PREFIX) / CFGTOOL_DEVICE_FOLDER;
  if (std::ranges::find(folders, installed) == folders.end()) folders.push_back(installed);
  return folders;
}

std::vector<std::string> usual_device_names() {
  try {
    return DeviceCatalogue(std::make_shared<SourceMap>(), {}).names();
  } catch (const ConfigError&) {
    return {};
  }
}

}  // namespace cfgtool::attention
