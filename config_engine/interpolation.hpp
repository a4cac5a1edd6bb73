/// \file
/// A string with `${…}` in it, read as OmegaConf 2.3.1 reads it (OmegaConfGrammarParser.g4), as a flat array of nodes.
/// Evaluating it is a switch over ExprKind; all escapes are undone already.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

enum class ExprKind : uint8_t {
  // Constants; `value` is the value.
  kConstant,  ///< a null, bool, int, big int, float or string (a string is kString whatever is in it)
  // Strings made of parts.
  kConcat,  ///< Python's str() of every child, joined. One child: `'${x}'`, which is a string whatever x is
  // Containers.
  kList,  ///< the children
  kDict,  ///< children in turn a key (kConstant) and its value. Equal keys: see python_key_identity
  // Interpolations.
  kSelect,  ///< `${a.b[c]}`, `${..x}`: look up `path()`; if there are children, what they give joined, see below
  kCall,    ///< `${name:arg,…}`: call the resolver `path()` with the children as arguments
};

/// One node of an Interpolation. Trivially copyable.
///
/// kSelect with children: the path is the children's texts joined; a child that is no kConstant must give a string
/// ("The following interpolation is used to denote a config key and thus should return a string, but instead returned
/// …", OmegaConf's visitConfigKey). kCall with name_parts > 0: the first name_parts children are the name's parts, to
/// be joined with '.', under the same condition (visitResolverName); the arguments follow.
struct Expr {
  ExprKind kind = ExprKind::kConstant;
  bool has_empty_items = false;  ///< kCall, kList: an item was left out (`[1,,2]`), is "", and OmegaConf warns
  uint32_t name_parts = 0;
  uint32_t begin = 0;   ///< in the text, in bytes: the first of this node
  uint32_t length = 0;  ///< its bytes: what ANTLR's getText() gives (the text of an argument is a cache's key)
  uint32_t next = kNoNode;
  uint32_t first_child = kNoNode;
  uint32_t last_child = kNoNode;
  uint32_t child_count = 0;
  /// kConstant: the value (kNull, kBool, kInt, kBigInt, kFloat, kString); kSelect, kCall: a kString, see path().
  Node value;

  /// kSelect: the key path with its leading dots; kCall: the resolver's name. Empty if made of children.
  std::string_view path() const { return value.text(); }
};

/// The parsed text. Texts of nodes are views into the text that was parsed, or into the Interpolation itself.
class Interpolation {
 public:
  uint32_t root() const { return root_; }
  const Expr& operator[](uint32_t id) const { return nodes_[id]; }
  size_t size() const { return nodes_.size(); }
  std::string_view text() const { return text_; }
  /// What stands in the text for a node.
  std::string_view source_text(uint32_t id) const { return text_.substr(nodes_[id].begin, nodes_[id].length); }

 private:
  friend class InterpolationParser;
  std::string_view text_;
  std::vector<Expr> nodes_;
  uint32_t root_ = 0;
  std::unique_ptr<char[]> decoded_;  // un-escaped texts; never longer than the text
  size_t decoded_used_ = 0;
};

/// Where a text came from, for errors. `pos` is the place of the value that holds it.
struct TextOrigin {
  const SourceMap* sources = nullptr;
  SourcePos pos;
};

/// The place of byte `offset` of a text from `origin`; `*exact` is false if only the value's own place is known.
SourcePos place_in_text(const TextOrigin& origin, std::string_view text, size_t offset, bool* exact);

/// Parses a whole config value (rule configValue): `text` must outlive the result.
/// \throws ConfigError, code `interpolation-syntax`, stage kResolve; its place is exact where the value stands in its
///   source as it is (plain or in quotes without escapes), otherwise the value's own.
Interpolation parse_config_value(std::string_view text, const TextOrigin& origin = {});

/// Parses each text once: for those who evaluate the same configuration again and again. For one thread.
class InterpolationCache {
 public:
  InterpolationCache();
  ~InterpolationCache();

  /// As parse_config_value, but the result keeps its text itself.
  std::shared_ptr<const Interpolation> parse_config_value(std::string_view text, const TextOrigin& origin);

 private:
  struct Entry;
  std::unordered_map<std::string_view, std::shared_ptr<const Entry>> entries_;  // by their own text
};

/// Parses one resolver argument (rule singleElement): what `oc.decode` does to its text.
Interpolation parse_single_element(std::string_view text, const TextOrigin& origin = {});

/// What OmegaConf checks when such a string is assigned (strict_interpolation_validation): it must parse, except that
/// what its SIMPLE_INTERPOLATION_PATTERN matches is not looked at (`${:a}` fails later, when it is resolved).
/// \throws ConfigError as parse_config_value, but with stage kCompose.
void validate_interpolation(std::string_view text, const TextOrigin& origin = {});

/// The key path of a text that is nothing but `${a.b.c}`, `${.a}`, `${a[b]}` with plain keys: the cheap way around
/// parsing.
std::optional<std::string_view> plain_select_path(std::string_view text);

}  // namespace cfgtool
