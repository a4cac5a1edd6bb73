#include "cfgtool/plugin_flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

constexpr const char* kPathFlag = "--attention-plugin-path";
constexpr const char* kOptionFlag = "--attention-plugin-option";

void take_options(const std::vector<std::string>& words, PluginFlags& flags) {
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw CLI::ValidationError(kOptionFlag, fmt::format("takes NAME=TEXT, a plugin's name first, not '{}'", word));
    const std::string name = word.substr(0, equals);
    if (!flags.options.emplace(name, word.substr(equals + 1)).second)
      throw CLI::ValidationError(kOptionFlag,
                                 fmt::format("is given twice for '{}'; all options of a plugin are one text", name));
  }
}

}  // namespace

attention::LoadOptions PluginFlags::load_options() const {
  attention::LoadOptions load;
  for (const std::string& path : paths)
    load.command_line_paths.push_back({path, kPathFlag});
  load.allow_writable_by_others = allow_writable;
  load.plugin_options = options;
  return load;
}

std::vector<CLI::Option*> add_plugin_flags(CLI::App& app, PluginFlags& flags) {
  CLI::Option* path = app.add_option(kPathFlag, flags.paths, "A plugin or a folder of plugins; may be repeated")
                          ->type_name("PATH")
                          ->allow_extra_args(false);
  CLI::Option* option = app.add_option_function<std::vector<std::string>>(
                               kOptionFlag, [&](const std::vector<std::string>& words) { take_options(words, flags); },
                               "Options for the plugin of that name, in its own words; may be repeated")
                            ->type_name("NAME=TEXT")
                            ->allow_extra_args(false);
  CLI::Option* writable =
      app.add_flag("--allow-writable-plugins", flags.allow_writable, "Load plugins that other users could change");
  return {path, option, writable};
}

void refuse_unused_options(const PluginFlags& flags,
                           const std::vector<std::shared_ptr<const attention::Plugin>>& plugins,
                           const std::vector<std::string>& not_opened, const std::shared_ptr<SourceMap>& sources) {
  std::vector<std::string> names;
  for (const auto& plugin : plugins)
    names.push_back(plugin->name());
  for (const auto& [name, text] : flags.options) {
    if (std::ranges::find(names, name) != names.end()) continue;
    Diagnostic diagnostic;
    diagnostic.stage = Stage::kAttention;
    diagnostic.code = "plugin-options-unused";
    diagnostic.message = fmt::format("no attention plugin '{}' is loaded that its options could go to", name);
    const std::string word = name + "=" + text;
    diagnostic.labels.push_back(
        {sources->add(SourceKind::kFlag, kOptionFlag, word), static_cast<uint32_t>(name.size()), {}});
    for (const std::string& sentence : not_opened)
      diagnostic.notes.push_back(sentence);
    diagnostic.notes.push_back(names.empty() ? "no plugin is loaded"
                                             : fmt::format("loaded are {}", fmt::join(names, ", ")));
    if (std::string hint = did_you_mean(name, names); !hint.empty()) diagnostic.notes.push_back(std::move(hint));
    ConfigError error(std::move(diagnostic));
    error.set_sources(sources);
    throw error;
  }
}

}  // namespace cfgtool
