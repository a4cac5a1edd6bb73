#include <doctest/doctest.h>

#include "config_engine/diagnostic.hpp"
#include "config_engine/override.hpp"
#include "config_engine/value_tokens.hpp"
#include "written_down.hpp"

namespace cfgtool {

namespace {

const char* hydra_name(OverrideKind kind) {
  switch (kind) {
    case OverrideKind::kChange:
      return "CHANGE";
    case OverrideKind::kAdd:
      return "ADD";
    case OverrideKind::kForceAdd:
      return "FORCE_ADD";
    case OverrideKind::kDelete:
      return "DEL";
    case OverrideKind::kExtendList:
      return "EXTEND_LIST";
  }
  return "";
}

nlohmann::json hydra_name(OverrideValueKind kind) {
  switch (kind) {
    case OverrideValueKind::kNone:
      return nullptr;
    case OverrideValueKind::kElement:
      return "ELEMENT";
    case OverrideValueKind::kSimpleChoiceSweep:
      return "SIMPLE_CHOICE_SWEEP";
    case OverrideValueKind::kChoiceSweep:
      return "CHOICE_SWEEP";
    case OverrideValueKind::kGlobSweep:
      return "GLOB_CHOICE_SWEEP";
    case OverrideValueKind::kRangeSweep:
      return "RANGE_SWEEP";
    case OverrideValueKind::kIntervalSweep:
      return "INTERVAL_SWEEP";
  }
  return nullptr;
}

void check_accepted(const nlohmann::json& record, const Override& parsed) {
  CHECK(std::string(hydra_name(parsed.kind)) == record["kind"]);
  CHECK(parsed.key_or_group == record["key"].get<std::string>());
  CHECK((parsed.package ? nlohmann::json(*parsed.package) : nlohmann::json()) == record["package"]);
  CHECK(hydra_name(parsed.value_kind) == record["value_kind"]);
  CHECK(written_down(parsed) == record["value"].get<std::string>());
  CHECK(std::string(parsed.value_type_name()) == record["type_name"].get<std::string>());
  CHECK(parsed.key_element() == record["key_element"].get<std::string>());
  if (record.contains("text")) {
    CHECK(parsed.value_element_text() == record["text"].get<std::string>());
    CHECK(parsed.value_element_text(true) == record["spaced"].get<std::string>());
  }
}

void check_refused(const nlohmann::json& record, const Diagnostic& error, SourcePos pos) {
  const std::string kind = record["error"];
  if (kind == "crash") return;
  REQUIRE(!error.labels.empty());
  CHECK(error.labels[0].pos);
  CHECK(error.code == "override-" + kind);
  const std::string first_line = "Error parsing override '" + record["word"].get<std::string>() + "'\n";
  // A sweep within a value: Hydra's parser lets it pass, and fails when it merges.
  const bool merges = kind == "value" && error.message == "Error merging override " + record["word"].get<std::string>();
  if (!merges) CHECK(error.message.substr(0, first_line.size()) == first_line);
  if (record.contains("byte")) {
    // Hydra's lexer may run ahead of its parser; blanks in front of a separator are part of it there.
    const size_t hydra = skip_blanks(record["word"].get<std::string>(), record["byte"].get<size_t>());
    CHECK(error.labels[0].pos.offset - pos.offset <= hydra);
  }
  if (kind == "function") CHECK(error.message == first_line + record["message"].get<std::string>());
}

}  // namespace

TEST_CASE("overrides are parsed as Hydra parses them") {
  for (const nlohmann::json& record : recorded("overrides.jsonl")) {
    const std::string word = record["word"];
    CAPTURE(word);
    SourceMap sources;
    const SourcePos pos = sources.add(SourceKind::kOverride, "", word, 1);
    try {
      const Override parsed = parse_override(sources, pos);
      CHECK_MESSAGE(record["ok"] == true, "Hydra refuses it: ", record.dump());
      if (record["ok"] == true) check_accepted(record, parsed);
    } catch (const ConfigError& error) {
      CHECK_MESSAGE(record["ok"] == false, "Hydra accepts it; we say: ", std::string(error.what()));
      if (record["ok"] == false) check_refused(record, error.diagnostics()[0], pos);
    }
  }
}

}  // namespace cfgtool
