#include "config_engine/diagnostic_render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

struct Palette {
  std::string_view error, warning, place, mark, hint, off;
};
constexpr Palette kPlain{};
constexpr Palette kColor{"\033[1;31m", "\033[1;33m", "\033[1;34m", "\033[1;31m", "\033[1;36m", "\033[0m"};

const char* name_of(Severity severity) {
  return severity == Severity::kError ? "error" : "warning";
}

/// Replaces what would garble a terminal or break a line.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\t') {
      out += ' ';
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

size_t display_width(std::string_view utf8) {
  size_t width = 0;
  for (const char c : utf8)
    width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return width;
}

/// A long line is shown around the place that matters.
void append_snippet(std::string& out, const SourceLocation& at, uint32_t length, const Palette& palette) {
  constexpr size_t kBefore = 70;
  constexpr size_t kShown = 110;
  const size_t column = std::min<size_t>(at.column - 1, at.line_text.size());
  const auto is_continuation = [&](size_t i) {
    return i < at.line_text.size() && (static_cast<unsigned char>(at.line_text[i]) & 0xC0) == 0x80;
  };
  size_t begin = column > kBefore ? column - kBefore : 0;
  while (begin > 0 && is_continuation(begin))
    --begin;
  size_t end = std::min(at.line_text.size(), begin + kShown);
  while (is_continuation(end))
    ++end;
  const std::string before = (begin > 0 ? "…" : "") + printable(at.line_text.substr(begin, column - begin));
  const std::string behind =
      printable(at.line_text.substr(column, end - column)) + (end < at.line_text.size() ? "…" : "");
  const size_t shown = std::min<size_t>(length, end - std::min(end, column));
  const size_t marked = std::max<size_t>(1, display_width(at.line_text.substr(column, shown)));
  out += fmt::format("    {}|{} {}{}\n", palette.place, palette.off, before, behind);
  out += fmt::format("    {}|{} {}{}{}{}\n", palette.place, palette.off, std::string(display_width(before), ' '),
                     palette.mark, std::string(marked, '^'), palette.off);
}

void append_indented_lines(std::string& out, std::string_view text, std::string_view first, std::string_view others) {
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  bool is_first = true;
  while (true) {
    const size_t line_end = text.find('\n');
    const std::string_view line = text.substr(0, line_end);
    if (!(is_first && line.empty())) {
      out += is_first ? first : others;
      out += printable(line);
      out += '\n';
      is_first = false;
    }
    if (line_end == std::string_view::npos) break;
    text.remove_prefix(line_end + 1);
  }
}

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// Whether a fix is a word of the command line: one with a key in front of its `=`, or a deletion. Others are advice.
bool is_command_line_word(std::string_view fix) {
  const std::string_view key = fix.substr(0, fix.find('='));
  const bool is_key = key.find_first_of(" \t\"'(){}:") == std::string_view::npos;
  return is_key && (key.size() < fix.size() || fix.starts_with('~'));
}

/// What a shell takes for `word`: in quotes if it would change it, or might in an interactive one.
std::string shell_word(std::string_view word) {
  constexpr std::string_view kSafe = "_@%+=:,./-";
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0 || kSafe.find(c) != std::string_view::npos;
  });
  if (is_plain) return std::string(word);
  if (word.find('\'') == std::string_view::npos) return fmt::format("'{}'", word);
  if (word.find_first_of("\"$`\\!") == std::string_view::npos) return fmt::format("\"{}\"", word);
  return "'" + replace_all(std::string(word), "'", "'\\''") + "'";
}

void append_text(std::string& out, const Diagnostic& diagnostic, const SourceMap* sources, const Palette& palette) {
  const std::string_view color = diagnostic.severity == Severity::kError ? palette.error : palette.warning;
  const std::string head =
      fmt::format("{}{}[{}]{}: ", color, name_of(diagnostic.severity), diagnostic.code, palette.off);
  append_indented_lines(out, diagnostic.message, head, "  ");
  for (size_t i = 0; i < diagnostic.labels.size(); ++i) {
    const Label& label = diagnostic.labels[i];
    SourceLocation at;
    if (!sources || !sources->locate(label.pos, &at)) continue;
    out += fmt::format("  {}{}{} {}", palette.place, i == 0 ? "-->" : ":::", palette.off, to_string(at));
    if (!label.text.empty()) out += ": " + label.text;
    out += '\n';
    append_snippet(out, at, label.length, palette);
  }
  for (const std::string& note : diagnostic.notes) {
    append_indented_lines(out, note, fmt::format("  {}note{}: ", palette.hint, palette.off), "        ");
  }
  if (!diagnostic.fix.empty()) {
    const std::string typed = is_command_line_word(diagnostic.fix) ? shell_word(diagnostic.fix) : diagnostic.fix;
    out += fmt::format("  {}try{}: {}\n", palette.hint, palette.off, printable(typed));
  }
}

Json place_json(SourcePos pos, const SourceMap* sources) {
  Json place = {{"file", nullptr}, {"line", nullptr}, {"column", nullptr}};
  SourceLocation at;
  if (!sources || !sources->locate(pos, &at)) return place;
  switch (at.kind) {
    case SourceKind::kFile:
      place["file"] = at.name;
      place["line"] = at.line;
      break;
    case SourceKind::kOverride:
      place["override"] = at.index;
      break;
    case SourceKind::kFlag:
      place["flag"] = at.name;
      break;
    case SourceKind::kCommandLine:
      place["word"] = at.index;
      place["command_line"] = at.line_text.substr(0, at.line_text.find_last_not_of(' ') + 1);
      break;
    case SourceKind::kEnvironment:
      place["environment"] = at.name;
      break;
    case SourceKind::kBuiltin:
      place["builtin"] = at.name;
      place["line"] = at.line;
      break;
  }
  place["column"] = at.column;
  return place;
}

Json to_json(const Diagnostic& diagnostic, const SourceMap* sources) {
  Json json = {{"code", diagnostic.code},
               {"severity", name_of(diagnostic.severity)},
               {"stage", to_string(diagnostic.stage)},
               {"message", diagnostic.message}};
  json.update(place_json(diagnostic.labels.empty() ? SourcePos{} : diagnostic.labels[0].pos, sources));
  json["notes"] = diagnostic.notes;
  if (!diagnostic.fix.empty()) json["fix"] = diagnostic.fix;
  if (!diagnostic.key_path.empty()) json["key"] = diagnostic.key_path;
  for (size_t i = 1; i < diagnostic.labels.size(); ++i) {
    Json related = place_json(diagnostic.labels[i].pos, sources);
    related["text"] = diagnostic.labels[i].text;
    json["related"].push_back(std::move(related));
  }
  return json;
}

// Texts may hold bytes that are no UTF-8 (a mistyped file): they are replaced, never thrown over.
std::string dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// Where the format cannot show a label itself, its place is said in words.
enum class SaidPlaces : uint8_t { kOutsideOfFiles, kAllButTheFirstFile };

/// Message, places, notes and fix in one.
std::string whole_text(const Diagnostic& diagnostic, const SourceMap* sources, SaidPlaces said) {
  std::string text = diagnostic.message;
  for (size_t i = 0; i < diagnostic.labels.size(); ++i) {
    const Label& label = diagnostic.labels[i];
    SourceLocation at;
    if (!sources || !sources->locate(label.pos, &at)) continue;
    if (at.kind == SourceKind::kFile && (i == 0 || said == SaidPlaces::kOutsideOfFiles)) continue;
    text += "\nat " + to_string(at);
    if (!label.text.empty()) text += ": " + label.text;
  }
  for (const std::string& note : diagnostic.notes)
    text += "\n" + note;
  if (!diagnostic.fix.empty()) text += "\ntry: " + diagnostic.fix;
  return text;
}

/// RFC 3986: an absolute path as a file URI, a relative one as a relative reference.
std::string path_uri(std::string_view path) {
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("/-._~").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

/// GitHub's workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
void append_github(std::string& out, const Diagnostic& diagnostic, const SourceMap* sources) {
  const auto escaped = [](std::string text, bool property) {
    text = replace_all(replace_all(replace_all(std::move(text), "%", "%25"), "\r", "%0D"), "\n", "%0A");
    return property ? replace_all(replace_all(std::move(text), ":", "%3A"), ",", "%2C") : text;
  };
  std::string properties = fmt::format("title={}", escaped(diagnostic.code, true));
  SourceLocation at;
  if (sources && !diagnostic.labels.empty() && sources->locate(diagnostic.labels[0].pos, &at)) {
    if (at.kind == SourceKind::kFile) {
      properties =
          fmt::format("file={},line={},col={},{}", escaped(std::string(at.name), true), at.line, at.column, properties);
    }
  }
  std::string text = whole_text(diagnostic, sources, SaidPlaces::kAllButTheFirstFile);
  out += fmt::format("::{} {}::{}\n", name_of(diagnostic.severity), properties, escaped(std::move(text), false));
}

/// Columns are in code points, as columnKind says: ours count bytes. Nothing for what lies in no file.
std::optional<Json> sarif_place(const Label& label, const SourceMap* sources) {
  SourceLocation at;
  if (!sources || !sources->locate(label.pos, &at) || at.kind != SourceKind::kFile) return std::nullopt;
  const size_t before = std::min<size_t>(at.column - 1, at.line_text.size());
  const size_t column = count_code_points(at.line_text.substr(0, before)) + 1;
  const size_t marked = count_code_points(at.line_text.substr(before, label.length));
  Json place = {{"artifactLocation", {{"uri", path_uri(at.name)}}},
                {"region", {{"startLine", at.line}, {"startColumn", column}}}};
  if (marked > 0) place["region"]["endColumn"] = column + marked;
  Json location = {{"physicalLocation", std::move(place)}};
  if (!label.text.empty()) location["message"] = {{"text", label.text}};
  return location;
}

Json sarif_result(const Diagnostic& diagnostic, const SourceMap* sources, const std::string& otherwise) {
  Json result = {{"ruleId", diagnostic.code}, {"level", name_of(diagnostic.severity)}};
  result["message"] = {{"text", whole_text(diagnostic, sources, SaidPlaces::kOutsideOfFiles)}};
  Json location = Json::object();
  Json related = Json::array();
  for (size_t i = 0; i < diagnostic.labels.size(); ++i) {
    std::optional<Json> place = sarif_place(diagnostic.labels[i], sources);
    if (!place) continue;
    if (i == 0) {
      location = std::move(*place);
    } else {
      related.push_back(std::move(*place));
    }
  }
  if (location.empty() && !otherwise.empty()) {
    location["physicalLocation"] = {{"artifactLocation", {{"uri", path_uri(otherwise)}}},
                                    {"region", {{"startLine", 1}}}};
  }
  if (!diagnostic.key_path.empty())
    location["logicalLocations"] = Json::array({{{"fullyQualifiedName", diagnostic.key_path}}});
  if (!location.empty()) result["locations"] = Json::array({std::move(location)});
  if (!related.empty()) result["relatedLocations"] = std::move(related);
  return result;
}

/// A code in words: "yaml-duplicate-key" is "yaml: duplicate key".
std::string words_of_code(const std::string& code) {
  std::string words = code;
  std::replace(words.begin(), words.end(), '-', ' ');
  const size_t area = words.find(' ');
  if (area != std::string::npos) words.insert(area, ":");
  return words;
}

}  // namespace

std::string render(const std::vector<Diagnostic>& diagnostics, const SourceMap* sources, const RenderOptions& options) {
  if (diagnostics.empty()) return {};
  if (options.format == DiagnosticFormat::kSarif) return render_sarif({{&diagnostics, sources, {}}});
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    switch (options.format) {
      case DiagnosticFormat::kText:
        append_text(out, diagnostic, sources, options.color ? kColor : kPlain);
        break;
      case DiagnosticFormat::kJson:
        out += dump(to_json(diagnostic, sources)) + "\n";
        break;
      case DiagnosticFormat::kGithub:
        append_github(out, diagnostic, sources);
        break;
      case DiagnosticFormat::kSarif:
        break;
    }
  }
  return out;
}

std::string render_sarif(const std::vector<DiagnosticGroup>& groups) {
  Json results = Json::array();
  std::set<std::string> codes;
  for (const DiagnosticGroup& group : groups) {
    for (const Diagnostic& diagnostic : *group.diagnostics) {
      results.push_back(sarif_result(diagnostic, group.sources, group.file));
      codes.insert(diagnostic.code);
    }
  }
  Json rules = Json::array();
  for (const std::string& code : codes)
    rules.push_back({{"id", code}, {"shortDescription", {{"text", words_of_code(code)}}}});
  const Json driver = {{"name", "cfgtool"}, {"version", CFGTOOL_VERSION}, {"rules", std::move(rules)}};
  const Json run = {
      {"tool", {{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
  const Json document = {
      {"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs", Json::array({run})}};
  return dump(document, 2) + "\n";
}

std::string diagnostic_json(const Diagnostic& diagnostic, const SourceMap* sources) {
  return dump(to_json(diagnostic, sources));
}

}  // namespace cfgtool
