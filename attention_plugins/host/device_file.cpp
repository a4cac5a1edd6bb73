#include "attention_plugins/host/device_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "config_engine/json_reader.hpp"
#include "config_engine/suggest.hpp"
#include "config_engine/tree.hpp"
#include "config_engine/write_file.hpp"

namespace cfgtool::attention {
namespace {

std::string in_words(const Node& node) {
  switch (node.kind) {
    case NodeKind::kMap:
      return "an object";
    case NodeKind::kList:
      return "a list";
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBool:
      return "a boolean";
    case NodeKind::kInt:
      return fmt::format("{}", node.integer);
    case NodeKind::kFloat:
      return "a number with a fraction";
    case NodeKind::kBigInt:
      return fmt::format("{}", node.text());
    default:
      return "a text";
  }
}

/// Collects what is wrong, so that one run shows all.
class Reader {
 public:
  Reader(const Tree& tree, DeviceNaming named) : tree_(tree), named_(std::move(named)) {}

  KnownDevice read();
  std::vector<Diagnostic> take_problems() { return std::move(problems_); }

 private:
  void refuse(SourcePos pos, size_t length, std::string code, std::string message, std::string note = {});
  bool check_fields(NodeId map, const std::string& owner, const std::vector<std::string>& known);
  NodeId field(NodeId map, const std::string& owner, const char* name);
  void wrong_type(NodeId node, const char* expected);
  std::string text(NodeId map, const std::string& owner, const char* name);
  bool flag(NodeId map, const std::string& owner, const char* name);
  int64_t size(NodeId node, const char* name, int64_t least, int64_t most);
  void read_figures(NodeId map, GpuDescription& gpu);
  void read_sources(NodeId map, std::map<std::string, std::string>& sources);

  const Tree& tree_;
  DeviceNaming named_;
  std::vector<Diagnostic> problems_;
};

void Reader::refuse(SourcePos pos, size_t length, std::string code, std::string message, std::string note) {
  Diagnostic diagnostic;
  diagnostic.stage = named_.stage;
  diagnostic.code = std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.key_path = named_.key;
  if (pos) diagnostic.labels.push_back({pos, static_cast<uint32_t>(std::max<size_t>(length, 1)), {}});
  if (named_.pos) diagnostic.labels.push_back({named_.pos, 1, "the device is named here"});
  if (!note.empty()) diagnostic.notes.push_back(std::move(note));
  problems_.push_back(std::move(diagnostic));
}

void Reader::wrong_type(NodeId node, const char* expected) {
  const Node& value = tree_[node];
  refuse(value.pos, 1, "device-type",
         fmt::format("'{}' is {}, expected {}", tree_.key_path(node), in_words(value), expected));
}

bool Reader::check_fields(NodeId map, const std::string& owner, const std::vector<std::string>& known) {
  if (tree_[map].kind != NodeKind::kMap) {
    refuse(tree_[map].pos, 1, "device-type", fmt::format("{} is {}, expected an object", owner, in_words(tree_[map])));
    return false;
  }
  for (const NodeId child : tree_.children(map)) {
    const std::string name(tree_[child].key().text);
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string hint = did_you_mean(name, known);
    refuse(tree_[child].key_pos, name.size() + 2, "device-unknown-field",
           fmt::format("{} has no field '{}'", owner, name),
           hint.empty() ? fmt::format("its fields are {}", fmt::join(known, ", ")) : hint);
  }
  return true;
}

NodeId Reader::field(NodeId map, const std::string& owner, const char* name) {
  const NodeId found = tree_.find(map, name);
  if (found == kNoNode)
    refuse(tree_[map].pos, 1, "device-field-missing", fmt::format("{} lacks the field '{}'", owner, name));
  return found;
}

std::string Reader::text(NodeId map, const std::string& owner, const char* name) {
  const NodeId node = field(map, owner, name);
  if (node == kNoNode) return {};
  if (tree_[node].kind == NodeKind::kString) return std::string(tree_[node].text());
  wrong_type(node, "a text");
  return {};
}

bool Reader::flag(NodeId map, const std::string& owner, const char* name) {
  const NodeId node = field(map, owner, name);
  if (node == kNoNode) return false;
  if (tree_[node].kind == NodeKind::kBool) return tree_[node].boolean;
  wrong_type(node, "true or false");
  return false;
}

int64_t Reader::size(NodeId node, const char* name, int64_t least, int64_t most) {
  const Node& value = tree_[node];
  if (value.kind == NodeKind::kInt && value.integer >= least && value.integer <= most) return value.integer;
  refuse(value.pos, 1, "device-figure",
         fmt::format("'{}' is {}, expected an integer from {} to {}", name, in_words(value), least, most));
  return least;
}

void Reader::read_figures(NodeId map, GpuDescription& gpu) {
  const std::string owner = "'description'";
  if (!check_fields(map, owner, figure_names())) return;
  gpu.name = text(map, owner, "name");
  for (const SizeFigure& figure : kSizeFigures) {
    const NodeId node = field(map, owner, figure.name);
    if (node != kNoNode) gpu.*figure.value = size(node, figure.name, figure.least, figure.most);
  }
  for (const DimFigure& figure : kDimFigures) {
    const NodeId node = field(map, owner, figure.name);
    if (node == kNoNode) continue;
    auto& dims = gpu.*figure.value;
    if (tree_[node].kind != NodeKind::kList || tree_[node].length != dims.size()) {
      wrong_type(node, "a list of three integers");
      continue;
    }
    for (size_t i = 0; i < dims.size(); ++i)
      dims[i] = size(tree_.item(node, i), figure.name, 1, INT32_MAX);
  }
  for (const FlagFigure& figure : kFlagFigures)
    gpu.*figure.value = flag(map, owner, figure.name);
}

void Reader::read_sources(NodeId map, std::map<std::string, std::string>& sources) {
  if (!check_fields(map, "'sources'", figure_names())) return;
  for (const NodeId child : tree_.children(map)) {
    if (tree_[child].kind == NodeKind::kString) {
      sources[std::string(tree_[child].key().text)] = tree_[child].text();
    } else {
      wrong_type(child, "a text");
    }
  }
}

KnownDevice Reader::read() {
  KnownDevice device;
  const std::string owner = "the device's file";
  if (!check_fields(tree_.root(), owner, {"description", "verified", "note", "sources"})) return device;
  const NodeId description = field(tree_.root(), owner, "description");
  if (description != kNoNode) read_figures(description, device.gpu);
  device.verified = flag(tree_.root(), owner, "verified");
  if (tree_.find(tree_.root(), "note") != kNoNode) device.note = text(tree_.root(), owner, "note");
  const NodeId sources = field(tree_.root(), owner, "sources");
  if (sources != kNoNode) read_sources(sources, device.sources);
  return device;
}

[[noreturn]] void refuse_unreadable(const std::filesystem::path& file, const DeviceNaming& named, const char* why) {
  Diagnostic diagnostic;
  diagnostic.stage = named.stage;
  diagnostic.code = "device-unreadable";
  diagnostic.message = fmt::format("the device's file '{}' cannot be read: {}", file.string(), why);
  diagnostic.key_path = named.key;
  if (named.pos)
    diagnostic.labels.push_back({named.pos, static_cast<uint32_t>(std::max<size_t>(file.string().size(), 1)), {}});
  throw ConfigError(std::move(diagnostic));
}

}  // namespace

attn_device KnownDevice::device() const {
  attn_device device{};
  device.size = sizeof(device);
  device.kind = ATTN_DEVICE_CUDA;
  device.index = -1;
  device.compute_capability = static_cast<int32_t>(gpu.compute_capability);
  device.name = name.c_str();
  device.description = description.c_str();
  return device;
}

KnownDevice read_device_file(SourceMap& sources, const std::filesystem::path& file, const DeviceNaming& named) {
  std::optional<std::string> text = read_whole_file(file.string());
  if (!text) refuse_unreadable(file, named, std::strerror(errno));
  try {
    const Tree tree = read_json(sources, sources.add(SourceKind::kFile, file.string(), std::move(*text)));
    Reader reader(tree, named);
    KnownDevice device = reader.read();
    std::vector<Diagnostic> problems = reader.take_problems();
    if (!problems.empty()) throw ConfigError(std::move(problems));
    device.name = file.stem().string();
    device.file = file;
    device.description = to_json(device.gpu);
    return device;
  } catch (ConfigError& error) {
    for (Diagnostic& diagnostic : error.diagnostics())
      diagnostic.stage = named.stage;
    throw;
  }
}

std::string device_file_text(const GpuDescription& gpu, const std::string& source) {
  nlohmann::ordered_json sources;
  for (const std::string& name : figure_names())
    sources[name] = source;
  const nlohmann::ordered_json file{{"description", nlohmann::ordered_json::parse(to_json(gpu))},
                                    {"verified", true},
                                    {"note", ""},
                                    {"sources", sources}};
  return file.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace cfgtool::attention
