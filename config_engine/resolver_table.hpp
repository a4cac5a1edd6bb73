/// \file
/// Resolvers of a program's own: what `OmegaConf.register_new_resolver` is to a Python program.
///
///     cfgtool::HydraApp app;
///     app.resolvers.add("divide", [](cfgtool::ResolverCall& call) {   // ${divide:${total},4}
///       call.require("divide", {"x", "y"});
///       const double by = call.number(1);
///       if (by == 0) call.fail("ZeroDivisionError", "division by zero");
///       return call.give(cfgtool::Node::of_float(call.number(0) / by));
///     });
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/tree.hpp"

namespace cfgtool {

class Resolver;

/// One call of a resolver: its arguments, and the ways to answer.
class ResolverCall {
 public:
  /// \param container holds the value being resolved, which is `node`
  /// \param cached see parent()
  ResolverCall(Resolver& resolver, std::vector<NodeId> arguments, NodeId container, NodeId node, bool cached)
      : resolver_(resolver), arguments_(std::move(arguments)), container_(container), node_(node), cached_(cached) {}

  // The arguments, evaluated: what interpolations in them lead to.
  size_t count() const { return arguments_.size(); }
  NodeId argument(size_t index) const { return arguments_[index]; }
  /// Valid until something is added to the tree.
  const Node& value(size_t index) const;
  /// A string. \throws ConfigError, as everything below, worded as Python's TypeError, if it is none
  std::string text(size_t index);
  /// A boolean, integer or float, as Python's float() of it; no string.
  double number(size_t index);
  /// Python's bool() of it: false for null, false, 0, "" and what is empty.
  bool truth(size_t index) const;
  /// Python's str() of it.
  std::string str(size_t index) const;
  /// Whether it is a plain list or dict of Python, see give_plain(), not a part of a configuration.
  bool is_plain(size_t index) const;
  /// Refuses other calls than those of a Python function `function(*required, up to `most` in all)`; `most` 0: no more
  /// than the required ones.
  void require(std::string_view function, const std::vector<std::string_view>& required, size_t most = 0);

  // Where the value being resolved stands: OmegaConf's _parent_, _node_ and _root_. \throws ConfigError if the resolver
  // was registered with use_cache: its result would be used in other places as well.
  NodeId parent();
  NodeId node();
  NodeId root();

  /// A new value to return, in the place of the value being resolved. Its text is kept; a string stays a string,
  /// whatever is in it, until it is written into a configuration. A map or list is a configuration of its own
  /// (OmegaConf: DictConfig, ListConfig), still empty: fill it by Tree::add and Tree::add_copy.
  NodeId give(Node value);
  NodeId give_text(std::string_view text) { return give(Node::of_text(NodeKind::kString, text)); }
  /// An empty plain list or dict of Python: other resolvers take it, but no value of a configuration may be one.
  NodeId give_plain(Node container);

  /// Refuses the value as OmegaConf does when a resolver raises an exception of that Python type.
  [[noreturn]] void fail(std::string_view python_type, const std::string& message,
                         std::string code = "resolver-failed");
  void warn(std::string message);

  /// For what is not here.
  Resolver& resolver() { return resolver_; }
  Tree& tree() const;

 private:
  void refuse_if_cached(const char* name);

  Resolver& resolver_;
  std::vector<NodeId> arguments_;
  NodeId container_;
  NodeId node_;
  bool cached_;
};

/// Returns a node of the tree: an existing one, such as an argument, or what ResolverCall::give makes; kNoNode is null.
/// Also refuses by any std::exception, which then reads as Python's RuntimeError.
using ResolverFunction = std::function<NodeId(ResolverCall& call)>;

struct RegisteredResolver {
  ResolverFunction function;
  /// Call it once for each spelling of its arguments: `${f:${a}}` is the same value everywhere, whatever `a` is. The
  /// results are kept as long as the Resolver or the Config.
  bool use_cache = false;
};

/// The resolvers that there are: the built-in ones, and those that are added.
class ResolverTable {
 public:
  struct Options {
    bool use_cache = false;  ///< see RegisteredResolver
    bool replace = false;    ///< a resolver of that name, also a built-in one
  };

  /// \throws std::invalid_argument, worded as OmegaConf's ValueError, if there is one of that name (Hydra's `now`,
  /// `hydra` and `python_version` are there from the beginning here, not from Hydra's start), or the name is empty
  void add(const std::string& name, ResolverFunction function, Options options);
  void add(const std::string& name, ResolverFunction function) { add(name, std::move(function), {}); }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// nullptr if there is none
  const RegisteredResolver* find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, RegisteredResolver, std::less<>> added_;
};

}  // namespace cfgtool
