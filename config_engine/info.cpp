#include "config_engine/info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config_engine/choice_overrides.hpp"
#include "config_engine/emit.hpp"
#include "config_engine/yaml_writer.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

/// The columns of Python's str.ljust count characters.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// hydra: Hydra._log_header
std::string underlined(const std::string& title, char filler) {
  return title + "\n" + std::string(width_of(title), filler) + "\n";
}

/// A table as Hydra draws it. \param behind_header what Hydra writes behind the first line only
std::string table(const Row& titles, const std::vector<Row>& rows, std::string_view behind_header) {
  std::vector<size_t> widths;
  for (size_t column = 0; column < titles.size(); ++column) {
    size_t width = width_of(titles[column]);
    for (const Row& row : rows)
      width = std::max(width, width_of(row[column]));
    widths.push_back(width);
  }
  const auto line = [&](const Row& row) {
    std::string text = "|";
    for (size_t column = 0; column < row.size(); ++column)
      text += " " + row[column] + std::string(widths[column] - width_of(row[column]), ' ') + " |";
    return text;
  };
  const std::string header = line(titles).append(behind_header);
  std::string text = underlined(header, '-');
  for (const Row& row : rows)
    text += line(row) + "\n";
  return text + std::string(width_of(header), '-') + "\n";
}

std::string scheme_and_path(const SearchPathEntry& entry) {
  return entry.path.find("://") == std::string::npos ? "file://" + entry.path : entry.path;
}

// hydra: Hydra._print_search_path
std::string search_path_text(const Composition& composition) {
  std::vector<Row> rows;
  for (const SearchPathEntry& entry : composition.search_path)
    rows.push_back({entry.provider, scheme_and_path(entry)});
  return "\n" + underlined("Config search path", '*') + table({"Provider", "Search path"}, rows, "");
}

// hydra: Hydra._print_defaults_list
std::string defaults_text(const DefaultsList& list) {
  std::vector<Row> rows;
  for (const ResultDefault& entry : list.defaults)
    rows.push_back({entry.config_path, entry.package, entry.is_self ? "True" : "False", entry.parent.value_or("")});
  return "\n" + underlined("Defaults List", '*') + table({"Config path", "Package", "_self_", "Parent"}, rows, " ");
}

// hydra: to_str in Hydra._print_defaults_tree_impl
std::string node_text(const InputDefault& node, VersionBase version_base) {
  if (!node.is_group()) return node.config_path();
  return fmt::format("{}: {}", node.override_key(version_base), node.name().value_or("null"));
}

void append_tree(const DefaultsTreeNode& tree, VersionBase version_base, size_t indent, std::string* text) {
  text->append(2 * indent, ' ').append(node_text(tree.node, version_base));
  text->append(tree.children.empty() ? "\n" : ":\n");
  for (const auto& child : tree.children)
    append_tree(*child, version_base, indent + 1, text);
}

std::string tree_text(const DefaultsList& list, VersionBase version_base) {
  std::string text = "\n" + underlined("Defaults Tree", '*');
  append_tree(*list.tree, version_base, 0, &text);
  return text;
}

std::string config_text(const Composition& composition) {
  return underlined("Config", '*') + write_yaml(composition.tree, composition.tree.root()) + "\n";
}

Json search_path_json(const Composition& composition) {
  Json entries = Json::array();
  for (const SearchPathEntry& entry : composition.search_path)
    entries.push_back({{"provider", entry.provider}, {"path", scheme_and_path(entry)}});
  return entries;
}

Json defaults_json(const DefaultsList& list) {
  Json entries = Json::array();
  for (const ResultDefault& entry : list.defaults) {
    entries.push_back({{"config_path", entry.config_path},
                       {"package", entry.package},
                       {"is_self", entry.is_self},
                       {"parent", entry.parent ? Json(*entry.parent) : Json()}});
  }
  return entries;
}

Json tree_json(const DefaultsTreeNode& tree, VersionBase version_base) {
  Json node;
  if (tree.node.is_group()) {
    node["group"] = tree.node.override_key(version_base);
    const auto name = tree.node.name();
    node["option"] = name ? Json(std::string(*name)) : Json();
  } else {
    node["config"] = node_text(tree.node, version_base);
  }
  if (tree.children.empty()) return node;
  node["children"] = Json::array();
  for (const auto& child : tree.children)
    node["children"].push_back(tree_json(*child, version_base));
  return node;
}

/// Hydra composes only where it has to: a wrong value does not keep a person from looking at the defaults.
Composition compose_for(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                        std::string_view topic) {
  return topic == "defaults" || topic == "defaults-tree" ? compose_defaults(store, request) : compose(store, request);
}

}  // namespace

const std::vector<std::string>& info_topics() {
  static const std::vector<std::string> topics{"all", "config", "defaults", "defaults-tree", "searchpath"};
  return topics;
}

std::string print_info(const std::shared_ptr<FileStore>& store, const ComposeRequest& request, std::string_view topic) {
  const Composition composition = compose_for(store, request, topic);
  if (topic == "searchpath") return search_path_text(composition);
  if (topic == "defaults-tree") return tree_text(composition.defaults, request.version_base);
  if (topic == "defaults") return defaults_text(composition.defaults);
  const std::string head = topic == "all" ? underlined("Hydra 1.3.8", '=') : std::string();
  return head + search_path_text(composition) + tree_text(composition.defaults, request.version_base) +
         defaults_text(composition.defaults) + config_text(composition);
}

std::string print_info_json(const std::shared_ptr<FileStore>& store, const ComposeRequest& request,
                            std::string_view topic) {
  const Composition composition = compose_for(store, request, topic);
  const bool all = topic == "all" || topic == "config";
  Json document;
  if (all || topic == "searchpath") document["searchpath"] = search_path_json(composition);
  if (all || topic == "defaults-tree") {
    document["defaults_tree"] = tree_json(*composition.defaults.tree, request.version_base);
  }
  if (all || topic == "defaults") document["defaults"] = defaults_json(composition.defaults);
  if (all) document["config"] = Json::parse(write_json(composition.tree, composition.tree.root()));
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cfgtool
