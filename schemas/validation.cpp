#include "schemas/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "config_engine/json_reader.hpp"
#include "config_engine/parse_cache.hpp"
#include "config_engine/write_file.hpp"
#include "config_engine/yaml_reader.hpp"
#include "schemas/schema_check.hpp"
#include "schemas/schema_folders.hpp"

namespace cfgtool {

namespace {

/// What the training program may know though we do not. A resolver that gives a list or a mapping is refused by
/// OmegaConf.resolve(), but not to who reads the value.
bool is_left_to_the_program(const Diagnostic& failure) {
  return failure.code == "resolver-unknown" || failure.code == "environment-missing" ||
         failure.code == "resolver-value";
}

std::string step_name(const Composition& composition, uint32_t step) {
  if (step >= composition.steps.size()) return {};
  const ComposeStep& entry = composition.steps[step];
  if (entry.kind == ComposeStep::Kind::kConfig) {
    const ResultDefault& config = composition.defaults.defaults[entry.index];
    return config.package.empty() ? fmt::format("the config '{}'", config.config_path)
                                  : fmt::format("the config '{}' (package {})", config.config_path, config.package);
  }
  if (entry.kind == ComposeStep::Kind::kOverride)
    return fmt::format("the override '{}'", composition.overrides[entry.index].input_line);
  return {};
}

bool same_place(const Diagnostic& a, const Diagnostic& b) {
  return !a.labels.empty() && !b.labels.empty() && a.labels[0].pos == b.labels[0].pos && a.code == b.code;
}

/// `tree` with everything in place that can be followed.
void resolve_as_far_as_possible(const Composition& composition, Tree& tree, const ValidateOptions& options,
                                std::vector<Diagnostic>& problems) {
  ResolveContext context = composition.resolve_context();
  std::vector<Diagnostic> failures;
  try {
    Resolver(tree, *composition.sources, context).resolve_in_place(tree.root(), &failures);
  } catch (const ConfigError& error) {
    failures.insert(failures.end(), error.diagnostics().begin(), error.diagnostics().end());
  }
  for (Diagnostic& failure : failures) {
    failure.stage = Stage::kResolve;
    if (is_left_to_the_program(failure) && !options.strict) continue;
    // Many values may need the one that cannot be had: it is said once.
    const bool known = std::any_of(problems.begin(), problems.end(),
                                   [&](const Diagnostic& other) { return same_place(other, failure); });
    if (!known) problems.push_back(std::move(failure));
  }
}

/// \param tree as it is written: what only refers to a `???` is no problem of its own
void refuse_missing_values(const Tree& tree, NodeId id, std::vector<Diagnostic>& problems) {
  const Node& node = tree[id];
  // One without a place stands for a config that is not there, which was said.
  if (node.kind == NodeKind::kMissing && node.pos) {
    Diagnostic diagnostic;
    diagnostic.stage = Stage::kValidate;
    diagnostic.code = "schema-missing-value";
    diagnostic.key_path = tree.key_path(id);
    diagnostic.message = fmt::format("'{}' is ???: no value was given", diagnostic.key_path);
    diagnostic.fix = diagnostic.key_path + "=…";
    diagnostic.labels.push_back({node.pos, 3, {}});
    problems.push_back(std::move(diagnostic));
  }
  for (const NodeId child : tree.children(id))
    refuse_missing_values(tree, child, problems);
}

/// Texts that only look like something else.
void make_texts_plain(Tree& tree) {
  for (NodeId id = 0; id < tree.size(); ++id) {
    if (tree[id].is_text()) tree[id].kind = NodeKind::kString;
  }
}

}  // namespace

std::vector<Diagnostic> validate(Composition& composition, const Schema* schema, const ValidateOptions& options) {
  std::vector<Diagnostic> problems;
  if (schema) apply_schema(*schema, options.apply, composition);
  Tree tree = composition.tree;
  resolve_as_far_as_possible(composition, tree, options, problems);
  if (options.strict) refuse_missing_values(composition.tree, composition.tree.root(), problems);
  if (!schema) return problems;
  CheckOptions check;
  check.strict = options.strict;
  check.written = &composition.tree;
  check.sources = composition.sources.get();
  check.override_of = [&](uint32_t step) -> const Override* {
    const bool is_one = step < composition.steps.size() && composition.steps[step].kind == ComposeStep::Kind::kOverride;
    return is_one ? &composition.overrides[composition.steps[step].index] : nullptr;
  };
  check.step_name = [&](uint32_t step) { return step_name(composition, step); };
  std::vector<Diagnostic> misfits = check_tree(*schema, tree, tree.root(), check);
  problems.insert(problems.end(), std::make_move_iterator(misfits.begin()), std::make_move_iterator(misfits.end()));
  return problems;
}

Validation validate(const std::shared_ptr<FileStore>& store, ComposeRequest request, const Schema* schema,
                    const ValidateOptions& options) {
  Validation out;
  request.passed_over = &out.problems;
  request.skip_missing |= !options.strict;
  try {
    const auto composition = std::make_shared<Composition>(compose(store, request));
    out.composition = composition;
    out.sources = composition->sources;
    out.problems.insert(out.problems.end(), composition->warnings.begin(), composition->warnings.end());
    std::vector<Diagnostic> problems = validate(*composition, schema, options);
    out.problems.insert(out.problems.end(), std::make_move_iterator(problems.begin()),
                        std::make_move_iterator(problems.end()));
  } catch (const ConfigError& error) {
    if (error.diagnostics().front().stage == Stage::kRequest) throw;
    // Nothing was composed, but what was passed over on the way may be why.
    out.sources = error.sources();
    out.problems.insert(out.problems.end(), error.diagnostics().begin(), error.diagnostics().end());
  }
  return out;
}

std::function<std::vector<Diagnostic>(Composition&)> checked_by(std::string schema, ValidateOptions options) {
  return [schema = std::move(schema), options](Composition& composition) {
    const SchemaOptions cached{{}, default_cache_folder()};
    return validate(composition, Schema::read(find_schema(schema).string(), cached).get(), options);
  };
}

Validation validate_file(const std::string& file, const Schema& schema, const ValidateOptions& options) {
  Validation out;
  const auto sources = std::make_shared<SourceMap>();
  out.sources = sources;
  const std::optional<std::string> text = read_whole_file(file);
  if (!text) {
    Diagnostic diagnostic;
    diagnostic.stage = Stage::kRequest;
    diagnostic.code = "file-unreadable";
    diagnostic.message = fmt::format("cannot read '{}': {}", file, std::strerror(errno));
    if (errno == EISDIR || file.find('=') != std::string::npos)
      diagnostic.notes.emplace_back("configurations are composed by -cp FOLDER -cn NAME, and take overrides then");
    diagnostic.labels.push_back({sources->add(SourceKind::kFile, file, ""), 1, {}});
    out.problems.push_back(std::move(diagnostic));
    return out;
  }
  const SourcePos begin = sources->add(SourceKind::kFile, file, *text);
  try {
    Tree tree = file.ends_with(".json") ? read_json(*sources, begin) : read_yaml(*sources, begin, &out.problems);
    make_texts_plain(tree);
    CheckOptions check;
    check.strict = options.strict;
    check.sources = sources.get();
    std::vector<Diagnostic> problems = check_tree(schema, tree, tree.root(), check);
    const NodeId defaults = tree.find(tree.root(), "defaults");
    if (!problems.empty() && defaults != kNoNode && tree[defaults].kind == NodeKind::kList) {
      problems.back().notes.emplace_back(
          "the file stands for itself here; with its defaults list it is composed by -cp FOLDER -cn NAME");
    }
    out.problems.insert(out.problems.end(), std::make_move_iterator(problems.begin()),
                        std::make_move_iterator(problems.end()));
  } catch (const ConfigError& error) {
    out.problems.insert(out.problems.end(), error.diagnostics().begin(), error.diagnostics().end());
  }
  return out;
}

}  // namespace cfgtool
