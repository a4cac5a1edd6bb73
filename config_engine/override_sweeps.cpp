// The functions of Hydra's override grammar that make sweeps or mark them: choice(), range(), interval(), glob(),
// tag(), shuffle(), and Hydra 1.4's extend_list().
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "config_engine/override_functions.hpp"

namespace cfgtool {

namespace {

[[noreturn]] void value_error(std::string text) {
  throw PythonError{"ValueError", std::move(text)};
}

/// The parameter's value, or nullptr where it was left out or is null.
const Element* given(const BoundArguments& bound, size_t parameter) {
  const std::optional<Element>& value = bound.values[parameter];
  return value && !value->is_null() ? &*value : nullptr;
}

Element make_container(ElementType type, std::vector<Element> items) {
  Element element;
  element.type = type;
  element.items = std::move(items);
  return element;
}

}  // namespace

Element list_to_simple_choice(std::vector<Element> args) {
  for (const Element& arg : args) {
    if (arg.is_sweep() || arg.type == ElementType::kGlob || arg.type == ElementType::kListExtension)
      throw PythonError{"AssertionError", ""};
  }
  Element sweep = make_container(ElementType::kChoiceSweep, std::move(args));
  sweep.simple_form = true;
  return sweep;
}

Element call_choice(const CallContext&, BoundArguments& bound) {
  if (bound.args.empty()) value_error("empty choice is not legal");
  if (bound.args.size() == 1 && bound.args[0].type == ElementType::kChoiceSweep) {
    Element sweep = std::move(bound.args[0]);
    if (!sweep.simple_form) value_error("nesting choices is not supported");
    sweep.simple_form = false;
    return sweep;
  }
  return make_container(ElementType::kChoiceSweep, std::move(bound.args));
}

Element call_range(const CallContext&, BoundArguments& bound) {
  const Element* stop = given(bound, 1);
  std::vector<Element> items;
  items.push_back(stop ? *bound.values[0] : make_scalar(Node::of_int(0)));
  items.push_back(stop ? *stop : *bound.values[0]);
  items.push_back(bound.values[2] ? *bound.values[2] : make_scalar(Node::of_int(1)));
  return make_container(ElementType::kRangeSweep, std::move(items));
}

Element call_interval(const CallContext&, BoundArguments& bound) {
  std::vector<Element> items;
  for (const std::optional<Element>& end : bound.values)
    items.push_back(make_scalar(Node::of_float(number_as_float(end->scalar))));
  return make_container(ElementType::kIntervalSweep, std::move(items));
}

Element call_tag(const CallContext&, BoundArguments& bound) {
  if (bound.args.empty()) value_error("Not enough arguments to tag, must take at least a sweep");
  if (const Element* named = given(bound, 1)) bound.args.push_back(*named);
  Element sweep = std::move(bound.args.back());
  bound.args.pop_back();
  if (!sweep.is_sweep()) {
    // Hydra prints the type of the parameter "sweep" here, which is always None.
    value_error("Last argument to tag() must be a choice(), range() or interval(), got NoneType");
  }
  sweep.tags.clear();
  for (const Element& tag : bound.args) {
    if (!tag.is_string()) value_error(fmt::format("tag arguments type must be string, got {}", python_type_name(tag)));
    if (std::find(sweep.tags.begin(), sweep.tags.end(), tag.text) == sweep.tags.end()) sweep.tags.push_back(tag.text);
  }
  return sweep;
}

Element call_shuffle(const CallContext& context, BoundArguments& bound) {
  if (const Element* list = given(bound, 2)) {
    bound.args = {*list};
  } else if (const Element* sweep = given(bound, 1)) {
    bound.args = {*sweep};
  }
  if (bound.args.size() != 1) {
    Element sweep = list_to_simple_choice(std::move(bound.args));
    sweep.shuffle = true;
    return sweep;
  }
  Element value = std::move(bound.args[0]);
  if (value.is_sweep()) {
    value.shuffle = true;
    return value;
  }
  if (value.type != ElementType::kList) return make_container(ElementType::kList, {std::move(value)});
  std::mt19937_64 random(context.options.shuffle_seed ? *context.options.shuffle_seed : std::random_device()());
  // Not std::shuffle: which order a seed gives must not depend on the standard library.
  for (size_t left = value.items.size(); left > 1; --left)
    std::swap(value.items[left - 1], value.items[random() % left]);
  return value;
}

Element call_glob(const CallContext&, BoundArguments& bound) {
  std::vector<Element> lists;
  for (size_t i = 0; i < 2; ++i) {
    const Element* patterns = given(bound, i);
    if (!patterns) {
      lists.push_back(make_container(ElementType::kList, {}));
    } else if (patterns->type == ElementType::kList) {
      lists.push_back(*patterns);
    } else {
      lists.push_back(make_container(ElementType::kList, {*patterns}));
    }
  }
  return make_container(ElementType::kGlob, std::move(lists));
}

Element call_extend_list(const CallContext&, BoundArguments& bound) {
  return make_container(ElementType::kListExtension, std::move(bound.args));
}

}  // namespace cfgtool
