#include "schemas/schema_docs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "schemas/markdown.hpp"
#include "schemas/schema_compiled.hpp"
#include "schemas/schema_view.hpp"

namespace cfgtool {

namespace {

/// Mappings within each other, and all of them; what goes beyond is left out.
constexpr size_t kDeepestSection = 200;
constexpr size_t kMostSections = 20'000;

constexpr const char* kTableHead =
    "| Key | Type | Default | Allowed | Required | Description | Origin |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n";

class DocsWriter {
 public:
  DocsWriter(const Schema& schema, const DocsOptions& options)
      : documents_(*schema.compiled().documents), sources_(*schema.sources()), options_(options) {}

  std::string write(SchemaNode root) {
    const SchemaView view(documents_, {{root}});
    const std::string_view title = view.text("title");
    text_ = fmt::format("# {}\n", title.empty() ? "Configuration" : markdown_text(title));
    if (!view.text("description").empty()) text_ += fmt::format("\n{}\n", markdown_text(view.text("description")));
    if (options_.composition)
      text_ += fmt::format("\nDefaults are the values of {}.\n", markdown_code(options_.config_name));
    write_groups(view);
    const NodeId values = options_.composition ? options_.composition->tree.root() : kNoNode;
    write_section({"", view.naming_parts(), {{root}}, values}, anchors_.add("keys"));
    return std::move(text_);
  }

 private:
  /// A mapping that is to be shown in a section of its own.
  struct Mapping {
    std::string path;
    std::vector<SchemaNode> parts;  // that name its keys
    std::vector<SchemaFacet> schemas;
    NodeId value = kNoNode;  // in the composition
  };
  struct Section {
    Mapping mapping;
    std::string anchor;
  };

  void write_groups(const SchemaView& view) {
    const SchemaNode groups = view.annotation("x-groups");
    if (groups.node == kNoNode || documents_.node(groups).kind != NodeKind::kMap) return;
    const Tree& tree = documents_.tree(groups);
    text_ += "\n## Groups\n\n| Group | Options |\n| --- | --- |\n";
    for (const NodeId group : tree.children(groups.node)) {
      std::vector<std::string> options;
      for (const NodeId option : tree.children(group))
        options.push_back(markdown_code(value_on_a_line(tree, option)));
      text_ += fmt::format("| {} | {} |\n", markdown_code(tree[group].key().text), fmt::join(options, ", "));
    }
  }

  void write_section(const Mapping& mapping, const std::string& anchor) {
    const SchemaView view(documents_, mapping.schemas);
    text_ += fmt::format("\n<a id=\"{}\"></a>\n\n## {}\n\n", anchor,
                         mapping.path.empty() ? "Keys" : markdown_code(mapping.path));
    const std::vector<SchemaView::Member> members = view.members();
    text_ += members.empty() ? "It has no keys.\n" : kTableHead;
    ancestors_.emplace_back(mapping.parts, anchor);
    anchor_of_.try_emplace(mapping.parts, anchor);
    std::vector<Section> sections;
    for (const SchemaView::Member& member : members)
      write_row(mapping, member, sections);
    if (view.is_closed() && !members.empty()) text_ += "\nIt has no other keys.\n";
    for (const Section& section : sections)
      write_section(section.mapping, section.anchor);
    ancestors_.pop_back();
  }

  void write_row(const Mapping& mapping, const SchemaView::Member& member, std::vector<Section>& sections) {
    const SchemaView view(documents_, member.schemas);
    const NodeId value =
        mapping.value == kNoNode ? kNoNode : options_.composition->tree.find(mapping.value, Key(member.name));
    Mapping inner{mapping.path.empty() ? member.name : mapping.path + "." + member.name, {}, member.schemas, value};
    const std::string key = markdown_code(member.name.empty() ? "\"\"" : member.name);
    const std::string link = link_to_parts(std::move(inner), view, sections);
    text_ += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n",
                         link.empty() ? key : fmt::format("[{}](#{})", key, link), view.type(),
                         default_text(view, value), view.allowed(), member.required.empty() ? "no" : member.required,
                         description(view, member), origin(mapping, member, value));
  }

  /// Where the keys below a value are shown: in a section to come, or in one that is there. Of a list, those of its
  /// items. \return its anchor; empty if there are none
  std::string link_to_parts(Mapping mapping, const SchemaView& view, std::vector<Section>& sections) {
    mapping.parts = view.naming_parts();
    if (!mapping.parts.empty()) return link_to(std::move(mapping), sections);
    const std::vector<SchemaFacet> items = view.items();
    std::string first;
    for (size_t i = 0; i < items.size(); ++i) {
      const SchemaView item(documents_, {items[i]});
      const std::string index = items.size() == 1 ? "[]" : fmt::format("[{}]", i);
      // No deeper than the items of a list: lists of lists of mappings may have no end.
      Mapping inner{mapping.path + index, item.naming_parts(), {items[i]}};
      if (inner.parts.empty()) continue;
      const std::string anchor = link_to(std::move(inner), sections);
      if (first.empty()) first = anchor;
    }
    return first;
  }

  std::string link_to(Mapping mapping, std::vector<Section>& sections) {
    const auto ancestor = std::find_if(ancestors_.begin(), ancestors_.end(),
                                       [&](const auto& other) { return other.first == mapping.parts; });
    if (ancestor != ancestors_.end()) return ancestor->second;
    // Shown once is enough, unless a configuration has other values here.
    const auto shown = anchor_of_.find(mapping.parts);
    if (shown != anchor_of_.end() && mapping.value == kNoNode) return shown->second;
    if (ancestors_.size() >= kDeepestSection || ++sections_ > kMostSections) return {};
    std::string anchor = anchors_.add(mapping.path);
    anchor_of_.try_emplace(mapping.parts, anchor);
    sections.push_back({std::move(mapping), anchor});
    return anchor;
  }

  bool has_keys(NodeId value) const {
    const Node& node = options_.composition->tree[value];
    return node.kind == NodeKind::kMap && node.length > 0;
  }

  std::string default_text(const SchemaView& view, NodeId value) const {
    if (value != kNoNode) {
      return has_keys(value) ? std::string() : markdown_code(value_on_a_line(options_.composition->tree, value));
    }
    const SchemaNode written = view.annotation("default");
    return written.node == kNoNode ? std::string()
                                   : markdown_code(value_on_a_line(documents_.tree(written), written.node));
  }

  static std::string description(const SchemaView& view, const SchemaView::Member& member) {
    std::vector<std::string> parts;
    const std::string_view instead = view.text("deprecationMessage");
    if (!instead.empty()) {
      parts.push_back(fmt::format("**Deprecated:** {}{}", markdown_text(instead), instead.ends_with('.') ? "" : "."));
    } else if (view.flag("deprecated")) {
      parts.emplace_back("**Deprecated.**");
    }
    if (view.flag("readOnly")) parts.emplace_back("**Read-only.**");
    if (!member.condition.empty()) parts.push_back(fmt::format("({})", member.condition));
    const std::string_view words = view.text("description").empty() ? view.text("title") : view.text("description");
    if (!words.empty()) parts.push_back(markdown_text(words));
    return fmt::format("{}", fmt::join(parts, " "));
  }

  std::string origin(const Mapping& mapping, const SchemaView::Member& member, NodeId value) const {
    std::vector<std::string> places;
    // A key that only `required` names stands there.
    const SchemaNode part = member.schemas.empty() ? mapping.schemas[0].node : member.schemas[0].node;
    const Node& written = documents_.node(part);
    add_place(sources_, written.key_pos ? written.key_pos : written.pos, places);
    // A mapping with keys is set where they are.
    if (value != kNoNode && !has_keys(value)) {
      const Node& node = options_.composition->tree[value];
      add_place(*options_.composition->sources, node.pos ? node.pos : node.key_pos, places);
    }
    return fmt::format("{}", fmt::join(places, "<br>"));
  }

  void add_place(const SourceMap& sources, SourcePos pos, std::vector<std::string>& places) const {
    SourceLocation at;
    if (!sources.locate(pos, &at)) return;
    if (at.kind == SourceKind::kFile) {
      places.push_back(markdown_code(fmt::format("{}:{}", relative_path(std::string(at.name)), at.line)));
    } else {
      places.push_back(markdown_text(to_string(at)));
    }
  }

  std::string relative_path(const std::string& file) const {
    std::error_code error;
    const std::filesystem::path from =
        options_.relative_to.empty() ? std::filesystem::current_path(error) : options_.relative_to;
    const std::filesystem::path path = std::filesystem::absolute(file, error).lexically_normal();
    const std::filesystem::path relative = path.lexically_relative(from);
    return error || relative.empty() ? file : relative.string();
  }

  SchemaDocuments& documents_;
  const SourceMap& sources_;
  const DocsOptions& options_;
  std::string text_;
  MarkdownAnchors anchors_;
  std::vector<std::pair<std::vector<SchemaNode>, std::string>> ancestors_;  // of what is being written; with anchors
  std::map<std::vector<SchemaNode>, std::string> anchor_of_;                // where such a mapping is shown
  size_t sections_ = 0;
};

}  // namespace

std::string schema_docs(const Schema& schema, const DocsOptions& options) {
  return DocsWriter(schema, options).write(schema.compiled().documents->roots().front());
}

}  // namespace cfgtool
