#include "config_engine/override.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/override_functions.hpp"
#include "config_engine/override_parser.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

/// Turns elements into nodes of an override's value.
class ValueBuilder {
 public:
  ValueBuilder(const OverrideWord& word, Override* result) : word_(word), result_(*result) {}

  void build_root(const Element& element) {
    Tree& tree = result_.value;
    tree.set_value(tree.root(), node_of(element));
    note_quote(tree.root(), element);
    add_children(tree.root(), element);
  }

  /// The list of a choice sweep's choices.
  void build_choices(const Element& sweep) {
    Element list;
    list.type = ElementType::kList;
    list.begin = sweep.begin;
    list.items = sweep.items;
    build_root(list);
  }

  std::string pattern(const Element& element) const {
    if (element.type != ElementType::kString) refuse(element, "the patterns of glob() must be strings");
    return std::string(element.text);
  }

 private:
  [[noreturn]] void refuse(const Element& element, const std::string& reason) const {
    throw_override_error(word_, "override-value", reason, element.begin,
                         std::max<uint32_t>(1, element.end - element.begin));
  }

  /// Hydra's parser lets it pass; OmegaConf and the sweepers then fail on the Python object.
  [[noreturn]] void refuse_part(const Element& element) const {
    Diagnostic problem = override_problem(word_, "override-value", {}, element.begin,
                                          std::max<uint32_t>(1, element.end - element.begin));
    problem.message = fmt::format("Error merging override {}", word_.text);
    problem.notes.push_back(fmt::format("a {} cannot be part of another value", python_type_name(element)));
    throw ConfigError(std::move(problem));
  }

  Node node_of(const Element& element) const {
    Node node;
    switch (element.type) {
      case ElementType::kScalar:
        node = element.scalar;
        break;
      case ElementType::kString:
        node = Node::of_string(element.text);
        break;
      case ElementType::kList:
        node = Node::list();
        break;
      case ElementType::kDict:
        node = Node::map();
        break;
      default:
        refuse_part(element);
    }
    node.pos = word_.pos + element.begin;
    node.key_pos = node.pos;
    return node;
  }

  Key key_of(const Element& key) const {
    if (key.type == ElementType::kString) return {KeyKind::kString, key.text};
    const std::string_view text = word_.sources.keep(python_repr(key));
    switch (key.scalar.kind) {
      case NodeKind::kNull:
        return {KeyKind::kNull, text};
      case NodeKind::kBool:
        return {KeyKind::kBool, text};
      case NodeKind::kFloat:
        return {KeyKind::kFloat, text};
      default:
        return {KeyKind::kInt, text};
    }
  }

  void add_children(NodeId parent, const Element& element) {
    if (element.type != ElementType::kList && element.type != ElementType::kDict) return;
    for (size_t i = 0; i < element.items.size(); ++i) {
      const Element& item = element.items[i];
      Node node = node_of(item);
      if (element.type == ElementType::kDict) {
        node.set_key(key_of(element.keys[i]));
        node.key_pos = word_.pos + element.keys[i].begin;
      }
      const NodeId id = result_.value.add(parent, node);
      note_quote(id, item);
      add_children(id, item);
    }
  }

  void note_quote(NodeId id, const Element& element) {
    if (!element.quote) return;
    if (result_.quotes.size() <= id) result_.quotes.resize(id + 1);
    result_.quotes[id] = element.quote;
  }

  const OverrideWord& word_;
  Override& result_;
};

void set_numbers(const Element& element, Override* result) {
  Node* const places[] = {&result->sweep.start, &result->sweep.stop, &result->sweep.step};
  for (size_t i = 0; i < element.items.size(); ++i) {
    *places[i] = element.items[i].scalar;
    places[i]->pos = result->pos + element.items[i].begin;
  }
}

void set_value(const OverrideWord& word, const Element& element, Override* result) {
  ValueBuilder builder(word, result);
  result->value_kind = OverrideValueKind::kElement;
  for (std::string_view tag : element.tags)
    result->sweep.tags.emplace_back(tag);
  result->sweep.shuffle = element.shuffle;
  switch (element.type) {
    case ElementType::kChoiceSweep:
      result->value_kind =
          element.simple_form ? OverrideValueKind::kSimpleChoiceSweep : OverrideValueKind::kChoiceSweep;
      builder.build_choices(element);
      break;
    case ElementType::kRangeSweep:
      result->value_kind = OverrideValueKind::kRangeSweep;
      set_numbers(element, result);
      break;
    case ElementType::kIntervalSweep:
      result->value_kind = OverrideValueKind::kIntervalSweep;
      set_numbers(element, result);
      break;
    case ElementType::kGlob:
      result->value_kind = OverrideValueKind::kGlobSweep;
      for (const Element& pattern : element.items[0].items)
        result->sweep.include.push_back(builder.pattern(pattern));
      for (const Element& pattern : element.items[1].items)
        result->sweep.exclude.push_back(builder.pattern(pattern));
      break;
    case ElementType::kListExtension:
      if (result->kind != OverrideKind::kChange) {
        throw_override_error(word, "override-function", "Trying to use override symbols when extending a list",
                             element.begin, element.end - element.begin);
      }
      result->kind = OverrideKind::kExtendList;
      builder.build_choices(element);
      break;
    default:
      builder.build_root(element);
      break;
  }
}

}  // namespace

Override parse_override(SourceMap& sources, SourcePos word_begin, const OverrideOptions& options) {
  const OverrideWord word{sources, word_begin, sources.text(word_begin)};
  ParsedOverride parsed = parse_override_tree(word);
  Override result;
  result.kind = parsed.kind;
  result.key_or_group = std::move(parsed.key_or_group);
  result.package = std::move(parsed.package);
  result.input_line = word.text;
  result.pos = word_begin;
  result.key_pos = word_begin + parsed.key_begin;
  result.value.set_value(result.value.root(), Node::null());
  if (!parsed.has_equal) return result;

  result.value_pos = word_begin + parsed.value_begin;
  if (!parsed.value) {
    parsed.value = make_string("");
    parsed.value->begin = parsed.value_begin;
  }
  evaluate_functions(word, options, &*parsed.value);
  set_value(word, *parsed.value, &result);
  return result;
}

bool Override::is_choice_sweep() const {
  return value_kind == OverrideValueKind::kSimpleChoiceSweep || value_kind == OverrideValueKind::kChoiceSweep ||
         value_kind == OverrideValueKind::kGlobSweep;
}

bool Override::is_hydra_override() const {
  return key_or_group.starts_with("hydra.") || key_or_group.starts_with("hydra/");
}

const char* Override::value_type_name() const {
  switch (value_kind) {
    case OverrideValueKind::kNone:
      return "NoneType";
    case OverrideValueKind::kElement:
      break;
    case OverrideValueKind::kSimpleChoiceSweep:
    case OverrideValueKind::kChoiceSweep:
      return "ChoiceSweep";
    case OverrideValueKind::kGlobSweep:
      return "Glob";
    case OverrideValueKind::kRangeSweep:
      return "RangeSweep";
    case OverrideValueKind::kIntervalSweep:
      return "IntervalSweep";
  }
  return type_name(value[value.root()]);
}

std::string_view Override::value_string() const {
  const size_t equal = input_line.find('=');
  return equal == std::string_view::npos ? std::string_view() : input_line.substr(equal + 1);
}

}  // namespace cfgtool
