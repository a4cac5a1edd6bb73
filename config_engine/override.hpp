/// \file
/// One word of the command line, such as `+trainer.gpus=[0,1]`, read as Hydra 1.3.8 reads it (OverrideParser.g4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

enum class OverrideKind : uint8_t { kChange, kAdd, kForceAdd, kDelete, kExtendList };

/// Hydra's ValueType.
enum class OverrideValueKind : uint8_t {
  kNone,               ///< `~key`: no value was given
  kElement,            ///< a plain value
  kSimpleChoiceSweep,  ///< `a,b,c`
  kChoiceSweep,        ///< `choice(a,b,c)`
  kGlobSweep,          ///< `glob(*)`
  kRangeSweep,         ///< `range(1,10)`
  kIntervalSweep,      ///< `interval(0,1)`
};

/// What a sweep has beside its kind. The choices themselves are the items of the override's value.
struct Sweep {
  std::vector<std::string> tags;  ///< of `tag(…)`, in the order written, each once
  bool shuffle = false;           ///< of `shuffle(…)`
  /// Of a range (start, stop, step) or an interval (start, end): kInt, kBigInt, kFloat or kBool.
  Node start, stop, step;
  std::vector<std::string> include, exclude;  ///< patterns of a glob
};

/// Views and nodes live as long as the SourceMap that the word was parsed with.
struct Override {
  OverrideKind kind = OverrideKind::kChange;
  std::string key_or_group;            ///< may be empty (`=1`, `@pkg=x`): Hydra's grammar allows it
  std::optional<std::string> package;  ///< behind the `@`; may be empty
  OverrideValueKind value_kind = OverrideValueKind::kNone;
  /// The root is the value: a scalar, map or list. Of a choice sweep it is the list of its choices. Every node has its
  /// pos, every key its key_pos. Null if there is no value or the sweep is no choice.
  Tree value;
  Sweep sweep;
  std::string_view input_line;  ///< the whole word
  SourcePos pos;                ///< of the word
  SourcePos key_pos;            ///< of the key, behind `+`, `++` or `~`
  SourcePos value_pos;          ///< behind the `=`; nowhere if there is none
  std::vector<char> quotes;     ///< by node of `value`: the quote it was written in, or 0; may be shorter than `value`

  bool has_value() const { return value_kind != OverrideValueKind::kNone; }
  bool is_delete() const { return kind == OverrideKind::kDelete; }
  bool is_add() const { return kind == OverrideKind::kAdd; }
  bool is_force_add() const { return kind == OverrideKind::kForceAdd; }
  bool is_sweep() const { return has_value() && value_kind != OverrideValueKind::kElement; }
  bool is_choice_sweep() const;
  bool is_hydra_override() const;

  /// Python's name of the value's type: `int`, `NoneType`, `dict`, `ChoiceSweep`…
  const char* value_type_name() const;
  /// `++group@package` (Override.get_key_element).
  std::string key_element() const;
  /// The value as it could be typed again (Override.get_value_element_as_str). Not for sweeps.
  std::string value_element_text(bool space_after_separator = false) const;
  /// The same of one node of `value`; of a choice it is what a sweeper puts behind the `=`.
  std::string element_text(NodeId node, bool space_after_separator = false) const;
  /// What was typed behind the first `=` (Override.get_value_string); empty if there is none.
  std::string_view value_string() const;
};

struct OverrideOptions {
  bool extended = false;                 ///< allow Hydra 1.4's `extend_list()` and `json_str()`
  std::optional<uint64_t> shuffle_seed;  ///< for `shuffle([1,2,3])`; otherwise each run shuffles anew, as Hydra does
};

/// Whether a word is meant as an override, where a key or a folder may stand as well: `a=1`, `+a`, `~a`.
inline bool reads_as_override(std::string_view word) {
  return word.find('=') != std::string_view::npos || word.starts_with('~') || word.starts_with('+');
}

/// Parses the word at `word`, a text added to `sources` as SourceKind::kOverride. Decoded texts are kept in `sources`.
/// \throws ConfigError with the code `override-syntax` (not in the grammar), `override-nesting` (too many brackets),
///   `override-function` (a function that does not exist, or that does not take these arguments) or `override-value`
///   (a value that Hydra cannot carry, such as a sweep inside a list).
Override parse_override(SourceMap& sources, SourcePos word, const OverrideOptions& options = {});

}  // namespace cfgtool
