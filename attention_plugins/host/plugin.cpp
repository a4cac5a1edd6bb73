#include "attention_plugins/host/plugin.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "attention_plugins/host/byte_writer.hpp"
#include "attention_plugins/host/names.hpp"
#include "attention_plugins/host/plugin_error.hpp"
#include "attention_plugins/host/plugin_file.hpp"
#include "attention_plugins/host/problem.hpp"

namespace cfgtool::attention {
namespace {

// What a table and an implementation of version 1.0 have at least.
constexpr size_t kTableBytes = offsetof(attn_plugin, describe_device) + sizeof(attn_plugin::describe_device);
constexpr size_t kImplementationBytes = offsetof(attn_implementation, description) + sizeof(const char*);
constexpr uint32_t kMostImplementations = 64;

constexpr size_t kNameBytes = 63;
constexpr size_t kVersionBytes = 127;
constexpr size_t kDescriptionBytes = 255;

using Entry = const attn_plugin* (*)(uint32_t);

[[noreturn]] void fail(PluginFault fault, const NamedPath& file, std::string sentence) {
  throw PluginError({fault, file.path, file.named_by, std::move(sentence)});
}

/// Closes a shared object again, unless it is kept.
class SharedObject {
 public:
  explicit SharedObject(const NamedPath& file) : handle_(dlopen(file.path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ != nullptr) return;
    const char* error = dlerror();
    fail(PluginFault::kLoadFailed, file,
         fmt::format("cannot be loaded: {}", error == nullptr ? "no reason given" : error));
  }
  ~SharedObject() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;

  void* symbol(const char* name) const { return dlsym(handle_, name); }
  void keep() { handle_ = nullptr; }

 private:
  void* handle_;
};

/// Text of a plugin, read no further than the interface allows it to be.
std::string bounded_text(const NamedPath& file, const char* what, const char* text, size_t limit) {
  if (text == nullptr) fail(PluginFault::kMalformed, file, fmt::format("breaks the interface: its {} is NULL", what));
  const size_t length = strnlen(text, limit + 1);
  if (length > limit)
    fail(PluginFault::kMalformed, file,
         fmt::format("breaks the interface: its {} is longer than {} bytes", what, limit));
  return {text, length};
}

std::string checked_name(const NamedPath& file, const char* what, const char* text) {
  std::string name = bounded_text(file, what, text, kNameBytes);
  const bool good = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!good)
    fail(PluginFault::kMalformed, file,
         fmt::format("breaks the interface: its {} {:?} is not made of a-z, 0-9 and _", what, name));
  return name;
}

std::string version_text(uint32_t abi) {
  return fmt::format("{}.{}", abi >> 16, abi & 0xffffU);
}

/// The functions that must be there, with their names for the message.
void check_functions(const NamedPath& file, const attn_plugin& table) {
  const std::pair<const char*, bool> functions[] = {
      {"open", table.open != nullptr},           {"close", table.close != nullptr},
      {"query", table.query != nullptr},         {"plan", table.plan != nullptr},
      {"free_plan", table.free_plan != nullptr}, {"forward", table.forward != nullptr}};
  for (const auto& [name, there] : functions)
    if (!there) fail(PluginFault::kMalformed, file, fmt::format("breaks the interface: its function {} is NULL", name));
  if ((table.save_plan == nullptr) != (table.load_plan == nullptr))
    fail(PluginFault::kMalformed, file, "breaks the interface: it has only one of save_plan and load_plan");
}

}  // namespace

std::shared_ptr<const Plugin> Plugin::load(const NamedPath& file,
                                           const std::function<std::string(std::string_view plugin)>& options,
                                           const LogFunction& log) {
  check_elf(file);
  // With a slash in it, the path is not searched for among the system's libraries.
  const NamedPath absolute{std::filesystem::absolute(file.path), file.named_by};
  SharedObject object(absolute);
  const auto entry = reinterpret_cast<Entry>(object.symbol("attn_plugin_entry"));
  if (entry == nullptr)
    fail(PluginFault::kNoEntry, file, "is no attention plugin: it does not define attn_plugin_entry");
  const attn_plugin* table = entry(ATTN_ABI);
  if (table == nullptr)
    fail(PluginFault::kEntryNull, file,
         fmt::format("says that it does not work with this host (interface {})", version_text(ATTN_ABI)));
  std::shared_ptr<Plugin> plugin(new Plugin(absolute));
  plugin->read_table(*table);
  plugin->open(options ? options(plugin->name_) : std::string(), log);
  object.keep();
  return plugin;
}

void Plugin::read_table(const attn_plugin& table) {
  if ((table.abi >> 16) != ATTN_ABI_MAJOR)
    fail(PluginFault::kWrongAbi, file_,
         fmt::format("is made for version {} of the plugin interface, this host has {}", version_text(table.abi),
                     version_text(ATTN_ABI)));
  if (table.size < kTableBytes)
    fail(PluginFault::kMalformed, file_,
         fmt::format("breaks the interface: its table has {} bytes, version {} has at least {}", table.size,
                     version_text(table.abi), kTableBytes));
  std::memcpy(&table_, &table, std::min<size_t>(table.size, sizeof(table_)));
  name_ = checked_name(file_, "name", table_.name);
  version_ = bounded_text(file_, "version", table_.version, kVersionBytes);
  description_ = bounded_text(file_, "description", table_.description, kDescriptionBytes);
  check_functions(file_, table_);
  read_implementations(table_);
}

void Plugin::read_implementations(const attn_plugin& table) {
  const uint32_t count = table.implementation_count;
  if (count == 0 || count > kMostImplementations || table.implementations == nullptr)
    fail(PluginFault::kMalformed, file_,
         fmt::format("breaks the interface: it lists {} implementations, allowed are 1 to {}", count,
                     kMostImplementations));
  for (uint32_t i = 0; i < count; ++i) {
    const attn_implementation* raw = table.implementations[i];
    if (raw == nullptr || raw->size < kImplementationBytes)
      fail(PluginFault::kMalformed, file_,
           fmt::format("breaks the interface: its implementation {} is {}", i, raw == nullptr ? "NULL" : "too short"));
    Implementation implementation{
        checked_name(file_, "implementation's name", raw->name), raw->device_kind,
        bounded_text(file_, "implementation's description", raw->description, kDescriptionBytes)};
    for (const Implementation& other : implementations_)
      if (other.name == implementation.name && other.device_kind == implementation.device_kind)
        fail(PluginFault::kMalformed, file_,
             fmt::format("breaks the interface: it lists {} on {} twice", other.name,
                         device_kind_name(other.device_kind)));
    implementations_.push_back(std::move(implementation));
  }
}

void Plugin::open(const std::string& options, const LogFunction& log) {
  log_ = log;
  host_.size = sizeof(host_);
  host_.abi = ATTN_ABI;
  host_.context = this;
  host_.log = [](void* context, int32_t severity, const char* text) {
    const auto* self = static_cast<const Plugin*>(context);
    if (self->log_ && text != nullptr) self->log_(self->name_, severity, text);
  };
  attn_answer raw = blank_answer();
  attn_instance* instance = nullptr;
  const attn_status status = table_.open(&host_, options.c_str(), &instance, &raw);
  const Answer answer = read_answer(name_, "open", status, raw);
  if (answer.verdict != Verdict::kYes)
    fail(PluginFault::kOpenFailed, file_, fmt::format("cannot be opened: {}", answer.text));
  if (instance == nullptr)
    fail(PluginFault::kOpenFailed, file_, "breaks the interface: open succeeded and gave no instance");
  instance_ = instance;
}

Plugin::~Plugin() {
  if (instance_ != nullptr) table_.close(instance_);
}

Answer Plugin::query(size_t implementation, const attn_device& device, const attn_problem& problem,
                     int32_t level) const {
  Answer answer;
  answer.verdict = Verdict::kNo;
  const Implementation& asked = implementations_.at(implementation);
  if (asked.device_kind != device.kind) {
    answer.reason = ATTN_REASON_DEVICE;
    answer.text = fmt::format("provides {} on {} devices, not on {}", asked.name, device_kind_name(asked.device_kind),
                              device_kind_name(device.kind));
    return answer;
  }
  if (auto fault = check_problem(problem)) {
    answer.reason = fault->reason;
    answer.text = std::move(fault->text);
    return answer;
  }
  attn_answer raw = blank_answer();
  const attn_status status =
      table_.query(instance_, static_cast<uint32_t>(implementation), &device, &problem, level, &raw);
  return read_answer(name_, "query", status, raw);
}

std::optional<std::string> Plugin::describe_device(int32_t device_kind, int32_t index) const {
  if (table_.describe_device == nullptr) return std::nullopt;
  std::string description;
  const attn_writer writer = writer_into(description);
  attn_answer raw = blank_answer();
  const attn_status status = table_.describe_device(instance_, device_kind, index, &writer, &raw);
  if (read_answer(name_, "describe_device", status, raw).verdict != Verdict::kYes) return std::nullopt;
  return description;
}

}  // namespace cfgtool::attention
