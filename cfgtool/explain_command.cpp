/// \file
/// `cfgtool explain`: where values come from.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cfgtool/absent_key.hpp"
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
      "Words without `=` are keys, the others overrides. A key with others below it stands for all of those.\n"
      "On a terminal long source lines, and values that are read on the way, are cut short.\n\n"
      "Examples:\n"
      "  cfgtool explain -cp conf -cn config trainer.lr db=postgres trainer.lr=0.1\n"
      "  cfgtool explain -cp conf -cn config --all --json");
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  add_version_flag(app, version_text("cfgtool", ""));
  app.add_flag("--all", flags.all, "Explain every value of the job's configuration");
  add_json_flags(app, flags.json);
}

/// Moves the words that are keys out of the overrides.
void take_keys(ExplainFlags& flags) {
  flags.keys = take_other_words(flags.hydra.overrides);
  const std::vector<std::string>& overrides = flags.hydra.overrides;
  if (flags.keys.empty() && !flags.all) {
    const std::string key = overrides.empty() ? "KEY" : overrides[0].substr(0, overrides[0].find('='));
    refuse_usage(fmt::format("which key is to be explained? A key is a word without `=`, such as {}; or --all",
                             key.substr(std::min(key.find_first_not_of("+~"), key.size()))));
  }
  if (!flags.keys.empty() && flags.all) refuse_usage("--all explains every key, so that it takes none");
}

class Explainer {
 public:
  Explainer(const Composition& composition, bool json)
      : composition_(composition),
        provenance_(composition, composition.whole_tree()),
        json_(json),
        color_(!json && may_color(STDOUT_FILENO)),
        cuts_(isatty(STDOUT_FILENO) != 0) {}

  const Provenance& provenance() const { return provenance_; }

  /// A value that was written.
  std::string explain(NodeId node) {
    return text(provenance_.explain(node), [&] { return provenance_.value(node); });
  }
  /// What an interpolation to a container brings with it.
  std::string explain_through(NodeId through, const std::string& key) {
    return text(provenance_.explain_through(through, key), [&] { return provenance_.value_through(through, key); });
  }

  /// False where what the interpolation leads to has no such key.
  bool leads_somewhere(NodeId through, const std::string& key) {
    try {
      return provenance_.value_through(through, key) != kNoNode;
    } catch (const ConfigError&) {
      return true;  // which is reported when the value is explained
    }
  }

  /// Of the interpolations that cannot be evaluated.
  const std::vector<Diagnostic>& problems() const { return problems_; }

 private:
  template <typename Evaluate>
  std::string text(const ValueProvenance& found, const Evaluate& evaluate) {
    NodeId value = kNoNode;
    try {
      value = evaluate();
    } catch (const ConfigError& error) {
      problems_.insert(problems_.end(), error.diagnostics().begin(), error.diagnostics().end());
    }
    return json_ ? as_json(found, value).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                 : as_text(found, value);
  }

  Json as_json(const ValueProvenance& found, NodeId value) {
    Json line{{"key", found.key}};
    line["value"] = value == kNoNode ? Json() : Json::parse(write_json(provenance_.resolved(), value));
    if (value == kNoNode) line["error"] = problems_.back().message;
    if (found.own_key != found.key) line["through"] = found.own_key;
    if (provenance_.written()[found.node].kind == NodeKind::kInterpolation)
      line["written"] = std::string(provenance_.written()[found.node].text());
    line.update(chain_json(composition_, found));
    if (!found.reads.empty()) line["reads"] = reads_json(composition_, found.reads);
    return line;
  }

  std::string as_text(const ValueProvenance& found, NodeId value) {
    const CausePainter painter(composition_, color_, cuts_);
    const Node& written = provenance_.written()[found.node];
    std::string text = painter.key(found.key) + " = ";
    text += value == kNoNode ? painter.bad("cannot be told") : python_repr(provenance_.resolved(), value);
    const std::string above = found.own_key == found.key ? "" : found.own_key;
    if (written.kind == NodeKind::kInterpolation)
      text += fmt::format("   ({}written {})", above.empty() ? above : above + " is ", written.text());
    text += "\n" + painter.causes(found) + painter.reads(found.reads, 1);
    return text;
  }

  const Composition& composition_;
  Provenance provenance_;
  bool json_;
  bool color_;
  bool cuts_;
  std::vector<Diagnostic> problems_;
};

/// One value or, for a container's key, all that is below it; nothing for a key that is not there.
std::vector<std::string> explain_key(const std::string& key, Explainer& explainer) {
  const Provenance& provenance = explainer.provenance();
  std::vector<std::string> texts;
  if (const NodeId node = provenance.find(key); node != kNoNode) {
    for (const NodeId leaf : provenance.leaves(node))
      texts.push_back(explainer.explain(leaf));
  } else if (const NodeId through = provenance.interpolation_above(key);
             through != kNoNode && explainer.leads_somewhere(through, key)) {
    texts.push_back(explainer.explain_through(through, key));
  }
  return texts;
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
    std::vector<std::string> texts;
    if (flags.all) {
      for (NodeId leaf : explainer.provenance().leaves(explainer.provenance().written().root())) {
        if (!in_hydra(dotted_path(explainer.provenance().written(), leaf))) texts.push_back(explainer.explain(leaf));
      }
    }
    std::vector<Diagnostic> absent;
    for (const std::string& key : flags.keys) {
      std::vector<std::string> found = explain_key(key, explainer);
      if (found.empty())
        absent.push_back(absent_key(key, explainer.provenance().written(), composition, store, request));
      std::move(found.begin(), found.end(), std::back_inserter(texts));
    }
    write_stdout(fmt::format("{}", fmt::join(texts, flags.json ? "" : "\n")));
    show(composition.warnings, composition.sources.get());
    show(absent, composition.sources.get());
    show(shortened(explainer.problems()), composition.sources.get());
    store->save_caches();
    return absent.empty() && explainer.problems().empty() ? 0 : 1;
  });
}

}  // namespace cfgtool
