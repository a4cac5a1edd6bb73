#include "config_engine/override_functions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/diagnostic.hpp"
#include "config_engine/suggest.hpp"

namespace cfgtool {

namespace {

// What a parameter's annotation lets through, as bits.
enum Accepts : uint32_t {
  kNull = 1,
  kStr = 2,
  kInt = 4,  // and bool: isinstance(True, int)
  kFloat = 8,
  kBoolOnly = 16,
  kList = 32,
  kDict = 64,
  kChoice = 128,
  kRange = 256,
  kInterval = 512,
  kOther = 1024,
  kNumber = kInt | kFloat,
  kElement = kStr | kNumber | kList | kDict,
  kSweep = kChoice | kRange | kInterval,
  kAny = 2047,
};

enum class ParameterKind : uint8_t { kPositionalOrKeyword, kVarPositional, kKeywordOnly };

struct Parameter {
  const char* name;
  ParameterKind kind;
  bool has_default;
  uint32_t accepts;
  const char* annotation;  // as OmegaConf's type_str prints it
};

struct Function {
  const char* name;
  bool extended;
  std::vector<Parameter> parameters;
  Element (*call)(const CallContext&, BoundArguments&);
};

constexpr auto kPositional = ParameterKind::kPositionalOrKeyword;
constexpr auto kVar = ParameterKind::kVarPositional;
constexpr auto kKeyword = ParameterKind::kKeywordOnly;

const char* const kCastText = "Optional[Union[str, int, float, bool, List[Any], Dict[str, Any], QuotedString, Sweep]]";
const char* const kChoiceText = "Union[str, int, float, bool, Dict[Any, Any], List[Any], ChoiceSweep]";
const char* const kListedText = "Union[str, int, bool, float, list, dict, ChoiceSweep, RangeSweep]";
const char* const kDiscreteText = "Optional[Union[ChoiceSweep, RangeSweep]]";

/// Hydra's create_functions, by name.
const std::vector<Function>& all_functions() {
  static const std::vector<Parameter> cast{{"args", kVar, true, kElement | kNull | kSweep, kCastText},
                                           {"value", kKeyword, true, kElement | kNull | kSweep, kCastText}};
  static const std::vector<Parameter> any_cast{{"args", kVar, true, kAny, ""}, {"value", kKeyword, true, kAny, ""}};
  static const Parameter listed{"args", kVar, true, kElement | kChoice | kRange, kListedText};
  static const Parameter sweep{"sweep", kKeyword, true, kNull | kChoice | kRange, kDiscreteText};
  static const Parameter list{"list", kKeyword, true, kNull | kList, "Optional[List[Any]]"};
  static const std::vector<Function> functions{
      {"bool", false, cast, call_bool},
      {"choice", false, {{"args", kVar, true, kElement | kChoice, kChoiceText}}, call_choice},
      {"extend_list", true, {{"args", kVar, true, kAny, ""}}, call_extend_list},
      {"float", false, cast, call_float},
      {"glob",
       false,
       {{"include", kPositional, false, kList | kStr, "Union[List[str], str]"},
        {"exclude", kPositional, true, kNull | kList | kStr, "Optional[Union[str, List[str]]]"}},
       call_glob},
      {"int", false, cast, call_int},
      {"interval",
       false,
       {{"start", kPositional, false, kNumber, "Union[int, float]"},
        {"end", kPositional, false, kNumber, "Union[int, float]"}},
       call_interval},
      {"json_str", true, any_cast, call_json_str},
      {"range",
       false,
       {{"start", kPositional, false, kNumber, "Union[int, float]"},
        {"stop", kPositional, true, kNull | kNumber, "Optional[Union[int, float]]"},
        {"step", kPositional, true, kNumber, "Union[int, float]"}},
       call_range},
      {"shuffle", false, {listed, sweep, list}, call_shuffle},
      {"sort", false, {listed, sweep, list, {"reverse", kKeyword, true, kBoolOnly, "bool"}}, call_sort},
      {"str", false, cast, call_str},
      {"tag",
       false,
       {{"args", kVar, true, kStr | kSweep, "Union[str, Sweep]"},
        {"sweep", kKeyword, true, kNull | kSweep, "Optional[Sweep]"}},
       call_tag},
  };
  return functions;
}

uint32_t type_bit(const Element& element) {
  switch (element.type) {
    case ElementType::kString:
      return kStr;
    case ElementType::kList:
      return kList;
    case ElementType::kDict:
      return kDict;
    case ElementType::kChoiceSweep:
      return kChoice;
    case ElementType::kRangeSweep:
      return kRange;
    case ElementType::kIntervalSweep:
      return kInterval;
    case ElementType::kScalar:
      break;
    default:
      return kOther;
  }
  switch (element.scalar.kind) {
    case NodeKind::kNull:
      return kNull;
    case NodeKind::kBool:
      return kInt | kBoolOnly;
    case NodeKind::kFloat:
      return kFloat;
    default:
      return kInt;
  }
}

[[noreturn]] void fail(std::string text) {
  throw PythonError{"TypeError", std::move(text)};
}

void check_type(const std::string& name, const Element& value, const Parameter& parameter) {
  if (type_bit(value) & parameter.accepts) return;
  fail(fmt::format("mismatch type argument {}: {} is incompatible with {}", name, python_type_name(value),
                   parameter.annotation));
}

struct NamedArgument {
  std::string_view name;
  Element value;
};

/// The keyword argument of that name, taken out; nullopt if there is none.
std::optional<Element> take_keyword(std::vector<NamedArgument>* keywords, std::string_view name) {
  const auto found =
      std::find_if(keywords->begin(), keywords->end(), [&](const NamedArgument& one) { return one.name == name; });
  if (found == keywords->end()) return std::nullopt;
  Element value = std::move(found->value);
  keywords->erase(found);
  return value;
}

bool has_keyword(const std::vector<NamedArgument>& keywords, std::string_view name) {
  return std::any_of(keywords.begin(), keywords.end(), [&](const NamedArgument& one) { return one.name == name; });
}

/// Python's inspect.Signature.bind.
BoundArguments bind(const std::vector<Parameter>& parameters, std::vector<Element> args,
                    std::vector<NamedArgument> keywords) {
  BoundArguments bound;
  bound.values.resize(parameters.size());
  size_t next = 0;
  for (size_t arg = 0; arg < args.size(); ++arg) {
    // A keyword-only parameter always stands behind `*args`, so no positional argument gets that far.
    if (next == parameters.size()) fail("too many positional arguments");
    if (parameters[next].kind == kVar) {
      bound.args = std::move(args);
      ++next;
      break;
    }
    if (has_keyword(keywords, parameters[next].name))
      fail(fmt::format("multiple values for argument '{}'", parameters[next].name));
    bound.values[next++] = std::move(args[arg]);
  }
  for (; next < parameters.size(); ++next) {
    if (parameters[next].kind == kVar) continue;
    bound.values[next] = take_keyword(&keywords, parameters[next].name);
    if (!bound.values[next] && !parameters[next].has_default)
      fail(fmt::format("missing a required argument: '{}'", parameters[next].name));
  }
  if (!keywords.empty()) fail(fmt::format("got an unexpected keyword argument '{}'", keywords[0].name));
  return bound;
}

/// Functions.eval
Element call_function(const CallContext& context, std::string_view name, std::vector<Element> args,
                      std::vector<NamedArgument> keywords) {
  std::string available;
  for (const Function& function : all_functions()) {
    if (function.extended && !context.options.extended) continue;
    available += (available.empty() ? "" : ",") + std::string(function.name);
    if (function.name != name) continue;
    for (Element& arg : args)
      arg.quote = 0;
    for (NamedArgument& keyword : keywords)
      keyword.value.quote = 0;
    BoundArguments bound = bind(function.parameters, std::move(args), std::move(keywords));
    for (size_t i = 0; i < function.parameters.size(); ++i) {
      const Parameter& parameter = function.parameters[i];
      if (parameter.kind == kVar) {
        for (size_t arg = 0; arg < bound.args.size(); ++arg)
          check_type(fmt::format("{}[{}]", parameter.name, arg), bound.args[arg], parameter);
      } else if (bound.values[i]) {
        check_type(parameter.name, *bound.values[i], parameter);
      }
    }
    return function.call(context, bound);
  }
  throw PythonError{"HydraException", fmt::format("Unknown function '{}'\nAvailable: {}\n", name, available)};
}

bool is_function(const OverrideOptions& options, std::string_view name) {
  return std::any_of(all_functions().begin(), all_functions().end(), [&](const Function& function) {
    return function.name == name && (options.extended || !function.extended);
  });
}

class Evaluator {
 public:
  Evaluator(const OverrideWord& word, const OverrideOptions& options) : word_(word), context_{word.sources, options} {}

  void evaluate(Element* element) {
    if (element->type == ElementType::kCall) {
      evaluate_call(element);
      return;
    }
    for (Element& item : element->items)
      evaluate(&item);
    if (element->type == ElementType::kDict) drop_duplicate_keys(element);
  }

 private:
  /// HydraOverrideVisitor.visitFunction
  void evaluate_call(Element* call) {
    std::vector<Element> args;
    std::vector<NamedArgument> keywords;
    for (size_t i = 0; i < call->items.size(); ++i) {
      const std::string_view name = call->keys[i].text;
      if (name.empty() && !keywords.empty()) {
        throw_override_error(word_, "override-function", "positional argument follows keyword argument",
                             call->items[i].begin, call->items[i].end - call->items[i].begin);
      }
      evaluate(&call->items[i]);
      if (name.empty()) {
        args.push_back(std::move(call->items[i]));
        continue;
      }
      const auto same = std::find_if(keywords.begin(), keywords.end(),
                                     [&](const NamedArgument& keyword) { return keyword.name == name; });
      if (same == keywords.end()) {
        keywords.push_back({name, std::move(call->items[i])});
      } else {
        same->value = std::move(call->items[i]);
      }
    }
    const uint32_t begin = call->begin;
    const uint32_t end = call->end;
    try {
      *call = call_function(context_, call->text, std::move(args), std::move(keywords));
    } catch (const PythonError& error) {
      const std::string_view text = word_.text.substr(begin, end - begin);
      Diagnostic problem = override_problem(word_, "override-function",
                                            fmt::format("{} while evaluating '{}': {}", error.type, text, error.text),
                                            begin, end - begin);
      if (!is_function(context_.options, call->text)) explain_unknown(call->text, &problem);
      throw ConfigError(std::move(problem));
    }
    call->begin = begin;
    call->end = end;
  }

  void explain_unknown(std::string_view name, Diagnostic* problem) const {
    std::vector<std::string> known;
    for (const Function& function : all_functions()) {
      if (!function.extended || context_.options.extended) known.emplace_back(function.name);
      if (function.extended && !context_.options.extended && function.name == name)
        problem->notes.push_back(fmt::format("{}() is part of Hydra 1.4; --extended allows it", name));
    }
    if (const std::string hint = did_you_mean(name, known); !hint.empty()) problem->notes.push_back(hint);
    problem->notes.emplace_back("text with parentheses in it must be in quotes, inside the quotes of the shell");
  }

  const OverrideWord& word_;
  CallContext context_;
};

}  // namespace

void evaluate_functions(const OverrideWord& word, const OverrideOptions& options, Element* element) {
  Evaluator(word, options).evaluate(element);
}

}  // namespace cfgtool
