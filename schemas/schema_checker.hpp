/// \file
/// Holds a tree against a compiled schema: the JSON schema library's constraints, each seen by one function. Private to
/// schemas.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/schema_compiled.hpp"
#include "schemas/schema_problem.hpp"

namespace cfgtool {

/// A value, and a subschema that holds for it whatever else does: through keys, items, references, `allOf`, `then` and
/// `else`, not through alternatives.
struct AppliedSchema {
  NodeId node = kNoNode;
  uint32_t part = 0;
};

/// Every problem is found, but for those inside alternatives (`anyOf`, `oneOf`, `not`, `if`), which count as one unless
/// one alternative alone was meant.
class SchemaChecker : public valijson::constraints::ConstraintVisitor {
 public:
  /// \param marks_names for unnamed_keys()
  SchemaChecker(const Schema::Compiled& schema, const Tree& tree, bool marks_names = false)
      : schema_(schema), tree_(tree), marks_(marks_names ? tree.size() : 0) {}

  /// As many as people would read; others are not looked for when there are so many.
  static constexpr size_t kMostProblems = 1'000;

  /// \throws ConfigError (without sources), code schema-limit, where it would take too deep a recursion or too long
  std::vector<SchemaProblem> check(NodeId root);
  /// After check(): what the schema says beside what fits, such as `default` and `deprecated`, is said of these values.
  const std::vector<AppliedSchema>& applied() const { return applied_; }
  /// After check(): the keys that no part of the schema names, in mappings of which some part names keys.
  std::vector<SchemaProblem> unnamed_keys(NodeId root);

  bool visit(const AllOfConstraint& constraint) override;
  bool visit(const AnyOfConstraint& constraint) override;
  bool visit(const ConditionalConstraint& constraint) override;
  bool visit(const ConstConstraint& constraint) override;
  bool visit(const ContainsConstraint& constraint) override;
  bool visit(const DependenciesConstraint& constraint) override;
  bool visit(const EnumConstraint& constraint) override;
  bool visit(const FormatConstraint& constraint) override;
  bool visit(const LinearItemsConstraint& constraint) override;
  bool visit(const MaximumConstraint& constraint) override;
  bool visit(const MaxItemsConstraint& constraint) override;
  bool visit(const MaxLengthConstraint& constraint) override;
  bool visit(const MaxPropertiesConstraint& constraint) override;
  bool visit(const MinimumConstraint& constraint) override;
  bool visit(const MinItemsConstraint& constraint) override;
  bool visit(const MinLengthConstraint& constraint) override;
  bool visit(const MinPropertiesConstraint& constraint) override;
  bool visit(const MultipleOfDoubleConstraint& constraint) override;
  bool visit(const MultipleOfIntConstraint& constraint) override;
  bool visit(const NotConstraint& constraint) override;
  bool visit(const OneOfConstraint& constraint) override;
  bool visit(const PatternConstraint& constraint) override;
  bool visit(const PolyConstraint& constraint) override;
  bool visit(const PropertiesConstraint& constraint) override;
  bool visit(const PropertyNamesConstraint& constraint) override;
  bool visit(const RequiredConstraint& constraint) override;
  bool visit(const SingularItemsConstraint& constraint) override;
  bool visit(const TypeConstraint& constraint) override;
  bool visit(const UniqueItemsConstraint& constraint) override;

 private:
  using Subschema = valijson::Subschema;
  using Problems = std::vector<SchemaProblem>;

  bool fits(const Subschema& subschema, NodeId node, Problems* problems);
  bool fits_here(const Subschema& subschema) { return fits(subschema, node_, problems_); }
  template <typename Constraint>
  std::vector<const Subschema*> alternatives(const Constraint& constraint) const;
  bool report_alternatives(const std::vector<const Subschema*>& all, const char* keyword);
  void take_steps(size_t steps);
  bool wants_words() const { return problems_ && problems_->size() < kMostProblems; }
  std::vector<std::string> near(std::string_view wanted, const std::vector<std::string>& known);
  std::vector<std::string> notes_on_misspelt(const std::string& key);
  bool refuse(std::string code, std::string message, std::vector<std::string> notes = {}, std::string meant = {});
  bool refuse_key(std::string code, NodeId child, std::string message, std::vector<std::string> notes = {},
                  std::string meant = {});
  bool check_number(bool fits, std::string_view allowed);
  bool check_count(NodeKind kind, bool fits, std::string_view allowed);
  bool check_length(bool fits, std::string_view allowed);
  bool check_name(std::string_view name, NodeId child, const Subschema& subschema);
  bool refuse_unknown_key(NodeId child, const std::vector<std::string>& known);
  /// For words only.
  std::vector<std::string> names_of(const PropertiesConstraint& constraint) const;
  void find_unnamed_keys(NodeId map, Problems& problems);
  bool found(const std::string& pattern, std::string_view text);
  const Node& here() const { return tree_[node_]; }
  bool is_number() const;
  double number() const;
  std::string path(NodeId id) const;
  std::string subject() const { return path(node_); }
  const SchemaPart& part() const { return schema_.parts[part_]; }
  [[noreturn]] void refuse_limit(const std::string& what) const;

  const Schema::Compiled& schema_;
  const Tree& tree_;
  NodeId node_ = kNoNode;         // being looked at
  uint32_t part_ = 0;             // against this subschema
  Problems* problems_ = nullptr;  // nullptr or full: only the answer counts, and the first no ends it
  struct Mark {
    bool is_named = false;   // as a key
    bool has_names = false;  // a mapping whose keys are named
    uint32_t part = 0;       // that names them
  };
  std::vector<Mark> marks_;  // by node, or empty
  std::vector<AppliedSchema> applied_;
  const Problems* all_problems_ = nullptr;
  size_t depth_ = 0;
  struct Effort {
    size_t steps = 0;
    size_t pattern_steps_left = 20'000'000;
    size_t guesses_left = 20'000'000;  // letters that may be compared for "did you mean"
  } effort_;
};

}  // namespace cfgtool
