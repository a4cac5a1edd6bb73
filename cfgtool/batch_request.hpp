/// \file
/// One request of `cfgtool batch`, from its JSON text to the answer's.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config_engine/repository.hpp"
#include "config_engine/resolver_table.hpp"

namespace cfgtool {

using FileStorePtr = std::shared_ptr<FileStore>;

struct BatchSettings {
  double max_seconds = 60;  ///< of one request
  ResolverTable resolvers;  ///< that interpolations may call
};

/// Answers one line. Never throws: what goes wrong is the answer.
/// \param store the files read so far; made on first use
std::string answer_batch_request(const std::string& line, FileStorePtr& store, const BatchSettings& settings);

/// The answer to a request that is none. \param id the request's id as JSON, or nullptr
std::string refuse_batch_request(const nlohmann::ordered_json& id, const std::string& code, const std::string& message);

}  // namespace cfgtool
