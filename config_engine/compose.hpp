/// \file
/// Config name + overrides to one tree: the façade over the defaults list, merging and overrides.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config_engine/defaults.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/repository.hpp"
#include "config_engine/resolve.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

struct ComposeRequest {
  /// Folders with configs. The first is the primary one; the others are searched after it.
  std::vector<std::string> config_dirs;
  std::optional<std::string> config_name;  ///< the primary config, such as "ppo_trainer"; or none
  std::vector<std::string> overrides;      ///< the command line, word by word
  VersionBase version_base;
  std::string pkg_path;          ///< where `pkg://` packages lie
  std::string job_name = "app";  ///< `hydra.job.name`
  bool with_hydra = true;        ///< fill the hydra node and let `${hydra:…}` see it
  bool run_job = false;          ///< the job will be run: `hydra.mode` is RUN where nothing is said
  bool extended = false;         ///< OverrideOptions::extended
  bool skip_missing = false;     ///< leave a `group: ???` that nobody chose out instead of refusing it
  ResolveContext context;        ///< what interpolations see; its `hydra` is set by compose()
  /// Where to put what is wrong and can be left out, rather than to throw it: keys given twice (the later holds),
  /// defaults entries whose config is not there, not chosen or cannot be read, overrides that cannot be read or
  /// applied. What such an entry would have given is `???`, so that the rest is not blamed for it.
  std::vector<Diagnostic>* passed_over = nullptr;
};

/// One of the things that made the tree, in the order in which they did. Node::step is an index into them.
struct ComposeStep {
  enum class Kind : uint8_t { kNone, kConfig, kOverride, kRuntime } kind = Kind::kNone;
  uint32_t index = 0;  ///< kConfig: in Composition::defaults.defaults; kOverride: in Composition::overrides
};

/// A value that an override deleted.
struct DeletedValue {
  std::string key;
  NodeId node = kNoNode;  ///< it and what is below it still lie in the array of Composition::tree
  SourcePos pos;          ///< of the key in the override
  uint32_t step = 0;
};

struct Composition {
  Tree tree;                       ///< the job's configuration, interpolations not evaluated, without the hydra node
  Tree hydra;                      ///< a map whose one key is `hydra`; empty without hydra
  std::vector<ComposeStep> steps;  ///< [0] is nothing
  std::vector<DeletedValue> deleted;
  std::vector<Diagnostic> warnings;
  DefaultsList defaults;
  std::vector<Override> overrides;
  std::vector<SearchPathEntry> search_path;
  std::shared_ptr<SourceMap> sources;  ///< what all positions refer to
  ResolveContext context;              ///< see hydra_context()

  /// `context` with its `hydra` pointing to this object's. Valid as long as the object is not moved.
  ResolveContext resolve_context() const;

  /// The hydra node and the job's configuration as one tree, as Hydra has them.
  Tree whole_tree() const;

  /// Evaluates all interpolations of `tree`. \throws ConfigError with sources, as resolve_finding_all()
  void resolve();
  /// A copy of `tree` with all interpolations evaluated. \throws as resolve
  Tree resolved_tree(std::vector<Diagnostic>* notes = nullptr) const;
};

/// \param store where files are read and kept; may be shared by consecutive compositions
/// \throws ConfigError with sources
Composition compose(const std::shared_ptr<FileStore>& store, const ComposeRequest& request);

/// Its first half: the overrides, the search path and the defaults list. The tree stays empty, values are not looked
/// at. \throws ConfigError with sources
Composition compose_defaults(const std::shared_ptr<FileStore>& store, const ComposeRequest& request);

}  // namespace cfgtool
