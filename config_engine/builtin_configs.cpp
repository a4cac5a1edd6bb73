#include "config_engine/builtin_configs.hpp"

#include <algorithm>

namespace cfgtool {

namespace {

// The keys and default values are Hydra 1.3.8's, because configurations refer to them; the help texts are ours.
constexpr BuiltinConfig kConfigs[] = {
    {"_dummy_empty_config_", "{}\n"},
    {"hydra/config", R"(defaults:
  - output: default
  - launcher: basic
  - sweeper: basic
  - help: default
  - hydra_help: default
  - hydra_logging: default
  - job_logging: default
  - callbacks: null
  - env: default

mode: null
searchpath: []
run:
  dir: ???
sweep:
  dir: ???
  subdir: ???
hydra_logging: ???
job_logging: ???
sweeper: ???
launcher: ???
callbacks: {}
help:
  app_name: ???
  header: ???
  footer: ???
  template: ???
hydra_help:
  hydra_help: ???
  template: ???
output_subdir: .hydra
overrides:
  hydra: []
  task: []
job:
  name: ???
  chdir: null
  override_dirname: ???
  id: ???
  num: ???
  config_name: ???
  env_set: {}
  env_copy: []
  config:
    override_dirname:
      kv_sep: '='
      item_sep: ','
      exclude_keys: []
runtime:
  version: ???
  version_base: ???
  cwd: ???
  config_sources: ???
  output_dir: ???
  choices: {}
verbose: false
)"},
    {"hydra/env/default", ""},
    {"hydra/help/default", R"(app_name: ${hydra.job.name}
header: |
  ${hydra.help.app_name}: configured by command-line overrides.
footer: |
  --help shows this text, --cfg job the configuration.
template: |
  ${hydra.help.header}
  == Configuration groups ==
  Choose an option of a group with group=option

  $APP_CONFIG_GROUPS

  == Config ==
  Change a value with key.to.change=value

  $CONFIG

  ${hydra.help.footer}
)"},
    {"hydra/hydra_help/default", R"(template: |
  Configuration engine ${hydra.runtime.version}

  == Flags ==
  $FLAGS_HELP

  == Configuration groups ==
  Choose an option of a group with group=option, for example hydra/job_logging=disabled

  $HYDRA_CONFIG_GROUPS

  --cfg hydra shows the hydra node.
)"},
    {"hydra/hydra_logging/default", R"(version: 1
formatters:
  simple:
    format: '[%(asctime)s][HYDRA] %(message)s'
handlers:
  console:
    class: logging.StreamHandler
    formatter: simple
    stream: ext://sys.stdout
root:
  level: INFO
  handlers: [console]
loggers:
  logging_example:
    level: DEBUG
disable_existing_loggers: false
)"},
    {"hydra/hydra_logging/disabled", R"(version: 1
root:
  level: ERROR
disable_existing_loggers: true
)"},
    {"hydra/hydra_logging/hydra_debug", R"(version: 1
formatters:
  simple:
    format: '[%(asctime)s][%(name)s][%(levelname)s] - %(message)s'
handlers:
  file:
    class: logging.FileHandler
    mode: w
    formatter: simple
    filename: hydra-${hydra.job.name}.log
    delay: true
root:
  level: ERROR
  handlers: [file]
loggers:
  hydra:
    level: DEBUG
disable_existing_loggers: false
)"},
    {"hydra/hydra_logging/none", R"(version: 1
root: null
disable_existing_loggers: false
)"},
    {"hydra/job_logging/default", R"(version: 1
formatters:
  simple:
    format: '[%(asctime)s][%(name)s][%(levelname)s] - %(message)s'
handlers:
  console:
    class: logging.StreamHandler
    formatter: simple
    stream: ext://sys.stdout
  file:
    class: logging.FileHandler
    formatter: simple
    filename: ${hydra.runtime.output_dir}/${hydra.job.name}.log
root:
  level: INFO
  handlers: [console, file]
disable_existing_loggers: false
)"},
    {"hydra/job_logging/disabled", R"(version: 1
root:
  level: ERROR
disable_existing_loggers: true
)"},
    {"hydra/job_logging/none", R"(version: 1
root: null
disable_existing_loggers: false
)"},
    {"hydra/job_logging/stdout", R"(version: 1
formatters:
  simple:
    format: '%(message)s'
handlers:
  console:
    class: logging.StreamHandler
    formatter: simple
    stream: ext://sys.stdout
root:
  level: INFO
  handlers: [console]
disable_existing_loggers: false
)"},
    {"hydra/launcher/basic", "_target_: hydra._internal.core_plugins.basic_launcher.BasicLauncher\n"},
    {"hydra/output/default", R"(# @package hydra
run:
  dir: outputs/${now:%Y-%m-%d}/${now:%H-%M-%S}
sweep:
  dir: multirun/${now:%Y-%m-%d}/${now:%H-%M-%S}
  subdir: ${hydra.job.num}
)"},
    {"hydra/sweeper/basic", R"(_target_: hydra._internal.core_plugins.basic_sweeper.BasicSweeper
max_batch_size: null
params: null
)"},
};

}  // namespace

const BuiltinConfig* find_builtin_config(std::string_view path) {
  if (path.ends_with(".yaml")) path.remove_suffix(5);
  for (const BuiltinConfig& config : kConfigs) {
    if (config.path == path) return &config;
  }
  return nullptr;
}

bool is_builtin_group(std::string_view group) {
  return !builtin_group_options(group).empty();
}

std::vector<std::string> builtin_subgroups(std::string_view group) {
  std::vector<std::string> groups;
  for (const BuiltinConfig& config : kConfigs) {
    std::string_view rest = config.path;
    if (!group.empty()) {
      if (!rest.starts_with(group) || rest.substr(group.size()).find('/') != 0) continue;
      rest.remove_prefix(group.size() + 1);
    }
    const size_t slash = rest.find('/');
    if (slash != std::string_view::npos) groups.emplace_back(rest.substr(0, slash));
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

std::vector<std::string> builtin_group_options(std::string_view group) {
  std::vector<std::string> options;
  if (group.empty()) return options;
  for (const BuiltinConfig& config : kConfigs) {
    if (config.path.size() <= group.size() || config.path[group.size()] != '/' || !config.path.starts_with(group)) {
      continue;
    }
    const std::string_view rest = config.path.substr(group.size() + 1);
    if (rest.find('/') == std::string_view::npos) options.emplace_back(rest);
  }
  std::sort(options.begin(), options.end());
  return options;
}

std::vector<std::string> builtin_groups() {
  std::vector<std::string> groups;
  for (const BuiltinConfig& config : kConfigs) {
    const size_t slash = config.path.rfind('/');
    // "hydra" holds the dataclass, which is no option.
    if (slash != std::string_view::npos && config.path.find('/') != slash)
      groups.emplace_back(config.path.substr(0, slash));
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

}  // namespace cfgtool
