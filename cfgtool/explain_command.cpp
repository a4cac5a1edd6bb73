/// \file
/// `cfgtool explain`: where values come from.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cfgtool/cause_text.hpp"
#include "cfgtool/command.hpp"
#include "cfgtool/composing_command.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/compose_all.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/parse_cache.hpp"
#include "config_engine/provenance.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

struct ExplainFlags {
  HydraFlags hydra;
  std::vector<std::string> keys;
  bool all = false;
  bool json = false;
};

void declare(CLI::App& app, ExplainFlags& flags) {
  app.footer(
      "Words without `=` are keys, the others overrides. A key with others below it stands for all of those.\n\n"
      "Examples:\n"
      "  cfgtool explain -cp conf -cn config trainer.lr db=postgres trainer.lr=0.1\n"
      "  cfgtool explain -cp conf -cn config --all --json");
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  add_version_flag(app, version_text("cfgtool", ""));
  app.add_flag("--all", flags.all, "Explain every value");
  app.add_flag("--json", flags.json, "One JSON object a line");
}

/// Moves the words that are keys out of the overrides.
void take_keys(ExplainFlags& flags) {
  flags.keys = take_other_words(flags.hydra.overrides);
  if (flags.keys.empty() && !flags.all) refuse_usage("which key is to be explained?", "cfgtool explain KEY, or --all");
  if (!flags.keys.empty() && flags.all) refuse_usage("--all explains every key, so that it takes none");
}

class Explainer {
 public:
  Explainer(const Composition& composition, bool json)
      : composition_(composition),
        provenance_(composition, composition.whole_tree()),
        json_(json),
        color_(!json && may_color(STDOUT_FILENO)) {}

  const Provenance& provenance() const { return provenance_; }

  std::string explain(NodeId node) {
    const ValueProvenance found = provenance_.explain(node);
    NodeId value = kNoNode;
    try {
      value = provenance_.value(node);
    } catch (const ConfigError& error) {
      problems_.insert(problems_.end(), error.diagnostics().begin(), error.diagnostics().end());
    }
    return json_ ? as_json(found, value).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                 : as_text(found, value);
  }

  /// Of the interpolations that cannot be evaluated.
  const std::vector<Diagnostic>& problems() const { return problems_; }

 private:
  Json as_json(const ValueProvenance& found, NodeId value) {
    Json line{{"key", found.key}};
    line["value"] = value == kNoNode ? Json() : Json::parse(write_json(provenance_.resolved(), value));
    if (provenance_.written()[found.node].kind == NodeKind::kInterpolation)
      line["written"] = std::string(provenance_.written()[found.node].text());
    line["set_by"] = cause_json(composition_, found.causes.back());
    line["history"] = Json::array();
    for (size_t i = 0; i + 1 < found.causes.size(); ++i)
      line["history"].push_back(cause_json(composition_, found.causes[i]));
    if (!found.reads.empty()) line["reads"] = reads_json(composition_, found.reads);
    return line;
  }

  std::string as_text(const ValueProvenance& found, NodeId value) {
    const CausePainter painter(composition_, color_);
    const Node& written = provenance_.written()[found.node];
    std::string text = painter.key(found.key) + " = ";
    text += value == kNoNode ? painter.bad("cannot be told") : python_repr(provenance_.resolved(), value);
    if (written.kind == NodeKind::kInterpolation) text += fmt::format("   (written {})", written.text());
    text += "\n" + painter.causes(found.causes) + painter.reads(found.reads, 1);
    return text;
  }

  const Composition& composition_;
  Provenance provenance_;
  bool json_;
  bool color_;
  std::vector<Diagnostic> problems_;
};

/// The nodes that `key` stands for. \throws ConfigError for a key that is not there
std::vector<NodeId> nodes_of(const std::string& key, const Explainer& explainer, const Composition& composition,
                             const std::shared_ptr<FileStore>& store, const ComposeRequest& request) {
  const NodeId node = explainer.provenance().find(key);
  if (node == kNoNode) refuse_key(key, explainer.provenance().written(), composition, store, request);
  return explainer.provenance().leaves(node);
}

}  // namespace

std::vector<CompletionFlag> explain_command_flags() {
  ExplainFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int explain_command(const std::vector<std::string>& words) {
  ExplainFlags flags;
  CLI::App app("Says where values come from: every place that set one, and what it reads", "cfgtool explain");
  declare(app, flags);
  return run_composing_command(app, words, flags.hydra, [&](const ShowDiagnostics& show) {
    take_keys(flags);
    const ComposeRequest request = flags.hydra.request();
    write_stderr(missing_config_note(flags.hydra, request));
    const auto store = std::make_shared<FileStore>(default_cache_folder());
    const Composition composition = compose_finding_all(store, request);
    Explainer explainer(composition, flags.json);
    std::vector<NodeId> nodes;
    if (flags.all) {
      for (NodeId leaf : explainer.provenance().leaves(explainer.provenance().written().root())) {
        if (!in_hydra(dotted_path(explainer.provenance().written(), leaf))) nodes.push_back(leaf);
      }
    }
    for (const std::string& key : flags.keys) {
      const std::vector<NodeId> more = nodes_of(key, explainer, composition, store, request);
      nodes.insert(nodes.end(), more.begin(), more.end());
    }
    std::string text;
    for (size_t i = 0; i < nodes.size(); ++i)
      text += (i == 0 || flags.json ? "" : "\n") + explainer.explain(nodes[i]);
    write_stdout(text);
    show(composition.warnings, composition.sources.get());
    show(explainer.problems(), composition.sources.get());
    store->save_caches();
    return explainer.problems().empty() ? 0 : 1;
  });
}

}  // namespace cfgtool
