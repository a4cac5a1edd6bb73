/// \file
/// One value of a configuration, small and trivially copyable, and its key.
///
/// Texts are views into the SourceMap that the value was made with and live as long as that map.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config_engine/source.hpp"

namespace cfgtool {

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = 0xffffffffu;

enum class NodeKind : uint8_t {
  kNull,
  kBool,
  kInt,     ///< fits into 64 bits
  kBigInt,  ///< an integer beyond 64 bits: `text` holds its decimal digits, with a leading '-' if negative
  kFloat,
  kString,
  kBytes,          ///< `text` holds the raw bytes
  kInterpolation,  ///< a string with "${" in it; `text` is the raw string (OmegaConf: ValueKind.INTERPOLATION)
  kMissing,        ///< the string "???"
  kMap,
  kList,
};

enum class KeyKind : uint8_t { kString, kInt, kFloat, kBool, kBytes, kNull };

/// A mapping's key. `text` of a non-string key is Python's str() of it (`16`, `1.5`, `True`), so that kind and text
/// together identify it: the key 1 and the key "1" are two keys.
struct Key {
  KeyKind kind = KeyKind::kString;
  std::string_view text;

  Key() = default;
  Key(std::string_view string_key) : text(string_key) {}    // NOLINT: a name is a key
  Key(const char* string_key) : text(string_key) {}         // NOLINT
  Key(const std::string& string_key) : text(string_key) {}  // NOLINT
  Key(KeyKind key_kind, std::string_view key_text) : kind(key_kind), text(key_text) {}
  /// As Python's dict sees it: 1, 1.0 and True are one key, 1 and "1" are two.
  friend bool operator==(const Key& a, const Key& b) {
    if (a.kind == b.kind) return a.text == b.text;
    return a.is_number() && b.is_number() && a.number_text() == b.number_text();
  }
  bool is_number() const { return kind == KeyKind::kInt || kind == KeyKind::kFloat || kind == KeyKind::kBool; }
  /// Equal for equal numbers: `1` for 1, 1.0 and True.
  std::string_view number_text() const;
};

#ifdef CFGTOOL_WITHOUT_PLACES
/// tests/bench/provenance_cost.cpp measures an engine whose nodes do not know where they come from: what is assigned to
/// this is not kept.
struct NoPlace : SourcePos {
  const NoPlace& operator=(SourcePos) const { return *this; }
};
inline constexpr bool kNodesKnowPlaces = false;
#else
inline constexpr bool kNodesKnowPlaces = true;
#endif

/// One value. Trivially copyable.
struct Node {
  NodeKind kind = NodeKind::kNull;
  KeyKind key_kind = KeyKind::kString;
  uint32_t key_length = 0;
  const char* key_data = "";
  union {
    bool boolean;
    int64_t integer;
    double real;
    const char* text_data;
    struct {
      NodeId first, last;  // children, in insertion order
    } child;
  };
  uint32_t length = 0;  ///< bytes of text, or number of children
  NodeId parent = kNoNode;
  NodeId next = kNoNode;      ///< the next child of the same parent
  NodeId previous = kNoNode;  ///< the one before
#ifndef CFGTOOL_WITHOUT_PLACES
  SourcePos pos;      ///< of the value
  SourcePos key_pos;  ///< of the key, or of a list item's value
#else
  static inline NoPlace pos, key_pos;
#endif

  Node() : integer(0) {}
  static Node null() {
    return {};
  }
  static Node of_bool(bool value);
  static Node of_int(int64_t value);
  static Node of_float(double value);
  /// A string; "???" becomes kMissing and a text with "${" in it kInterpolation.
  static Node of_string(std::string_view text);
  static Node of_text(NodeKind kind, std::string_view text);
  static Node map();
  static Node list();

  Key key() const {
    return {key_kind, {key_data, key_length}};
  }
  void set_key(Key key);
  /// Of kString, kInterpolation, kMissing, kBytes, kBigInt.
  std::string_view text() const {
    return {text_data, length};
  }
  bool is_container() const {
    return kind == NodeKind::kMap || kind == NodeKind::kList;
  }
  /// Python's str, whatever it means.
  bool is_text() const {
    return kind == NodeKind::kString || kind == NodeKind::kInterpolation || kind == NodeKind::kMissing;
  }
};

/// Python's name of the value's type: "int", "str", "NoneType", "dict", "list" …
const char* type_name(const Node& node);

}  // namespace cfgtool
