/// \file
/// `cfgtool attention device`: the GPUs that are known without being here, and the description of one that is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "attention_plugins/host/gpu_query.hpp"
#include "cfgtool/attention_commands.hpp"
#include "cfgtool/command.hpp"
#include "cfgtool/device_flags.hpp"
#include "config_engine/completion_flags.hpp"
#include "config_engine/hydra_flags.hpp"
#include "config_engine/write_file.hpp"

namespace cfgtool {

namespace {

using Json = nlohmann::ordered_json;
using attention::DeviceCatalogue;
using attention::GpuDescription;
using attention::KnownDevice;

struct DeviceFlags {
  std::string name;
  attention::DeviceFolders folders;
  bool list = false;
  bool json = false;
  CLI::Option* dump = nullptr;
  std::string dumped;  ///< an ordinal; empty: the first
  std::string output;
};

void declare_device(CLI::App& app, DeviceFlags& flags) {
  CLI::Option* name = app.add_option("NAME", flags.name, "Shows that GPU: a name, or a file")->type_name("");
  CLI::Option* list = app.add_flag("--list", flags.list, "List all that are known, as without a NAME")->excludes(name);
  flags.dump = app.add_option("--dump", flags.dumped,
                              "Print the description of a GPU of this machine, by its number (default: 0), as a file "
                              "of --attention-device-path")
                   ->expected(0, 1)
                   ->type_name("[INDEX]")
                   ->excludes(name)
                   ->excludes(list);
  app.add_option("--output", flags.output, "Write it into that file")->type_name("FILE")->needs(flags.dump);
  app.add_flag("--json", flags.json, "Print JSON")->excludes(flags.dump);
  add_device_path_flag(app, flags.folders);
  app.footer(
      "Exit code: 0 fine, 2 wrong flags or no such GPU, 5 there is no GPU here to be described.\n\n"
      "Examples:\n"
      "  cfgtool attention device\n"
      "  cfgtool attention device h100\n"
      "  cfgtool attention device --dump --output devices/mine.json\n"
      "  cfgtool attention check --attention-device-path devices --device mine");
}

std::string gibibytes(int64_t bytes) {
  return fmt::format("{:.0f} GiB", static_cast<double>(bytes) / (1 << 30));
}

std::string capability(const GpuDescription& gpu) {
  return fmt::format("{}.{}", gpu.compute_capability / 10, gpu.compute_capability % 10);
}

std::string list_text(const std::vector<std::shared_ptr<const KnownDevice>>& devices) {
  std::string text = fmt::format("{:13} {:30} {:>10} {:>4} {:>8} {:>8} {:>9}\n", "name", "GPU", "capability", "SMs",
                                 "memory", "L2", "smem/block");
  for (const auto& device : devices) {
    const GpuDescription& gpu = device->gpu;
    text += fmt::format("{:13} {:30} {:>10} {:>4} {:>8} {:>8} {:>9}{}\n", device->name, gpu.name, capability(gpu),
                        gpu.multiprocessor_count, gibibytes(gpu.total_global_memory_bytes),
                        fmt::format("{} MiB", gpu.l2_cache_bytes >> 20),
                        fmt::format("{} KiB", gpu.shared_memory_per_block_optin_bytes >> 10),
                        device->verified ? "" : "  unverified: answered by rules only");
  }
  return devices.empty() ? "no GPU is known\n" : text;
}

/// What a file says, and its name and path.
Json device_json(const KnownDevice& device) {
  return {{"name", device.name},
          {"file", device.file.string()},
          {"verified", device.verified},
          {"note", device.note},
          {"description", Json::parse(device.description)},
          {"sources", Json(device.sources)}};
}

std::string device_text(const KnownDevice& device) {
  std::string text =
      fmt::format("{}: {}, {}\n  {}\n", device.name, device.gpu.name,
                  device.verified ? "verified" : "unverified: answered by rules only", device.file.string());
  if (!device.note.empty()) text += fmt::format("  {}\n", device.note);
  const Json description = Json::parse(device.description);
  for (const auto& [name, value] : description.items()) {
    const auto source = device.sources.find(name);
    text += fmt::format("  {:40} {:24} {}\n", name, value.is_string() ? value.get<std::string>() : value.dump(),
                        source == device.sources.end() ? "" : source->second);
  }
  return text;
}

int ordinal_of(const std::string& text) {
  int ordinal = 0;
  if (text.empty()) return ordinal;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), ordinal);
  if (failed != std::errc() || end != text.data() + text.size() || ordinal < 0)
    throw std::invalid_argument(fmt::format("--dump takes the number of a GPU of this machine, not '{}'", text));
  return ordinal;
}

/// 13000 is 13.0.
std::string version_in_words(int64_t version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

void write_output(const std::string& file, const std::string& text) {
  try {
    write_whole_file(file, text);
  } catch (const std::system_error& error) {
    throw output_error(fmt::format("cannot write '{}': {}", file, error.code().message()), "--output", file);
  }
}

[[noreturn]] void refuse_dump(const DeviceFlags& flags, std::string why) {
  throw error_at(attention_problem("no-gpu", std::move(why)), SourceKind::kFlag, "--dump", flags.dumped);
}

int dump(const DeviceFlags& flags) {
  try {
    const GpuDescription gpu = attention::query_gpu(ordinal_of(flags.dumped));
    const std::string text =
        attention::device_file_text(gpu, fmt::format("read from the device by cuDeviceGetAttribute, driver for CUDA {}",
                                                     version_in_words(gpu.driver_version)));
    flags.output.empty() ? write_stdout(text) : write_output(flags.output, text);
    return 0;
  } catch (const attention::NoSuchGpu& error) {
    throw std::invalid_argument(error.what());
  } catch (const attention::NoGpu& error) {
    refuse_dump(flags, fmt::format("no GPU can be described here: {}", error.what()));
  } catch (const attention::CudaError& error) {
    refuse_dump(flags, fmt::format("the GPU cannot be described: {}", error.what()));
  }
}

}  // namespace

std::vector<CompletionFlag> attention_device_flags() {
  DeviceFlags flags;
  CLI::App app;
  declare_device(app, flags);
  return completion_flags(app);
}

int attention_device_command(CLI::App& app, const std::vector<std::string>& words) {
  DeviceFlags flags;
  declare_device(app, flags);
  if (!parse_flags(app, words)) return 0;
  if (flags.dump->count() > 0) return dump(flags);
  const auto sources = std::make_shared<SourceMap>();
  const DeviceCatalogue catalogue(sources, flags.folders);
  if (!flags.name.empty()) {
    const auto device =
        catalogue.find(flags.name, {sources->add(SourceKind::kFlag, "NAME", flags.name), Stage::kRequest, {}});
    write_stdout(flags.json ? device_json(*device).dump(2) + "\n" : device_text(*device));
    return 0;
  }
  const auto devices = catalogue.all({});
  if (!flags.json) {
    write_stdout(list_text(devices));
    return 0;
  }
  Json all = Json::array();
  for (const auto& device : devices)
    all.push_back(device_json(*device));
  write_stdout(all.dump(2) + "\n");
  return 0;
}

}  // namespace cfgtool
