/// \file
/// The configuration behind a line that is being typed, composed as far as that goes, and what can be said of it:
/// groups, options, keys and values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/completion.hpp"
#include "config_engine/repository.hpp"

namespace cfgtool {

/// An override in the making.
struct TypedOverride {
  std::string prefix;                ///< "", "+", "++" or "~"
  std::string left;                  ///< the key or group, as far as it goes
  std::optional<std::string> value;  ///< behind the `=`

  static TypedOverride read(std::string_view word);
  /// What stands before `value`, with the `=`.
  std::string before_value() const { return prefix + left + "="; }
};

class CompletionConfig {
 public:
  /// Composes `request`; of what stands in the way, overrides are left out one by one.
  CompletionConfig(std::shared_ptr<FileStore> store, ComposeRequest request,
                   const std::function<std::vector<KnownKey>()>& known_keys);
  ~CompletionConfig();

  /// Whether what is typed chooses an option rather than changing a value.
  bool is_group(const TypedOverride& typed) const;
  std::vector<Candidate> groups(const TypedOverride& typed) const;
  std::vector<Candidate> options(const TypedOverride& typed) const;
  std::vector<Candidate> keys(const TypedOverride& typed);
  std::vector<Candidate> values(const TypedOverride& typed);
  /// Keys as --package names them.
  std::vector<Candidate> packages(std::string_view typed);
  /// Names for --config-name.
  std::vector<Candidate> config_names(std::string_view typed) const;

 private:
  std::vector<std::string> usable_overrides(const std::vector<std::string>& words) const;
  bool try_compose(const ComposeRequest& request);
  void compose_what_can_be(ComposeRequest request);
  void open_repository(const ComposeRequest& request);
  void ask_known_keys(const std::function<std::vector<KnownKey>()>& known_keys);

  std::vector<Candidate> groups_in_list(const TypedOverride& typed) const;
  std::vector<Candidate> groups_in_folders(const TypedOverride& typed) const;
  bool is_in_list(const std::string& group) const;
  Tree& tree_of(std::string_view key);
  NodeId select(std::string_view key);
  NodeId child(Tree& tree, NodeId container, std::string_view name) const;
  void add_keys_below(const TypedOverride& typed, std::string_view base, std::string_view begin,
                      std::vector<Candidate>& found);
  void add_known_keys(const TypedOverride& typed, std::vector<Candidate>& found);
  NodeId follow(Tree& tree, NodeId node);
  std::vector<std::string> known_values(const std::string& key, const Node* value) const;
  void add_values(const TypedOverride& typed, const std::string& before, const std::string& begin,
                  std::vector<Candidate>& found);

  std::shared_ptr<FileStore> store_;
  std::shared_ptr<SourceMap> sources_;
  std::optional<Composition> composition_;
  ResolveContext context_;  // of the repository, and of composition_ if there is one
  std::unique_ptr<ConfigRepository> repository_;
  std::vector<KnownKey> known_keys_;
};

}  // namespace cfgtool
