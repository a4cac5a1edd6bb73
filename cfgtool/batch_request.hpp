/// \file
/// One request of `cfgtool batch`, from its JSON text to the answer's.
#pragma once

#include <memory>
#include <string>

#include "config_engine/repository.hpp"
#include "config_engine/resolver_table.hpp"

namespace cfgtool {

using FileStorePtr = std::shared_ptr<FileStore>;

struct BatchSettings {
  double max_seconds = 60;  ///< of one request
  ResolverTable resolvers;  ///< that interpolations may call
};

/// One line of the input.
struct BatchLine {
  std::string text;
  size_t number = 1;  ///< 1-based
};

/// Answers one line. Never throws: what goes wrong is the answer. What is wrong with the request itself has its place
/// in the line, of the file `<stdin>`; an error of composing that has no place has the line for it. \param store the
/// files read so far; made on first use
std::string answer_batch_request(const BatchLine& line, FileStorePtr& store, const BatchSettings& settings);

/// The answer to a line that is longer than `limit` bytes, and so was not kept.
std::string refuse_long_batch_request(size_t line_number, size_t limit);

}  // namespace cfgtool
