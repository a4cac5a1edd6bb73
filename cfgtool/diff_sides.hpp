/// \file
/// The two compositions that `cfgtool diff` compares, from each of the three ways to name them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cfgtool/git_revision.hpp"
#include "config_engine/compose.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/run_record.hpp"

namespace cfgtool {

/// One of the two.
struct DiffSide {
  Composition composition;
  Tree values;  ///< what is compared: the job's configuration, resolved or as written
  /// Of a run, whose `values` are those that its folder holds: what the same inputs give now, as far as they do. Says
  /// who set what is still the same.
  std::optional<Tree> composed;
  std::vector<RecordedFile> changed;    ///< of a run: the files that are not what it read
  std::vector<RevisionFolder> folders;  ///< that its files come from, if they are of a revision: gone by then
};

struct DiffSides {
  DiffSide left, right;
};

/// Neither side can be composed. Each error has sources of its own.
struct BothSidesError {
  ConfigError left, right;
};

/// These fill `sides` as far as they get. \throws ConfigError whose notes say which side it is about, or BothSidesError

/// \param common what both have; its overrides come first
/// \param left, right the words of each side: overrides and Hydra's flags
void compose_words(const HydraFlags& common, const std::vector<std::string>& left,
                   const std::vector<std::string>& right, bool resolve, DiffSides& sides);

/// The values that two runs' folders hold: their resolved.yaml, where there is one, else their config.yaml. Composed
/// again from what they record, to say who set what; a warning says which files are not what they were then.
void compose_runs(const std::string& left, const std::string& right, bool resolve, DiffSides& sides);

/// The folders of -cp and -cd are those of the revisions; what else is on the search path is read as it is now.
/// \param revisions `A..B`, or `A` against the working tree; one left out beside the dots is HEAD
void compose_revisions(const HydraFlags& flags, const std::string& revisions, bool resolve, DiffSides& sides);

}  // namespace cfgtool
