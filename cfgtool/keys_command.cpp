/// \file
/// `cfgtool keys`: every key with what it is, where it comes from and what it means.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cfgtool/cause_text.hpp"
#include "cfgtool/command.hpp"
#include "cfgtool/composing_command.hpp"
#include "cfgtool/schema_flags.hpp"
#include "cfgtool/text_table.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/compose_all.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"
#include "schemas/key_description.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLongestValue = 40;
constexpr size_t kLongestDescription = 60;

struct KeysFlags {
  HydraFlags hydra;
  SchemaFlags schema;
  std::vector<std::string> beginnings;
  bool json = false;
};

void declare(CLI::App& app, KeysFlags& flags) {
  app.footer(
      "Words without `=` are beginnings of keys: only those are listed, all that begin with one of them. Without "
      "words\n"
      "all keys of the job's configuration are; those of Hydra's own begin with `hydra`.\n\n"
      "Descriptions are those of --schema, or of the schema that `cfgtool validate` would find. On a terminal long\n"
      "values and descriptions are cut short.\n\n"
      "Examples:\n"
      "  cfgtool keys -cp conf -cn config\n"
      "  cfgtool keys -cp conf -cn ppo_trainer actor_rollout_ref.rollout --schema verl/ppo_trainer\n"
      "  cfgtool keys -cp conf -cn config trainer. hydra.run --json");
  add_hydra_flags(app, flags.hydra);
  remove_printing_flags(app);
  add_version_flag(app, version_text("cfgtool", ""));
  add_schema_name_flags(app, flags.schema);
  add_json_flags(app, flags.json);
}

/// One key, as both forms of the list need it.
struct ListedKey {
  std::string key;
  std::string type;        ///< Python's; "missing" for ???, empty where the value cannot be told
  NodeId value = kNoNode;  ///< in Provenance::resolved()
  NodeId written = kNoNode;
  ValueCause cause;
  std::string description;
};

class KeyLister {
 public:
  KeyLister(const Composition& composition, const Schema* schema)
      : composition_(composition), provenance_(composition, composition.whole_tree()), schema_(schema) {}

  std::vector<ListedKey> list(const std::vector<std::string>& beginnings);
  std::string table(const std::vector<ListedKey>& keys, bool color, bool cuts) const;
  std::string json(const std::vector<ListedKey>& keys) const;

  /// Of the interpolations that cannot be evaluated.
  const std::vector<Diagnostic>& problems() const { return problems_; }

 private:
  ListedKey look_at(NodeId leaf, std::string key);
  std::string value_text(const ListedKey& key) const;

  const Composition& composition_;
  Provenance provenance_;
  const Schema* schema_;
  std::vector<Diagnostic> problems_;
};

ListedKey KeyLister::look_at(NodeId leaf, std::string key) {
  ListedKey listed;
  listed.key = std::move(key);
  listed.written = leaf;
  listed.cause = provenance_.cause_of(provenance_.written(), leaf);
  if (schema_) listed.description = key_description(*schema_, provenance_.written(), leaf);
  try {
    listed.value = provenance_.value(leaf);
    const Node& value = provenance_.resolved()[listed.value];
    listed.type = value.kind == NodeKind::kMissing ? "missing" : type_name(value);
  } catch (const ConfigError& error) {
    problems_.insert(problems_.end(), error.diagnostics().begin(), error.diagnostics().end());
  }
  return listed;
}

std::vector<ListedKey> KeyLister::list(const std::vector<std::string>& beginnings) {
  std::vector<ListedKey> keys;
  const std::vector<NodeId> leaves = provenance_.leaves(provenance_.written().root());
  std::vector<std::string> names;
  for (const NodeId leaf : leaves)
    names.push_back(dotted_path(provenance_.written(), leaf));
  check_beginnings(beginnings, names, "key-absent", composition_.sources);
  for (const NodeId leaf : leaves) {
    std::string key = dotted_path(provenance_.written(), leaf);
    const bool is_wanted =
        beginnings.empty()
            ? !in_hydra(key)
            : std::ranges::any_of(beginnings, [&](const std::string& beginning) { return key.starts_with(beginning); });
    if (is_wanted) keys.push_back(look_at(leaf, std::move(key)));
  }
  return keys;
}

std::string KeyLister::value_text(const ListedKey& key) const {
  return key.value == kNoNode ? std::string(provenance_.written()[key.written].text())
                              : python_repr(provenance_.resolved(), key.value);
}

std::string KeyLister::table(const std::vector<ListedKey>& keys, bool color, bool cuts) const {
  std::vector<std::string> titles{"KEY", "TYPE", "VALUE", "ORIGIN"};
  if (schema_) titles.emplace_back("DESCRIPTION");
  const CausePainter painter(composition_, false);
  std::vector<std::vector<std::string>> rows;
  for (const ListedKey& key : keys) {
    const std::string value = value_text(key);
    rows.push_back({key.key, key.type.empty() ? "?" : key.type, cuts ? cut_short(value, kLongestValue) : value,
                    path_from_here(painter.place(key.cause))});
    if (schema_) rows.back().push_back(cuts ? cut_short(key.description, kLongestDescription) : key.description);
  }
  return text_table(titles, rows, color);
}

std::string KeyLister::json(const std::vector<ListedKey>& keys) const {
  std::string text;
  for (const ListedKey& key : keys) {
    Json line{{"key", key.key}};
    line["type"] = key.type.empty() ? Json() : Json(key.type);
    line["value"] = key.value == kNoNode ? Json() : Json::parse(write_json(provenance_.resolved(), key.value));
    const Node& written = provenance_.written()[key.written];
    if (written.kind == NodeKind::kInterpolation) line["written"] = std::string(written.text());
    line["set_by"] = cause_json(composition_, key.cause);
    if (!key.description.empty()) line["description"] = key.description;
    text += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

}  // namespace

std::vector<CompletionFlag> keys_command_flags() {
  KeysFlags flags;
  CLI::App app;
  declare(app, flags);
  return completion_flags(app);
}

int keys_command(const std::vector<std::string>& words) {
  KeysFlags flags;
  CLI::App app("Lists every key with its type, its value, where that is set, and what the schema says of it",
               "cfgtool keys");
  declare(app, flags);
  return run_composing_command(app, words, flags.hydra, [&](const ShowDiagnostics& show) {
    flags.beginnings = take_other_words(flags.hydra.overrides);
    const ComposeRequest request = flags.hydra.request();
    write_stderr(missing_config_note(flags.hydra, request));
    const std::shared_ptr<const Schema> schema = flags.schema.read_or_discover(request);
    const auto store = std::make_shared<FileStore>(default_cache_folder());
    const Composition composition = compose_finding_all(store, request);
    KeyLister lister(composition, schema.get());
    const std::vector<ListedKey> keys = lister.list(flags.beginnings);
    write_stdout(flags.json ? lister.json(keys)
                            : lister.table(keys, may_color(STDOUT_FILENO), isatty(STDOUT_FILENO) != 0));
    show(composition.warnings, composition.sources.get());
    show(shortened(lister.problems()), composition.sources.get());
    store->save_caches();
    return lister.problems().empty() ? 0 : 1;
  });
}

}  // namespace cfgtool
