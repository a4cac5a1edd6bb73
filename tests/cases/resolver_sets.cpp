#include "tests/cases/resolver_sets.hpp"

#include <fmt/format.h>

#include <functional>
#include <stdexcept>
#include <variant>

namespace cfgtool::test {
namespace {

/// A number as Python computes with it: booleans are integers, and an integer stays one until a float joins in.
/// Python's integers have no end; here they have 64 bits, and what is beyond is refused.
using Number = std::variant<int64_t, double>;

double real(const Number& number) {
  return std::visit([](auto value) { return static_cast<double>(value); }, number);
}

bool is_number(const Node& node) {
  return node.kind == NodeKind::kBool || node.kind == NodeKind::kInt || node.kind == NodeKind::kFloat;
}

bool is_text(const Node& node) {
  return node.kind == NodeKind::kString || node.kind == NodeKind::kInterpolation || node.kind == NodeKind::kMissing;
}

Number number_of(const Node& node) {
  if (node.kind == NodeKind::kFloat) return node.real;
  return node.kind == NodeKind::kBool ? int64_t{node.boolean} : node.integer;
}

NodeId give(ResolverCall& call, const Number& number) {
  if (const auto* integer = std::get_if<int64_t>(&number)) return call.give(Node::of_int(*integer));
  return call.give(Node::of_float(std::get<double>(number)));
}

template <typename IntegerOperation, typename RealOperation>
Number combine(const Number& a, const Number& b, IntegerOperation in_integers, RealOperation in_reals) {
  if (std::holds_alternative<double>(a) || std::holds_alternative<double>(b)) return in_reals(real(a), real(b));
  int64_t result = 0;
  if (in_integers(std::get<int64_t>(a), std::get<int64_t>(b), &result)) {
    throw std::overflow_error("an integer beyond 64 bits");
  }
  return result;
}

[[noreturn]] void refuse_operands(ResolverCall& call, const char* operation, const char* a, const char* b) {
  call.fail("TypeError", fmt::format("unsupported operand type(s) for {}: '{}' and '{}'", operation, a, b));
}

/// str.lower, of ASCII letters.
std::string lower(ResolverCall& call, size_t index) {
  if (!is_text(call.value(index))) {
    call.fail("AttributeError", fmt::format("'{}' object has no attribute 'lower'", type_name(call.value(index))));
  }
  std::string text = call.text(index);
  for (char& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

NodeId eq(ResolverCall& call) {
  call.require("<lambda>", {"x", "y"});
  const std::string x = lower(call, 0);
  return call.give(Node::of_bool(x == lower(call, 1)));
}

NodeId contains(ResolverCall& call) {
  call.require("<lambda>", {"x", "y"});
  const std::string x = lower(call, 0);
  return call.give(Node::of_bool(lower(call, 1).find(x) != std::string::npos));
}

NodeId if_else(ResolverCall& call) {
  call.require("<lambda>", {"condition", "a", "b"});
  return call.argument(call.truth(0) ? 1 : 2);
}

/// No equivalent: Python's eval would compute what the text says. For those who look at what fails beside it.
NodeId text_of_eval(ResolverCall& call) {
  return call.argument(0);
}

NodeId resolve_default(ResolverCall& call) {
  call.require("<lambda>", {"default", "value"});
  const bool is_empty = is_text(call.value(1)) && call.value(1).length == 0;
  return call.argument(is_empty ? 0 : 1);
}

NodeId add_lists(ResolverCall& call) {
  // A plain list and a plain list are a plain list; with a ListConfig among them it is a ListConfig.
  const NodeId sum = call.is_plain(0) && call.is_plain(1) ? call.give_plain(Node::list()) : call.give(Node::list());
  Tree& tree = call.tree();
  for (size_t i = 0; i < 2; ++i) {
    for (NodeId item = tree[call.argument(i)].child.first; item != kNoNode; item = tree[item].next)
      tree.add_copy(sum, tree, item);
  }
  return sum;
}

NodeId add(ResolverCall& call) {
  call.require("<lambda>", {"x", "y"});
  const Node x = call.value(0);
  const Node y = call.value(1);
  if (is_number(x) && is_number(y)) {
    const auto sum = [](int64_t a, int64_t b, int64_t* result) { return __builtin_add_overflow(a, b, result); };
    return give(call, combine(number_of(x), number_of(y), sum, std::plus<>()));
  }
  if (is_text(x) && is_text(y)) return call.give_text(call.text(0) + call.text(1));
  if (x.kind == NodeKind::kList && y.kind == NodeKind::kList) return add_lists(call);
  refuse_operands(call, "+", type_name(x), type_name(y));
}

NodeId times(ResolverCall& call) {
  Number product = int64_t{1};
  for (size_t i = 0; i < call.count(); ++i) {
    const Node& factor = call.value(i);
    if (!is_number(factor)) refuse_operands(call, "*", i == 0 ? "int" : "float", type_name(factor));
    const auto multiply = [](int64_t a, int64_t b, int64_t* result) { return __builtin_mul_overflow(a, b, result); };
    product = combine(product, number_of(factor), multiply, std::multiplies<>());
  }
  return give(call, product);
}

NodeId divide(ResolverCall& call) {
  call.require("<lambda>", {"x", "y"});
  const Node& x = call.value(0);
  const Node& y = call.value(1);
  if (!is_number(x) || !is_number(y)) refuse_operands(call, "/", type_name(x), type_name(y));
  const Number by = number_of(y);
  if (real(by) == 0) {
    const bool floats = x.kind == NodeKind::kFloat || y.kind == NodeKind::kFloat;
    call.fail("ZeroDivisionError", floats ? "float division by zero" : "division by zero");
  }
  return call.give(Node::of_float(real(number_of(x)) / real(by)));  // of two integers as well
}

}  // namespace

bool has_resolver_set(std::string_view name) {
  return name == "isaacgymenvs" || name == "sam2" || name == "eval";
}

ResolverTable resolver_set(std::string_view name) {
  ResolverTable table;
  if (name == "isaacgymenvs") {
    table.add("eq", eq);
    table.add("contains", contains);
    table.add("if", if_else);
    table.add("resolve_default", resolve_default);
  } else if (name == "sam2") {
    table.add("add", add);
    table.add("times", times);
    table.add("divide", divide);
  } else if (name == "eval") {
    table.add("eval", text_of_eval);
  } else {
    throw std::invalid_argument(fmt::format("no resolver set '{}'", name));
  }
  return table;
}

}  // namespace cfgtool::test
