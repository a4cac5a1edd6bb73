#include "config_engine/node_origins.hpp"

#include <algorithm>
#include <iterator>

namespace cfgtool {

void NodeOrigins::reserve(size_t nodes) {
  if (kNodesKnowPlaces) changes_.reserve(nodes / 8);
}

void NodeOrigins::begin_step(uint32_t step, NodeId first) {
  if (!kNodesKnowPlaces) return;
  if (!runs_.empty() && runs_.back().first == first) runs_.pop_back();
  runs_.push_back({first, step});
}

void NodeOrigins::look_up_changes() const {
  for (auto index = static_cast<uint32_t>(previous_.size()); index < changes_.size(); ++index) {
    const auto [place, is_first] = last_.emplace(changes_[index].id, index);
    previous_.push_back(is_first ? kNone : place->second);
    place->second = index;
  }
}

uint32_t NodeOrigins::last_change(NodeId id) const {
  look_up_changes();
  const auto found = last_.find(id);
  return found == last_.end() ? kNone : found->second;
}

uint32_t NodeOrigins::step_of_run(NodeId id) const {
  const auto behind =
      std::upper_bound(runs_.begin(), runs_.end(), id, [](NodeId node, const Run& run) { return node < run.first; });
  return behind == runs_.begin() ? 0 : std::prev(behind)->step;
}

uint32_t NodeOrigins::step(NodeId id) const {
  const uint32_t change = last_change(id);
  return change == kNone ? step_of_run(id) : changes_[change].step;
}

std::vector<EarlierValue> NodeOrigins::earlier(NodeId id) const {
  std::vector<EarlierValue> earlier;
  for (uint32_t index = last_change(id); index != kNone && !changes_[index].forgets; index = previous_[index]) {
    const uint32_t before = previous_[index];
    EarlierValue& value = earlier.emplace_back();
    value.pos = changes_[index].old_pos;
    value.step = before == kNone ? step_of_run(id) : changes_[before].step;
    value.replaced_by = changes_[index].step;
    const auto container =
        std::lower_bound(replaced_containers_.begin(), replaced_containers_.end(), index,
                         [](const ReplacedContainer& one, uint32_t wanted) { return one.change < wanted; });
    if (container != replaced_containers_.end() && container->change == index) {
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

void NodeOrigins::set_step(NodeId id, uint32_t step) {
  if (kNodesKnowPlaces) changes_.push_back({id, step, {}, true});
}

void NodeOrigins::set_replaced_container(NodeKind kind, NodeId first_child) {
  if (!kNodesKnowPlaces) return;
  replaced_containers_.push_back({static_cast<uint32_t>(changes_.size() - 1), kind, first_child});
}

void NodeOrigins::take(NodeId id, const NodeOrigins& from, NodeId source) {
  if (!kNodesKnowPlaces) return;
  const std::vector<EarlierValue> earlier = from.earlier(source);
  const uint32_t step = from.step(source);
  const uint32_t first = earlier.empty() ? step : earlier.back().step;
  if (first != this->step(id) || last_change(id) != kNone) set_step(id, first);
  for (size_t i = earlier.size(); i > 0; --i)
    set_replaced(id, earlier[i - 1].replaced_by, earlier[i - 1].pos);
}

}  // namespace cfgtool
