#include "cfgtool/diff_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cfgtool/cause_text.hpp"
#include "cfgtool/text_table.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/python_text.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLongestValue = 60;

/// Where a compared value comes from.
struct ValueOrigin {
  ValueProvenance key;  ///< of the key, or of the interpolation that brings a container with it
  std::string written;  ///< that interpolation's text; empty if there is none
  ValueCause value;     ///< where the value itself stands
  bool is_elsewhere = false;
};

/// Answers for one side.
class SideReader {
 public:
  explicit SideReader(const DiffSide& side)
      : side_(side), provenance_(side.composition, side.composition.whole_tree()), painter_(side.composition, false) {}

  std::string key(NodeId value) const { return dotted_path(side_.values, value); }
  std::string value_text(NodeId value) const { return python_repr(side_.values, value); }
  ValueOrigin origin(NodeId value);
  Json json(NodeId value);
  /// Without line and column: a file, or an override with its text.
  std::string source(NodeId value);
  /// The place, and what an interpolation reads.
  std::string cause_text(NodeId value);

 private:
  NodeId written_at(NodeId value) const;
  std::string place(const ValueCause& cause) const;
  void add_last_reads(const std::vector<ValueRead>& reads, std::vector<std::string>& texts) const;
  std::string shown(std::string path) const { return with_revision_paths(std::move(path), side_.folders); }
  void name_revision(Json& json) const;

  const DiffSide& side_;
  Provenance provenance_;
  CausePainter painter_;
};

/// The node of the written tree that has the value's key, or the interpolation above that.
NodeId SideReader::written_at(NodeId value) const {
  std::vector<NodeId> way;
  for (; value != side_.values.root(); value = side_.values[value].parent)
    way.push_back(value);
  const Tree& written = provenance_.written();
  NodeId node = written.root();
  for (auto step = way.rbegin(); step != way.rend(); ++step) {
    if (written[node].kind == NodeKind::kInterpolation) break;
    node = written[node].kind == NodeKind::kList ? written.item(node, side_.values.index_of(*step))
                                                 : written.find(node, side_.values[*step].key());
  }
  return node;
}

ValueOrigin SideReader::origin(NodeId value) {
  ValueOrigin origin;
  const NodeId node = written_at(value);
  origin.key = provenance_.explain(node);
  const Node& written = provenance_.written()[node];
  if (written.kind == NodeKind::kInterpolation) origin.written = written.text();
  origin.value = provenance_.cause_of(side_.values[value]);
  origin.is_elsewhere = origin.value.at.line != 0 && !(origin.value.pos == written.pos);
  return origin;
}

void SideReader::name_revision(Json& json) const {
  if (side_.folders.empty()) return;
  if (json.is_string()) json = shown(json.get<std::string>());
  if (!json.is_structured()) return;
  for (Json& member : json)
    name_revision(member);
}

Json SideReader::json(NodeId value) {
  const Composition& composition = side_.composition;
  const ValueOrigin origin = this->origin(value);
  Json places{{"set_by", cause_json(composition, origin.key.causes.back())}};
  if (!origin.written.empty()) {
    if (origin.key.key != key(value)) places["through"] = origin.key.key;
    places["written"] = origin.written;
    if (origin.is_elsewhere) places["from"] = cause_json(composition, origin.value);
    if (!origin.key.reads.empty()) places["reads"] = reads_json(composition, origin.key.reads);
  }
  name_revision(places);
  Json json{{"value", Json::parse(write_json(side_.values, value))}};
  json.update(places);
  return json;
}

std::string SideReader::place(const ValueCause& cause) const {
  return shown(painter_.place(cause));
}

/// Of what was read: the first key that does not read on.
const ValueCause* first_read(const std::vector<ValueRead>& reads) {
  for (const ValueRead& read : reads) {
    const ValueCause* const found =
        read.reads.empty() && !read.causes.empty() ? &read.causes.back() : first_read(read.reads);
    if (found) return found;
  }
  return nullptr;
}

std::string SideReader::source(NodeId value) {
  const ValueOrigin origin = this->origin(value);
  const ValueCause* const read = first_read(origin.key.reads);
  const SourceLocation& at = origin.is_elsewhere ? origin.value.at : read ? read->at : origin.key.causes.back().at;
  if (at.line == 0) return "cfgtool itself";
  if (at.kind == SourceKind::kOverride) return fmt::format("override {}", at.line_text);
  return shown(std::string(at.name));
}

/// Of what was read: what does not read on.
void SideReader::add_last_reads(const std::vector<ValueRead>& reads, std::vector<std::string>& texts) const {
  for (const ValueRead& read : reads) {
    if (!read.reads.empty()) {
      add_last_reads(read.reads, texts);
    } else if (read.kind == ValueRead::Kind::kKey) {
      texts.push_back(read.causes.empty() ? read.name : fmt::format("{} at {}", read.name, place(read.causes.back())));
    } else {
      const char* kind = read.kind == ValueRead::Kind::kEnvironment ? "environment variable" : "resolver";
      texts.push_back(fmt::format("{} {}", kind, read.name));
    }
  }
}

std::string SideReader::cause_text(NodeId value) {
  const ValueOrigin origin = this->origin(value);
  const ValueCause& cause = origin.key.causes.back();
  std::string text = place(cause);
  SourceLocation chosen;
  const bool is_config = cause.step.kind == ComposeStep::Kind::kConfig;
  if (is_config &&
      side_.composition.sources->locate(side_.composition.defaults.defaults[cause.step.index].pos, &chosen) &&
      chosen.kind == SourceKind::kOverride)
    text += fmt::format(", chosen by {}", to_string(chosen));
  if (cause.at.kind == SourceKind::kOverride) text += fmt::format(": {}", cause.at.line_text);
  if (origin.written.empty()) return text;
  text += fmt::format(", {}", origin.written);
  if (origin.is_elsewhere) return text + fmt::format(" from {}", place(origin.value));
  std::vector<std::string> reads;
  add_last_reads(origin.key.reads, reads);
  return reads.empty() ? text : text + fmt::format(" reads {}", fmt::join(reads, ", "));
}

std::string paint(bool color, const char* code, std::string_view text) {
  return color ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

struct Counts {
  size_t changed = 0, added = 0, removed = 0;

  size_t all() const { return changed + added + removed; }
  void add(const TreeDifference& difference) {
    ++(difference.left == kNoNode ? added : difference.right == kNoNode ? removed : changed);
  }
  Json json() const { return {{"changed", changed}, {"added", added}, {"removed", removed}}; }
  std::string text() const { return fmt::format("{} changed, {} added, {} removed", changed, added, removed); }
};

/// The most first.
using CountsBySource = std::vector<std::pair<std::string, Counts>>;

CountsBySource count_by_source(const DiffSides& sides, const std::vector<TreeDifference>& differences) {
  SideReader left(sides.left), right(sides.right);
  std::map<std::string, Counts> counts;
  for (const TreeDifference& one : differences)
    counts[one.right == kNoNode ? left.source(one.left) : right.source(one.right)].add(one);
  CountsBySource sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.all() > b.second.all(); });
  return sorted;
}

Counts count(const std::vector<TreeDifference>& differences) {
  Counts counts;
  for (const TreeDifference& difference : differences)
    counts.add(difference);
  return counts;
}

}  // namespace

std::string diff_text(const DiffSides& sides, const std::vector<TreeDifference>& differences, bool color,
                      bool cut_long_values) {
  constexpr const char* kKey = "1";
  constexpr const char* kOld = "31";
  constexpr const char* kNew = "32";
  SideReader left(sides.left), right(sides.right);
  const auto value = [&](const SideReader& side, NodeId node) {
    if (node == kNoNode) return std::string("absent");
    const std::string text = side.value_text(node);
    return cut_long_values ? cut_short(text, kLongestValue) : text;
  };
  std::string text;
  for (const TreeDifference& one : differences) {
    text += fmt::format("{}: {} -> {}\n",
                        paint(color, kKey, one.left != kNoNode ? left.key(one.left) : right.key(one.right)),
                        paint(color, kOld, value(left, one.left)), paint(color, kNew, value(right, one.right)));
    if (one.left != kNoNode) text += fmt::format("  {} {}\n", paint(color, kOld, "-"), left.cause_text(one.left));
    if (one.right != kNoNode) text += fmt::format("  {} {}\n", paint(color, kNew, "+"), right.cause_text(one.right));
  }
  return text;
}

std::string diff_json(const DiffSides& sides, const std::vector<TreeDifference>& differences) {
  SideReader left(sides.left), right(sides.right);
  std::string text;
  for (const TreeDifference& one : differences) {
    const Json line{{"key", one.left != kNoNode ? left.key(one.left) : right.key(one.right)},
                    {"left", one.left == kNoNode ? Json() : left.json(one.left)},
                    {"right", one.right == kNoNode ? Json() : right.json(one.right)}};
    text += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

std::string diff_stat_text(const DiffSides& sides, const std::vector<TreeDifference>& differences) {
  std::string text;
  for (const auto& [source, counts] : count_by_source(sides, differences))
    text += fmt::format("{:5}  {} ({})\n", counts.all(), source, counts.text());
  const Counts all = count(differences);
  return text + fmt::format("{} {}: {}\n", all.all(), all.all() == 1 ? "value differs" : "values differ", all.text());
}

std::string diff_stat_json(const DiffSides& sides, const std::vector<TreeDifference>& differences) {
  Json json = count(differences).json();
  json["causes"] = Json::array();
  for (const auto& [source, counts] : count_by_source(sides, differences)) {
    Json cause{{"source", source}};
    cause.update(counts.json());
    json["causes"].push_back(std::move(cause));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cfgtool
