#include "config_engine/completion_flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <string_view>

namespace cfgtool {

namespace {

struct KnownFlag {
  std::string_view name;
  std::string_view short_name;  // that CLI11 cannot declare
  FlagValue value;
};

constexpr KnownFlag kKnownFlags[] = {
    {"--config-path", "-cp", FlagValue::kFolder},     {"--config-dir", "-cd", FlagValue::kFolder},
    {"--config-name", "-cn", FlagValue::kConfigName}, {"--package", "", FlagValue::kKey},
    {"--shell-completion", "-sc", FlagValue::kNone},  {"--version-base", "", FlagValue::kChoice},
};

/// CLI::IsMember does not give its set away but in what it says of a word that is not in it: `x not in {a,b}`.
std::vector<std::string> choices_of(CLI::Option& option) {
  std::vector<std::string> choices;
  constexpr std::string_view kBefore = " not in {";
  for (int i = 0;; ++i) {
    const CLI::Validator* validator = nullptr;
    try {
      validator = option.get_validator(i);
    } catch (const CLI::OptionNotFound&) {
      return choices;
    }
    std::string word = "\x01";
    const std::string refusal = (*validator)(word);
    const size_t begin = refusal.find(kBefore);
    if (begin == std::string::npos || !refusal.ends_with('}')) continue;
    for (size_t at = begin + kBefore.size(); at < refusal.size();) {
      const size_t end = refusal.find_first_of(",}", at);
      choices.push_back(refusal.substr(at, end - at));
      at = end + 1;
    }
  }
}

FlagValue value_of_type(const std::string& type) {
  if (type.find("DIR") != std::string::npos) return FlagValue::kFolder;
  const bool is_file = type.find("FILE") != std::string::npos || type.find("PATH") != std::string::npos;
  return is_file ? FlagValue::kFile : FlagValue::kText;
}

CompletionFlag read_option(CLI::Option& option) {
  CompletionFlag flag;
  for (const std::string& name : option.get_lnames())
    flag.names.push_back("--" + name);
  for (const std::string& name : option.get_snames())
    flag.names.push_back("-" + name);
  flag.help = option.get_description();
  flag.value_is_optional = option.get_items_expected_min() == 0;
  if (option.get_items_expected_max() > 0) {
    flag.choices = choices_of(option);
    flag.value = flag.choices.empty() ? value_of_type(option.get_type_name()) : FlagValue::kChoice;
  }
  for (const KnownFlag& known : kKnownFlags) {
    if (flag.names.empty() || flag.names.front() != known.name) continue;
    flag.value = known.value;
    if (!known.short_name.empty()) flag.names.emplace_back(known.short_name);
  }
  if (!flag.names.empty() && flag.names.front() == "--version-base") flag.choices = {"1.1", "1.2", "1.3"};
  return flag;
}

}  // namespace

std::vector<CompletionFlag> completion_flags(CLI::App& app) {
  std::vector<CompletionFlag> flags;
  for (CLI::Option* option : app.get_options()) {
    CompletionFlag flag = read_option(*option);
    if (!flag.names.empty()) flags.push_back(std::move(flag));
  }
  return flags;
}

}  // namespace cfgtool
