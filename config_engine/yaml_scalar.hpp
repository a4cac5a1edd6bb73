/// \file
/// What type a YAML scalar has: OmegaConf's rules (omegaconf/_utils.py, get_yaml_loader), which are PyYAML's YAML 1.1
/// without timestamps and with more floats; and PyYAML's own rules, by which its dumper decides what needs quotes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config_engine/source.hpp"
#include "config_engine/tree.hpp"

namespace cfgtool {

/// The tag that a plain scalar gets ("tag:yaml.org,2002:…").
enum class YamlScalarTag : uint8_t { kNull, kBool, kInt, kFloat, kString, kMerge, kValue, kTimestamp, kYaml };

/// The tag of plain text when reading.
YamlScalarTag resolve_plain_scalar(std::string_view text);

/// The tag that PyYAML's dumper expects a plain scalar to be read as; anything else than kString makes it quote.
YamlScalarTag resolve_dumped_scalar(std::string_view text);

/// The node that plain text becomes. `text` must live as long as `sources` does: strings are views of it. `<<` and `=`
/// come back as strings. \returns false if the text looks like a number but is none ("0b_", more than 4,300 digits);
/// PyYAML fails there with a Python exception.
bool make_plain_scalar(SourceMap& sources, std::string_view text, Node* out);

/// As `!!int`, `!!float` and `!!bool` read text, which is laxer than plain scalars: `!!int ' 0o10 '` is 8.
/// \returns false where Python would raise.
bool make_yaml_int(SourceMap& sources, std::string_view text, Node* out);
bool make_yaml_float(std::string_view text, Node* out);
bool make_yaml_bool(std::string_view text, Node* out);

}  // namespace cfgtool
