/// \file
/// `cfgtool groups`: every group, its options, and what chooses among them.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cfgtool/cause_text.hpp"
#include "cfgtool/command.hpp"
#include "cfgtool/composing_command.hpp"
#include "cfgtool/text_table.hpp"
#include "config_engine/choice_overrides.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/compose_all.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/option_variants.hpp"
#include "config_engine/suggest.hpp"
#include "schemas/group_choices.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

struct GroupsFlags {
  HydraFlags hydra;
  std::vector<std::string> beginnings;
  bool json = false;
};

void declare(CLI::App& app, GroupsFlags& flags) {
  app.footer(
      "Words without `=` are beginnings of groups: only those are listed. Without words all but Hydra's own are.\n"
      "A group with a `+` in front is in no defaults list: only `+group=option` adds one of its options. What must be\n"
      "chosen and is not stands as ???. Groups that a defaults list names by a path, such as ../optim@optim, no "
      "override\n"
      "can name.\n\n"
      "Examples:\n"
      "  cfgtool groups -cp conf -cn config db=postgres\n"
      "  cfgtool groups -cp conf -cn config hydra/ --json");
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  add_version_flag(app, version_text("cfgtool", ""));
  add_json_flags(app, flags.json);
}

/// A group and what was chosen from it.
struct ListedGroup {
  GroupChoices group;
  GroupChoice choice;     ///< of a group that only `+` adds: nothing
  SourceLocation chosen;  ///< line 0: nothing chose
};

std::vector<ListedGroup> list_groups(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                                     const Composition& composition, const std::vector<std::string>& beginnings) {
  std::vector<ListedGroup> listed;
  const DefaultsList& defaults = composition.defaults;
  std::vector<GroupChoices> groups = all_groups(store, request, composition);
  std::vector<std::string> names;
  for (const GroupChoices& group : groups)
    names.push_back(group.key);
  check_beginnings(beginnings, names, "group-absent", composition.sources);
  for (size_t i = 0; i < groups.size(); ++i) {
    ListedGroup group{std::move(groups[i]), {}, {}};
    const std::string& key = group.group.key;
    const bool is_wanted =
        beginnings.empty() ? key != "hydra" && !key.starts_with("hydra/")
                           : std::ranges::any_of(beginnings, [&](const auto& begin) { return key.starts_with(begin); });
    if (!is_wanted) continue;
    // all_groups has them in this order.
    const size_t known = defaults.known_choices.size();
    if (i < known) {
      group.choice = defaults.known_choices[i].second;
      composition.sources->locate(defaults.known_choice_places[i], &group.chosen);
    } else if (i - known < defaults.several_chosen.size()) {
      group.choice = defaults.several_chosen[i - known].options;
      composition.sources->locate(defaults.several_chosen[i - known].pos, &group.chosen);
    }
    listed.push_back(std::move(group));
  }
  std::ranges::stable_sort(listed, {},
                           [](const ListedGroup& group) { return std::pair(group.group.append, group.group.key); });
  return listed;
}

std::string choice_text(const ListedGroup& group) {
  if (group.group.append) return "";
  return std::holds_alternative<std::monostate>(group.choice) ? "null" : to_python(group.choice);
}

std::string chooser_text(const ListedGroup& group) {
  if (group.group.append) return fmt::format("only +{}=…", group.group.key);
  if (group.chosen.line == 0) return "Hydra itself";
  if (group.chosen.kind == SourceKind::kOverride) return fmt::format("override {}", group.chosen.line_text);
  const char* const closed = can_be_chosen(group.group.key) ? "" : ", by no override";
  return path_from_here(to_string(group.chosen)) + closed;
}

std::string as_table(const std::vector<ListedGroup>& groups, bool color) {
  std::vector<std::vector<std::string>> rows;
  for (const ListedGroup& group : groups)
    rows.push_back({(group.group.append ? "+" : "") + group.group.key, choice_text(group), chooser_text(group),
                    fmt::format("{}", fmt::join(group.group.options, ", "))});
  return text_table({"GROUP", "CHOSEN", "BY", "OPTIONS"}, rows, color);
}

Json choice_json(const GroupChoice& choice) {
  if (const auto* option = std::get_if<std::string>(&choice)) return *option;
  if (const auto* options = std::get_if<std::vector<std::string>>(&choice)) return *options;
  return {};
}

std::string as_json(const std::vector<ListedGroup>& groups) {
  std::string text;
  for (const ListedGroup& group : groups) {
    Json line{{"group", group.group.key}};
    line["options"] = group.group.options;
    line["only_plus"] = group.group.append;
    line["can_override"] = can_be_chosen(group.group.key);
    line["chosen"] = choice_json(group.choice);
    line["chosen_by"] = group.chosen.line == 0 ? Json() : place_json(group.chosen);
    text += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

}  // namespace

std::vector<CompletionFlag> groups_command_flags() {
  GroupsFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int groups_command(const std::vector<std::string>& words) {
  GroupsFlags flags;
  CLI::App app("Lists every group with its options, which is chosen, and by what", "cfgtool groups");
  declare(app, flags);
  return run_composing_command(app, words, flags.hydra, [&](const ShowDiagnostics& show) {
    flags.beginnings = take_other_words(flags.hydra.overrides);
    ComposeRequest request = flags.hydra.request();
    write_stderr(missing_config_note(flags.hydra, request));
    request.skip_missing = true;  // what is not chosen yet is what a person wants to see
    const auto store = std::make_shared<FileStore>(default_cache_folder());
    const Composition composition = compose_defaults_finding_all(store, request);
    const std::vector<ListedGroup> groups = list_groups(store, request, composition, flags.beginnings);
    write_stdout(flags.json ? as_json(groups) : as_table(groups, may_color(STDOUT_FILENO)));
    show(composition.warnings, composition.sources.get());
    store->save_caches();
    return 0;
  });
}

}  // namespace cfgtool
