/// \file
/// The functions of Hydra's override grammar (hydra/_internal/grammar): calling them with Python's rules. Private to
/// the override room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config_engine/override.hpp"
#include "config_engine/override_element.hpp"
#include "config_engine/override_parser.hpp"

namespace cfgtool {

/// Replaces every call in `*element` by what the function returns, and drops the duplicate keys of dicts.
/// \throws ConfigError, code `override-function`
void evaluate_functions(const OverrideWord& word, const OverrideOptions& options, Element* element);

/// A Python exception on its way from a function to evaluate_functions, which gives it a place.
struct PythonError {
  const char* type;
  std::string text;
};

/// What a call was given, by parameter.
struct BoundArguments {
  std::vector<Element> args;                   ///< of `*args`
  std::vector<std::optional<Element>> values;  ///< of the other parameters, by their place in the signature
};

/// What functions need beside their arguments.
struct CallContext {
  SourceMap& sources;
  const OverrideOptions& options;
};

// The functions. They use `bound` up and throw PythonError. In override_casts.cpp:
Element call_int(const CallContext& context, BoundArguments& bound);
Element call_float(const CallContext& context, BoundArguments& bound);
Element call_str(const CallContext& context, BoundArguments& bound);
Element call_bool(const CallContext& context, BoundArguments& bound);
Element call_json_str(const CallContext& context, BoundArguments& bound);
// In override_sweeps.cpp:
Element call_choice(const CallContext& context, BoundArguments& bound);
Element call_range(const CallContext& context, BoundArguments& bound);
Element call_interval(const CallContext& context, BoundArguments& bound);
Element call_tag(const CallContext& context, BoundArguments& bound);
Element call_shuffle(const CallContext& context, BoundArguments& bound);
Element call_glob(const CallContext& context, BoundArguments& bound);
Element call_extend_list(const CallContext& context, BoundArguments& bound);
// In override_sort.cpp:
Element call_sort(const CallContext& context, BoundArguments& bound);

/// float(number). \throws PythonError where an integer is too large
double number_as_float(const Node& number);
/// A choice sweep of the form `a,b` (_list_to_simple_choice).
Element list_to_simple_choice(std::vector<Element> args);

}  // namespace cfgtool
