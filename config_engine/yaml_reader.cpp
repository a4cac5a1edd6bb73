#include "config_engine/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>  // what parser.h declares only, which clang-tidy takes for our Node
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/yaml_layout.hpp"
#include "config_engine/yaml_lint.hpp"
#include "config_engine/yaml_quoted.hpp"
#include "config_engine/yaml_text.hpp"
#include "config_engine/yaml_tree_builder.hpp"

namespace cfgtool {

namespace {

/// A stream over bytes that are there already.
class MemoryBuffer : public std::streambuf {
 public:
  explicit MemoryBuffer(std::string& text) { setg(text.data(), text.data(), text.data() + text.size()); }
};

size_t offset_of(const YAML::Mark& mark) {
  return mark.pos < 0 ? 0 : static_cast<size_t>(mark.pos);
}

/// Hands yaml-cpp's events to the tree builder, with the places and texts that it expects.
class EventAdapter : public YAML::EventHandler {
 public:
  EventAdapter(SourceMap& sources, SourcePos begin, const YamlText& text, std::vector<BlockScalar> block_scalars,
               std::vector<Diagnostic>* duplicates)
      : sources_(sources),
        text_(text),
        block_scalars_(std::move(block_scalars)),
        builder_(sources, begin, duplicates) {}

  Tree take() { return builder_.take(); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    Diagnostic diagnostic;
    diagnostic.code = "yaml-second-document";
    diagnostic.message = "expected a single document in the stream, but found another document";
    diagnostic.labels.push_back({text_.pos(offset_of(mark)), 1, {}});
    diagnostic.fix = "put each document into a file of its own";
    throw ConfigError(std::move(diagnostic));
  }
  void OnDocumentEnd() override {}

  // yaml-cpp calls this both for a null that is written and for a value that is left out; the mark of the latter is
  // that of what follows.
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const size_t begin = offset_of(mark);
    YamlEvent event;
    if (anchor != YAML::NullAnchor) event = make_event(YamlEvent::Kind::kScalar, mark, "?", anchor);
    event.plain = true;
    const size_t content = anchor != YAML::NullAnchor ? skip_properties(begin) : begin;
    const std::string_view rest = text().substr(std::min(content, text().size()));
    const bool is_written =
        rest.starts_with('~') || rest.starts_with("null") || rest.starts_with("Null") || rest.starts_with("NULL");
    event.pos = is_written ? text_.pos(content) : where_nothing_is(begin);
    builder_.scalar(event);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlEvent event;
    event.kind = YamlEvent::Kind::kAlias;
    event.pos = text_.pos(offset_of(mark));
    event.text = anchors_[anchor - 1];
    builder_.alias(event);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlEvent event = make_event(YamlEvent::Kind::kScalar, mark, tag, anchor);
    event.plain = tag == "?";
    const size_t content = skip_properties(offset_of(mark));
    if (next_block_scalar_ < block_scalars_.size() && block_scalars_[next_block_scalar_].pos == event.pos) {
      event.text = sources_.keep(block_scalars_[next_block_scalar_++].value);
    } else if (value.empty() && content != offset_of(mark) && !is_blank_in_quotes(content)) {
      event.pos = where_nothing_is(offset_of(mark));  // `!!str` and no more
    } else {
      event.text = keep_scalar(value, content);
      const bool is_quoted = text()[content] == '"' || text()[content] == '\'';
      end_of_scalar_ = content + (is_quoted ? quoted_length(text().substr(content)) : value.size());
    }
    builder_.scalar(event);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    builder_.start_collection(make_event(YamlEvent::Kind::kSequenceStart, mark, tag, anchor));
  }
  void OnSequenceEnd() override { builder_.end_collection(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    builder_.start_collection(make_event(YamlEvent::Kind::kMappingStart, mark, tag, anchor));
  }
  void OnMapEnd() override { builder_.end_collection(); }

  /// An alias that yaml-cpp knows no anchor for.
  [[noreturn]] void refuse_undefined_alias(const YAML::Mark& mark) {
    YamlEvent event;
    event.kind = YamlEvent::Kind::kAlias;
    event.pos = text_.pos(offset_of(mark));
    const std::string_view name = text().substr(std::min(offset_of(mark) + 1, text().size()));
    event.text = name.substr(0, name.find_first_of(" \n,]}:"));
    builder_.refuse_undefined_alias(event);
  }

  // Comes in front of the event with that anchor; yaml-cpp numbers anchors from 1.
  void OnAnchor(const YAML::Mark&, const std::string& name) override { anchors_.push_back(sources_.keep(name)); }

 private:
  std::string_view text() const { return text_.text(); }

  YamlEvent make_event(YamlEvent::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    YamlEvent event;
    event.kind = kind;
    const size_t begin = offset_of(mark);
    const size_t content = skip_properties(begin);
    event.pos = text_.pos(content);
    if (content != begin) event.property_pos = text_.pos(begin);
    if (anchor != YAML::NullAnchor) event.anchor = anchors_[anchor - 1];
    // "!" is what a scalar in quotes gets, "?" one without; but "!" may have been written as well.
    const bool was_written = tag != "?" && (tag != "!" || text()[begin] == '!' || text()[begin] == '&');
    if (was_written && !(tag == "!" && !has_lone_tag(begin, content))) event.tag = sources_.keep(tag);
    return event;
  }

  bool has_lone_tag(size_t begin, size_t content) const {
    const std::string_view properties = text().substr(begin, content - begin);
    const size_t tag = properties.find('!');
    return tag != std::string_view::npos && (tag + 1 == properties.size() || is_white(properties[tag + 1]));
  }

  static bool is_white(char c) { return c == ' ' || c == '\t' || c == '\n'; }

  /// The first byte behind the tag and anchor that a value begins with; where nothing follows, that of these.
  size_t skip_properties(size_t begin) const {
    size_t at = begin;
    while (at < text().size() && (text()[at] == '!' || text()[at] == '&')) {
      while (at < text().size() && !is_white(text()[at]))
        ++at;
      while (at < text().size() && is_white(text()[at]))
        ++at;
    }
    return at;
  }

  /// `""` or the like; what yaml-cpp reads as empty may be line breaks.
  bool is_blank_in_quotes(size_t at) const {
    const std::string_view rest = text().substr(std::min(at, text().size()));
    if (!rest.starts_with('"') && !rest.starts_with('\'')) return false;
    const std::string value = decode_quoted(rest.substr(0, quoted_length(rest)));
    return std::all_of(value.begin(), value.end(), is_white);
  }

  /// Of a value that is left out: behind the last token before its properties or before what follows. Of that of `?
  /// key`, yaml-cpp's mark is the question mark's: then behind the key.
  SourcePos where_nothing_is(size_t before) const {
    if (before < end_of_scalar_) return text_.pos(end_of_scalar_ - 1) + 1;
    size_t at = std::min(before, text().size());
    while (at > 0 && is_white(text()[at - 1]))
      --at;
    return at == 0 ? text_.pos(0) : text_.pos(at - 1) + 1;
  }

  /// Most scalars are a stretch of the text and need no copy. `begin` is where it begins.
  std::string_view keep_scalar(const std::string& value, size_t begin) {
    std::string_view rest = text().substr(begin);
    const bool is_quoted = rest.starts_with('"') || rest.starts_with('\'');
    if (is_quoted) {
      const std::string_view quoted = rest.substr(0, quoted_length(rest));
      if (quoted.find_first_of("\\\n") != std::string_view::npos) return sources_.keep(decode_quoted(quoted));
      begin += 1;
    }
    const std::string_view original = text_.original(text_.pos(begin));
    return original.starts_with(value) ? original.substr(0, value.size()) : sources_.keep(value);
  }

  SourceMap& sources_;
  const YamlText& text_;
  const std::vector<BlockScalar> block_scalars_;
  size_t next_block_scalar_ = 0;
  YamlTreeBuilder builder_;
  std::vector<std::string_view> anchors_;
  size_t end_of_scalar_ = 0;  // that came last
  size_t documents_ = 0;
};

/// yaml-cpp's messages in PyYAML's words, and what mends them.
struct Wording {
  std::string_view yaml_cpp;
  std::string_view message;
  std::string_view fix;
};

constexpr std::string_view kQuoteIt = "put the value in quotes";

const Wording kWordings[] = {
    {YAML::ErrorMsg::MAP_VALUE, "mapping values are not allowed here",
     "put the value in quotes if ': ' is part of it; begin a nested mapping on the next line, indented"},
    {YAML::ErrorMsg::MAP_KEY, "mapping keys are not allowed here", "begin the mapping on a line of its own"},
    {YAML::ErrorMsg::BLOCK_ENTRY, "sequence entries are not allowed here", "begin the list on a line of its own"},
    {YAML::ErrorMsg::END_OF_MAP, "expected the mapping to go on or to end here",
     "begin each key in the same column and write ': ' behind it"},
    {YAML::ErrorMsg::END_OF_SEQ, "expected the list to go on or to end here",
     "begin each item with '- ' in the same column"},
    {YAML::ErrorMsg::END_OF_MAP_FLOW, "expected ',' or '}'",
     "close the mapping with '}' or separate its keys with ','"},
    {YAML::ErrorMsg::END_OF_SEQ_FLOW, "expected ',' or ']'", "close the list with ']' or separate its items with ','"},
    {YAML::ErrorMsg::FLOW_END, "this bracket closes nothing", "remove it, or put the value in quotes"},
    {YAML::ErrorMsg::UNKNOWN_TOKEN, "found a character that cannot start any token", kQuoteIt},
    {YAML::ErrorMsg::TAB_IN_INDENTATION, "found a tab in the indentation", "use spaces instead of the tab"},
    {YAML::ErrorMsg::INVALID_ESCAPE, "found unknown escape character",
     "write \\\\ for a backslash, or use single quotes"},
    {YAML::ErrorMsg::INVALID_HEX, "expected hexadecimal digits", "write \\\\ for a backslash, or use single quotes"},
    {YAML::ErrorMsg::EOF_IN_SCALAR, "found unexpected end of stream", "close the quote"},
    {YAML::ErrorMsg::DOC_IN_SCALAR, "found unexpected document separator", "close the quote"},
    {YAML::ErrorMsg::CHAR_IN_BLOCK, "expected chomping or indentation indicators",
     "begin the text on the next line, or put it in quotes"},
};

[[noreturn]] void rethrow(const YAML::Exception& error, const YamlText& text) {
  Diagnostic diagnostic;
  diagnostic.code = "yaml-syntax";
  diagnostic.message = error.msg;
  for (const Wording& wording : kWordings) {
    if (!std::string_view(error.msg).starts_with(wording.yaml_cpp)) continue;
    diagnostic.message = wording.message;
    diagnostic.fix = wording.fix;
  }
  const size_t at = offset_of(error.mark);
  if (at > 0 && text.text().substr(at - 1, 2) == "${") {
    diagnostic.fix = "put an interpolation that stands between brackets in quotes: \"${...}\"";
  }
  diagnostic.labels.push_back({text.pos(at), 1, {}});
  if (error.msg == YAML::ErrorMsg::MAP_VALUE || error.msg == YAML::ErrorMsg::END_OF_MAP)
    explain_layout(text, at, diagnostic);
  throw ConfigError(std::move(diagnostic));
}

Tree read_document(SourceMap& sources, SourcePos begin, std::vector<Diagnostic>* duplicates) {
  YamlText text(sources, begin);
  std::vector<BlockScalar> block_scalars = lint_yaml(&text);
  EventAdapter adapter(sources, begin, text, std::move(block_scalars), duplicates);
  try {
    MemoryBuffer buffer(text.text());
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(adapter)) {
    }
  } catch (const YAML::DeepRecursion& error) {
    throw_error(Stage::kCompose, "yaml-too-deep",
                fmt::format("more than {} collections in one another", YamlTreeBuilder::kDeepestNesting),
                text.pos(offset_of(error.mark)));
  } catch (const YAML::Exception& error) {
    if (error.msg == YAML::ErrorMsg::UNKNOWN_ANCHOR) adapter.refuse_undefined_alias(error.mark);
    rethrow(error, text);
  }
  return adapter.take();
}

}  // namespace

// OmegaConf.load and OmegaConf.create: nothing is {}; a string is read as YAML once more, and what is a string then as
// well is {string: null}.
Tree read_yaml(SourceMap& sources, SourcePos begin, std::vector<Diagnostic>* duplicates) {
  Tree tree = read_document(sources, begin, duplicates);
  const Node root = tree[tree.root()];
  if (root.is_text()) {
    tree = read_document(sources, sources.add(SourceKind::kBuiltin, "document in quotes", std::string(root.text())),
                         duplicates);
    const Node again = tree[tree.root()];
    if (again.is_text()) {
      tree = Tree();
      Node value;
      value.set_key(again.text());
      value.pos = value.key_pos = root.pos;
      tree.add(tree.root(), value);
    }
  }
  if (tree[tree.root()].kind == NodeKind::kNull) tree.set_value(tree.root(), Node::map());
  if (!tree[tree.root()].pos) tree[tree.root()].pos = root.pos;
  return tree;
}

}  // namespace cfgtool
