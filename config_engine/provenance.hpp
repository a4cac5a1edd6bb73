/// \file
/// Where the values of a composition come from: every place that set one, and what its interpolations read.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// A place that set a value.
struct ValueCause {
  SourcePos pos;      ///< of the value: its first byte, or its opening quote
  SourceLocation at;  ///< the same in words; kBuiltin with line 0 for what cfgtool itself sets (`hydra.job.name`)
  ComposeStep step;   ///< what brought it
  std::string key;  ///< dotted, of what was set there: a list, scalar or interpolation above the value, or the value's
  bool is_deletion = false;  ///< an override that deleted what was there
  SourcePos via;             ///< the alias that brought a value which stands at an anchor; nowhere for others
};

/// What an interpolation reads.
struct ValueRead {
  enum class Kind : uint8_t {
    kKey,          ///< another value: `name` is its key
    kEnvironment,  ///< `${oc.env:NAME}`: `name` is the variable's
    kResolver,     ///< any other resolver, but `${oc.select:KEY}`, which reads a key: `name` is its name
  } kind = Kind::kKey;
  std::string name;
  std::string value;               ///< as Python prints it; empty where it cannot be told
  bool is_there = false;           ///< a key that exists, a variable that is set
  std::vector<ValueCause> causes;  ///< kKey: as ValueProvenance::causes
  std::vector<ValueRead> reads;  ///< kKey: where that value is an interpolation in turn, the first time that it is read
};

struct ValueProvenance {
  std::string key;                 ///< that was asked for, dotted: `a.b.0.c`
  std::string own_key;             ///< of `node`: the same, or of the interpolation that `key` leads through
  NodeId node = kNoNode;           ///< in Provenance::written()
  std::vector<ValueCause> causes;  ///< see value_chain: oldest first, the last holds. Never empty
  std::vector<ValueRead> reads;    ///< in the order in which they are written; empty unless it is an interpolation
};

/// Looks at one composition, which must outlive it. Not for several threads at once.
class Provenance {
 public:
  /// \param tree of that composition: its job's configuration, hydra's, or both (Composition::whole_tree)
  Provenance(const Composition& composition, const Tree& tree);
  ~Provenance();

  /// The tree as it was written: interpolations are leaves.
  const Tree& written() const { return written_; }
  /// The node under a dotted key path, as written: an interpolation on the way is not followed. kNoNode if none. Where
  /// keys have dots themselves, the node whose dotted_path it is.
  NodeId find(std::string_view key) const;
  /// Scalars, interpolations and empty containers at or below `root`, in order.
  std::vector<NodeId> leaves(NodeId root) const;

  ValueProvenance explain(NodeId node);
  /// What set a node of this composition, which need not be one of written(): of a value that an interpolation led to,
  /// where that value stands.
  ValueCause cause_of(const Tree& tree, NodeId node) const;

  /// Of a key that leads through an interpolation, such as `a.b` with `a: ${c}`: where that is written, and the key
  /// that is read instead. \param through the interpolation's node, see interpolation_above
  ValueProvenance explain_through(NodeId through, std::string_view key);
  /// The interpolation that a key leads through; kNoNode if it leads through none.
  NodeId interpolation_above(std::string_view key) const;

  /// The value that holds: interpolations evaluated, in what it contains as well, as `resolve` prints it.
  /// \throws ConfigError with sources where one fails
  /// \return a node of resolved()
  NodeId value(NodeId node);
  /// The same for a key that leads through an interpolation. kNoNode if nothing is there.
  NodeId value_through(NodeId through, std::string_view key);
  const Tree& resolved() const { return resolved_; }

 private:
  std::vector<ValueCause> causes_of(NodeId node) const;
  ValueCause cause(SourcePos pos, uint32_t step) const;
  void collect_reads(NodeId node, size_t depth, std::vector<ValueRead>& reads);
  void collect_reads(const Interpolation& text, uint32_t expr, NodeId node, size_t depth,
                     std::vector<ValueRead>& reads);
  ValueRead read_key(std::string_view path, NodeId from, size_t depth);
  ValueRead read_resolver(const Interpolation& text, uint32_t expr, NodeId from, size_t depth);
  NodeId find_from(std::string_view path, NodeId from);
  std::optional<std::string> text_of(const Interpolation& text, uint32_t expr, NodeId from);
  std::optional<std::string> joined_text(const Interpolation& text, uint32_t expr, NodeId from);

  const Composition& composition_;
  Tree written_;
  // The same nodes at first.
  Tree followed_;  // what one value leads to is appended
  Tree resolved_;  // values that were asked for are in the place of their interpolations
  ResolveContext context_;
  std::unique_ptr<Resolver> follower_;
  std::unique_ptr<Resolver> resolver_;
  std::set<NodeId> told_;  // of one explanation: whose reads were told
};

/// `a.b.0.c`: keys and indices with dots between them; empty for the root.
std::string dotted_path(const Tree& tree, NodeId node);

}  // namespace cfgtool
