// GPUs that are elsewhere: their files, how they are found, and the machine that one of them makes.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "attention_plugins/host/device_catalogue.hpp"
#include "attention_plugins/host/machine.hpp"
#include "attention_plugins/host/spec_machine.hpp"
#include "tests/spec/toy_framework.hpp"

namespace cfgtool::test {

namespace {

using attention::DeviceCatalogue;
using attention::DeviceFolders;
using attention::KnownDevice;
using Json = nlohmann::ordered_json;

std::string read_text(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

const std::set<std::string> kOurs = {"t4",   "v100", "a100", "rtx3090", "rtx4090",     "l40s",
                                     "h100", "h200", "b200", "gb200",   "rtx-pro-6000"};

/// The project's files alone, whatever the environment says.
DeviceFolders ours() {
  return {{SPEC_DEVICES}, false, false};
}

std::shared_ptr<const KnownDevice> find(const std::string& name, const DeviceFolders& folders = ours()) {
  return DeviceCatalogue(std::make_shared<SourceMap>(), folders).find(name, {});
}

Json good_file() {
  return Json::parse(read_text(SPEC_DEVICES "/h100.json"));
}

/// What is said of a file with that text.
Caught refused(const std::string& text) {
  const Scratch scratch;
  const std::string file = scratch.write("mine.json", text);
  return caught([&] { find(file); });
}

}  // namespace

TEST_CASE("the eleven GPUs are there, each figure with its source; two have no recorded answers") {
  const DeviceCatalogue catalogue(std::make_shared<SourceMap>(), ours());
  const std::vector<std::string> names = catalogue.names();
  CHECK(std::set<std::string>(names.begin(), names.end()) == kOurs);
  for (const auto& device : catalogue.all({})) {
    CAPTURE(device->name);
    for (const std::string& figure : attention::figure_names()) {
      CAPTURE(figure);
      CHECK(device->sources.contains(figure));
    }
    CHECK(device->verified == (device->name != "l40s" && device->name != "gb200"));
    CHECK((device->verified || !device->note.empty()));
    CHECK(device->gpu.warp_size == 32);
    CHECK(device->gpu.shared_memory_per_block_optin_bytes <= device->gpu.shared_memory_per_multiprocessor_bytes);
    const auto written = nlohmann::json::parse(read_text(device->file.string()))["description"];
    CHECK(nlohmann::json::parse(device->description) == written);
  }
}

TEST_CASE(
    "a device is what plugins are asked about: its description is the file's, its index says that it is not here") {
  const auto h100 = find("H100");  // whatever the case
  const attn_device device = h100->device();
  CHECK(device.index == -1);
  CHECK(device.kind == ATTN_DEVICE_CUDA);
  CHECK(device.compute_capability == 90);
  CHECK(std::string(device.name) == "h100");
  const Json description = Json::parse(device.description);
  CHECK(description["multiprocessor_count"] == 132);
  CHECK(description["block_dim"] == Json({1024, 1024, 64}));
  CHECK(description["cooperative_launch"] == true);
}

TEST_CASE("an unknown name is answered with the nearest one and all that are known") {
  const auto at = [](const std::string& name) { return caught([&] { find(name); }); };
  CHECK(at("h10").first().code == "device-unknown");
  CHECK(at("h10").text.find("did you mean 'h100'") != std::string::npos);
  CHECK(at("RTX4091").text.find("did you mean 'rtx4090'") != std::string::npos);
  CHECK(at("").text.find("known are a100, b200, gb200, h100, h200, l40s, rtx-pro-6000,") != std::string::npos);
  CHECK(at("/nowhere/x.json").first().code == "device-unreadable");
  CHECK(at("/").first().code == "device-unreadable");
}

TEST_CASE("folders are searched in order; one that is named and none is an error") {
  const Scratch scratch;
  Json other = good_file();
  other["description"]["multiprocessor_count"] = 7;
  scratch.write("H100.json", other.dump());
  DeviceFolders folders = ours();
  folders.command_line.insert(folders.command_line.begin(), scratch.path());
  CHECK(find("h100", folders)->gpu.multiprocessor_count == 7);
  CHECK(find("h200", folders)->gpu.multiprocessor_count == 132);
  const DeviceCatalogue both(std::make_shared<SourceMap>(), folders);
  CHECK(both.names().size() == kOurs.size());
  const Caught missing = caught([] { DeviceCatalogue(std::make_shared<SourceMap>(), {{"/nowhere"}, false, false}); });
  CHECK(missing.first().code == "device-folder");
  CHECK(missing.text.find("flag --attention-device-path:1") != std::string::npos);
}

TEST_CASE("a file is read strictly: everything that is wrong is said, with its place") {
  const auto changed = [](const auto& change) {
    Json file = good_file();
    change(file);
    return refused(file.dump(2));
  };
  CHECK(refused("{").first().code == "json-syntax");
  CHECK(refused("[]").text.find("the device's file is a list, expected an object") != std::string::npos);
  CHECK(refused("{}").diagnostics.size() == 3);
  const Caught misspelt = changed([](Json& file) {
    file["description"]["warp_sise"] = file["description"]["warp_size"];
    file["description"].erase("warp_size");
  });
  REQUIRE(misspelt.diagnostics.size() == 2);
  CHECK(misspelt.place == "mine.json:32:5");
  CHECK(misspelt.text.find("'description' has no field 'warp_sise'") != std::string::npos);
  CHECK(misspelt.text.find("did you mean 'warp_size'?") != std::string::npos);
  CHECK(misspelt.text.find("'description' lacks the field 'warp_size'") != std::string::npos);
  for (const Json& wrong :
       {Json(0), Json(-5), Json(2.5), Json("132"), Json(nullptr), Json(99999999999), Json::array()}) {
    const Caught figure = changed([&](Json& file) { file["description"]["multiprocessor_count"] = wrong; });
    CAPTURE(figure.text);
    REQUIRE(figure.diagnostics.size() == 1);
    CHECK(figure.first().code == "device-figure");
    CHECK(figure.place == "mine.json:5:29");
  }
  CHECK(changed([](Json& file) { file["description"]["block_dim"] = {1024, 1024}; }).first().code == "device-type");
  CHECK(changed([](Json& file) { file["description"]["tcc_driver"] = 0; }).first().code == "device-type");
  CHECK(changed([](Json& file) { file["verified"] = "yes"; }).first().code == "device-type");
  CHECK(changed([](Json& file) { file["sources"]["name"] = 5; }).first().code == "device-type");
  CHECK(changed([](Json& file) { file["sources"]["weight"] = "scales"; }).first().code == "device-unknown-field");
  CHECK(changed([](Json& file) { file.erase("sources"); }).first().code == "device-field-missing");
}

TEST_CASE("what was read from a device can be read as a file again, and is believed") {
  const Scratch scratch;
  const auto h100 = find("h100");
  const std::string file = scratch.write("again.json", attention::device_file_text(h100->gpu, "a test"));
  const auto again = find(file);
  CHECK(again->name == "again");
  CHECK(again->description == h100->description);
  CHECK(again->verified);
  CHECK(again->sources.at("warp_size") == "a test");
}

TEST_CASE("a described machine is that GPU alone; what is not verified is asked by rules only") {
  const attention::Machine h100 = attention::described_machine(find("h100"));
  REQUIRE(h100.devices().size() == 1);
  CHECK(attention::describe(h100.devices().front()) == "h100");
  CHECK(h100.level(ATTN_LEVEL_COMPILE) == ATTN_LEVEL_COMPILE);
  CHECK(attention::described_machine(find("l40s")).level(ATTN_LEVEL_COMPILE) == ATTN_LEVEL_RULES);
}

TEST_CASE("the key that the mapping names says the device, and the flag wins over it") {
  const Scratch scratch;
  constexpr const char* kModel = "model: {}\n";
  CHECK_FALSE(toy_spec(scratch, kModel).device.has_value());
  CHECK_FALSE(toy_spec(scratch, kModel, {"+gpu=null"}).device.has_value());
  AttentionSpec spec = toy_spec(scratch, kModel, {"+gpu=h100"});
  REQUIRE(spec.device.has_value());
  CHECK(spec.device->value == "h100");
  CHECK(spec.device->origin.kind == OriginKind::kKey);
  CHECK(spec.device->origin.text == "override 1:6");
  const auto sources = std::make_shared<SourceMap>(spec.sources);
  CHECK(attention::machine_for(spec, ours(), sources).described->name == "h100");
  take_device_flag(spec, *sources, "t4");
  CHECK(spec.device->origin.kind == OriginKind::kFlag);
  CHECK(attention::machine_for(spec, ours(), sources).described->name == "t4");
}

TEST_CASE("a device that is not known is an error where it is named: the key's, or the flag's") {
  const Scratch scratch;
  const AttentionSpec spec = toy_spec(scratch, "model: {}\ngpu: h10\n");
  const Caught at_key =
      caught([&] { attention::machine_for(spec, ours(), std::make_shared<SourceMap>(spec.sources)); });
  CHECK(at_key.first().stage == Stage::kResolve);
  CHECK(at_key.first().key_path == "gpu");
  CHECK(at_key.place.ends_with(".yaml:2:6"));
  CHECK(at_key.text.find("did you mean 'h100'") != std::string::npos);
  CHECK(caught([&] { toy_spec(scratch, "model: {}\ngpu: 4090\n"); }).text.find("expected a string") !=
        std::string::npos);
}

}  // namespace cfgtool::test
