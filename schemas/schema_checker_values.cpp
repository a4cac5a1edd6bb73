#include <fmt/format.h>

#include <cmath>

#include "config_engine/utf8.hpp"
#include "schemas/schema_checker.hpp"
#include "schemas/schema_words.hpp"
#include "schemas/tree_json.hpp"

namespace cfgtool {

namespace {

std::vector<std::string> texts_of(const Tree& tree, NodeId list) {
  std::vector<std::string> texts;
  for (const NodeId child : tree.children(list)) {
    if (tree[child].is_text()) texts.emplace_back(tree[child].text());
  }
  return texts;
}
}  // namespace

// --- Types and values ---

bool SchemaChecker::visit(const TypeConstraint& constraint) {
  using Type = TypeConstraint::JsonType;
  std::vector<std::string> allowed;
  bool is_allowed = false;
  const NodeKind kind = here().kind;
  constraint.applyToNamedTypes([&](Type type) {
    switch (type) {
      case Type::kAny:
        is_allowed = true;
        break;
      case Type::kArray:
        is_allowed |= kind == NodeKind::kList;
        allowed.emplace_back("a list");
        break;
      case Type::kBoolean:
        is_allowed |= kind == NodeKind::kBool;
        allowed.emplace_back("a boolean");
        break;
      case Type::kInteger:
        is_allowed |=
            kind == NodeKind::kInt || kind == NodeKind::kBigInt ||
            (kind == NodeKind::kFloat && std::isfinite(here().real) && here().real == std::floor(here().real));
        allowed.emplace_back("an integer");
        break;
      case Type::kNull:
        is_allowed |= kind == NodeKind::kNull;
        break;
      case Type::kNumber:
        is_allowed |= is_number();
        allowed.emplace_back("a number");
        break;
      case Type::kObject:
        is_allowed |= kind == NodeKind::kMap;
        allowed.emplace_back("a mapping");
        break;
      case Type::kString:
        is_allowed |= here().is_text();
        allowed.emplace_back("a text");
        break;
    }
    if (type == Type::kNull) allowed.emplace_back("null");
    return true;
  });
  if (is_allowed) return true;
  if (!wants_words()) return false;
  // null is said last.
  std::stable_partition(allowed.begin(), allowed.end(), [](const std::string& word) { return word != "null"; });
  return refuse("schema-type", fmt::format("{} must be {}, but is {}", subject(), fmt::join(allowed, " or "),
                                           value_in_words(tree_, node_)));
}

bool SchemaChecker::visit(const EnumConstraint& constraint) {
  const nlohmann::json value = to_json_value(tree_, node_);
  bool is_listed = false;
  constraint.applyToValues([&](const valijson::adapters::FrozenValue& allowed) {
    take_steps(1);
    is_listed = allowed.equalTo(valijson::adapters::NlohmannJsonAdapter(value), true);
    return !is_listed;
  });
  if (is_listed) return true;
  if (!wants_words()) return false;
  const Tree& schema = *part().tree;
  const NodeId list = part().member("enum");
  std::vector<std::string> notes;
  std::string meant;
  constexpr size_t kMostToGuessFrom = 1'000;
  if (here().is_text() && schema[list].length <= kMostToGuessFrom) {
    const std::vector<std::string> nearest = near(here().text(), texts_of(schema, list));
    if (!nearest.empty()) {
      notes.push_back(fmt::format("did you mean '{}'?", nearest[0]));
      meant = nearest[0];
    }
  }
  return refuse(
      "schema-enum",
      fmt::format("{} is {}, allowed are {}", subject(), value_in_words(tree_, node_), list_of_values(schema, list)),
      std::move(notes), std::move(meant));
}

bool SchemaChecker::visit(const ConstConstraint& constraint) {
  const nlohmann::json value = to_json_value(tree_, node_);
  if (constraint.getValue()->equalTo(valijson::adapters::NlohmannJsonAdapter(value), true)) return true;
  if (!wants_words()) return false;
  const Tree& schema = *part().tree;
  const NodeId wanted = part().member("const");
  return refuse("schema-const", fmt::format("{} is {}, but must be {}", subject(), value_in_words(tree_, node_),
                                            schema[wanted].is_container() ? to_json_value(schema, wanted).dump()
                                                                          : value_in_words(schema, wanted)));
}

// --- Numbers ---

bool SchemaChecker::check_number(bool fits, std::string_view allowed) {
  if (fits) return true;
  if (!wants_words()) return false;
  return refuse("schema-range",
                fmt::format("{} is {}, but must be {}", subject(), value_in_words(tree_, node_), allowed));
}

bool SchemaChecker::visit(const MaximumConstraint& constraint) {
  if (!is_number()) return true;
  const double limit = constraint.getMaximum();
  if (constraint.getExclusiveMaximum()) return check_number(number() < limit, "less than " + number_text(limit));
  return check_number(number() <= limit, "at most " + number_text(limit));
}

bool SchemaChecker::visit(const MinimumConstraint& constraint) {
  if (!is_number()) return true;
  const double limit = constraint.getMinimum();
  if (constraint.getExclusiveMinimum()) return check_number(number() > limit, "more than " + number_text(limit));
  return check_number(number() >= limit, "at least " + number_text(limit));
}

bool SchemaChecker::visit(const MultipleOfDoubleConstraint& constraint) {
  if (!is_number()) return true;
  // Decimal fractions are not exact in binary: 0.0075 / 0.0001 is 75 but for the last bits.
  const double quotient = number() / constraint.getDivisor();
  const bool fits =
      std::isfinite(quotient) && std::fabs(quotient - std::round(quotient)) <= 1e-12 * std::fabs(quotient);
  return check_number(fits, "a multiple of " + number_text(constraint.getDivisor()));
}

bool SchemaChecker::visit(const MultipleOfIntConstraint& constraint) {
  if (!is_number()) return true;
  const bool fits = here().kind == NodeKind::kInt
                        ? here().integer % constraint.getDivisor() == 0
                        : std::fmod(number(), static_cast<double>(constraint.getDivisor())) == 0;
  return check_number(fits, fmt::format("a multiple of {}", constraint.getDivisor()));
}

// --- Texts ---

bool SchemaChecker::check_length(bool fits, std::string_view allowed) {
  if (fits) return true;
  return wants_words() ? refuse("schema-length", fmt::format("{} is {}, but must have {}", subject(),
                                                             value_in_words(tree_, node_), allowed))
                       : false;
}

bool SchemaChecker::visit(const MaxLengthConstraint& constraint) {
  if (!here().is_text()) return true;
  return check_length(count_code_points(here().text()) <= constraint.getMaxLength(),
                      "at most " + counted(constraint.getMaxLength(), "character", "characters"));
}

bool SchemaChecker::visit(const MinLengthConstraint& constraint) {
  if (!here().is_text()) return true;
  return check_length(count_code_points(here().text()) >= constraint.getMinLength(),
                      "at least " + counted(constraint.getMinLength(), "character", "characters"));
}

bool SchemaChecker::found(const std::string& pattern, std::string_view text) {
  const std::optional<bool> found = schema_.pattern(pattern).found_in(text, effort_.pattern_steps_left);
  if (!found)
    refuse_limit(fmt::format("the pattern {} takes too many steps on {}", in_quotes(pattern), in_quotes(text)));
  return *found;
}

bool SchemaChecker::visit(const PatternConstraint& constraint) {
  if (!here().is_text()) return true;
  const std::string pattern = constraint.getPattern<std::allocator<char>>();
  if (found(pattern, here().text())) return true;
  if (!wants_words()) return false;
  return refuse("schema-pattern-mismatch", fmt::format("{} is {}, which does not fit the pattern {}", subject(),
                                                       value_in_words(tree_, node_), shortened(pattern, 300)));
}

bool SchemaChecker::visit(const FormatConstraint& /*constraint*/) {
  return true;  // an annotation
}

}  // namespace cfgtool
