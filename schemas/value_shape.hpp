/// \file
/// What was seen at one place of several trees: kinds of values, keys, and what people wrote about them. Private to
/// schemas.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"
#include "schemas/group_choices.hpp"

namespace cfgtool {

/// A tree to learn from.
struct SeenTree {
  const SourceMap& sources;
  const Tree& tree;                                            ///< interpolations followed
  std::vector<std::pair<std::string, std::string>> choices{};  ///< which option each group has
};

class ValueShape {
 public:
  struct Member {
    std::string name;
    std::unique_ptr<ValueShape> shape;
  };

  void see(const SeenTree& seen, NodeId node);
  bool was_seen() const { return times_ != 0; }

  /// JSON Schema's names, in a fixed order. Empty if nothing is known: seen were nothing but null, `???`, what cannot
  /// be evaluated here, and what JSON has no word for.
  std::vector<std::string> types() const;
  /// The options of one of `groups`, if the texts that were seen are their names, each where it was chosen, and there
  /// is more than one: what chooses a driver is often named so.
  std::vector<std::string> option_names(const std::vector<GroupChoices>& groups) const;
  /// In the order in which they were met.
  const std::vector<Member>& members() const { return members_; }
  /// Whether `member` was in all mappings that were seen here.
  bool is_required(const Member& member) const { return member.shape->times_ == mappings_; }
  const ValueShape* items() const { return items_.get(); }
  /// Of values whose keys are no texts, which a schema cannot name.
  const ValueShape* unnameable() const { return unnameable_.get(); }
  const std::string& description() const { return description_; }

 private:
  enum Kind : uint8_t { kBoolean, kInteger, kNumber, kString, kNull, kArray, kObject, kUnknown, kKinds };

  static Kind kind_of(const Node& node);
  void see_text(const SeenTree& seen, const Node& node);
  void see_mapping(const SeenTree& seen, NodeId node);

  bool has_[kKinds] = {};
  size_t times_ = 0;
  size_t mappings_ = 0;
  std::string description_;
  std::vector<Member> members_;
  std::unordered_map<std::string, size_t> member_index_;
  std::unique_ptr<ValueShape> items_;
  std::unique_ptr<ValueShape> unnameable_;
  std::set<std::string> texts_;                         // as long as some group may name them
  std::optional<std::set<std::string>> naming_groups_;  // whose choice every text was the name of
};

}  // namespace cfgtool
