/// \file
/// What stands behind the `=` of a command-line word while it is being understood: the parser makes elements with
/// function calls in them, the functions turn those into values and sweeps. Private to the override room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

enum class ElementType : uint8_t {
  kScalar,  ///< `scalar`
  kString,  ///< `text`; with `quote` set it is Hydra's QuotedString, otherwise a plain str
  kList,    ///< `items`
  kDict,    ///< `keys` and `items`
  kCall,    ///< a function not called yet: `text` its name, `items` its arguments, `keys` their names or empty ones
  // What functions return.
  kChoiceSweep,    ///< `items` are the choices
  kRangeSweep,     ///< `items` are start, stop, step
  kIntervalSweep,  ///< `items` are start, end
  kGlob,           ///< `items` are two lists: include, exclude
  kListExtension,  ///< `items` are to be appended (Hydra 1.4's extend_list)
};

struct Element {
  ElementType type = ElementType::kScalar;
  char quote = 0;            ///< kString: the quote it was written in
  bool simple_form = false;  ///< kChoiceSweep: `a,b`, not `choice(a,b)`
  bool shuffle = false;      ///< kChoiceSweep, kRangeSweep
  uint32_t begin = 0;        ///< in the word; of what a function returns: of the call
  uint32_t end = 0;
  Node scalar;  ///< kNull, kBool, kInt, kBigInt or kFloat
  std::string_view text;
  std::vector<Element> items;
  std::vector<Element> keys;
  std::vector<std::string_view> tags;  ///< of a sweep

  bool is_null() const { return type == ElementType::kScalar && scalar.kind == NodeKind::kNull; }
  bool is_number() const { return type == ElementType::kScalar && scalar.kind != NodeKind::kNull; }
  bool is_string() const { return type == ElementType::kString && quote == 0; }
  bool is_quoted() const { return type == ElementType::kString && quote != 0; }
  /// An instance of Hydra's class Sweep, which Glob is not.
  bool is_sweep() const {
    return type == ElementType::kChoiceSweep || type == ElementType::kRangeSweep || type == ElementType::kIntervalSweep;
  }
};

Element make_scalar(const Node& scalar);
/// `text` must live as long as the element.
Element make_string(std::string_view text);

/// Python's type(value).__name__.
const char* python_type_name(const Element& element);
/// Python's repr(value).
std::string python_repr(const Element& element);

/// The last value of an equal key wins, at the first one's place (Python's dict).
void drop_duplicate_keys(Element* dict);

}  // namespace cfgtool
