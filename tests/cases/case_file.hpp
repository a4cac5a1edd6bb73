/// \file
/// Reads case files: headers, configuration files and recorded answers in one text. README.md describes the form;
/// tests/oracle/case_files.py is its reader and writer in Python.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cfgtool::test {

struct CaseFileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Section {
  std::string title;
  std::string text;  ///< with escapes undone
};

/// One case, with what its file says for all cases already added.
struct Case {
  std::string name;
  size_t line = 0;
  std::map<std::string, std::string> headers;
  std::vector<Section> sections;

  std::string header(const std::string& key, const std::string& otherwise = {}) const;
  /// \throws CaseFileError if the header is not JSON
  nlohmann::json json_header(const std::string& key, const nlohmann::json& otherwise) const;
  /// nullptr if absent
  const Section* section(std::string_view title) const;
  /// The first section whose title begins so, or nullptr.
  const Section* section_beginning(std::string_view prefix) const;
};

struct CaseFile {
  std::filesystem::path path;
  std::vector<Case> cases;
};

/// \throws CaseFileError with file and line
CaseFile read_case_file(const std::filesystem::path& path);

/// All *.case files of a folder, by name.
std::vector<CaseFile> read_case_folder(const std::filesystem::path& folder);

/// Writes the case's `file` sections below `folder`. \return false if it has none
bool lay_out_files(const Case& the_case, const std::filesystem::path& folder);

/// Undoes the escapes of an ` (escaped)` section. \throws CaseFileError
std::string unescape(std::string_view text);

/// Replaces every `{name}` in the text.
std::string fill_in(std::string text, std::string_view name, std::string_view value);

/// The same in every string of a JSON value.
nlohmann::json fill_in_json(const nlohmann::json& json, std::string_view name, std::string_view value);

std::string read_file(const std::filesystem::path& path);

}  // namespace cfgtool::test
