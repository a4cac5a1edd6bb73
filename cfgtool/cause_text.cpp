#include "cfgtool/cause_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cfgtool/text_table.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLongestLine = 100;
constexpr size_t kLongestValue = 60;

const char* kind_name(SourceKind kind) {
  switch (kind) {
    case SourceKind::kFile:
      return "file";
    case SourceKind::kOverride:
      return "override";
    case SourceKind::kFlag:
      return "flag";
    case SourceKind::kCommandLine:
      return "command line";
    case SourceKind::kEnvironment:
      return "environment";
    case SourceKind::kBuiltin:
      return "builtin";
  }
  return "";
}

std::string absolute(std::string_view path) {
  std::error_code failed;
  const std::filesystem::path whole = std::filesystem::absolute(path, failed);
  return failed ? std::string(path) : whole.lexically_normal().string();
}

/// The defaults list's entry that brought the config; nothing for other steps.
const ResultDefault* entry_of(const Composition& composition, const ValueCause& cause) {
  if (cause.step.kind != ComposeStep::Kind::kConfig) return nullptr;
  return &composition.defaults.defaults[cause.step.index];
}

std::string_view trimmed(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
}

}  // namespace

Json place_json(const SourceLocation& at) {
  Json place{{"kind", kind_name(at.kind)}};
  if (at.kind == SourceKind::kFile) place["file"] = absolute(at.name);
  if (at.kind != SourceKind::kFile && at.kind != SourceKind::kOverride) place["name"] = std::string(at.name);
  if (at.line == 0) return place;
  place["line"] = at.line;
  place["column"] = at.column;
  if (at.kind == SourceKind::kOverride) place["index"] = at.index;
  return place;
}

Json cause_json(const Composition& composition, const ValueCause& cause) {
  Json json = place_json(cause.at);
  SourceLocation via;
  if (composition.sources->locate(cause.via, &via)) json["via"] = place_json(via);
  if (const ResultDefault* entry = entry_of(composition, cause)) {
    json["config"] = entry->config_path;
    json["package"] = entry->package;
    SourceLocation chosen;
    if (composition.sources->locate(entry->pos, &chosen)) json["chosen_by"] = place_json(chosen);
  }
  return json;
}

Json chain_json(const Composition& composition, const ValueProvenance& found) {
  const auto link = [&](const ValueCause& cause) {
    Json json = cause_json(composition, cause);
    if (cause.is_deletion) json["deleted"] = true;
    if (cause.key != found.own_key) json["key"] = cause.key;
    return json;
  };
  Json chain{{"set_by", link(found.causes.back())}, {"history", Json::array()}};
  for (size_t i = 0; i + 1 < found.causes.size(); ++i)
    chain["history"].push_back(link(found.causes[i]));
  return chain;
}

Json reads_json(const Composition& composition, const std::vector<ValueRead>& reads) {
  Json all = Json::array();
  for (const ValueRead& read : reads) {
    const char* kind = read.kind == ValueRead::Kind::kKey           ? "key"
                       : read.kind == ValueRead::Kind::kEnvironment ? "environment"
                                                                    : "resolver";
    Json json{{"kind", kind}, {"name", read.name}};
    if (read.kind != ValueRead::Kind::kResolver) json["found"] = read.is_there;
    if (!read.causes.empty()) json["set_by"] = cause_json(composition, read.causes.back());
    if (!read.reads.empty()) json["reads"] = reads_json(composition, read.reads);
    all.push_back(std::move(json));
  }
  return all;
}

std::string CausePainter::paint(std::string_view code, std::string_view text) const {
  return cfgtool::paint(color_, code, text);
}

std::string CausePainter::place(const ValueCause& cause) const {
  return cause.at.line == 0 ? std::string("cfgtool itself") : to_string(cause.at);
}

std::string CausePainter::source_line(const SourceLocation& at) const {
  if (at.line == 0) return {};
  const std::string_view line = trimmed(at.line_text);
  return fmt::format("          {} {}\n", paint("1;34", "|"),
                     cuts_ ? cut_short(line, kLongestLine) : std::string(line));
}

std::string CausePainter::cause(std::string_view title, const ValueCause& cause, std::string_view own_key) const {
  std::string text = fmt::format("  {:7} {}", title, paint("36", place(cause)));
  const ResultDefault* entry = entry_of(composition_, cause);
  if (entry) text += fmt::format(" (package {})", entry->package.empty() ? "_global_" : entry->package);
  if (cause.key != own_key) text += fmt::format(", for {}", cause.key);
  text += "\n" + source_line(cause.at);
  SourceLocation via;
  if (composition_.sources->locate(cause.via, &via))
    text += fmt::format("          via {}\n", paint("36", to_string(via))) + source_line(via);
  SourceLocation chosen;
  if (entry && composition_.sources->locate(entry->pos, &chosen) && chosen.line != 0)
    text += fmt::format("          chosen by {}\n", paint("36", to_string(chosen))) + source_line(chosen);
  return text;
}

std::string CausePainter::causes(const ValueProvenance& found) const {
  const std::vector<ValueCause>& causes = found.causes;
  std::string text;
  for (auto one = causes.rbegin(); one != causes.rend(); ++one) {
    const char* const title = one->is_deletion ? "deleted" : one == causes.rbegin() ? "set by" : "before";
    text += cause(title, *one, found.own_key);
  }
  return text;
}

std::string CausePainter::reads(const std::vector<ValueRead>& reads, size_t depth) const {
  const std::string indent(2 * depth, ' ');
  std::string text;
  for (const ValueRead& read : reads) {
    text += indent + "reads   ";
    switch (read.kind) {
      case ValueRead::Kind::kResolver:
        text += fmt::format("resolver {}\n", read.name);
        break;
      case ValueRead::Kind::kEnvironment:
        text += read.is_there ? fmt::format("environment variable {} = {}\n", read.name, read.value)
                              : fmt::format("environment variable {}, which is not set\n", read.name);
        break;
      case ValueRead::Kind::kKey:
        if (!read.is_there) {
          text += fmt::format("{}, which is not in the configuration as it was written\n", read.name);
          break;
        }
        text += key(read.name);
        if (!read.value.empty()) text += " = " + (cuts_ ? cut_short(read.value, kLongestValue) : read.value);
        text += fmt::format(", set by {}\n", paint("36", place(read.causes.back())));
        break;
    }
    text += this->reads(read.reads, depth + 1);
  }
  return text;
}

}  // namespace cfgtool
