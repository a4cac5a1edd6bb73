/// \file
/// A composed configuration as a program reads it: typed, read-only, interpolations followed when a value is asked for,
/// and every error pointing at the place where the value was written.
///
///     double lr = cfg.get<double>("actor_rollout_ref.actor.optim.lr");
///     std::optional<int> steps = cfg.find<int>("trainer.total_training_steps");   // absent, null or ???: nothing
///     for (const cfgtool::ConfigValue& role : cfg.at("roles").children()) …
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/compose.hpp"
#include "config_engine/provenance.hpp"

namespace cfgtool {

class Config;

/// One value of a Config, interpolations followed. Cheap to copy; keeps the configuration alive.
class ConfigValue {
 public:
  NodeKind kind() const;
  bool is_null() const { return kind() == NodeKind::kNull; }
  bool is_map() const { return kind() == NodeKind::kMap; }
  bool is_list() const { return kind() == NodeKind::kList; }
  /// Its key in the map that holds it (text of Python's str() for keys that are no strings); empty for list items.
  std::string key() const;
  /// The whole path, such as `trainer.logger[0]`; empty for the top.
  std::string path() const;
  /// Members of a map or items of a list, in order; none for scalars.
  std::vector<ConfigValue> children() const;

  /// The value as T: bool, integers, floating point (also of an integer), std::string, std::filesystem::path,
  /// std::vector<T>, std::map<std::string, T>, ConfigValue. \throws ConfigError, code value-type or value-range, at the
  /// place where the value was written
  template <typename T>
  T as() const;

  /// Where it was written, as `file:line:column` or `override 2:5`; "nowhere" for what has no place.
  std::string origin() const;
  SourcePos pos() const;
  /// Every place that set it, the oldest first, and what its interpolations read. Of what a resolver made in an
  /// interpolation's place, the place of that.
  ValueProvenance provenance() const;

  /// Throws a ConfigError that shows this value's place: for what only the program can know ("batch size must divide
  /// …").
  [[noreturn]] void refuse(const std::string& message, std::string code = "value-refused") const;

 private:
  friend class Config;
  struct State;
  ConfigValue(std::shared_ptr<State> state, NodeId written, NodeId value)
      : state_(std::move(state)), written_(written), value_(value) {}
  [[noreturn]] void refuse_type(const char* expected) const;
  bool read_bool() const;
  int64_t read_int(int64_t least, int64_t greatest) const;
  uint64_t read_unsigned(uint64_t greatest) const;
  double read_double() const;
  std::string read_string() const;

  std::shared_ptr<State> state_;
  NodeId written_;  // the node under the key; an interpolation perhaps
  NodeId value_;    // what it leads to
};

/// Thread-safe to read.
class Config {
 public:
  explicit Config(Composition composition);

  /// \throws ConfigError if the key is absent (value-absent) or `???` (value-missing), if an interpolation fails, or as
  /// ConfigValue::as
  template <typename T>
  T get(std::string_view key) const {
    return at(key).as<T>();
  }
  /// Nothing where the key is absent, null or `???`. \throws ConfigError otherwise as get
  template <typename T>
  std::optional<T> find(std::string_view key) const {
    const std::optional<ConfigValue> value = lookup(key);
    if (!value || value->is_null() || value->kind() == NodeKind::kMissing) return std::nullopt;
    return value->as<T>();
  }
  template <typename T>
  T get_or(std::string_view key, T otherwise) const {
    return find<T>(key).value_or(std::move(otherwise));
  }

  bool contains(std::string_view key) const { return lookup(key).has_value(); }
  /// \throws ConfigError as get
  ConfigValue at(std::string_view key) const;
  /// Nothing where the key is absent.
  std::optional<ConfigValue> lookup(std::string_view key) const;
  ConfigValue root() const;

  /// What it was composed from: the tree with its interpolations, the steps, the sources of all positions.
  const Composition& composition() const;
  std::shared_ptr<const SourceMap> sources() const;

 private:
  std::shared_ptr<ConfigValue::State> state_;
};

namespace detail {
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
template <typename T>
struct IsStringMap : std::false_type {};
template <typename T>
struct IsStringMap<std::map<std::string, T>> : std::true_type {};
template <typename T>
inline constexpr bool kNotReadable = false;
}  // namespace detail

template <typename T>
T ConfigValue::as() const {
  if constexpr (std::is_same_v<T, ConfigValue>) {
    return *this;
  } else if constexpr (std::is_same_v<T, bool>) {
    return read_bool();
  } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
    return static_cast<T>(read_int(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(read_unsigned(std::numeric_limits<T>::max()));
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(read_double());
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::filesystem::path>) {
    return T(read_string());
  } else if constexpr (detail::IsVector<T>::value) {
    if (!is_list()) refuse_type("a list");
    T items;
    for (const ConfigValue& child : children())
      items.push_back(child.as<typename T::value_type>());
    return items;
  } else if constexpr (detail::IsStringMap<T>::value) {
    if (!is_map()) refuse_type("a mapping");
    T members;
    for (const ConfigValue& child : children())
      members.emplace(child.key(), child.as<typename T::mapped_type>());
    return members;
  } else {
    static_assert(detail::kNotReadable<T>, "a configuration value cannot be read as this type");
  }
}

}  // namespace cfgtool
