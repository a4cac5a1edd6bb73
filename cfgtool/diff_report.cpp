#include "cfgtool/diff_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

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
  bool is_recorded = false;  ///< its place is in a run's folder: its inputs do not give it any more
  std::string changed_file;  ///< of what is recorded: the file that it stood in, if that changed
};

/// Answers for one side.
class SideReader {
 public:
  explicit SideReader(const DiffSide& side)
      : side_(side),
        compared_(side.composed ? *side.composed : side.values),
        provenance_(side.composition, side.composition.whole_tree()),
        painter_(side.composition, false) {}

  std::string key(NodeId value) const { return dotted_path(side_.values, value); }
  std::string value_text(NodeId value) const { return python_repr(side_.values, value); }
  /// The config that sets it; empty if it is none.
  std::string config(NodeId value);
  Json json(NodeId value);
  /// Without line and column: a file, an override with its text, an environment variable.
  /// \param changed the keys that are not the same on the other side
  std::string source(NodeId value, const std::set<std::string>& changed);
  /// The place, and what an interpolation reads that is not the same on the other side.
  /// \param with_choice say what brought the config
  std::string cause_text(NodeId value, const std::set<std::string>& changed, bool with_choice);
  /// Why this side lacks a value of the other one: the override that deleted it, what stands in its place, or what
  /// chose another config than the one it comes from. Nothing if none of these can be told.
  std::optional<SourceLocation> absence(SideReader& other, NodeId value);
  std::string absence_text(const SourceLocation& at) const;
  /// Without line and column.
  std::string source_name(const SourceLocation& at) const;

 private:
  ValueOrigin origin(NodeId value);
  void add_recorded_reads(NodeId value, ValueOrigin& origin);
  NodeId same_now(NodeId value) const;
  NodeId written_at(NodeId value) const;
  std::string decided_by(NodeId value) const;
  std::string place(const ValueCause& cause) const;
  std::string choice(const ValueCause& cause) const;
  std::string read_text(const ValueRead& read) const;
  std::string shown(std::string path) const { return with_revision_paths(std::move(path), side_.folders); }
  void name_revision(Json& json) const;

  const DiffSide& side_;
  const Tree& compared_;  // the tree of the composition that has the values
  Provenance provenance_;
  CausePainter painter_;
};

/// From the root's child to the node.
std::vector<NodeId> way_to(const Tree& tree, NodeId node) {
  std::vector<NodeId> way;
  for (; node != tree.root(); node = tree[node].parent)
    way.push_back(node);
  std::reverse(way.begin(), way.end());
  return way;
}

NodeId same_child(const Tree& tree, NodeId node, const Tree& other, NodeId child) {
  return tree[node].kind == NodeKind::kList ? tree.item(node, other.index_of(child))
                                            : tree.find(node, other[child].key());
}

/// Of a run's value: the node with that key in what the run's inputs give now, if it has that value.
NodeId SideReader::same_now(NodeId value) const {
  NodeId node = compared_.root();
  for (const NodeId step : way_to(side_.values, value)) {
    node = same_child(compared_, node, side_.values, step);
    if (node == kNoNode) return kNoNode;
  }
  return python_repr(compared_, node) == python_repr(side_.values, value) ? node : kNoNode;
}

/// The node of the written tree that has the key of a node of `compared_`, or the interpolation above that.
NodeId SideReader::written_at(NodeId value) const {
  const Tree& written = provenance_.written();
  NodeId node = written.root();
  for (const NodeId step : way_to(compared_, value)) {
    if (written[node].kind == NodeKind::kInterpolation) break;
    node = same_child(written, node, compared_, step);
  }
  return node;
}

/// What a run's value read then, as far as the same is written now.
void SideReader::add_recorded_reads(NodeId value, ValueOrigin& origin) {
  const Tree& written = provenance_.written();
  NodeId node = written.root();
  for (const NodeId step : way_to(side_.values, value)) {
    node = same_child(written, node, side_.values, step);
    if (node == kNoNode) return;
  }
  if (written[node].kind != NodeKind::kInterpolation) return;
  origin.written = written[node].text();
  origin.key.reads = provenance_.explain(node).reads;
}

ValueOrigin SideReader::origin(NodeId value) {
  ValueOrigin origin;
  const NodeId composed = side_.composed ? same_now(value) : value;
  if (composed == kNoNode) {
    origin.is_recorded = true;
    origin.key.key = key(value);
    origin.value = provenance_.cause_of(side_.values, value);
    origin.key.causes = {origin.value};
    origin.changed_file = decided_by(value);
    add_recorded_reads(value, origin);
    return origin;
  }
  const NodeId node = written_at(composed);
  origin.key = provenance_.explain(node);
  const Node& written = provenance_.written()[node];
  if (written.kind == NodeKind::kInterpolation) origin.written = written.text();
  origin.value = provenance_.cause_of(compared_, composed);
  origin.is_elsewhere = origin.value.at.line != 0 && !(origin.value.pos == written.pos);
  return origin;
}

std::string SideReader::config(NodeId value) {
  const ComposeStep step = origin(value).key.causes.back().step;
  return step.kind == ComposeStep::Kind::kConfig ? side_.composition.defaults.defaults[step.index].config_path : "";
}

/// Of a value that a run's inputs do not give any more: the file that it stood in, if that changed.
std::string SideReader::decided_by(NodeId value) const {
  const std::string path = side_.values.key_path(value);
  for (const RecordedFile& file : side_.changed) {
    if (std::find(file.decides.begin(), file.decides.end(), path) != file.decides.end()) return file.path;
  }
  return {};
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
  if (!origin.changed_file.empty()) places["changed_file"] = origin.changed_file;
  name_revision(places);
  Json json{{"value", Json::parse(write_json(side_.values, value))}};
  json.update(places);
  return json;
}

std::string SideReader::place(const ValueCause& cause) const {
  return shown(painter_.place(cause));
}

/// What was read in the end: what does not read on.
void add_last_reads(const std::vector<ValueRead>& reads, std::vector<ValueRead>& last) {
  for (const ValueRead& read : reads) {
    if (read.reads.empty()) {
      last.push_back(read);
    } else {
      add_last_reads(read.reads, last);
    }
  }
}

/// Those that can be why the value is not the same on the other side; all, where none is.
std::vector<ValueRead> last_reads(const std::vector<ValueRead>& reads, const std::set<std::string>& changed) {
  std::vector<ValueRead> last, guilty;
  add_last_reads(reads, last);
  for (const ValueRead& read : last) {
    if (read.kind != ValueRead::Kind::kKey || changed.count(read.name) > 0) guilty.push_back(read);
  }
  return guilty.empty() ? last : guilty;
}

std::string SideReader::source(NodeId value, const std::set<std::string>& changed) {
  const ValueOrigin origin = this->origin(value);
  if (!origin.changed_file.empty()) return origin.changed_file;
  const std::vector<ValueRead> reads = last_reads(origin.key.reads, changed);
  if (!reads.empty() && reads[0].kind == ValueRead::Kind::kEnvironment)
    return fmt::format("environment variable {}", reads[0].name);
  if (!reads.empty() && !reads[0].causes.empty()) return source_name(reads[0].causes.back().at);
  return source_name(origin.is_elsewhere ? origin.value.at : origin.key.causes.back().at);
}

std::string SideReader::read_text(const ValueRead& read) const {
  if (read.kind == ValueRead::Kind::kResolver) return fmt::format("resolver {}", read.name);
  if (read.kind == ValueRead::Kind::kEnvironment)
    return fmt::format("environment variable {} ({})", read.name, read.is_there ? read.value : "not set");
  return read.causes.empty() ? read.name : fmt::format("{} at {}", read.name, place(read.causes.back()));
}

/// What brought the config that sets the value.
std::string SideReader::choice(const ValueCause& cause) const {
  SourceLocation chosen;
  const bool is_config = cause.step.kind == ComposeStep::Kind::kConfig;
  if (!is_config || side_.composition.defaults.defaults[cause.step.index].primary) return {};
  const SourcePos pos = side_.composition.defaults.defaults[cause.step.index].pos;
  return side_.composition.sources->locate(pos, &chosen) ? fmt::format(", chosen by {}", shown(to_string(chosen))) : "";
}

std::string SideReader::cause_text(NodeId value, const std::set<std::string>& changed, bool with_choice) {
  const ValueOrigin origin = this->origin(value);
  const ValueCause& cause = origin.key.causes.back();
  std::string text = place(cause);
  if (origin.is_recorded) {
    if (!origin.changed_file.empty()) return text + fmt::format(", from {} as it was then", origin.changed_file);
    if (origin.written.empty()) return text;
    std::vector<std::string> names;
    for (const ValueRead& read : last_reads(origin.key.reads, changed))
      names.push_back(read.kind == ValueRead::Kind::kEnvironment ? "environment variable " + read.name : read.name);
    text += fmt::format(", {}", origin.written);
    return names.empty() ? text : text + fmt::format(" read {}", fmt::join(names, ", "));
  }
  if (with_choice) text += choice(cause);
  if (cause.at.kind == SourceKind::kOverride) text += fmt::format(": {}", cause.at.line_text);
  if (origin.written.empty()) return text;
  text += fmt::format(", {}", origin.written);
  if (origin.is_elsewhere) text += fmt::format(" from {}", place(origin.value));
  std::vector<std::string> reads;
  for (const ValueRead& read : last_reads(origin.key.reads, changed)) {
    const bool is_said = origin.is_elsewhere && !read.causes.empty() && read.causes.back().pos == origin.value.pos;
    if (!is_said) reads.push_back(read_text(read));
  }
  return reads.empty() ? text : text + fmt::format(" reads {}", fmt::join(reads, ", "));
}

std::optional<SourceLocation> SideReader::absence(SideReader& other, NodeId value) {
  const auto located = [&](SourcePos pos) -> std::optional<SourceLocation> {
    SourceLocation at;
    const bool is_known = side_.composition.sources->locate(pos, &at) && at.line != 0;
    return is_known ? std::optional(at) : std::nullopt;
  };
  const std::string key = other.key(value);
  for (const DeletedValue& deleted : side_.composition.deleted) {
    if (key == deleted.key || key.starts_with(deleted.key + ".")) return located(deleted.pos);
  }
  const Tree& written = provenance_.written();
  NodeId node = written.root();
  for (const NodeId step : way_to(other.side_.values, value)) {
    const NodeId next = same_child(written, node, other.side_.values, step);
    if (next == kNoNode) break;
    node = next;
  }
  if (written[node].kind != NodeKind::kMap) return located(provenance_.cause_of(written, node).pos);
  const ComposeStep step = other.origin(value).key.causes.back().step;
  if (step.kind != ComposeStep::Kind::kConfig) return std::nullopt;
  const ResultDefault& theirs = other.side_.composition.defaults.defaults[step.index];
  const auto group = [](const ResultDefault& entry) {
    return entry.config_path.substr(0, entry.config_path.rfind('/') + 1);  // empty without a group
  };
  for (const ResultDefault& entry : side_.composition.defaults.defaults) {
    const bool is_same_group =
        !group(theirs).empty() && group(entry) == group(theirs) && entry.package == theirs.package;
    if (is_same_group && entry.config_path != theirs.config_path) return located(entry.pos);
  }
  return std::nullopt;
}

std::string SideReader::absence_text(const SourceLocation& at) const {
  return shown(to_string(at)) + (at.kind == SourceKind::kOverride ? fmt::format(": {}", at.line_text) : std::string());
}

std::string SideReader::source_name(const SourceLocation& at) const {
  if (at.line == 0) return "cfgtool itself";
  return at.kind == SourceKind::kOverride ? fmt::format("override {}", at.line_text) : shown(std::string(at.name));
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

std::set<std::string> changed_keys(const SideReader& left, const SideReader& right,
                                   const std::vector<TreeDifference>& differences) {
  std::set<std::string> keys;
  for (const TreeDifference& one : differences)
    keys.insert(one.left != kNoNode ? left.key(one.left) : right.key(one.right));
  return keys;
}

/// The most first.
using CountsBySource = std::vector<std::pair<std::string, Counts>>;

CountsBySource count_by_source(const DiffSides& sides, const std::vector<TreeDifference>& differences) {
  SideReader left(sides.left), right(sides.right);
  const std::set<std::string> changed = changed_keys(left, right, differences);
  std::map<std::string, Counts> counts;
  for (const TreeDifference& one : differences) {
    const std::optional<SourceLocation> gone = one.right == kNoNode ? right.absence(left, one.left) : std::nullopt;
    counts[gone                   ? right.source_name(*gone)
           : one.right == kNoNode ? left.source(one.left, changed)
                                  : right.source(one.right, changed)]
        .add(one);
  }
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
  const std::set<std::string> changed = changed_keys(left, right, differences);
  std::string text;
  for (const TreeDifference& one : differences) {
    text += fmt::format("{}: {} -> {}\n",
                        paint(color, kKey, one.left != kNoNode ? left.key(one.left) : right.key(one.right)),
                        paint(color, kOld, value(left, one.left)), paint(color, kNew, value(right, one.right)));
    // A config that the other side has as well was chosen there, too.
    const bool with_choice =
        one.left == kNoNode || one.right == kNoNode || left.config(one.left) != right.config(one.right);
    const auto add_absence = [&](const char* code, const char* sign, SideReader& side, SideReader& other, NodeId node) {
      if (const std::optional<SourceLocation> at = side.absence(other, node))
        text += fmt::format("  {} {}\n", paint(color, code, sign), side.absence_text(*at));
    };
    if (one.left == kNoNode) add_absence(kOld, "-", left, right, one.right);
    if (one.left != kNoNode)
      text += fmt::format("  {} {}\n", paint(color, kOld, "-"), left.cause_text(one.left, changed, with_choice));
    if (one.right != kNoNode)
      text += fmt::format("  {} {}\n", paint(color, kNew, "+"), right.cause_text(one.right, changed, with_choice));
    if (one.right == kNoNode) add_absence(kNew, "+", right, left, one.left);
  }
  return text;
}

std::string diff_json(const DiffSides& sides, const std::vector<TreeDifference>& differences) {
  SideReader left(sides.left), right(sides.right);
  std::string text;
  for (const TreeDifference& one : differences) {
    Json line{{"key", one.left != kNoNode ? left.key(one.left) : right.key(one.right)},
              {"left", one.left == kNoNode ? Json() : left.json(one.left)},
              {"right", one.right == kNoNode ? Json() : right.json(one.right)}};
    const std::optional<SourceLocation> absent = one.left == kNoNode    ? left.absence(right, one.right)
                                                 : one.right == kNoNode ? right.absence(left, one.left)
                                                                        : std::nullopt;
    if (absent) line["absent_by"] = place_json(*absent);
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
