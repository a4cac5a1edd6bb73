#include "cfgtool/spec_report.hpp"

#include <fmt/format.h>

#include "attention_plugins/host/plugin_error.hpp"
#include "attention_plugins/host/role_choice.hpp"
#include "attention_plugins/host/spec_machine.hpp"
#include "cfgtool/spec_tree.hpp"
#include "config_engine/config.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/sha256.hpp"
#include "config_engine/yaml_writer.hpp"
#include "schemas/attention_mapping.hpp"
#include "schemas/attention_spec.hpp"
#include "schemas/spec_assumptions.hpp"

namespace cfgtool {

SpecReport report_spec(Composition composition, const SpecFlags& flags, bool as_json) {
  const std::shared_ptr<SourceMap> sources = composition.sources;
  const Tree as_written = composition.tree;
  composition.resolve();
  const Tree resolved = std::move(composition.tree);
  composition.tree = as_written;  // Config follows interpolations itself, and knows where they were written
  SpecReport report;
  report.sources = sources;
  report.warnings = std::move(composition.warnings);

  const AttentionMapping mapping = read_attention_mapping(sources, flags.mapping);
  AttentionSpec spec = make_attention_spec(Config(std::move(composition)), mapping, flags.model);
  if (!flags.device.empty()) take_device_flag(spec, *sources, flags.device);
  const attention::Machine machine = attention::machine_for(spec, flags.device_folders, sources);
  std::vector<Diagnostic> load_warnings;
  const auto plugins = attention::load_plugins_or_refuse(flags.plugins.load_options(), sources, load_warnings);
  std::vector<std::string> not_opened;
  for (const Diagnostic& warning : load_warnings) {
    if (warning.code == attention::code_of(attention::PluginFault::kOpenFailed)) not_opened.push_back(warning.message);
  }
  refuse_unused_options(flags.plugins, plugins, not_opened, sources);
  report.warnings.insert(report.warnings.end(), load_warnings.begin(), load_warnings.end());
  const std::vector<Diagnostic> assumed = assumptions(spec);
  report.warnings.insert(report.warnings.end(), assumed.begin(), assumed.end());
  const auto choices = attention::choose_roles(spec, machine, plugins);
  report.refusals = attention::refusals(spec, machine, choices, attention::known_names(spec, plugins));

  const Specification specification{
      resolved, "sha256:" + sha256_hex(write_yaml(resolved, resolved.root())), spec, machine, plugins, choices};
  const Tree tree = make_spec_tree(specification, *sources);
  report.text = as_json ? write_json(tree, tree.root(), 2) + "\n" : write_yaml(tree, tree.root());
  return report;
}

}  // namespace cfgtool
