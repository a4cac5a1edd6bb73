/// \file
/// Where the values of a composition come from: every place that set one, and what its interpolations read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config_engine/compose.hpp"

namespace cfgtool {

/// A place that set a value.
struct ValueCause {
  SourcePos pos;      ///< of the value: its first byte, or its opening quote
  SourceLocation at;  ///< the same in words; kBuiltin with line 0 for what cfgtool itself sets (`hydra.job.name`)
  ComposeStep step;   ///< what brought it
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
  std::vector<ValueRead> reads;    ///< kKey: where that value is an interpolation in turn
};

struct ValueProvenance {
  std::string key;                 ///< dotted: `a.b.0.c`
  NodeId node = kNoNode;           ///< in Provenance::written()
  std::vector<ValueCause> causes;  ///< oldest first; the last one set the value that holds. Never empty
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
  /// The node under a dotted key path, as written: an interpolation on the way is not followed. kNoNode if none.
  NodeId find(std::string_view key) const;
  /// Scalars, interpolations and empty containers at or below `root`, in order.
  std::vector<NodeId> leaves(NodeId root) const;

  ValueProvenance explain(NodeId node);
  /// What set a node of this composition, which need not be one of written(): of a value that an interpolation led to,
  /// where that value stands.
  ValueCause cause_of(const Tree& tree, NodeId node) const { return cause(tree[node].pos, tree.step(node)); }

  /// The value that holds: interpolations evaluated. \throws ConfigError with sources where one fails
  /// \return a node of resolved()
  NodeId value(NodeId node);
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

  const Composition& composition_;
  Tree written_;
  Tree resolved_;  // the same nodes at first; following interpolations appends to it
  ResolveContext context_;
  std::unique_ptr<Resolver> resolver_;
};

/// `a.b.0.c`: keys and indices with dots between them; empty for the root.
std::string dotted_path(const Tree& tree, NodeId node);

}  // namespace cfgtool
