/// \file
/// One entry of a defaults list, and the arithmetic of groups and packages. Named as in hydra/core/default_element.py,
/// whose rules these are, so that Hydra's documentation explains them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config_engine/source.hpp"

namespace cfgtool {

/// Hydra's `version_base`: which release's defaults and legacy forms hold.
struct VersionBase {
  int major = 1;
  int minor = 3;
  bool at_least(int want_major, int want_minor) const {
    return major != want_major ? major > want_major : minor >= want_minor;
  }
};

/// Whether content at that package lies in the node `hydra`.
inline bool in_hydra(std::string_view package) {
  return package == "hydra" || package.starts_with("hydra.");
}

enum class DefaultKind : uint8_t {
  kVirtualRoot,
  kConfig,  ///< `- server/apache`: a config by its path (ConfigDefault)
  kGroup,   ///< `- db: mysql`: an option of a group (GroupDefault)
};

/// What a group entry chooses: nothing (null), one option, or several.
using GroupChoice = std::variant<std::monostate, std::string, std::vector<std::string>>;

/// Where a choice's options stand: what a person changes who wants others.
struct OptionPlaces {
  SourcePos value;                   ///< of the one option, or of all of them together; nowhere if not known
  std::vector<SourcePos> each = {};  ///< if there are several
};

struct InputDefault {
  DefaultKind kind = DefaultKind::kVirtualRoot;
  std::string path;                           ///< kConfig: the config's path as written; kGroup: the group as written
  GroupChoice choice;                         ///< kGroup only
  std::optional<std::string> package;         ///< as written behind '@'
  std::optional<std::string> package_header;  ///< from the chosen config's `# @package`, made absolute
  std::string parent_base_dir;                ///< the containing config's group
  std::string parent_package;                 ///< the containing config's final package
  SourcePos pos;      ///< of the entry in the file, or of the override or `override` entry that chose its option
  SourcePos own_pos;  ///< of the entry itself or of the override that appended it, whoever chose its option
  OptionPlaces option_places;
  bool primary = false;
  bool optional = false;
  bool override_ = false;
  bool deleted = false;
  bool external_append = false;  ///< made by `+group=option` on the command line
  /// What the entry itself says, where an override chose another option.
  struct Replaced {
    GroupChoice choice;
    SourcePos pos;
  };
  std::optional<Replaced> replaced;
  SourcePos deleted_by;  ///< the override `~group` that took it out

  static InputDefault virtual_root();
  static InputDefault config(std::string path, std::optional<std::string> package = {}, SourcePos pos = {});
  static InputDefault group(std::string group, GroupChoice choice, std::optional<std::string> package = {},
                            SourcePos pos = {});

  bool is_virtual() const { return kind == DefaultKind::kVirtualRoot; }
  bool is_config() const { return kind == DefaultKind::kConfig; }
  bool is_group() const { return kind == DefaultKind::kGroup; }
  bool is_self() const;
  bool is_override() const { return is_group() && override_; }
  bool is_options() const { return is_group() && std::holds_alternative<std::vector<std::string>>(choice); }
  /// Chooses "???".
  bool is_missing() const;
  bool is_interpolation() const;

  /// Where the option stands: what a person changes who wants another one.
  SourcePos place_of_choice() const { return option_places.value ? option_places.value : pos; }
  SourcePos place_of_option(size_t index) const {
    return index < option_places.each.size() ? option_places.each[index] : place_of_choice();
  }

  /// Tells the entry where it stands. Resolves `_group_` in its package.
  void update_parent(const std::string& base_dir, const std::string& package_of_parent);
  /// \param header the text behind `# @package`, if there is one
  void set_package_header(const std::optional<std::string>& header, VersionBase version_base);

  /// The option or the last part of the path, a view into this entry; nothing for a null choice.
  std::optional<std::string_view> name() const;
  std::string group_path() const;
  std::string config_path() const;
  std::string default_package() const;
  std::string final_package(VersionBase version_base, bool default_to_package_header = true) const;
  /// How the command line or an `override` entry names this one: `db` or `db@backup`.
  std::string override_key(VersionBase version_base) const;

 private:
  std::optional<std::string> effective_package(bool default_to_package_header) const;
  std::string relative_group_path() const;
};

}  // namespace cfgtool
