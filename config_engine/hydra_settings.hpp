/// \file
/// Hydra's settings of a composed job (`hydra.run.dir`, `hydra.job.chdir` …), evaluated: in them interpolations may
/// lead anywhere in the configuration.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "config_engine/compose.hpp"

namespace cfgtool {

class HydraSettings {
 public:
  /// \param composition must outlive the settings; its hydra node must be there
  /// \param now what `${now:}` gives; else what the composition's context says
  explicit HydraSettings(const Composition& composition, std::optional<std::tm> now = {});

  /// The value of `hydra.KEY`, interpolations followed. kNoNode if it is absent, null or `???`.
  /// \throws ConfigError with sources, as everything below
  NodeId find(std::string_view key);
  /// Python's str() of it.
  std::optional<std::string> text(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  /// The same for a node that find() led to: what an interpolation at `node` leads to.
  NodeId follow(NodeId node);
  /// `map`'s child of that key, followed; kNoNode as find().
  NodeId child(NodeId map, std::string_view key);

  const Tree& tree() const { return tree_; }
  /// Where `hydra.KEY` was written.
  SourcePos place(std::string_view key) const;
  /// Refuses the value of `hydra.KEY`, or what it is used for. \param fix may be empty
  [[noreturn]] void refuse(std::string code, std::string_view key, std::string message, std::string fix = {}) const;
  /// The same of a node below it.
  [[noreturn]] void refuse_at(std::string code, SourcePos pos, std::string key_path, std::string message,
                              std::string fix = {}) const;

 private:
  const Composition& composition_;
  ResolveContext context_;
  Tree tree_;
  Resolver resolver_;
};

}  // namespace cfgtool
