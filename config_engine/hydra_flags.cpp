#include "config_engine/hydra_flags.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "config_engine/command_line.hpp"
#include "config_engine/info.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

/// \param value the flag's, as far as it is known
[[noreturn]] void refuse_request(std::string code, std::string message, const std::string& flag,
                                 const std::string& value = {}, std::string fix = {}) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.fix = std::move(fix);
  throw error_at(std::move(diagnostic), SourceKind::kFlag, flag, value);
}

// hydra: Hydra's command line refuses a --config-dir that is not there; in the search path it would be a warning.
void refuse_missing_folder(const std::string& dir) {
  std::error_code ignored;
  if (dir.find("://") != std::string::npos || std::filesystem::is_directory(dir, ignored)) return;
  Diagnostic diagnostic;
  diagnostic.code = "config-dir-missing";
  diagnostic.message = fmt::format("Additional config directory '{}' not found", dir);
  throw error_at(std::move(diagnostic), SourceKind::kFlag, "--config-dir", dir);
}

std::string absolute_dir(const std::string& dir) {
  if (dir.find("://") != std::string::npos) return dir;
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(dir.empty() ? "." : dir, ignored).lexically_normal();
  std::string path = absolute.string();
  while (path.size() > 1 && path.ends_with('/'))
    path.pop_back();
  return path;
}

}  // namespace

VersionBase parse_version_base(const std::string& text) {
  VersionBase version;
  if (text.empty()) return version;
  const char* const end = text.data() + text.size();
  const auto [dot, major_error] = std::from_chars(text.data(), end, version.major);
  if (major_error == std::errc() && dot != end && *dot == '.') {
    const auto [rest, minor_error] = std::from_chars(dot + 1, end, version.minor);
    // "1.3.8" is as good as "1.3".
    if (minor_error == std::errc() && (rest == end || *rest == '.') && version.major == 1 && version.minor >= 1 &&
        version.minor <= 3) {
      return version;
    }
  }
  refuse_request("flag-value", fmt::format("--version-base takes 1.1, 1.2 or 1.3, not '{}'", text), "--version-base",
                 text);
}

ComposeRequest HydraFlags::request() const {
  ComposeRequest request;
  // hydra: compute_search_path_dir leaves an absolute path as it is, and prints it so.
  const bool is_absolute = config_path.starts_with('/');
  if (!config_path.empty()) request.config_dirs.push_back(is_absolute ? config_path : absolute_dir(config_path));
  for (const std::string& dir : config_dirs) {
    request.config_dirs.push_back(absolute_dir(dir));
    refuse_missing_folder(request.config_dirs.back());
  }
  request.config_name = config_name;
  request.overrides = overrides;
  request.version_base = parse_version_base(version_base);
  request.pkg_path = pkg_path;
  request.job_name = job_name;
  request.extended = extended;
  request.context.keep_unknown_resolvers = keep_unknown_resolvers;
  if (!python_version.empty()) request.context.python_version = python_version;
  return request;
}

DiagnosticFormat HydraFlags::diagnostic_format() const {
  return diagnostic_format_named(error_format);
}

void add_hydra_flags(CLI::App& app, HydraFlags& flags) {
  app.allow_extras();
  app.add_option_function<std::string>(
         "-c,--cfg",
         [&flags](const std::string& part) {
           flags.cfg = part == "job" ? CfgPart::kJob : part == "hydra" ? CfgPart::kHydra : CfgPart::kAll;
         },
         "Print the composed configuration: job, hydra or all")
      ->check(CLI::IsMember({"job", "hydra", "all"}).description(""))
      ->type_name("PART")
      ->group("Hydra's flags");
  app.add_flag("--resolve", flags.resolve, "With --cfg: evaluate the interpolations")->group("Hydra's flags");
  app.add_option("-p,--package", flags.package, "Print this part of it only")->type_name("KEY")->group("Hydra's flags");
  app.add_option("--config-path", flags.config_path, "(-cp) The folder with the configs")
      ->type_name("DIR")
      ->group("Hydra's flags");
  app.add_option("--config-name", flags.config_name, "(-cn) The primary config")
      ->type_name("NAME")
      ->group("Hydra's flags");
  app.add_option("--config-dir", flags.config_dirs, "(-cd) A further folder on the search path")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->group("Hydra's flags");
  app.add_flag("-r,--run", flags.run, "Run the job (the default)")->group("Hydra's flags");
  app.add_flag("--hydra-help", flags.hydra_help, "Print Hydra's own groups and these flags")->group("Hydra's flags");
  app.add_option("--experimental-rerun", flags.rerun, "Not offered: see cfgtool rerun")
      ->type_name("FILE")
      ->group("Hydra's flags");
  app.add_flag("-m,--multirun", flags.multirun, "Sweep over several jobs (not offered yet)")->group("Hydra's flags");
  app.add_option("-i,--info", flags.info,
                 "Print what makes the configuration: " + fmt::format("{}", fmt::join(info_topics(), ", ")))
      ->type_name("[TOPIC]")
      ->expected(0, 1)
      ->default_str("all")
      ->check([](const std::string& topic) {
        if (topic == "plugins") return std::string();  // Hydra's; refused later, with what to use instead
        return CLI::IsMember(info_topics())(topic);
      })
      ->group("Hydra's flags");
  app.add_option("--version-base", flags.version_base, "The Hydra release whose defaults hold: 1.1, 1.2 or 1.3")
      ->type_name("VERSION")
      ->group("Surroundings");
  app.add_option("--job-name", flags.job_name, "hydra.job.name")
      ->type_name("NAME")
      ->capture_default_str()
      ->group("Surroundings");
  app.add_option("--pkg-path", flags.pkg_path, "Where pkg:// packages lie")->type_name("DIR")->group("Surroundings");
  app.add_option("--python-version", flags.python_version, "What ${python_version:} gives")
      ->type_name("X.Y.Z")
      ->group("Surroundings");
  app.add_flag("--extended", flags.extended, "Allow what Hydra 1.3 refuses: extend_list(), json_str()")
      ->group("Surroundings");
  app.add_flag("--keep-unknown-resolvers", flags.keep_unknown_resolvers, "Leave ${unknown:...} as text")
      ->group("Surroundings");
  add_error_format_flag(app, flags.error_format)->group("Surroundings");
  // As argparse does, these look at a value where it stands: `--version` behind a wrong one is too late.
  for (const char* const name : {"--cfg", "--info"})
    app.get_option(name)->trigger_on_parse();
  // As with Python's argparse, of a flag that is given twice the last counts.
  for (CLI::Option* option : app.get_options()) {
    if (option->get_name() != "--config-dir" && option->get_items_expected_max() > 0) option->take_last();
  }
}

CLI::Option* add_error_format_flag(CLI::App& app, std::string& format) {
  return app.add_option("--error-format", format, "Errors as text, json, github or sarif")
      ->check(CLI::IsMember({"text", "json", "github", "sarif"}).description(""))
      ->type_name("FORMAT")
      ->take_last();
}

void remove_printing_flags(CLI::App& app) {
  for (const char* const name : {"--cfg", "--resolve", "--package", "--info", "--hydra-help", "--run"})
    app.remove_option(app.get_option(name));
}

void add_version_flag(CLI::App& app, const std::string& text) {
  app.add_flag_callback(
         "--version", [text] { throw CLI::CallForVersion(text.substr(0, text.find_last_not_of('\n') + 1), 0); },
         "Print the versions")
      ->trigger_on_parse()
      ->group("Hydra's flags");
}

std::string version_text(const std::string& program, const std::string& version) {
  constexpr const char* kEngine = "cfgtool " CFGTOOL_VERSION;
  std::string text = version.empty() ? program : program + " " + version;
  text = program == "cfgtool" ? kEngine : text + "\n" + kEngine;
  return text + ", composes as Hydra 1.3.8\n";
}

std::string flags_help(const CLI::App& app) {
  std::string text = CLI::Formatter().make_groups(&app, CLI::AppFormatMode::Normal);
  text.erase(0, text.find_first_not_of('\n'));
  if (!app.get_description().empty()) text = app.get_description() + "\n\n" + text;
  return text + "\n" + app.get_footer();
}

std::vector<std::string> expand_short_flags(int argc, const char* const* argv) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kShort{
      {{"-cp", "--config-path"}, {"-cn", "--config-name"}, {"-cd", "--config-dir"}, {"-sc", "--shell-completion"}}};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOneLetter{
      {{"-c=", "--cfg="}, {"-p=", "--package="}, {"-i=", "--info="}}};
  std::vector<std::string> words;
  bool only_overrides = false;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    only_overrides |= word == "--";
    if (!only_overrides) {
      for (const auto& [from, to] : kShort) {
        if (word == from || word.starts_with(std::string(from) + "=")) word.replace(0, from.size(), to);
      }
      for (const auto& [from, to] : kOneLetter) {
        if (word.starts_with(from)) word.replace(0, from.size(), to);
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

namespace {

/// As with Python's argparse, the beginning of a long flag stands for the flag if no other begins so.
std::string completed_flag(const CLI::App& app, const std::string& word) {
  const std::string begin = word.substr(0, word.find('='));
  std::string found;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      const std::string flag = "--" + name;
      if (flag == begin) return word;
      if (!flag.starts_with(begin)) continue;
      if (!found.empty()) return word;
      found = flag;
    }
  }
  return found.empty() ? word : found + word.substr(begin.size());
}

/// As argparse, which CLI11 would say in other words. Short flags are left to it.
void refuse_value_of_flag(const CLI::App& app, const std::string& word) {
  const size_t equals = word.find('=');
  if (equals == std::string::npos) return;
  const CLI::Option* const option = app.get_option_no_throw(word.substr(0, equals));
  if (option && option->get_items_expected_max() == 0)
    refuse_request("flag-usage", fmt::format("{} takes no value", word.substr(0, equals)), word.substr(0, equals),
                   word.substr(equals + 1));
}

/// `--flag=` has the empty value; CLI11 would take the next word for it, or nothing.
void take_empty_value(const CLI::App& app, std::vector<std::string>* words) {
  std::string& flag = words->back();
  flag.pop_back();
  const CLI::Option* const option = app.get_option_no_throw(flag);
  if (option && option->get_items_expected_min() == 0)
    refuse_request("flag-usage", fmt::format("{} does not take the empty value", flag), flag);
  words->emplace_back();
}

/// The flag that CLI11's sentence begins with; empty if it begins with none.
std::string flag_in(const std::string& sentence) {
  if (!sentence.starts_with('-')) return {};
  const std::string flag = sentence.substr(0, sentence.find_first_of(": "));
  return flag.substr(std::min(flag.rfind(',') + 1, flag.size()));  // `-p,--package` is said for both
}

/// What was given to the flag last; empty if nothing was.
std::string value_of(const CLI::App& app, const std::string& flag) {
  const CLI::Option* const option = app.get_option_no_throw(flag);
  return option && !option->results().empty() ? option->results().back() : std::string();
}

[[noreturn]] void refuse_words(const CLI::App& app, const CLI::ParseError& error) {
  const std::string flag = flag_in(error.what());
  const std::string message = fmt::format("{}\n`--help` lists the flags", error.what());
  if (!flag.empty()) refuse_request("flag-usage", message, flag, value_of(app, flag));
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "flag-usage";
  diagnostic.message = message;
  throw UsageError(std::move(diagnostic));
}

/// As argparse: what begins with a dash is a flag, unless it is a number or has a blank in it.
bool looks_like_flag(const std::string& word) {
  if (word.size() < 2 || word[0] != '-' || word.find(' ') != std::string::npos) return false;
  const size_t dot = word.find('.');
  const bool is_number = word.find_first_not_of("0123456789.", 1) == std::string::npos && word.back() != '.' &&
                         (dot == std::string::npos || word.find('.', dot + 1) == std::string::npos);
  return !is_number;
}

Diagnostic unknown_flag(const CLI::App& app, const std::string& word) {
  const size_t equals = word.find('=');
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    if (equals != std::string::npos && option->get_items_expected_max() == 0) continue;
    for (const std::string& name : option->get_lnames())
      known.push_back("--" + name);
  }
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "unknown-flag";
  diagnostic.message = fmt::format("unrecognized argument: {}", word);
  const std::string hint = did_you_mean(word.substr(0, word.find('=')), known);
  if (!hint.empty()) diagnostic.notes.push_back(hint);
  if (hint.empty() && equals != std::string::npos && app.get_allow_extras())
    diagnostic.fix = word.substr(word.find_first_not_of('-'));  // an override as other programs have flags
  diagnostic.notes.emplace_back(app.get_allow_extras()
                                    ? "overrides are KEY=VALUE, +KEY=VALUE, ++KEY=VALUE or ~KEY; --help lists the flags"
                                    : "--help lists the flags");
  return diagnostic;
}

/// All of `words` that cannot be flags of `app`, nor anything else. \throws ConfigError if there are some
void refuse_unknown_flags(const CLI::App& app, const std::vector<std::string>& words) {
  const auto sources = std::make_shared<SourceMap>();
  std::vector<Diagnostic> unknown;
  for (const std::string& word : words) {
    if (word == "--") break;
    if (!looks_like_flag(word)) continue;
    unknown.push_back(unknown_flag(app, word));
    const SourcePos pos = sources->add(SourceKind::kFlag, word.substr(0, word.find('=')), word);
    unknown.back().labels.push_back({pos, static_cast<uint32_t>(word.size()), {}});
  }
  if (unknown.empty()) return;
  ConfigError error(std::move(unknown));
  error.set_sources(sources);
  throw error;
}

/// Where `app` takes no words of any kind beside those that it has named.
[[noreturn]] void refuse_extra_words(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining();
  refuse_unknown_flags(app, words);
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "flag-usage";
  diagnostic.message = fmt::format("'{}' is a word too many\n`--help` says which there may be", words.front());
  throw UsageError(std::move(diagnostic), words.front());
}

}  // namespace

bool parse_flags(CLI::App& app, const std::vector<std::string>& words) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() == 0) option->disable_flag_override();  // --resolve=yes is none
  }
  try {
    std::vector<std::string> understood;
    bool only_overrides = false;
    for (const std::string& word : words) {
      only_overrides |= word == "--";
      understood.push_back(only_overrides || !word.starts_with("--") ? word : completed_flag(app, word));
      if (only_overrides || !word.starts_with("--")) continue;
      refuse_value_of_flag(app, understood.back());
      if (understood.back().find('=') == understood.back().size() - 1) take_empty_value(app, &understood);
    }
    std::reverse(understood.begin(), understood.end());  // CLI11 takes a vector from its end
    app.parse(understood);
    return true;
  } catch (const CLI::ExtrasError&) {
    refuse_extra_words(app);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) refuse_words(app, error);
    app.exit(error);
    return false;
  }
}

namespace {

// hydra: _run_hydra, in its order
void refuse_usage(const HydraFlags& flags) {
  if (flags.rerun) {
    refuse_request("rerun-unsupported", "--experimental-rerun reads what Python has pickled, and is not offered",
                   "--experimental-rerun", {}, "cfgtool rerun DIR, with the folder of the run");
  }
  if (flags.app_help) return;
  if (flags.resolve && !flags.cfg && !flags.resolve_alone)
    refuse_request("flag-usage", "The --resolve flag can only be used in conjunction with --cfg or --help",
                   "--resolve");
  if (flags.hydra_help) return;
  if (flags.run + flags.cfg.has_value() + flags.multirun + !flags.info.empty() > 1) {
    refuse_request("flag-usage", "Only one of --run, --multirun, --cfg, --info and --shell-completion can be specified",
                   flags.multirun          ? "--multirun"
                   : !flags.info.empty()   ? "--info"
                   : flags.cfg.has_value() ? "--cfg"
                                           : "--run");
  }
  if (flags.multirun) throw error_at(multirun_refusal("--multirun"), SourceKind::kFlag, "--multirun");
  if (flags.info == "plugins") {
    refuse_request("info-unsupported", "--info plugins lists Hydra's Python plugins, of which there are none here",
                   "--info", "plugins",
                   "--info searchpath or --info config; cfgtool resolve --spec lists attention plugins");
  }
}

}  // namespace

void take_overrides(const CLI::App& app, HydraFlags& flags) {
  const std::vector<std::string> words = app.remaining();
  refuse_unknown_flags(app, words);
  const auto dashes = std::find(words.begin(), words.end(), "--");
  flags.overrides.insert(flags.overrides.end(), words.begin(), dashes);
  if (dashes != words.end()) flags.overrides.insert(flags.overrides.end(), dashes + 1, words.end());
  refuse_usage(flags);
}

Diagnostic multirun_refusal(const std::string& what) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kRequest;
  diagnostic.code = "multirun-unsupported";
  diagnostic.message = what + " is not offered yet: sweeps cannot be run";
  diagnostic.notes.emplace_back("run the program once for each set of overrides");
  return diagnostic;
}

std::string missing_config_note(const HydraFlags& flags, const ComposeRequest& request) {
  if (flags.diagnostic_format() != DiagnosticFormat::kText) return {};
  if (!request.config_name)
    return "note: no --config-name (-cn) was given: only the overrides make the configuration\n";
  if (request.config_dirs.empty())
    return "note: no --config-path (-cp) was given: there is no folder to find configs in\n";
  return {};
}

int exit_code_of(const ConfigError& error) {
  std::vector<Diagnostic> errors;
  std::copy_if(error.diagnostics().begin(), error.diagnostics().end(), std::back_inserter(errors),
               [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
  if (errors.empty()) return 1;
  switch (errors.front().stage) {
    case Stage::kCompose:
    case Stage::kResolve:
    case Stage::kValidate:
      return 1;
    case Stage::kRequest:
      return 2;
    case Stage::kAttention: {
      if (errors.front().code == "cuda") return 4;
      const auto is_open = [](const Diagnostic& diagnostic) {
        return diagnostic.code == "attention-cannot-tell" || diagnostic.code == "no-gpu";
      };
      return std::all_of(errors.begin(), errors.end(), is_open) ? 5 : 3;
    }
  }
  return 1;
}

bool may_color(int descriptor) {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return ::isatty(descriptor) != 0 && !(no_color && *no_color) && !(terminal && std::string_view(terminal) == "dumb");
}

}  // namespace cfgtool
