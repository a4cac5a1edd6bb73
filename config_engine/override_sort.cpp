// sort() of Hydra's override grammar, with Python's comparisons and the order of comparisons of its list.sort: which
// two values an error names, and where NaN ends up, depends on it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "config_engine/override_functions.hpp"
#include "config_engine/python_number.hpp"

namespace cfgtool {

namespace {

/// A finite whole number as its sign and decimal digits.
struct Whole {
  bool negative;
  std::string digits;
};

Whole whole(const Node& number) {
  std::string digits;
  if (number.kind == NodeKind::kBigInt) {
    digits = number.text();
  } else if (number.kind == NodeKind::kFloat) {
    digits = fmt::format("{:.0f}", std::floor(number.real));
  } else {
    digits = fmt::format("{}", number.kind == NodeKind::kBool ? int64_t{number.boolean} : number.integer);
  }
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (digits == "0") return {false, digits};
  return {negative, digits};
}

bool is_less(const Whole& a, const Whole& b) {
  if (a.negative != b.negative) return a.negative;
  const Whole& low = a.negative ? b : a;
  const Whole& high = a.negative ? a : b;
  if (low.digits.size() != high.digits.size()) return low.digits.size() < high.digits.size();
  return low.digits < high.digits;
}

bool is_float(const Node& number) {
  return number.kind == NodeKind::kFloat;
}

/// a < b of Python numbers; integers and floats are compared exactly.
bool number_less(const Node& a, const Node& b) {
  if (is_float(a) && is_float(b)) return a.real < b.real;
  if (is_float(a)) {
    if (!std::isfinite(a.real)) return a.real < 0;
    // a < b exactly if floor(a) < b, b being whole.
    return is_less(whole(a), whole(b));
  }
  if (is_float(b)) {
    if (!std::isfinite(b.real)) return b.real > 0;
    const bool has_fraction = b.real != std::floor(b.real);
    return has_fraction ? !is_less(whole(b), whole(a)) : is_less(whole(a), whole(b));
  }
  return is_less(whole(a), whole(b));
}

bool number_equal(const Node& a, const Node& b) {
  if ((is_float(a) && std::isnan(a.real)) || (is_float(b) && std::isnan(b.real))) return false;
  return !number_less(a, b) && !number_less(b, a);
}

bool is_equal(const Element& a, const Element& b);

bool dicts_equal(const Element& a, const Element& b) {
  if (a.items.size() != b.items.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    const auto same =
        std::find_if(b.keys.begin(), b.keys.end(), [&](const Element& key) { return is_equal(a.keys[i], key); });
    if (same == b.keys.end() || !is_equal(a.items[i], b.items[same - b.keys.begin()])) return false;
  }
  return true;
}

/// a == b
bool is_equal(const Element& a, const Element& b) {
  if (a.is_number() && b.is_number()) return number_equal(a.scalar, b.scalar);
  if (a.type != b.type || a.is_null() != b.is_null() || a.is_number() != b.is_number()) return false;
  if (a.type == ElementType::kString) return a.quote == b.quote && a.text == b.text;
  if (a.type == ElementType::kDict) return dicts_equal(a, b);
  return a.simple_form == b.simple_form && a.shuffle == b.shuffle && a.tags == b.tags &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), is_equal);
}

/// a < b
bool is_less(const Element& a, const Element& b) {
  if (a.is_number() && b.is_number()) return number_less(a.scalar, b.scalar);
  if (a.is_string() && b.is_string()) return a.text < b.text;
  if (a.type == ElementType::kList && b.type == ElementType::kList) {
    const auto [in_a, in_b] = std::mismatch(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), is_equal);
    if (in_a == a.items.end() || in_b == b.items.end()) return a.items.size() < b.items.size();
    return is_less(*in_a, *in_b);
  }
  throw PythonError{"TypeError", fmt::format("'<' not supported between instances of '{}' and '{}'",
                                             python_type_name(a), python_type_name(b))};
}

/// CPython's list.sort up to 63 items: the run at the front, then binary insertion. Longer lists are merged, which for
/// values that can be ordered gives the same.
void sort_ascending(std::vector<Element>* items) {
  const size_t size = items->size();
  if (size < 2) return;
  auto& list = *items;
  const bool descending = is_less(list[1], list[0]);
  size_t run = 2;
  while (run < size && is_less(list[run], list[run - 1]) == descending)
    ++run;
  const auto item = [&](size_t index) { return list.begin() + static_cast<std::ptrdiff_t>(index); };
  if (descending) std::reverse(list.begin(), item(run));
  if (size >= 64) {
    const auto is_nan = [](const Element& one) {
      return one.is_number() && is_float(one.scalar) && std::isnan(one.scalar.real);
    };
    if (std::any_of(list.begin(), list.end(), is_nan)) throw PythonError{"ValueError", "NaN cannot be sorted"};
    std::stable_sort(list.begin(), list.end(), [](const Element& a, const Element& b) { return is_less(a, b); });
    return;
  }
  for (size_t start = run; start < size; ++start) {
    size_t left = 0;
    size_t right = start;
    while (left < right) {
      const size_t middle = left + (right - left) / 2;
      if (is_less(list[start], list[middle])) {
        right = middle;
      } else {
        left = middle + 1;
      }
    }
    std::rotate(item(left), item(start), item(start + 1));
  }
}

/// sorted(items, reverse=reverse)
void sort_items(std::vector<Element>* items, bool reverse) {
  // Equal items keep their order in both directions.
  if (reverse) std::reverse(items->begin(), items->end());
  sort_ascending(items);
  if (reverse) std::reverse(items->begin(), items->end());
}

/// The digits of a + b or a - b, for a not less than b, both without sign.
std::string add_digits(std::string a, const std::string& b, bool subtract) {
  int carry = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    char& digit = a[a.size() - 1 - i];
    const int other = (i < b.size() ? b[b.size() - 1 - i] - '0' : 0) + carry;
    const int sum = digit - '0' + (subtract ? -other : other);
    carry = subtract ? sum < 0 : sum > 9;
    digit = static_cast<char>('0' + (sum + 10) % 10);
  }
  if (!subtract && carry) a.insert(0, "1");
  return a.substr(std::min(a.find_first_not_of('0'), a.size() - 1));
}

Whole add(const Whole& a, const Whole& b) {
  const bool a_larger = !is_less({false, a.digits}, {false, b.digits});
  const Whole& larger = a_larger ? a : b;
  const Whole& smaller = a_larger ? b : a;
  std::string digits = add_digits(larger.digits, smaller.digits, a.negative != b.negative);
  return {larger.negative && digits != "0", std::move(digits)};
}

/// a + b or a - b of Python numbers.
Node add(const CallContext& context, const Node& a, const Node& b, bool subtract) {
  if (is_float(a) || is_float(b)) {
    const double other = number_as_float(b);
    return Node::of_float(number_as_float(a) + (subtract ? -other : other));
  }
  Whole other = whole(b);
  if (subtract && other.digits != "0") other.negative = !other.negative;
  const Whole sum = add(whole(a), other);
  const std::optional<PythonInt> integer = python_int((sum.negative ? "-" : "") + sum.digits);
  if (!integer) throw PythonError{"ValueError", "an integer may have at most 4300 digits"};
  return integer->fits ? Node::of_int(integer->value)
                       : Node::of_text(NodeKind::kBigInt, context.sources.keep(integer->digits));
}

Node negative(const CallContext& context, const Node& number) {
  return is_float(number) ? Node::of_float(-number.real) : add(context, Node::of_int(0), number, true);
}

Node absolute(const CallContext& context, const Node& number) {
  if (is_float(number)) return Node::of_float(std::fabs(number.real));
  return add(context, Node::of_int(0), number, number_less(number, Node::of_int(0)));
}

/// _sort_sweep
Element sort_sweep(const CallContext& context, Element sweep, bool reverse) {
  if (sweep.type == ElementType::kChoiceSweep) {
    sort_items(&sweep.items, reverse);
    return sweep;
  }
  Node& start = sweep.items[0].scalar;
  Node& stop = sweep.items[1].scalar;
  Node& step = sweep.items[2].scalar;
  if (reverse ? number_less(start, stop) : number_less(stop, start)) {
    const Node size = absolute(context, step);
    const Node new_start = add(context, stop, size, reverse);
    stop = add(context, start, size, reverse);
    start = new_start;
    step = negative(context, step);
  }
  return sweep;
}

std::string args_repr(const std::vector<Element>& args) {
  std::string text;
  for (const Element& arg : args)
    text += (text.empty() ? "" : ", ") + python_repr(arg);
  return fmt::format("({}{})", text, args.size() == 1 ? "," : "");
}

}  // namespace

Element call_sort(const CallContext& context, BoundArguments& bound) {
  const auto given = [&](size_t parameter) { return bound.values[parameter] && !bound.values[parameter]->is_null(); };
  const bool reverse = bound.values[3] && bound.values[3]->scalar.boolean;
  if (given(2)) {
    bound.args = {std::move(*bound.values[2])};
  } else if (given(1)) {
    return sort_sweep(context, std::move(*bound.values[1]), reverse);
  }
  if (bound.args.empty()) throw PythonError{"ValueError", "empty sort input"};
  if (bound.args.size() == 1) {
    Element value = std::move(bound.args[0]);
    if (value.is_sweep()) return sort_sweep(context, std::move(value), reverse);
    if (value.type == ElementType::kList) sort_items(&value.items, reverse);
    return value;
  }
  for (const Element& arg : bound.args) {
    if (!arg.is_number() && !arg.is_string())
      throw PythonError{"TypeError", "Invalid arguments: " + args_repr(bound.args)};
  }
  return sort_sweep(context, list_to_simple_choice(std::move(bound.args)), reverse);
}

}  // namespace cfgtool
