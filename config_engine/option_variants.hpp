/// \file
/// All that a folder of configs can be composed to: every primary config with every option of every group.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

/// The folder of a group as a defaults list names it: `db/../engine@backup` is `engine`.
std::string folder_of_group(const std::string& group);
/// Whether an override can name it: an entry such as `../engine@fsdp: x` makes a group that none can.
bool can_be_chosen(const std::string& group);
/// The override that chooses the option: `db@backup=mysql`.
std::string choice_word(const std::string& group, const std::string& option);

/// One way to compose.
struct OptionVariant {
  std::string config_name;
  std::vector<std::string> choices;  ///< overrides that choose options, behind those of the request
  /// The group is in nobody's defaults list: variants with the same number try one option on different primary configs,
  /// of which it need fit one.
  size_t appended = 0;

  /// `-cn config db=mysql`.
  std::string command_line() const;
};

/// What was found by composing a variant.
struct ComposedVariant {
  OptionVariant variant;
  /// DefaultsList::known_choices; nothing where it could not be composed.
  std::vector<std::pair<std::string, GroupChoice>> choices;
};

/// Hands out variants in rounds: the first has the primary configs as they are. Groups that appear only with some
/// option are varied together with it; of groups that do not depend on each other one differs at a time. Options are
/// files of the folder: of Hydra's own groups (`hydra/job_logging`), those that the project adds.
class OptionVariants {
 public:
  /// \param request its config_name, if it has one, is the only primary config; its overrides hold for all, and groups
  /// that they choose from stay as they are. If it has one and there are others, no options are appended.
  OptionVariants(const std::shared_ptr<FileStore>& store, const ComposeRequest& request);
  ~OptionVariants();

  std::vector<OptionVariant> first_round() const;
  /// \param composed the results of the round before, in its order
  /// \return nothing, once there are no more; at the end the options of groups that no defaults list reached, such as
  /// `+experiment=…`
  std::vector<OptionVariant> next_round(const std::vector<ComposedVariant>& composed);
  /// Some group must be chosen, could be, and is not: the variant only shows what there is to choose, and the next
  /// round has it again with a choice.
  bool is_incomplete(const ComposedVariant& composed) const;

 private:
  std::vector<std::string> options_of(const std::string& group) const;
  OptionVariant with_choice(const ComposedVariant& composed, const std::string& group, const std::string& option) const;
  void hand_out(OptionVariant variant, std::vector<OptionVariant>& round);
  void vary(const ComposedVariant& composed, const std::string& group, const GroupChoice& now,
            std::vector<OptionVariant>& round);
  void append_groups_below(const std::string& parent, std::vector<OptionVariant>& round);

  std::shared_ptr<SourceMap> sources_;
  ResolveContext context_;
  std::unique_ptr<ConfigRepository> repository_;
  std::vector<std::string> primaries_;
  std::set<std::string> chosen_;                          // by the request: groups as it names them
  std::set<std::string> composing_;                       // primary configs
  std::set<std::pair<std::string, std::string>> varied_;  // primary config, group
  std::set<std::string> reached_;                         // groups, without their packages
  std::set<std::string> handed_out_;                      // as command lines
  bool has_appended_ = false;
};

}  // namespace cfgtool
