/// \file
/// Compares an answer of `cfgtool batch` with what real Hydra does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cases/batch.hpp"

namespace cfgtool::test {

struct Refusal {
  std::string stage;       ///< "compose" or "resolve"
  std::string class_name;  ///< of Python's exception; "Outer from Cause" if the message is the cause's
  std::string message;     ///< as Hydra words it
  /// Where the answer must point, such as `config.yaml:3:5` or `override 1:5`; one of them; empty: anywhere.
  std::vector<std::string> places;
};

/// What is right for one answer. Exactly one member is set.
struct Expectation {
  std::optional<std::string> yaml;
  std::optional<std::string> yaml_sha256;
  std::optional<Refusal> refused;
};

/// \param check_places false for real Hydra, which does not say where
/// \return what is wrong, for people; empty if nothing is
std::string compare(const Expectation& expected, const BatchAnswer& answer, bool check_places);

/// The part of the message's first non-empty line that must be as Hydra words it; empty where the wording is ours.
std::string binding_words(const std::string& class_name, const std::string& message);

/// `file:line:column`, `override 2:5`, `environment variable X`, `flag X`, `<builtin>:line:column`; empty if the error
/// has none.
std::string place_of(const nlohmann::json& error);

/// The lines that differ, with a little of what surrounds them.
std::string diff(std::string_view expected, std::string_view got);

}  // namespace cfgtool::test
