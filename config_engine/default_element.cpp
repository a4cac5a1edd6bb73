#include "config_engine/default_element.hpp"

#include <algorithm>
#include <cassert>

namespace cfgtool {

namespace {

constexpr std::string_view kGlobal = "_global_";

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

std::string dotted(std::string group) {
  std::replace(group.begin(), group.end(), '/', '.');
  return group;
}

std::string_view without_leading_slash(std::string_view path) {
  return path.starts_with('/') ? path.substr(1) : path;
}

std::string_view folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

/// `path` as seen from the containing config's group, unless it is absolute.
std::string from_base(const std::string& base_dir, std::string_view path) {
  const bool absolute = path.starts_with('/');
  path = without_leading_slash(path);
  if (absolute || base_dir.empty()) return std::string(path);
  return base_dir + "/" + std::string(path);
}

}  // namespace

InputDefault InputDefault::virtual_root() {
  return {};
}

InputDefault InputDefault::config(std::string path, std::optional<std::string> package, SourcePos pos) {
  InputDefault entry;
  entry.kind = DefaultKind::kConfig;
  entry.path = std::move(path);
  entry.package = std::move(package);
  if (entry.package == "_here_") entry.package = "";
  entry.pos = entry.own_pos = pos;
  return entry;
}

InputDefault InputDefault::group(std::string group, GroupChoice choice, std::optional<std::string> package,
                                 SourcePos pos) {
  InputDefault entry = config(std::move(group), std::move(package), pos);
  entry.kind = DefaultKind::kGroup;
  entry.choice = std::move(choice);
  return entry;
}

bool InputDefault::is_self() const {
  if (is_config()) return path == "_self_";
  const std::string* option = std::get_if<std::string>(&choice);
  return is_group() && option && *option == "_self_";
}

bool InputDefault::is_missing() const {
  return !is_virtual() && !is_options() && name() == "???";
}

bool InputDefault::is_interpolation() const {
  if (is_config()) return config_path().find("${") != std::string::npos;
  const std::string* option = std::get_if<std::string>(&choice);
  return is_group() && option && option->find("${") != std::string::npos;
}

void InputDefault::update_parent(const std::string& base_dir, const std::string& package_of_parent) {
  parent_base_dir = base_dir;
  parent_package = package_of_parent;
  if (package && package->find("_group_") != std::string::npos) {
    package = std::string(kGlobal) + "." + replace_all(*package, "_group_", default_package());
  }
}

void InputDefault::set_package_header(const std::optional<std::string>& header, VersionBase version_base) {
  if (!header) return;
  std::string absolute = *header;
  const bool legacy = !version_base.at_least(1, 2);
  if (legacy && absolute == "_group_") return;
  // A header is always absolute.
  if (absolute != kGlobal && !absolute.starts_with("_global_.")) {
    absolute = absolute.empty() ? std::string(kGlobal) : std::string(kGlobal) + "." + absolute;
  }
  if (legacy) absolute = replace_all(absolute, "_group_", default_package());
  package_header = absolute;
}

std::optional<std::string_view> InputDefault::name() const {
  if (is_virtual()) return {};
  if (is_config()) return std::string_view(path).substr(path.rfind('/') + 1);  // npos + 1 is 0
  const std::string* option = std::get_if<std::string>(&choice);
  return option ? std::optional<std::string_view>(*option) : std::nullopt;
}

std::string InputDefault::group_path() const {
  if (is_config()) {
    // The group of a config is the folder of its path, seen from the same base.
    const bool absolute = path.starts_with('/');
    const std::string folder(folder_of(without_leading_slash(path)));
    return absolute ? folder : folder.empty() ? parent_base_dir : from_base(parent_base_dir, folder);
  }
  return from_base(parent_base_dir, path);
}

std::string InputDefault::config_path() const {
  if (is_virtual()) return "<root>";
  if (is_config()) return from_base(parent_base_dir, path);
  return (group_path() + "/").append(name().value_or("None"));  // Python's f-string of a null choice
}

std::string InputDefault::default_package() const {
  return dotted(group_path());
}

std::optional<std::string> InputDefault::effective_package(bool default_to_package_header) const {
  if (!package && default_to_package_header) return package_header;
  return package;
}

std::string InputDefault::relative_group_path() const {
  const std::string_view relative = without_leading_slash(path);
  return std::string(is_config() ? folder_of(relative) : relative);
}

// hydra: InputDefault._get_final_package
std::string InputDefault::final_package(VersionBase version_base, bool default_to_package_header) const {
  std::string own = effective_package(default_to_package_header).value_or(dotted(relative_group_path()));
  if (const auto option = name(); option && !version_base.at_least(1, 2)) own = replace_all(own, "_name_", *option);
  std::string full = parent_package;
  if (full.empty()) {
    full = own;
  } else if (!own.empty()) {
    full += "." + own;
  }
  const size_t global = full.rfind(kGlobal);
  if (global == std::string::npos) return full;
  const size_t behind = global + kGlobal.size() + 1;
  return behind >= full.size() ? std::string() : full.substr(behind);
}

std::string InputDefault::override_key(VersionBase version_base) const {
  const std::string final = final_package(version_base, false);
  const std::string key = group_path();
  if (default_package() == final) return key;
  return key + "@" + (final.empty() ? std::string(kGlobal) : final);
}

}  // namespace cfgtool
