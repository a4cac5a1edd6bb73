/// \file
/// Evaluates interpolations (`${a.b}`, `${oc.env:HOME}`) as OmegaConf 2.3.1 does.
#pragma once

#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config_engine/diagnostic.hpp"
#include "config_engine/interpolation.hpp"
#include "config_engine/resolver_table.hpp"
#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

struct ResolveContext;

/// \param pos what is being looked at
/// \throws ConfigError, code time-limit, once the context's deadline has passed
void check_deadline(const ResolveContext& context, Stage stage, SourcePos pos);

/// What interpolations may see of the world.
struct ResolveContext {
  std::optional<std::map<std::string, std::string>> environment;  ///< all that oc.env sees; else the process's own
  std::optional<std::tm> now;                                     ///< what `${now:}` gives; else the clock
  int now_microsecond = 0;                                        ///< with `now`: what its `%f` gives
  std::string python_version = "3.11.0";                          ///< what `${python_version:}` gives
  const Tree* hydra = nullptr;                                    ///< what `${hydra:}` looks into; nullptr: refused
  ResolverTable resolvers;
  bool keep_unknown_resolvers = false;  ///< leave `${unknown:…}` as text instead of refusing it
  /// Keys that the command line deleted, and where: an interpolation to one of them is that word's fault.
  std::vector<std::pair<std::string, SourcePos>> deleted_keys;
  /// Where parsed interpolations are kept, if at all; compose() uses its FileStore's.
  std::shared_ptr<InterpolationCache> parsed;
  /// When to give up (code time-limit); never, if not given.
  std::optional<std::chrono::steady_clock::time_point> deadline;

  /// `now` becomes the time that it is: all of a run sees the same.
  void stop_clock();
};

/// What oc.env sees of that name.
std::optional<std::string> environment_variable(const ResolveContext& context, const std::string& name);

/// Evaluates within one tree, which it appends to: results of resolvers live in the tree without being linked into it.
class Resolver {
 public:
  Resolver(Tree& tree, SourceMap& sources, const ResolveContext& context, std::vector<Diagnostic>* warnings = nullptr);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// What the interpolation at `node` leads to; `node` itself if it is none.
  /// \throws ConfigError, stage kResolve, with the place of the interpolation that failed
  NodeId dereference(NodeId node);

  /// As OmegaConf.resolve: every interpolation below `root` is replaced by what it leads to; one to `???` becomes
  /// `???`. A value keeps the place where it was written; its history begins with the interpolation.
  /// \param failures where errors are put instead of being thrown, except that a limit was passed; what they are about
  /// stays as it is
  void resolve_in_place(NodeId root, std::vector<Diagnostic>* failures = nullptr);
  /// The same for one value: `node` itself and what is below it.
  void resolve_value_in_place(NodeId node);

  /// As OmegaConf.select: the value at a key path, seen from `from`, interpolations followed. kNoNode if there is none.
  /// \throws ConfigError where an interpolation on the way fails, or a key goes through a scalar (`code`
  /// interpolation-type)
  NodeId select(NodeId from, std::string_view key, bool throw_on_missing);

  /// A new value to return from a resolver function. `parent` is what relative interpolations in it start from.
  NodeId make(Node value, NodeId parent);
  /// The same for a plain container, see is_plain_container.
  NodeId make_plain(Node container, NodeId parent);
  /// The same with the place and the step of the interpolation that it is made for.
  NodeId make_at(NodeId interpolation, Node value, NodeId parent);
  void place_at(NodeId made, NodeId interpolation);

  /// \throws ConfigError as an exception of that Python type within a resolver reads
  [[noreturn]] void fail(std::string_view python_type, const std::string& message,
                         std::string code = "resolver-failed");

  /// Parses and evaluates one value as `oc.decode` does.
  NodeId evaluate_single_element(std::string_view text, NodeId parent, NodeId node);

  /// Whether `node` is a plain list or map from a resolver rather than a configuration node: OmegaConf keeps the two
  /// apart.
  bool is_plain_container(NodeId node) const { return plain_containers_.count(node) != 0; }

  /// What `${hydra:}` looks into: Hydra's configuration as a hidden part of this one, so that its interpolations see
  /// this one (HydraConfig.set_config). kNoNode if there is none.
  NodeId hydra_node();

  void warn(std::string message, NodeId node);

  Tree& tree() { return tree_; }
  SourceMap& sources() { return sources_; }
  const ResolveContext& context() const { return context_; }

 private:
  // Python's recursion limit stops OmegaConf at about this many interpolations within each other, and earlier than at
  // this many containers that lead to each other.
  static constexpr size_t kDeepestInterpolation = 100;
  static constexpr size_t kDeepestContainer = 500;
  struct Frame;
  /// An interpolation that is being evaluated, and which part of its text.
  struct Step {
    NodeId node = kNoNode;
    uint32_t begin = 0;
    uint32_t length = 1;
  };
  Label label_of(const Step& step, std::string text) const;
  [[noreturn]] void refuse_missing_key(NodeId root, std::string_view key);
  NodeId dereference_in(NodeId node, NodeId container);
  NodeId evaluate(const Interpolation& text, uint32_t expr, const Frame& frame);
  void note_part(const Expr& part, const Frame& frame);
  NodeId evaluate_call(const Interpolation& text, uint32_t expr, const Frame& frame);
  NodeId evaluate_container(const Interpolation& text, uint32_t expr, const Frame& frame);
  std::string joined_names(const Interpolation& text, const Expr& expr, uint32_t parts, std::string_view separator,
                           const Frame& frame);
  const RegisteredResolver& find_resolver(std::string_view name);
  NodeId call(const RegisteredResolver& resolver, std::vector<NodeId> arguments, const Frame& frame);
  NodeId select_node(std::string_view key, const Frame& frame);
  NodeId select_below(NodeId root, std::string_view key, bool throw_on_missing, bool remember);
  NodeId select_one(NodeId container, std::string_view key, bool throw_on_missing);
  [[noreturn]] void refuse_way_through_scalar(std::string_view key, size_t depth);
  [[noreturn]] void refuse_depth(size_t limit);
  void resolve_child(NodeId child);
  void resolve_child_or_note(NodeId child);
  void resolve_below(NodeId root);
  void resolve_container(NodeId child, NodeId value);
  void refuse_read_only(NodeId container);
  void replace_by(NodeId node, NodeId value);
  bool is_ancestor_or_self(NodeId candidate, NodeId node) const;

  Tree& tree_;
  SourceMap& sources_;
  const ResolveContext& context_;
  std::vector<Diagnostic>* warnings_;
  std::vector<NodeId> being_resolved_;  // OmegaConf's memo: the values whose interpolation is being followed
  std::vector<Step> trail_;             // the interpolations being evaluated, outermost first: for error messages
  std::vector<Step> on_the_way_;        // the interpolations whose containers are being resolved in place
  size_t copied_nodes_ = 0;             // into the places of interpolations
  size_t text_bytes_ = 0;               // of all strings joined so far
  std::unordered_set<NodeId> plain_containers_;
  NodeId hydra_node_ = kNoNode;
  std::vector<Diagnostic>* failures_ = nullptr;
  std::unordered_map<std::string, NodeId> call_cache_;
};

/// The string that the interpolation at `node` gives. \throws ConfigError, also when it is no string
std::string resolve_to_string(Tree& tree, NodeId node, SourceMap& sources, const ResolveContext& context);

}  // namespace cfgtool
