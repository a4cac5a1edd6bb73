/// \file
/// `cfgtool overrides`: says what was understood of each override.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cfgtool/command.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/diagnostic_render.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/override.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

const char* name_of(OverrideKind kind) {
  switch (kind) {
    case OverrideKind::kChange:
      return "change";
    case OverrideKind::kAdd:
      return "add";
    case OverrideKind::kForceAdd:
      return "force-add";
    case OverrideKind::kDelete:
      return "delete";
    case OverrideKind::kExtendList:
      return "extend-list";
  }
  return "";
}

const char* sweep_name(OverrideValueKind kind) {
  switch (kind) {
    case OverrideValueKind::kSimpleChoiceSweep:
    case OverrideValueKind::kChoiceSweep:
      return "choice";
    case OverrideValueKind::kGlobSweep:
      return "glob";
    case OverrideValueKind::kRangeSweep:
      return "range";
    case OverrideValueKind::kIntervalSweep:
      return "interval";
    case OverrideValueKind::kNone:
    case OverrideValueKind::kElement:
      break;
  }
  return nullptr;
}

Json value_json(const Node& node) {
  Tree one;
  one.set_value(one.root(), node);
  return Json::parse(write_json(one, one.root()));
}

Json sweep_json(const Override& word) {
  const char* const kind = sweep_name(word.value_kind);
  if (!kind) return nullptr;
  Json sweep = {{"kind", kind}};
  if (word.is_choice_sweep()) sweep["choices"] = Json::parse(write_json(word.value, word.value.root()));
  if (word.value_kind == OverrideValueKind::kRangeSweep || word.value_kind == OverrideValueKind::kIntervalSweep) {
    const bool is_range = word.value_kind == OverrideValueKind::kRangeSweep;
    sweep["start"] = value_json(word.sweep.start);
    sweep[is_range ? "stop" : "end"] = value_json(word.sweep.stop);
    if (is_range) sweep["step"] = value_json(word.sweep.step);
  }
  if (word.value_kind == OverrideValueKind::kGlobSweep) {
    sweep["include"] = word.sweep.include;
    sweep["exclude"] = word.sweep.exclude;
  }
  if (!word.sweep.tags.empty()) sweep["tags"] = word.sweep.tags;
  if (word.sweep.shuffle) sweep["shuffle"] = true;
  return sweep;
}

Json to_json(const Override& word) {
  Json json = {{"override", word.input_line}, {"type", name_of(word.kind)}, {"key", word.key_or_group}};
  json["package"] = word.package ? Json(*word.package) : Json();
  json["value_type"] = word.has_value() ? Json(word.value_type_name()) : Json();
  const bool plain = word.has_value() && !word.is_sweep();
  json["value"] = plain ? Json::parse(write_json(word.value, word.value.root())) : Json();
  json["sweep"] = sweep_json(word);
  return json;
}

std::string to_text(const Override& word) {
  std::string text =
      fmt::format("{}\n  type     {}\n  key      {}\n", word.input_line, name_of(word.kind), word.key_or_group);
  if (word.package) text += fmt::format("  package  {}\n", *word.package);
  if (const Json sweep = sweep_json(word); !sweep.is_null()) {
    text += fmt::format("  sweep    {}\n", sweep.dump());
  } else if (word.has_value()) {
    text += fmt::format("  value    {} ({})\n", python_repr(word.value, word.value.root()), word.value_type_name());
  }
  return text;
}

void declare(CLI::App& app, HydraFlags& flags, bool& json) {
  app.footer(
      "Example:\n"
      "  cfgtool overrides 'db@backup=pg' '+opt.lr=1e-3' 'seed=range(1,5)'");
  app.allow_extras();
  add_version_flag(app, version_text("cfgtool", ""));
  app.add_flag("--json", json, "One JSON object a line");
  add_error_format_flag(app, flags.error_format);
  app.add_flag("--extended", flags.extended, "Allow what Hydra 1.3 refuses: extend_list(), json_str()");
}

}  // namespace

std::vector<CompletionFlag> overrides_command_flags() {
  bool json = false;
  HydraFlags flags;
  CLI::App app;
  declare(app, flags, json);
  return completion_flags(app);
}

int overrides_command(const std::vector<std::string>& words) {
  bool json = false;
  HydraFlags flags;
  CLI::App app("Says what is understood of each override", "cfgtool overrides");
  declare(app, flags, json);
  auto sources = std::make_shared<SourceMap>();
  std::vector<Diagnostic> problems;
  if (!parse_flags(app, words)) return 0;
  take_overrides(app, flags);
  OverrideOptions options;
  options.extended = flags.extended;
  std::string out;
  for (size_t i = 0; i < flags.overrides.size(); ++i) {
    const std::string& text = flags.overrides[i];
    const SourcePos pos = sources->add(SourceKind::kOverride, text, text, static_cast<uint32_t>(i + 1));
    try {
      const Override word = parse_override(*sources, pos, options);
      out += json ? to_json(word).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" : to_text(word);
    } catch (const ConfigError& error) {
      problems.insert(problems.end(), error.diagnostics().begin(), error.diagnostics().end());
    }
  }
  write_stdout(out);
  write_stderr(render(problems, sources.get(), {flags.diagnostic_format(), may_color(STDERR_FILENO)}));
  return problems.empty() ? 0 : 1;
}

}  // namespace cfgtool
