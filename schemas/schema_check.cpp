#include "schemas/schema_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/schema_checker.hpp"
#include "schemas/tree_json.hpp"

namespace cfgtool {

namespace {

/// Puts a problem into words and places.
class Reporter {
 public:
  Reporter(const Schema& schema, const Tree& tree, const CheckOptions& options)
      : schema_(schema), tree_(tree), options_(options) {}

  Diagnostic report(SchemaProblem&& problem) const {
    Diagnostic out;
    out.severity = problem.severity;
    out.stage = Stage::kValidate;
    out.code = std::move(problem.code);
    out.message = std::move(problem.message);
    out.notes = std::move(problem.notes);
    out.fix = std::move(problem.fix);
    out.key_path = tree_.key_path(problem.node);
    if (!problem.key.empty()) out.key_path += (out.key_path.empty() ? "" : ".") + problem.key;
    add_labels(problem, out);
    add_step(tree_[problem.node], out);
    const std::string_view description = schema_.compiled().parts[problem.part].text("description");
    if (!description.empty()) out.notes.push_back(fmt::format("the schema says: {}", shortened(description, 1'000)));
    return out;
  }

 private:
  void add_labels(const SchemaProblem& problem, Diagnostic& out) const {
    const Node& node = tree_[problem.node];
    // A mapping without a key has no place to point at but its own key, if it has one; the same holds where a key is
    // missing.
    const bool at_key = problem.at_key || (!problem.key.empty() && node.key_pos);
    const SourcePos pos = at_key || !node.pos ? node.key_pos : node.pos;
    const auto length =
        static_cast<uint32_t>(at_key ? std::max<size_t>(node.key().text.size(), 1) : shown_length(node));
    if (pos) out.labels.push_back({pos, length, {}});
    // It may have come with the mapping or list around it.
    for (NodeId id = problem.node; options_.interpolation_at && id != kNoNode; id = tree_[id].parent) {
      const SourcePos used = options_.interpolation_at(id);
      if (!used) continue;
      out.labels.push_back({used, 1, "used here"});
      break;
    }
  }

  static size_t shown_length(const Node& node) { return node.is_text() ? std::max<size_t>(node.length, 1) : 1; }

  void add_step(const Node& node, Diagnostic& out) const {
    if (!options_.step_name) return;
    const std::string name = options_.step_name(node.step);
    if (!name.empty()) out.notes.push_back("put there by " + name);
  }

  const Schema& schema_;
  const Tree& tree_;
  const CheckOptions& options_;
};

/// A required key that is there, but misspelt, is one mistake: the unknown key says it.
void drop_what_a_misspelt_key_explains(const Tree& tree, std::vector<SchemaProblem>& problems) {
  const auto is_explained = [&](const SchemaProblem& lacking) {
    if (lacking.key.empty()) return false;
    return std::any_of(problems.begin(), problems.end(), [&](const SchemaProblem& other) {
      if (other.code != "schema-unknown-key" || tree[other.node].parent != lacking.node) return false;
      const std::string parent = tree.key_path(lacking.node);
      return other.fix == (parent.empty() ? lacking.key : parent + "." + lacking.key);
    });
  };
  std::vector<SchemaProblem> kept;
  for (const SchemaProblem& problem : problems) {
    if (!is_explained(problem)) kept.push_back(problem);
  }
  problems = std::move(kept);
}

/// A deprecated key that is null or has its default does no harm: configurations keep such keys for those who still
/// look for them.
bool says_something(const SchemaPart& part, const Tree& tree, NodeId node) {
  if (tree[node].kind == NodeKind::kNull) return false;
  const NodeId usual = part.member("default");
  return usual == kNoNode || to_json_value(tree, node) != to_json_value(*part.tree, usual);
}

/// What a key's subschema says of its use.
void note_read_only_and_deprecated(const Schema& schema, const Tree& tree, const std::vector<AppliedSchema>& applied,
                                   const CheckOptions& options, std::vector<SchemaProblem>& problems) {
  for (const auto [node, part_number] : applied) {
    const SchemaPart& part = schema.compiled().parts[part_number];
    if (part.flag("readOnly") && options.is_override && options.is_override(tree[node].step)) {
      problems.push_back({"schema-read-only",
                          node,
                          false,
                          {},
                          part_number,
                          fmt::format("'{}' is read-only: no override may change it", tree.key_path(node)),
                          {},
                          {}});
    }
    if (!part.flag("deprecated") || !says_something(part, tree, node)) continue;
    const std::string_view instead = part.text("deprecationMessage");
    problems.push_back(
        {"schema-deprecated",
         node,
         true,
         {},
         part_number,
         fmt::format("'{}' is deprecated{}{}", tree.key_path(node), instead.empty() ? "" : ": ", instead),
         {},
         {},
         Severity::kWarning});
  }
}

Diagnostic too_many_problems(const Tree& tree, NodeId root) {
  Diagnostic diagnostic;
  diagnostic.stage = Stage::kValidate;
  diagnostic.code = "schema-limit";
  diagnostic.message =
      fmt::format("there are {} problems or more: no others are looked for", SchemaChecker::kMostProblems);
  if (tree[root].pos) diagnostic.labels.push_back({tree[root].pos, 1, {}});
  return diagnostic;
}

void number_nodes(const Tree& tree, NodeId id, std::vector<size_t>& ranks, size_t& next) {
  ranks[id] = next++;
  for (const NodeId child : tree.children(id))
    number_nodes(tree, child, ranks, next);
}

}  // namespace

std::vector<Diagnostic> check_tree(const Schema& schema, const Tree& tree, NodeId root, const CheckOptions& options) {
  SchemaChecker checker(schema.compiled(), tree, options.strict);
  std::vector<SchemaProblem> problems = checker.check(root);
  note_read_only_and_deprecated(schema, tree, checker.applied(), options, problems);
  if (options.strict) {
    std::vector<SchemaProblem> unnamed = checker.unnamed_keys(root);
    std::move(unnamed.begin(), unnamed.end(), std::back_inserter(problems));
  }
  drop_what_a_misspelt_key_explains(tree, problems);
  // Constraints come in the library's order; people read from top to bottom.
  if (problems.size() > 1) {
    std::vector<size_t> ranks(tree.size());
    size_t next = 0;
    number_nodes(tree, root, ranks, next);
    std::stable_sort(problems.begin(), problems.end(),
                     [&](const SchemaProblem& a, const SchemaProblem& b) { return ranks[a.node] < ranks[b.node]; });
  }
  std::vector<Diagnostic> out;
  const Reporter reporter(schema, tree, options);
  for (SchemaProblem& problem : problems) {
    Diagnostic diagnostic = reporter.report(std::move(problem));
    // Two ways through the schema may find the same.
    const bool known = std::any_of(out.begin(), out.end(), [&](const Diagnostic& other) {
      return other.code == diagnostic.code && other.key_path == diagnostic.key_path &&
             other.message == diagnostic.message;
    });
    if (!known) out.push_back(std::move(diagnostic));
  }
  if (problems.size() >= SchemaChecker::kMostProblems) out.push_back(too_many_problems(tree, root));
  return out;
}

}  // namespace cfgtool
