#include "config_engine/config_file.hpp"

#include <fmt/format.h>

#include "config_engine/diagnostic.hpp"
#include "config_engine/interpolation.hpp"
#include "config_engine/package_header.hpp"
#include "config_engine/yaml_reader.hpp"

namespace cfgtool {

ConfigFile parse_config_file(SourceMap& sources, SourcePos begin) {
  ConfigFile file;
  file.begin = begin;
  file.package_header = read_package_header(sources.text(begin), begin);
  file.tree = read_yaml(sources, begin, &file.duplicates);
  const Node& root = file.tree[file.tree.root()];
  if (!root.is_container()) {
    throw_error(Stage::kCompose, "config-not-a-map",
                fmt::format("Invalid loaded object type: {}\na config file holds a mapping", type_name(root)),
                root.pos);
  }
  if (!file.duplicates.empty()) return file;  // OmegaConf gets no further
  for (NodeId id = 0; id < file.tree.size(); ++id) {
    const Node& node = file.tree[id];
    if (node.kind == NodeKind::kInterpolation) validate_interpolation(node.text(), {&sources, node.pos});
  }
  return file;
}

}  // namespace cfgtool
