#include "config_engine/override_element.hpp"

#include <fmt/format.h>

#include <unordered_map>

#include "config_engine/python_text.hpp"
#include "config_engine/value_tokens.hpp"

namespace cfgtool {

Element make_scalar(const Node& scalar) {
  Element element;
  element.scalar = scalar;
  return element;
}

Element make_string(std::string_view text) {
  Element element;
  element.type = ElementType::kString;
  element.text = text;
  return element;
}

const char* python_type_name(const Element& element) {
  switch (element.type) {
    case ElementType::kScalar:
      break;
    case ElementType::kString:
      return element.quote ? "QuotedString" : "str";
    case ElementType::kList:
      return "list";
    case ElementType::kDict:
      return "dict";
    case ElementType::kCall:
      return "FunctionCall";
    case ElementType::kChoiceSweep:
      return "ChoiceSweep";
    case ElementType::kRangeSweep:
      return "RangeSweep";
    case ElementType::kIntervalSweep:
      return "IntervalSweep";
    case ElementType::kGlob:
      return "Glob";
    case ElementType::kListExtension:
      return "ListExtensionOverrideValue";
  }
  switch (element.scalar.kind) {
    case NodeKind::kNull:
      return "NoneType";
    case NodeKind::kBool:
      return "bool";
    case NodeKind::kFloat:
      return "float";
    default:
      return "int";
  }
}

namespace {

std::string scalar_repr(const Node& scalar) {
  switch (scalar.kind) {
    case NodeKind::kNull:
      return "None";
    case NodeKind::kBool:
      return scalar.boolean ? "True" : "False";
    case NodeKind::kInt:
      return fmt::format("{}", scalar.integer);
    case NodeKind::kFloat:
      return python_repr(scalar.real);
    default:
      return std::string(scalar.text());
  }
}

std::string joined_repr(const std::vector<Element>& items) {
  std::string text;
  for (const Element& item : items)
    text += (text.empty() ? "" : ", ") + python_repr(item);
  return text;
}

std::string dict_repr(const Element& dict) {
  std::string text;
  for (size_t i = 0; i < dict.items.size(); ++i)
    text += fmt::format("{}{}: {}", i ? ", " : "", python_repr(dict.keys[i]), python_repr(dict.items[i]));
  return "{" + text + "}";
}

std::string tags_repr(const Element& sweep) {
  if (sweep.tags.empty()) return "set()";
  std::string text;
  for (std::string_view tag : sweep.tags)
    text += (text.empty() ? "" : ", ") + python_repr(tag);
  return "{" + text + "}";
}

}  // namespace

std::string python_repr(const Element& element) {
  const auto& items = element.items;
  const char* shuffle = element.shuffle ? "True" : "False";
  switch (element.type) {
    case ElementType::kScalar:
      return scalar_repr(element.scalar);
    case ElementType::kString:
      if (!element.quote) return python_repr(element.text);
      return fmt::format("QuotedString(text={}, quote={})", python_repr(element.text),
                         element.quote == '\'' ? "<Quote.single: 0>" : "<Quote.double: 1>");
    case ElementType::kDict:
      return dict_repr(element);
    case ElementType::kChoiceSweep:
      return fmt::format("ChoiceSweep(tags={}, list=[{}], simple_form={}, shuffle={})", tags_repr(element),
                         joined_repr(items), element.simple_form ? "True" : "False", shuffle);
    case ElementType::kRangeSweep:
      return fmt::format("RangeSweep(tags={}, start={}, stop={}, step={}, shuffle={})", tags_repr(element),
                         python_repr(items[0]), python_repr(items[1]), python_repr(items[2]), shuffle);
    case ElementType::kIntervalSweep:
      return fmt::format("IntervalSweep(tags={}, start={}, end={})", tags_repr(element), python_repr(items[0]),
                         python_repr(items[1]));
    case ElementType::kGlob:
      return fmt::format("Glob(include={}, exclude={})", python_repr(items[0]), python_repr(items[1]));
    case ElementType::kCall:
    case ElementType::kListExtension:
    case ElementType::kList:
      break;
  }
  return "[" + joined_repr(items) + "]";
}

void drop_duplicate_keys(Element* dict) {
  std::unordered_map<std::string, size_t> places;
  size_t kept = 0;
  for (size_t i = 0; i < dict->keys.size(); ++i) {
    const Element& key = dict->keys[i];
    const std::string identity =
        python_key_identity(key.type == ElementType::kString ? Node::of_text(NodeKind::kString, key.text) : key.scalar);
    const auto [place, is_new] = places.emplace(identity.empty() ? fmt::format("nan {}", i) : identity, kept);
    if (!is_new) {
      dict->items[place->second] = std::move(dict->items[i]);
      continue;
    }
    if (kept != i) {
      dict->keys[kept] = std::move(dict->keys[i]);
      dict->items[kept] = std::move(dict->items[i]);
    }
    ++kept;
  }
  dict->keys.resize(kept);
  dict->items.resize(kept);
}

}  // namespace cfgtool
