#include "config_engine/completion_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "config_engine/builtin_configs.hpp"
#include "config_engine/completion_values.hpp"
#include "config_engine/compose_search_path.hpp"

namespace cfgtool {

namespace {

/// Nobody waits longer for a TAB, and a terminal that hangs is worse than no answer.
constexpr std::chrono::milliseconds kPatience{1500};
/// Of a longer line the overrides are not tried one by one.
constexpr size_t kMostTries = 100;

std::string_view group_of(std::string_view key) {
  return key.substr(0, key.find('@'));
}

/// The next step of a path below what is typed: as far as the `/` behind `typed`.
std::optional<std::string> step(std::string_view group, std::string_view typed) {
  const size_t slash = group_of(group).find('/', typed.size());
  if (slash == std::string_view::npos) return std::nullopt;
  return std::string(group.substr(0, slash + 1));
}

std::string describe(const GroupChoice& choice) {
  if (const auto* option = std::get_if<std::string>(&choice)) return *option == "???" ? "" : *option;
  if (const auto* options = std::get_if<std::vector<std::string>>(&choice))
    return fmt::format("{}", fmt::join(*options, ","));
  return "null";
}

Candidate group_candidate(std::string word, const std::string& choice) {
  return {std::move(word), choice.empty() ? "group" : "group, now " + choice, CandidateKind::kGroup, false};
}

}  // namespace

TypedOverride TypedOverride::read(std::string_view word) {
  TypedOverride typed;
  size_t prefix = 0;
  if (word.starts_with("++")) {
    prefix = 2;
  } else if (word.starts_with('+') || word.starts_with('~')) {
    prefix = 1;
  }
  typed.prefix = word.substr(0, prefix);
  word.remove_prefix(prefix);
  const size_t equals = word.find('=');
  typed.left = word.substr(0, equals);
  if (equals != std::string_view::npos) typed.value = word.substr(equals + 1);
  return typed;
}

CompletionConfig::CompletionConfig(std::shared_ptr<FileStore> store, ComposeRequest request,
                                   const std::function<std::vector<KnownKey>()>& known_keys)
    : store_(std::move(store)) {
  request.context.deadline = std::chrono::steady_clock::now() + kPatience;
  request.overrides = usable_overrides(request.overrides);
  compose_what_can_be(request);
  open_repository(request);
  ask_known_keys(known_keys);
}

CompletionConfig::~CompletionConfig() = default;

/// Half-typed words are left out; of a sweep, its first choice stands for it.
std::vector<std::string> CompletionConfig::usable_overrides(const std::vector<std::string>& words) const {
  std::vector<std::string> usable;
  SourceMap sources;
  for (const std::string& word : words) {
    try {
      const Override read = parse_override(sources, sources.add(SourceKind::kOverride, word, word, 1), {true, {}});
      if (!read.is_sweep()) {
        usable.push_back(word);
      } else if (read.is_choice_sweep() && read.value[read.value.root()].length > 0) {
        const NodeId first = read.value.item(read.value.root(), 0);
        usable.push_back(fmt::format("{}={}", read.key_element(), read.element_text(first)));
      }
    } catch (const ConfigError&) {
    }
  }
  return usable;
}

bool CompletionConfig::try_compose(const ComposeRequest& request) {
  try {
    composition_.emplace(compose(store_, request));
    return true;
  } catch (const ConfigError&) {
    return false;
  }
}

void CompletionConfig::compose_what_can_be(ComposeRequest request) {
  if (try_compose(request)) return;
  // Better than Hydra, which then knows no keys: a mandatory group that nobody chose yet is left out.
  request.skip_missing = true;
  if (try_compose(request)) return;
  const std::vector<std::string> words = std::move(request.overrides);
  request.overrides.clear();
  if (!try_compose(request)) return;
  for (size_t i = 0; i < words.size() && i < kMostTries; ++i) {
    request.overrides.push_back(words[i]);
    if (!try_compose(request)) request.overrides.pop_back();
  }
  // The last that was tried may have failed; composition_ still holds the last that did not.
}

void CompletionConfig::open_repository(const ComposeRequest& request) {
  sources_ = composition_ ? composition_->sources : std::make_shared<SourceMap>(store_->sources());
  context_ = composition_ ? composition_->resolve_context() : request.context;
  context_.deadline = request.context.deadline;
  repository_ = std::make_unique<ConfigRepository>(
      store_, composition_ ? composition_->search_path : initial_search_path(request), request.version_base,
      request.pkg_path, *sources_, context_);
  if (composition_) return;
  Composition scratch;
  scratch.sources = sources_;
  scratch.context = request.context;
  try {
    extend_search_path(*repository_, request, scratch);
  } catch (const ConfigError&) {
  }
}

void CompletionConfig::ask_known_keys(const std::function<std::vector<KnownKey>()>& known_keys) {
  if (!known_keys || !composition_) return;
  try {
    known_keys_ = known_keys();
  } catch (const std::exception&) {
  }
  std::erase_if(known_keys_,
                [&](const KnownKey& known) { return !known.section.empty() && select(known.section) == kNoNode; });
}

bool CompletionConfig::is_in_list(const std::string& group) const {
  if (!composition_) return false;
  const auto& choices = composition_->defaults.known_choices;
  return std::any_of(choices.begin(), choices.end(), [&](const auto& choice) { return choice.first == group; });
}

std::vector<Candidate> CompletionConfig::groups_in_list(const TypedOverride& typed) const {
  std::vector<Candidate> found;
  for (const auto& [key, choice] : composition_->defaults.known_choices) {
    // `actor/../optim@…` is what Hydra calls it, but its grammar reads no such name.
    if (!key.starts_with(typed.left) || key.find("..") != std::string::npos) continue;
    if (const auto on_the_way = step(key, typed.left)) {
      found.push_back(group_candidate(typed.prefix + *on_the_way, ""));
    } else {
      const bool deletes = typed.prefix == "~";
      found.push_back(group_candidate(typed.prefix + key + (deletes ? "" : "="), describe(choice)));
      found.back().ends_word = deletes;
    }
  }
  return found;
}

std::vector<Candidate> CompletionConfig::groups_in_folders(const TypedOverride& typed) const {
  std::vector<Candidate> found;
  const size_t slash = typed.left.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : typed.left.substr(0, slash);
  for (const std::string& name : repository_->subgroups(parent)) {
    const std::string group = parent.empty() ? name : parent + "/" + name;
    if (!group.starts_with(typed.left)) continue;
    if (!repository_->subgroups(group).empty()) found.push_back(group_candidate(typed.prefix + group + "/", ""));
    // hydra/config is always there.
    if (group != "hydra" && !repository_->group_options(group).empty() && !is_in_list(group))
      found.push_back(group_candidate(typed.prefix + group + "=", ""));
  }
  if (composition_) return found;
  for (const std::string& group : builtin_groups()) {
    if (!group.starts_with(typed.left)) continue;
    const auto on_the_way = step(group, typed.left);
    found.push_back(group_candidate(typed.prefix + (on_the_way ? *on_the_way : group + "="), ""));
  }
  return found;
}

// Without a prefix only groups of the defaults list can be chosen, with `+` only others.
std::vector<Candidate> CompletionConfig::groups(const TypedOverride& typed) const {
  if (typed.prefix == "++") return {};
  if (typed.prefix == "+" || !composition_)
    return typed.prefix == "~" ? std::vector<Candidate>() : groups_in_folders(typed);
  return groups_in_list(typed);
}

bool CompletionConfig::is_group(const TypedOverride& typed) const {
  return typed.prefix != "++" && !group_of(typed.left).empty() &&
         repository_->group_exists(std::string(group_of(typed.left)));
}

std::vector<Candidate> CompletionConfig::options(const TypedOverride& typed) const {
  if (!typed.value || typed.prefix == "++") return {};
  std::vector<Candidate> found;
  const std::string group(group_of(typed.left));
  const size_t last = typed.prefix == "~" ? 0 : last_item_at(*typed.value);
  const std::string before = typed.value->substr(0, last);
  const std::string begin = typed.value->substr(last);
  const bool in_brackets = before.find_first_of("[(") != std::string::npos;
  std::string now;
  if (composition_) {
    for (const auto& [key, choice] : composition_->defaults.known_choices) {
      if (key == typed.left) now = describe(choice);
    }
  }
  for (const std::string& option : repository_->group_options(group)) {
    // One that stands in the list already does not fit a second time.
    const bool is_used = std::string_view("," + before).find("," + option + ",") != std::string::npos ||
                         before.find("[" + option + ",") != std::string::npos;
    const auto spelled = is_used ? std::nullopt : spell_text(option, begin);
    if (!spelled || (typed.prefix == "~" && !now.empty() && option != now)) continue;
    found.push_back({typed.before_value() + before + *spelled, option == now ? "option, now chosen" : "option",
                     CandidateKind::kOption, !in_brackets});
  }
  return found;
}

std::vector<Candidate> CompletionConfig::config_names(std::string_view typed) const {
  std::vector<Candidate> found;
  const size_t slash = typed.rfind('/');
  const std::string parent(slash == std::string_view::npos ? "" : typed.substr(0, slash));
  const std::string shown(slash == std::string_view::npos ? "" : typed.substr(0, slash + 1));
  for (const std::string& name : repository_->group_options(parent)) {
    if ((shown + name).starts_with(typed)) found.push_back({shown + name, "config", CandidateKind::kOption, true});
  }
  for (const std::string& name : repository_->subgroups(parent)) {
    if (parent.empty() && name == "hydra") continue;  // its configs are no primary ones
    if ((shown + name).starts_with(typed))
      found.push_back({shown + name + "/", "folder of configs", CandidateKind::kFolder, false});
  }
  return found;
}

}  // namespace cfgtool
