#include "config_engine/node_origins.hpp"

#include <algorithm>
#include <iterator>

namespace cfgtool {

namespace {
constexpr size_t kMarksAtOnce = 512;
}  // namespace

void NodeOrigins::reserve(size_t nodes) {
  if (!kNodesKnowPlaces) return;
  marks_.reserve(nodes + kMarksAtOnce);
  replacements_.reserve(nodes / 8);
}

void NodeOrigins::begin_step(uint32_t step, NodeId first) {
  if (!kNodesKnowPlaces) return;
  if (!runs_.empty() && runs_.back().first == first) runs_.pop_back();
  runs_.push_back({first, step});
}

uint32_t NodeOrigins::step_of(Mark mark, NodeId id) const {
  if ((mark & kReplaced) != 0) return replacements_[mark & ~kReplaced].step;
  if (mark != 0) return mark;
  const auto behind =
      std::upper_bound(runs_.begin(), runs_.end(), id, [](NodeId node, const Run& run) { return node < run.first; });
  return behind == runs_.begin() ? 0 : std::prev(behind)->step;
}

std::vector<EarlierValue> NodeOrigins::earlier(NodeId id) const {
  std::vector<EarlierValue> earlier;
  for (Mark mark = this->mark(id); (mark & kReplaced) != 0;) {
    const uint32_t index = mark & ~kReplaced;
    const Replacement& replaced = replacements_[index];
    mark = replaced.old_mark;
    EarlierValue& value = earlier.emplace_back();
    value.pos = replaced.old_pos;
    value.step = step_of(mark, id);
    value.replaced_by = replaced.step;
    const auto container =
        std::lower_bound(replaced_containers_.begin(), replaced_containers_.end(), index,
                         [](const ReplacedContainer& one, uint32_t wanted) { return one.replacement < wanted; });
    if (container != replaced_containers_.end() && container->replacement == index) {
      value.kind = container->kind;
      value.first_child = container->first_child;
    }
  }
  return earlier;
}

NodeId NodeOrigins::copied_from(NodeId id) const {
  const auto copy = std::find_if(copies_.rbegin(), copies_.rend(), [&](const auto& one) { return one.first == id; });
  return copy == copies_.rend() ? kNoNode : copy->second;
}

void NodeOrigins::set_mark(NodeId id, Mark mark) {
  if (!kNodesKnowPlaces) return;
  if (marks_.size() <= id) {
    if (mark == 0) return;
    marks_.resize(size_t{id} + kMarksAtOnce);  // where one node has a mark, those behind it will
  }
  marks_[id] = mark;
}

void NodeOrigins::set_replaced(NodeId id, uint32_t step, SourcePos old_pos, Mark old_mark) {
  if (!kNodesKnowPlaces) return;
  set_mark(id, static_cast<uint32_t>(replacements_.size()) | kReplaced);
  replacements_.push_back({step, old_pos, old_mark});
}

void NodeOrigins::set_replaced_container(NodeKind kind, NodeId first_child) {
  if (!kNodesKnowPlaces) return;
  replaced_containers_.push_back({static_cast<uint32_t>(replacements_.size() - 1), kind, first_child});
}

void NodeOrigins::take(NodeId id, const NodeOrigins& from, NodeId source) {
  Mark mark = from.mark(source);
  if ((mark & kReplaced) == 0 || &from == this) {
    set_mark(id, mark != 0 ? mark : from.step(source));
    return;
  }
  set_mark(id, static_cast<uint32_t>(replacements_.size()) | kReplaced);
  while ((mark & kReplaced) != 0) {
    replacements_.push_back(from.replacements_[mark & ~kReplaced]);
    mark = replacements_.back().old_mark;
    replacements_.back().old_mark =
        (mark & kReplaced) != 0 ? static_cast<uint32_t>(replacements_.size()) | kReplaced : from.step_of(mark, source);
  }
}

}  // namespace cfgtool
