// An anchor stands before its aliases. So a value before its key, an item before its list, or a key before the map that
// it is in came by an alias, which stands behind the later of the two: the tree keeps no places for it.
#include "config_engine/alias_place.hpp"

#include <string_view>

namespace cfgtool {

namespace {

/// One file's text, searched by positions.
class FileText {
 public:
  FileText(const SourceMap& sources, SourcePos pos) : sources_(sources), text_(sources.text(pos)), pos_(pos) {
    SourceLocation at;
    if (sources.locate(pos, &at)) offset_ = static_cast<size_t>(at.line_text.data() - text_.data()) + at.column - 1;
  }

  bool has(SourcePos pos) const { return pos && sources_.text(pos).data() == text_.data(); }
  bool is_before(SourcePos a, SourcePos b) const { return has(a) && has(b) && a.offset < b.offset; }

  /// The first alias at or behind `from`; nowhere if there is none. A `*` in quotes, in a comment or with a blank
  /// behind it is none.
  SourcePos find_alias(SourcePos from) const {
    for (size_t at = text_.find('*', index(from)); at != std::string_view::npos; at = text_.find('*', at + 1)) {
      const bool begins = at == 0 || std::string_view(" \t\n[,{").find(text_[at - 1]) != std::string_view::npos;
      if (begins && !name_at(at + 1).empty() && !is_in_comment(at)) return pos_of(at);
    }
    return {};
  }

  /// The `<<` of the map that begins at `map`: in its column, or in its braces.
  SourcePos find_merge(SourcePos map) const {
    const size_t begin = index(map);
    const bool in_braces = begin < text_.size() && text_[begin] == '{';
    for (size_t at = text_.find("<<", begin); at != std::string_view::npos; at = text_.find("<<", at + 1)) {
      const std::string_view behind = text_.substr(at + 2);
      const size_t colon = behind.find_first_not_of(" \t");
      const bool is_key = colon != std::string_view::npos && behind[colon] == ':';
      if (is_key && !is_in_comment(at) && (in_braces || column(at) == column(begin))) return pos_of(at);
    }
    return {};
  }

  /// The last place of an anchor with the name that the alias at `alias` has, before that.
  SourcePos anchor_of(SourcePos alias) const {
    const std::string_view name = name_at(index(alias) + 1);
    for (size_t at = index(alias); at > 0; --at) {
      if (text_[at - 1] == '&' && name_at(at) == name) return pos_of(at - 1);
    }
    return {};
  }

  /// The alias behind the next of those in a list, or nowhere.
  SourcePos next_in_list(SourcePos alias) const {
    const size_t end = index(alias) + 1 + name_at(index(alias) + 1).size();
    const size_t next = text_.find_first_not_of(" \t\n,", end);
    return next != std::string_view::npos && text_[next] == '*' ? pos_of(next) : SourcePos();
  }

 private:
  size_t line_begin(size_t index) const { return index == 0 ? 0 : text_.rfind('\n', index - 1) + 1; }
  size_t column(size_t index) const { return index - line_begin(index); }
  /// Roughly: a `#` behind a blank, with no quote before it on the line.
  bool is_in_comment(size_t index) const {
    const size_t begin = line_begin(index);
    for (size_t at = begin; at < index; ++at) {
      if (text_[at] == '"' || text_[at] == '\'') return false;
      if (text_[at] == '#' && (at == begin || text_[at - 1] == ' ' || text_[at - 1] == '\t')) return true;
    }
    return false;
  }
  size_t index(SourcePos pos) const { return offset_ + (size_t{pos.offset} - pos_.offset); }
  SourcePos pos_of(size_t index) const { return {static_cast<uint32_t>(pos_.offset + (index - offset_))}; }
  std::string_view name_at(size_t index) const {
    const std::string_view rest = text_.substr(std::min(index, text_.size()));
    return rest.substr(0, rest.find_first_of(" \t\n,[]{}"));
  }

  const SourceMap& sources_;
  std::string_view text_;
  SourcePos pos_;
  size_t offset_ = 0;
};

/// Of the aliases behind a `<<`, that whose anchor is the nearest before the key.
SourcePos merge_alias(const FileText& text, SourcePos map, SourcePos key) {
  const SourcePos merge = text.find_merge(map);
  SourcePos best = merge ? text.find_alias(merge) : SourcePos();
  SourcePos best_anchor;
  for (SourcePos alias = best; alias; alias = text.next_in_list(alias)) {
    const SourcePos anchor = text.anchor_of(alias);
    if (!text.is_before(anchor, key) || (best_anchor && anchor.offset <= best_anchor.offset)) continue;
    best = alias;
    best_anchor = anchor;
  }
  return best;
}

/// Of items that came by aliases, each stands behind that of the item before it; the first behind an item that is
/// written in the list itself. \param value where the item stands or stood
SourcePos item_alias(const FileText& text, const Tree& tree, NodeId item, SourcePos value) {
  const SourcePos list = tree[tree[item].parent].pos;
  const auto is_aliased = [&](NodeId at) { return text.is_before(at == item ? value : tree[at].pos, list); };
  NodeId written = item;
  size_t aliases = 0;
  for (; written != kNoNode && is_aliased(written); written = tree[written].previous)
    ++aliases;
  SourcePos alias = written == kNoNode ? list : tree[written].pos;
  for (; aliases > 0 && alias; --aliases)
    alias = text.find_alias(alias + 1);
  return alias;
}

}  // namespace

SourcePos alias_place(const SourceMap& sources, const Tree& tree, NodeId node, SourcePos value) {
  if (!value) return {};
  const FileText text(sources, value);
  SourcePos last, here = value;
  for (; tree[node].parent != kNoNode; node = tree[node].parent, here = tree[node].pos) {
    const Node& at = tree[node];
    const SourcePos parent = tree[at.parent].pos;
    SourcePos found;
    if (tree[at.parent].kind == NodeKind::kList) {
      if (text.is_before(here, parent)) found = item_alias(text, tree, node, here);
    } else if (text.is_before(here, at.key_pos)) {
      found = text.find_alias(at.key_pos + at.key_length);
    } else if (text.is_before(at.key_pos, parent)) {
      found = merge_alias(text, parent, at.key_pos);
    }
    if (text.is_before(value, found)) last = found;
  }
  return last;
}

}  // namespace cfgtool
