#include "config_engine/completion.hpp"

#include <algorithm>
#include <filesystem>

#include "config_engine/completion_config.hpp"
#include "config_engine/completion_values.hpp"
#include "config_engine/completion_words.hpp"
#include "config_engine/override.hpp"

namespace cfgtool {

namespace {

class Completer {
 public:
  Completer(const std::shared_ptr<FileStore>& store, const CompletionRequest& request)
      : store_(store), request_(request), read_(read_flags(request.words, request.flags)) {}

  std::vector<Candidate> run();

 private:
  void add(std::vector<Candidate> candidates);
  void add_flags();
  void add_flag_values(const CompletionFlag& flag, std::string_view typed, const std::string& before);
  void add_overrides();
  void add_without_value(std::vector<Candidate> candidates);
  void offer_end_of_list();
  ComposeRequest compose_request() const;
  std::string folder_of_program(const std::string& path) const;
  CompletionConfig& config(std::string_view key);

  const std::shared_ptr<FileStore>& store_;
  const CompletionRequest& request_;
  const ReadFlags read_;
  std::unique_ptr<CompletionConfig> config_;
  std::vector<Candidate> found_;
};

void Completer::add(std::vector<Candidate> candidates) {
  std::move(candidates.begin(), candidates.end(), std::back_inserter(found_));
}

void Completer::add_flags() {
  for (const CompletionFlag& flag : request_.flags) {
    for (const std::string& name : flag.names) {
      if (name.starts_with(request_.word)) found_.push_back({name, flag.help, CandidateKind::kFlag, true});
    }
  }
}

std::string Completer::folder_of_program(const std::string& path) const {
  if (path.find("://") != std::string::npos) return path;
  std::error_code ignored;
  const auto from = std::filesystem::absolute(request_.base_dir, ignored);
  std::string folder = (request_.base_dir.empty() ? std::filesystem::current_path(ignored) / path : from / path)
                           .lexically_normal()
                           .string();
  while (folder.size() > 1 && folder.ends_with('/'))
    folder.pop_back();
  return folder;
}

ComposeRequest Completer::compose_request() const {
  ComposeRequest request = request_.defaults;
  if (const std::string path = read_.value("--config-path"); !path.empty()) request.config_dirs = {path};
  for (std::string& dir : request.config_dirs)
    dir = folder_of_program(dir);
  if (const auto dirs = read_.given.find("--config-dir"); dirs != read_.given.end()) {
    std::error_code ignored;
    for (const std::string& dir : dirs->second)
      request.config_dirs.push_back(std::filesystem::absolute(dir, ignored).lexically_normal().string());
  }
  if (const std::string name = read_.value("--config-name"); !name.empty()) request.config_name = name;
  if (const std::string name = read_.value("--job-name"); !name.empty()) request.job_name = name;
  if (const std::string path = read_.value("--pkg-path"); !path.empty()) request.pkg_path = path;
  const std::string version = read_.value("--version-base");
  if (version == "1.1" || version == "1.2") request.version_base.minor = version[2] - '0';
  request.extended = read_.given.count("--extended") != 0;
  request.overrides = read_.others;
  if (request_.takes_keys || request_.takes_groups)
    std::erase_if(request.overrides, [](const std::string& word) { return !reads_as_override(word); });
  return request;
}

/// \param key what is typed: only where it may lead into the hydra node, that is composed as well
CompletionConfig& Completer::config(std::string_view key) {
  if (!config_) {
    ComposeRequest request = compose_request();
    constexpr std::string_view kHydra = "hydra";
    request.with_hydra = key.starts_with(kHydra) || kHydra.starts_with(key);
    config_ = std::make_unique<CompletionConfig>(store_, std::move(request), request_.known_keys);
  }
  return *config_;
}

void Completer::add_flag_values(const CompletionFlag& flag, std::string_view typed, const std::string& before) {
  const size_t first = found_.size();
  for (const std::string& choice : flag.choices) {
    if (choice.starts_with(typed)) found_.push_back({choice, "", CandidateKind::kFlagValue, true});
  }
  switch (flag.value) {
    case FlagValue::kNone:
    case FlagValue::kText:
    case FlagValue::kChoice:
      break;
    case FlagValue::kFile:
    case FlagValue::kFolder: {
      const bool from_base = flag.names.front() == "--config-path";
      add(complete_path(typed, from_base ? request_.base_dir : "", flag.value == FlagValue::kFolder));
      // A shell puts the home folder in where a word begins, not behind `--flag=`.
      for (size_t i = first; i < found_.size() && !before.empty(); ++i)
        found_[i].word = without_tilde(found_[i].word);
      break;
    }
    case FlagValue::kConfigName:
      add(config("-").config_names(typed));
      break;
    case FlagValue::kKey:
      add(config(typed).packages(typed));
      break;
  }
  for (size_t i = first; i < found_.size(); ++i)
    found_[i].word.insert(0, before);
}

void Completer::add_overrides() {
  const TypedOverride typed = TypedOverride::read(request_.word);
  CompletionConfig& here = config(typed.left);
  if (typed.value) {
    add(here.is_group(typed) ? here.options(typed) : here.values(typed));
  } else {
    add(here.groups(typed));
    add(here.keys(typed));
  }
}

/// Keys or groups as words of their own, where an override has `key=`.
void Completer::add_without_value(std::vector<Candidate> candidates) {
  for (Candidate& candidate : candidates) {
    if (!candidate.word.ends_with('=')) continue;
    candidate.word.pop_back();
    candidate.ends_word = true;
    found_.push_back(std::move(candidate));
  }
}

/// The only item that fits into a list that is open: the list may end behind it, or go on.
void Completer::offer_end_of_list() {
  if (found_.size() != 1 || found_[0].ends_word) return;
  const Candidate item = found_[0];
  if (item.kind != CandidateKind::kOption && item.kind != CandidateKind::kValue && item.kind != CandidateKind::kFile)
    return;
  const size_t bracket = item.word.find_first_of("[(");
  if (bracket == std::string::npos) return;
  found_ = {item, item};
  found_[0].word += ',';
  found_[1].word += item.word[bracket] == '[' ? ']' : ')';
  found_[1].ends_word = true;
}

std::vector<Candidate> Completer::run() {
  if (read_.only_others) return {};
  const std::string& word = request_.word;
  if (read_.pending) add_flag_values(*read_.pending, word, "");
  const bool wants_value = read_.pending && !read_.pending->value_is_optional;
  if (wants_value) {
    // nothing else can stand here
  } else if (word.starts_with('-')) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      add_flags();
    } else if (const CompletionFlag* flag = find_flag(request_.flags, word.substr(0, equals))) {
      add_flag_values(*flag, std::string_view(word).substr(equals + 1), word.substr(0, equals + 1));
    }
  } else {
    for (const Candidate& argument : request_.arguments) {
      if (argument.word.starts_with(word)) found_.push_back(argument);
    }
    // CLI11 and argparse take a plain word behind a flag with an optional value for that value.
    if (request_.takes_overrides && !read_.pending) add_overrides();
    if (!read_.pending && !reads_as_override(word)) {
      const TypedOverride typed = TypedOverride::read(word);
      if (request_.takes_keys) add(config(word).packages(word));
      if (request_.takes_keys) add_without_value(config(word).keys(typed));
      if (request_.takes_groups) add_without_value(config(word).groups(typed));
    }
  }
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Candidate& a, const Candidate& b) { return a.word < b.word; });
  const auto is_same = [](const Candidate& a, const Candidate& b) { return a.word == b.word; };
  found_.erase(std::unique(found_.begin(), found_.end(), is_same), found_.end());
  std::erase_if(found_, [](const Candidate& candidate) { return !is_printable(candidate.word); });
  offer_end_of_list();
  return std::move(found_);
}

}  // namespace

std::vector<Candidate> complete(const std::shared_ptr<FileStore>& store, const CompletionRequest& request) {
  return Completer(store, request).run();
}

}  // namespace cfgtool
