#include "config_engine/yaml_tags.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "config_engine/base64.hpp"
#include "config_engine/diagnostic.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/yaml_scalar.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kPrefix = "tag:yaml.org,2002:";

/// The part behind "tag:yaml.org,2002:", or "!…" of any other tag.
std::string_view short_name(std::string_view tag) {
  return tag.starts_with(kPrefix) ? tag.substr(kPrefix.size()) : std::string_view("!");
}

[[noreturn]] void refuse(const YamlEvent& event, std::string code, std::string message, std::string fix = {}) {
  Diagnostic diagnostic;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({event.property_pos ? event.property_pos : event.pos, 1, {}});
  diagnostic.fix = std::move(fix);
  throw ConfigError(std::move(diagnostic));
}

[[noreturn]] void refuse_tag(const YamlEvent& event) {
  const std::string_view name = short_name(event.tag);
  if (name == "set" || name == "timestamp") {
    refuse(event, "yaml-unsupported-tag",
           fmt::format("Value '{}' is not a supported primitive type", name == "set" ? "set" : "date"),
           name == "set" ? "write a list" : "write the date as a string, in quotes");
  }
  if (name.starts_with("python/object/apply:pathlib.")) {
    refuse(event, "yaml-unsupported-tag", "paths as values of their own are not supported",
           "write the path as a string");
  }
  const std::string written = event.tag.starts_with(kPrefix) ? "!!" + std::string(name) : std::string(event.tag);
  std::string fix =
      did_you_mean(written, {"!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!map", "!!seq"});
  if (fix.empty()) fix = "remove the tag; put the value in quotes if the '!' is part of it";
  refuse(event, "yaml-unknown-tag",
         fmt::format("could not determine a constructor for the tag {}", python_repr(event.tag)), std::move(fix));
}

[[noreturn]] void refuse_value(const YamlEvent& event, std::string_view type) {
  refuse(event, "yaml-bad-value", fmt::format("{} is not a valid {}", python_repr(event.text), type),
         "put it in quotes if it is a string");
}

[[noreturn]] void refuse_kind(const YamlEvent& event, std::string_view expected, std::string_view found) {
  refuse(event, "yaml-bad-value", fmt::format("expected a {} node, but found {}", expected, found));
}

Node make_untagged(SourceMap& sources, const YamlEvent& event, bool is_key) {
  // Neither "<<" nor "=" has a constructor; as a key "=" is a string.
  if (!is_key && (event.text == "<<" || event.text == "=")) {
    refuse(event, "yaml-bad-value",
           fmt::format("could not determine a constructor for the tag '{}{}'", kPrefix,
                       event.text == "=" ? "value" : "merge"),
           "put it in quotes if it is a string");
  }
  Node node;
  if (!make_plain_scalar(sources, event.text, &node)) refuse_value(event, "number");
  return node;
}

Node make_binary(SourceMap& sources, const YamlEvent& event) {
  const auto bytes = decode_base64(event.text);
  for (const char c : event.text) {
    if (static_cast<unsigned char>(c) >= 0x80)
      refuse(event, "yaml-bad-value", "failed to convert base64 data into ascii");
  }
  if (!bytes) refuse(event, "yaml-bad-value", "failed to decode base64 data: Incorrect padding");
  return Node::of_text(NodeKind::kBytes, sources.keep(*bytes));
}

}  // namespace

Node make_yaml_scalar(SourceMap& sources, const YamlEvent& event, bool is_key) {
  if (event.tag.empty() && !event.plain) return Node::of_string(event.text);
  if (event.tag.empty() || event.tag == "!") return make_untagged(sources, event, is_key);
  const std::string_view name = short_name(event.tag);
  Node node;
  if (name == "str") return Node::of_string(event.text);
  if (name == "null") return Node::null();
  if (name == "int") {
    if (!make_yaml_int(sources, event.text, &node)) refuse_value(event, "int");
  } else if (name == "float") {
    if (!make_yaml_float(event.text, &node)) refuse_value(event, "float");
  } else if (name == "bool") {
    if (!make_yaml_bool(event.text, &node)) refuse_value(event, "bool");
  } else if (name == "binary") {
    return make_binary(sources, event);
  } else if (name == "map" || name == "set") {
    refuse_kind(event, "mapping", "scalar");
  } else if (name == "seq" || name == "omap" || name == "pairs") {
    refuse_kind(event, "sequence", "scalar");
  } else {
    refuse_tag(event);
  }
  return node;
}

bool is_merge_key(const YamlEvent& event) {
  if (event.tag.empty()) return event.plain && event.text == "<<";
  return (event.tag == "!" && event.text == "<<") ||
         (event.tag.starts_with(kPrefix) && short_name(event.tag) == "merge");
}

YamlCollectionTag check_collection_tag(const YamlEvent& event) {
  if (event.tag.empty() || event.tag == "!") return YamlCollectionTag::kPlain;
  const bool is_map = event.kind == YamlEvent::Kind::kMappingStart;
  const std::string_view name = short_name(event.tag);
  if (name == "map" || name == "seq") {
    if (is_map != (name == "map")) {
      refuse_kind(event, is_map ? "sequence" : "mapping", is_map ? "mapping" : "sequence");
    }
    return YamlCollectionTag::kPlain;
  }
  if (name == "omap" || name == "pairs") {
    if (is_map) refuse_kind(event, "sequence", "mapping");
    return YamlCollectionTag::kPairs;
  }
  for (const std::string_view scalar : {"str", "int", "float", "bool", "null", "binary"}) {
    if (name == scalar) refuse_kind(event, "scalar", is_map ? "mapping" : "sequence");
  }
  refuse_tag(event);
}

}  // namespace cfgtool
