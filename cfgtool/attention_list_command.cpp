/// \file
/// `cfgtool attention list`: the plugins, what each provides, and the devices of this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "attention_plugins/host/machine.hpp"
#include "attention_plugins/host/names.hpp"
#include "cfgtool/attention_commands.hpp"
#include "cfgtool/command.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/hydra_flags.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;
using attention::LoadedPlugins;
using attention::Machine;

void print_list_text(const LoadedPlugins& loaded, const Machine& machine) {
  std::string text;
  for (const auto& plugin : loaded.plugins) {
    text += fmt::format("{} {}: {}\n  {}\n", plugin->name(), plugin->version(), plugin->description(),
                        plugin->path().string());
    for (const auto& implementation : plugin->implementations()) {
      text += fmt::format("  {:24} on {:5} {}\n", implementation.name,
                          attention::device_kind_name(implementation.device_kind), implementation.description);
    }
  }
  if (loaded.plugins.empty()) text += "no attention plugin is installed\n";
  text += "\ndevices of this machine:\n";
  for (size_t i = 0; i < machine.cuda.size(); ++i) {
    text += fmt::format("  cuda:{} {}, compute capability {}.{}\n", i, machine.cuda[i].name,
                        machine.cuda[i].compute_capability / 10, machine.cuda[i].compute_capability % 10);
  }
  text += fmt::format("  cpu    {} threads\n", machine.workers);
  if (!machine.no_cuda.empty()) text += fmt::format("  ({})\n", machine.no_cuda);
  write_stdout(text);
}

void print_list_json(const LoadedPlugins& loaded, const Machine& machine) {
  Json document;
  document["plugins"] = Json::array();
  for (const auto& plugin : loaded.plugins) {
    Json entry{{"name", plugin->name()},
               {"version", plugin->version()},
               {"description", plugin->description()},
               {"path", plugin->path().string()},
               {"implementations", Json::array()}};
    for (const auto& implementation : plugin->implementations()) {
      entry["implementations"].push_back({{"name", implementation.name},
                                          {"device", attention::device_kind_name(implementation.device_kind)},
                                          {"description", implementation.description}});
    }
    document["plugins"].push_back(std::move(entry));
  }
  document["devices"] = Json::array();
  for (const auto& device : machine.cuda) {
    document["devices"].push_back(
        {{"kind", "cuda"}, {"name", device.name}, {"compute_capability", device.compute_capability}});
  }
  document["devices"].push_back({{"kind", "cpu"}, {"threads", machine.workers}});
  document["no_cuda"] = machine.no_cuda;
  write_stdout(document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

std::vector<CompletionFlag> attention_list_flags() {
  AttentionFlags flags;
  CLI::App app;
  add_attention_flags(app, flags);
  return completion_flags(app);
}

int attention_list_command(CLI::App& app, const std::vector<std::string>& words) {
  AttentionFlags flags;
  add_attention_flags(app, flags);
  if (!parse_flags(app, words)) return 0;
  const LoadedPlugins loaded = load_for_command(flags);
  const Machine machine = attention::look_at_machine();
  flags.json ? print_list_json(loaded, machine) : print_list_text(loaded, machine);
  return 0;
}

}  // namespace cfgtool
