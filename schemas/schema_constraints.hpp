/// \file
/// What each subschema says, as constraints of the JSON schema library. Private to schemas.
#pragma once

#include <deque>
#include <mutex>
#include <unordered_map>

#include "schemas/schema_compiled.hpp"

namespace cfgtool {

/// A subschema of the library that knows its part. Others were not written: they are made for keys of which nothing is
/// said.
class PartSubschema : public valijson::Subschema {
 public:
  explicit PartSubschema(uint32_t part) : part_(part) {}
  uint32_t part() const { return part_; }

 private:
  friend class SchemaConstraints;
  const uint32_t part_;
  std::once_flag is_made_;
};

/// A check needs few of the subschemas of a large schema, and to make the constraints takes longer than to check them:
/// those of a part are made when it is first met. May be read by several threads.
class SchemaConstraints {
 public:
  struct Hash {
    size_t operator()(SchemaNode at) const { return (size_t{at.document} << 32 | at.node) * 0x9E3779B97F4A7C15U; }
  };
  /// Of parts, and of references to them.
  using Numbers = std::unordered_map<SchemaNode, uint32_t, Hash>;

  /// \param documents which live as long
  explicit SchemaConstraints(const SchemaDocuments& documents) : documents_(documents) {}

  /// The next one.
  void add_part(SchemaNode at);
  /// When all parts are there. \param numbers of whatever stands in a part as a schema
  void set_numbers(Numbers numbers) { numbers_ = std::move(numbers); }

  const PartSubschema& subschema(size_t part) const { return subschemas_[part]; }
  /// Before it is applied. Never fails: what is of a type that the meta-schema refuses is passed over.
  void make(const PartSubschema& subschema) const;

  /// What everything fits.
  static const valijson::Subschema* empty_subschema();

 private:
  const SchemaDocuments& documents_;
  std::vector<SchemaNode> parts_;
  mutable std::deque<PartSubschema> subschemas_;
  Numbers numbers_;
};

}  // namespace cfgtool
