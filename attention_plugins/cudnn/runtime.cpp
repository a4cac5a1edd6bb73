#include "attention_plugins/cudnn/runtime.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "attention_plugins/cudnn/device_description.hpp"
#include "attention_plugins/cudnn/engines.hpp"

namespace cfgtool::attention::cudnn {

namespace {

Failure bad_option(const std::string& option) {
  return {
      ATTN_STATUS_REFUSED, ATTN_REASON_OPTIONS,
      "the option '" + option +
          "' is none: library=PATH, stub=PATH and plan_cache=N are taken, each once, separated by spaces or commas"};
}

size_t parse_count(const std::string& option, const std::string& value) {
  size_t count = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, count);
  if (value.empty() || error != std::errc{} || stop != end) throw bad_option(option);
  return count;
}

}  // namespace

Options parse_options(const std::string& text) {
  Options options;
  std::set<std::string> seen;
  constexpr const char* kSeparators = " ,";
  for (size_t begin = text.find_first_not_of(kSeparators); begin != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kSeparators, begin), text.size());
    const std::string option = text.substr(begin, end - begin);
    const size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
    if (value.empty() || !seen.insert(name).second) throw bad_option(option);
    if (name == "library")
      options.library = value;
    else if (name == "stub")
      options.stub = value;
    else if (name == "plan_cache")
      options.plan_cache = parse_count(option, value);
    else
      throw bad_option(option);
    begin = text.find_first_not_of(kSeparators, end);
  }
  return options;
}

Device Runtime::identify(const attn_device& device) {
  Device known{device.index, device.compute_capability, device.name,
               device.description != nullptr ? device.description : ""};
  if (known.compute_capability != 0) return known;
  if (!known.description.empty()) {
    known.compute_capability = described_compute_capability(known.description);
  } else if (known.index >= 0) {
    const std::lock_guard lock(mutex_);
    const Driver& driver = load_driver(DriverUse::kDevice);
    check_device(driver, known.index, 0, "");
    known.compute_capability = compute_capability(driver, known.index);
  } else {
    throw Failure(ATTN_STATUS_REFUSED, ATTN_REASON_DEVICE,
                  "the device '" + known.name + "' is not on this machine, and neither its compute capability nor a " +
                      "description of it is given");
  }
  return known;
}

const Driver& Runtime::load_driver(DriverUse use) {
  // What is loaded stays; what was missing may have come.
  if (driver_.kind == DriverKind::kNone) driver_ = find_driver(use, options_.stub);
  return driver_;
}

const Library& Runtime::load_library() {
  if (!library_) library_ = std::make_unique<const Library>(options_.library);
  return *library_;
}

const Library& Runtime::library(const Device& device, bool compile) {
  const std::lock_guard lock(mutex_);
  const bool is_here = device.index >= 0;
  const Driver& driver = load_driver(is_here   ? DriverUse::kDevice
                                     : compile ? DriverUse::kCompile
                                               : DriverUse::kHeuristics);
  const Library& library = load_library();
  if (is_here) {
    check_device(driver, device.index, library.cuda_version, library.name);
  } else if (driver.kind == DriverKind::kNone) {
    throw runtime_missing(library.name + " answers only where a CUDA driver or a stub of one can be loaded: " +
                          driver.why + (compile ? "" : "; the level compile (--compile) brings its own"));
  }
  return library;
}

Driver Runtime::driver() {
  const std::lock_guard lock(mutex_);
  return driver_;
}

const Descriptor& Runtime::properties(const Device& device) {
  const std::lock_guard lock(mutex_);
  const Library& library = load_library();
  const std::string key = device.index >= 0 ? std::to_string(device.index) : device.description;
  const auto known = properties_.find(key);
  if (known != properties_.end()) return known->second;
  Descriptor made = device.index >= 0 ? device_properties(library, device.index)
                                      : described_properties(library, cudnn_description(device.description));
  return properties_.emplace(key, std::move(made)).first->second;
}

Handle& Runtime::handle(int32_t index) {
  const std::lock_guard lock(mutex_);
  return handles_.try_emplace(index, load_library(), index).first->second;
}

std::string Runtime::describe_device(int32_t index) {
  const std::lock_guard lock(mutex_);
  const Driver& driver = load_driver(DriverUse::kDevice);
  check_device(driver, index, 0, "");
  return cudnn::describe_device(driver, index);
}

}  // namespace cfgtool::attention::cudnn
