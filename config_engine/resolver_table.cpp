#include "config_engine/resolver_table.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "config_engine/python_number.hpp"
#include "config_engine/python_text.hpp"
#include "config_engine/resolve.hpp"
#include "config_engine/resolvers.hpp"

namespace cfgtool {

namespace {

bool is_text(NodeKind kind) {
  return kind == NodeKind::kString || kind == NodeKind::kInterpolation || kind == NodeKind::kMissing;
}

bool has_text(NodeKind kind) {
  return is_text(kind) || kind == NodeKind::kBigInt || kind == NodeKind::kBytes;
}

}  // namespace

Tree& ResolverCall::tree() const {
  return resolver_.tree();
}

const Node& ResolverCall::value(size_t index) const {
  return tree()[arguments_[index]];
}

std::string ResolverCall::text(size_t index) {
  const Node& given = value(index);
  if (!is_text(given.kind)) {
    fail("TypeError", fmt::format("str expected, not {}", type_name(given)), "resolver-arguments");
  }
  return std::string(given.text());
}

double ResolverCall::number(size_t index) {
  const Node& given = value(index);
  switch (given.kind) {
    case NodeKind::kBool:
      return given.boolean ? 1 : 0;
    case NodeKind::kInt:
      return static_cast<double>(given.integer);
    case NodeKind::kBigInt:
      return python_float(given.text()).value_or(0);
    case NodeKind::kFloat:
      return given.real;
    default:
      fail("TypeError", fmt::format("must be real number, not {}", type_name(given)), "resolver-arguments");
  }
}

bool ResolverCall::truth(size_t index) const {
  return python_truth(value(index));
}

std::string ResolverCall::str(size_t index) const {
  return python_str(tree(), arguments_[index]);
}

bool ResolverCall::is_plain(size_t index) const {
  return resolver_.is_plain_container(arguments_[index]);
}

void ResolverCall::require(std::string_view function, const std::vector<std::string_view>& required, size_t most) {
  const size_t given = count();
  if (most == 0) most = required.size();
  if (given < required.size()) {
    std::string names;
    for (size_t i = given; i < required.size(); ++i) {
      if (!names.empty()) names += i + 1 == required.size() ? " and " : ", ";
      names += fmt::format("'{}'", required[i]);
    }
    const size_t missing = required.size() - given;
    fail("TypeError",
         fmt::format("{}() missing {} required positional argument{}: {}", function, missing, missing == 1 ? "" : "s",
                     names),
         "resolver-arguments");
  }
  if (given > most) {
    const std::string takes = required.size() == most
                                  ? fmt::format("{} positional argument{}", most, most == 1 ? "" : "s")
                                  : fmt::format("from {} to {} positional arguments", required.size(), most);
    fail("TypeError", fmt::format("{}() takes {} but {} {} given", function, takes, given, given == 1 ? "was" : "were"),
         "resolver-arguments");
  }
}

void ResolverCall::refuse_if_cached(const char* name) {
  if (!cached_) return;
  fail("ValueError", fmt::format("use_cache=True is incompatible with functions that receive the {}", name));
}

NodeId ResolverCall::parent() {
  refuse_if_cached("_parent_");
  return container_;
}

NodeId ResolverCall::node() {
  refuse_if_cached("_node_");
  return node_;
}

NodeId ResolverCall::root() {
  refuse_if_cached("_root_");
  return tree().root();
}

NodeId ResolverCall::give(Node value) {
  if (has_text(value.kind)) value.text_data = resolver_.sources().keep(value.text()).data();
  if (is_text(value.kind)) value.kind = NodeKind::kString;
  return resolver_.make_at(node_, value, container_);
}

NodeId ResolverCall::give_plain(Node container) {
  const NodeId made = resolver_.make_plain(container, container_);
  resolver_.place_at(made, node_);
  return made;
}

void ResolverCall::fail(std::string_view python_type, const std::string& message, std::string code) {
  resolver_.fail(python_type, message, std::move(code));
}

void ResolverCall::warn(std::string message) {
  resolver_.warn(std::move(message), node_);
}

void ResolverTable::add(const std::string& name, ResolverFunction function, Options options) {
  if (!function) throw std::invalid_argument("resolver must be callable");
  if (name.empty()) throw std::invalid_argument("cannot use an empty resolver name");
  if (!options.replace && has(name)) {
    throw std::invalid_argument(fmt::format("resolver '{}' is already registered", name));
  }
  added_[name] = {std::move(function), options.use_cache};
}

const RegisteredResolver* ResolverTable::find(std::string_view name) const {
  const auto found = added_.find(name);
  return found == added_.end() ? find_builtin_resolver(name) : &found->second;
}

std::vector<std::string> ResolverTable::names() const {
  std::vector<std::string> names = builtin_resolver_names();
  for (const auto& [name, resolver] : added_) {
    if (!find_builtin_resolver(name)) names.push_back(name);
  }
  return names;
}

}  // namespace cfgtool
