#include "schemas/schema_constraints.hpp"

#include <algorithm>
#include <bitset>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <optional>
#include <set>

#include "schemas/tree_json.hpp"

namespace cfgtool {

namespace {

namespace constraints = valijson::constraints;

/// The library's own parser reads JSON, by names and JSON pointers; for a schema of a thousand subschemas it takes many
/// times as long as all the rest of a validation.
class Maker {
 public:
  using SubschemaOf = std::function<const valijson::Subschema*(NodeId)>;

  Maker(const Tree& tree, NodeId at, const SubschemaOf& subschema_of, valijson::Subschema& out)
      : tree_(tree), at_(at), subschema_of_(subschema_of), out_(out) {}

  void run() {
    if (tree_[at_].kind == NodeKind::kBool && !tree_[at_].boolean) {
      constraints::NotConstraint never;
      never.setSubschema(SchemaConstraints::empty_subschema());
      add(never);
    }
    if (tree_[at_].kind != NodeKind::kMap) return;
    using namespace constraints;
    struct Keyword {
      std::string_view name;
      void (Maker::*add)(std::string_view name);
    };
    // In the order in which the library's parser adds them, since problems with one value are reported in this order.
    static constexpr Keyword kKeywords[] = {
        {"allOf", &Maker::add_list<AllOfConstraint>},
        {"anyOf", &Maker::add_list<AnyOfConstraint>},
        {"const", &Maker::add_const},
        {"contains", &Maker::add_one<&ContainsConstraint::setSubschema>},
        {"dependencies", &Maker::add_dependencies},
        {"enum", &Maker::add_enum},
        {"items", &Maker::add_items},
        {"if", &Maker::add_condition},
        {"exclusiveMaximum", &Maker::add_maximum},
        {"maximum", &Maker::add_maximum},
        {"maxItems", &Maker::add_count<&MaxItemsConstraint::setMaxItems>},
        {"maxLength", &Maker::add_count<&MaxLengthConstraint::setMaxLength>},
        {"maxProperties", &Maker::add_count<&MaxPropertiesConstraint::setMaxProperties>},
        {"exclusiveMinimum", &Maker::add_minimum},
        {"minimum", &Maker::add_minimum},
        {"minItems", &Maker::add_count<&MinItemsConstraint::setMinItems>},
        {"minLength", &Maker::add_count<&MinLengthConstraint::setMinLength>},
        {"minProperties", &Maker::add_count<&MinPropertiesConstraint::setMinProperties>},
        {"multipleOf", &Maker::add_multiple_of},
        {"not", &Maker::add_one<&NotConstraint::setSubschema>},
        {"oneOf", &Maker::add_list<OneOfConstraint>},
        {"pattern", &Maker::add_pattern},
        {"properties", &Maker::add_properties},
        {"patternProperties", &Maker::add_properties},
        {"additionalProperties", &Maker::add_properties},
        {"propertyNames", &Maker::add_one<&PropertyNamesConstraint::setSubschema>},
        {"required", &Maker::add_required},
        {"type", &Maker::add_type},
        {"uniqueItems", &Maker::add_unique_items},
    };
    std::bitset<std::size(kKeywords)> said;
    for (const NodeId child : tree_.children(at_)) {
      const auto* const known = std::find_if(std::begin(kKeywords), std::end(kKeywords), [&](const Keyword& keyword) {
        return Key(keyword.name) == tree_[child].key();
      });
      if (known != std::end(kKeywords)) said.set(static_cast<size_t>(known - kKeywords));
    }
    for (size_t i = 0; i < said.size(); ++i) {
      if (said[i]) (this->*kKeywords[i].add)(kKeywords[i].name);
    }
  }

 private:
  void add(const constraints::Constraint& constraint) { out_.addConstraint(constraint); }

  NodeId member(std::string_view keyword) const { return tree_.find(at_, Key(keyword)); }
  std::string name_of(NodeId child) const { return std::string(tree_[child].key().text); }

  bool is_list(NodeId id) const { return id != kNoNode && tree_[id].kind == NodeKind::kList; }
  bool is_map(NodeId id) const { return id != kNoNode && tree_[id].kind == NodeKind::kMap; }

  std::optional<double> number(std::string_view keyword) const {
    const NodeId id = member(keyword);
    if (id == kNoNode) return std::nullopt;
    const Node& node = tree_[id];
    if (node.kind == NodeKind::kInt) return static_cast<double>(node.integer);
    if (node.kind == NodeKind::kFloat) return node.real;
    if (node.kind == NodeKind::kBigInt) return std::strtod(std::string(node.text()).c_str(), nullptr);
    return std::nullopt;
  }

  template <typename Constraint>
  void add_list(std::string_view keyword) {
    const NodeId list = member(keyword);
    if (!is_list(list)) return;
    Constraint constraint;
    for (const NodeId child : tree_.children(list))
      constraint.addSubschema(subschema_of_(child));
    add(constraint);
  }

  template <typename Constraint, typename Value>
  static Constraint constraint_of(void (Constraint::*set)(Value));

  template <auto kSet>
  void add_one(std::string_view keyword) {
    decltype(constraint_of(kSet)) constraint;
    (constraint.*kSet)(subschema_of_(member(keyword)));
    add(constraint);
  }

  /// 2.0 is 2, and what no text and no list can have is the most that the library knows.
  template <auto kSet>
  void add_count(std::string_view keyword) {
    constexpr uint64_t kMost = INT64_MAX;
    const std::optional<double> value = number(keyword);
    if (!value || !(*value >= 0)) return;
    const Node& node = tree_[member(keyword)];
    const uint64_t large = *value < static_cast<double>(kMost) ? static_cast<uint64_t>(*value) : kMost;
    decltype(constraint_of(kSet)) constraint;
    (constraint.*kSet)(node.kind == NodeKind::kInt ? static_cast<uint64_t>(node.integer) : large);
    add(constraint);
  }

  void add_const(std::string_view keyword) {
    const nlohmann::json json = to_json_value(tree_, member(keyword));
    constraints::ConstConstraint constraint;
    constraint.setValue(valijson::adapters::NlohmannJsonAdapter(json));
    add(constraint);
  }

  void add_enum(std::string_view keyword) {
    const NodeId list = member(keyword);
    if (!is_list(list)) return;
    constraints::EnumConstraint constraint;
    for (const NodeId child : tree_.children(list)) {
      const nlohmann::json json = to_json_value(tree_, child);
      constraint.addValue(valijson::adapters::NlohmannJsonAdapter(json));
    }
    add(constraint);
  }

  void add_dependencies(std::string_view keyword) {
    const NodeId map = member(keyword);
    if (!is_map(map)) return;
    constraints::DependenciesConstraint constraint;
    std::set<std::string> named;  // the library throws where 1 and '1' have one each
    for (const NodeId child : tree_.children(map)) {
      if (is_list(child)) {
        constraint.addPropertyDependencies(name_of(child), texts_of(child));
      } else if (named.insert(name_of(child)).second) {
        constraint.addSchemaDependency(name_of(child), subschema_of_(child));
      }
    }
    add(constraint);
  }

  void add_items(std::string_view keyword) {
    const NodeId items = member(keyword);
    if (!is_list(items)) return add_one<&constraints::SingularItemsConstraint::setItemsSubschema>(keyword);
    constraints::LinearItemsConstraint constraint;
    for (const NodeId child : tree_.children(items))
      constraint.addItemSubschema(subschema_of_(child));
    constraint.setAdditionalItemsSubschema(subschema_or(SchemaConstraints::empty_subschema(), "additionalItems"));
    add(constraint);
  }

  const valijson::Subschema* subschema_or(const valijson::Subschema* otherwise, std::string_view keyword) const {
    const NodeId schema = member(keyword);
    return schema == kNoNode ? otherwise : subschema_of_(schema);
  }

  void add_condition(std::string_view keyword) {
    constraints::ConditionalConstraint constraint;
    constraint.setIfSubschema(subschema_of_(member(keyword)));
    constraint.setThenSubschema(subschema_or(nullptr, "then"));
    constraint.setElseSubschema(subschema_or(nullptr, "else"));
    add(constraint);
  }

  void add_maximum(std::string_view keyword) {
    const std::optional<double> value = number(keyword);
    if (!value) return;
    constraints::MaximumConstraint constraint;
    constraint.setMaximum(*value);
    constraint.setExclusiveMaximum(keyword != "maximum");
    add(constraint);
  }

  void add_minimum(std::string_view keyword) {
    const std::optional<double> value = number(keyword);
    if (!value) return;
    constraints::MinimumConstraint constraint;
    constraint.setMinimum(*value);
    constraint.setExclusiveMinimum(keyword != "minimum");
    add(constraint);
  }

  void add_multiple_of(std::string_view keyword) {
    const std::optional<double> value = number(keyword);
    if (!value || *value == 0) return;
    const Node& node = tree_[member(keyword)];
    if (node.kind == NodeKind::kInt) {
      constraints::MultipleOfIntConstraint constraint;
      constraint.setDivisor(node.integer);
      add(constraint);
    } else {
      constraints::MultipleOfDoubleConstraint constraint;
      constraint.setDivisor(*value);
      add(constraint);
    }
  }

  void add_pattern(std::string_view keyword) {
    const NodeId pattern = member(keyword);
    if (!tree_[pattern].is_text()) return;
    constraints::PatternConstraint constraint;
    constraint.setPattern(std::string(tree_[pattern].text()));
    add(constraint);
  }

  /// Three keywords make one constraint, which is added for the first.
  void add_properties(std::string_view keyword) {
    const NodeId properties = member("properties");
    const NodeId patterns = member("patternProperties");
    if (keyword != "properties" && properties != kNoNode) return;
    if (keyword == "additionalProperties" && patterns != kNoNode) return;
    constraints::PropertiesConstraint constraint;
    if (is_map(properties)) {
      for (const NodeId child : tree_.children(properties))
        constraint.addPropertySubschema(name_of(child), subschema_of_(child));
    }
    if (is_map(patterns)) {
      for (const NodeId child : tree_.children(patterns))
        constraint.addPatternPropertySubschema(name_of(child), subschema_of_(child));
    }
    constraint.setAdditionalPropertiesSubschema(
        subschema_or(SchemaConstraints::empty_subschema(), "additionalProperties"));
    add(constraint);
  }

  std::vector<std::string> texts_of(NodeId list) const {
    std::vector<std::string> texts;
    for (const NodeId child : tree_.children(list)) {
      if (tree_[child].is_text()) texts.emplace_back(tree_[child].text());
    }
    return texts;
  }

  void add_required(std::string_view keyword) {
    const NodeId list = member(keyword);
    if (!is_list(list)) return;
    constraints::RequiredConstraint constraint;
    for (const std::string& name : texts_of(list))
      constraint.addRequiredProperty(name);
    add(constraint);
  }

  void add_type(std::string_view keyword) {
    const NodeId type = member(keyword);
    constraints::TypeConstraint constraint;
    if (tree_[type].is_text()) add_named_type(type, constraint);
    for (const NodeId child : tree_.children(type)) {
      if (tree_[child].is_text()) add_named_type(child, constraint);
    }
    add(constraint);
  }

  void add_named_type(NodeId name, constraints::TypeConstraint& constraint) const {
    using Type = constraints::TypeConstraint;
    static constexpr std::pair<std::string_view, Type::JsonType> kTypes[] = {
        {"array", Type::kArray},   {"boolean", Type::kBoolean}, {"integer", Type::kInteger}, {"null", Type::kNull},
        {"number", Type::kNumber}, {"object", Type::kObject},   {"string", Type::kString}};
    for (const auto& [text, type] : kTypes) {
      if (tree_[name].text() == text) constraint.addNamedType(type);
    }
  }

  void add_unique_items(std::string_view keyword) {
    const Node& flag = tree_[member(keyword)];
    if (flag.kind == NodeKind::kBool && flag.boolean) add(constraints::UniqueItemsConstraint());
  }

  const Tree& tree_;
  const NodeId at_;
  const SubschemaOf& subschema_of_;
  valijson::Subschema& out_;
};

}  // namespace

void SchemaConstraints::add_part(SchemaNode at) {
  subschemas_.emplace_back(static_cast<uint32_t>(parts_.size()));
  parts_.push_back(at);
}

void SchemaConstraints::make(const PartSubschema& subschema) const {
  PartSubschema& out = subschemas_[subschema.part()];
  std::call_once(out.is_made_, [&] {
    const SchemaNode at = parts_[out.part()];
    const auto subschema_of = [&](NodeId child) { return &subschemas_[numbers_.at({at.document, child})]; };
    Maker(documents_.tree(at), at.node, subschema_of, out).run();
  });
}

const valijson::Subschema* SchemaConstraints::empty_subschema() {
  static const valijson::Subschema kEmpty;
  return &kEmpty;
}

}  // namespace cfgtool
