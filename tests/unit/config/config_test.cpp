/// \file
/// What a program does with its configuration: reads values of a type, asks where they come from, and refuses what only
/// it can know.
#include <doctest/doctest.h>

#include <cstdint>

#include "config_engine/config.hpp"
#include "tests/unit/files/file_folder.hpp"

namespace cfgtool::test {
namespace {

class Program {
 public:
  explicit Program(const std::vector<std::string>& overrides = {}) {
    folder_.write("config.yaml",
                  "defaults:\n"
                  "- optim: adam\n"
                  "- _self_\n"
                  "batch: 10\n"
                  "seed: ???\n"
                  "none: null\n"
                  "big: 99999999999999999999\n"
                  "name: run_${batch}\n"
                  "same: ${optim.lr}\n"
                  "home: ${oc.env:PROGRAM_HOME}\n"
                  "made: ${oc.decode:'[1, 2]'}\n"
                  "list: [1, 2.5, x]\n"
                  "map: {a: 1, b: 2}\n");
    folder_.write("optim/adam.yaml", "lr: 0.1\nbetas: [0.9, 0.99]\n");
    ComposeRequest request;
    request.config_dirs = {folder_.path()};
    request.config_name = "config";
    request.overrides = overrides;
    request.with_hydra = false;
    request.context.environment.emplace();
    (*request.context.environment)["PROGRAM_HOME"] = "/home";
    config_ = std::make_unique<Config>(compose(std::make_shared<FileStore>(), request));
  }

  const Config& config() const { return *config_; }

  /// What the error's first place reads, with the folder taken away.
  std::string place_of(const ConfigError& error, size_t label = 0) const {
    const Diagnostic& diagnostic = error.diagnostics().front();
    SourceLocation at;
    if (label >= diagnostic.labels.size() || !error.sources()->locate(diagnostic.labels[label].pos, &at)) return "none";
    return short_place(at);
  }

  std::string short_place(const SourceLocation& at) const {
    std::string place = to_string(at);
    const std::string begin = folder_.path() + "/";
    return place.starts_with(begin) ? place.substr(begin.size()) : place;
  }

  std::string places_of(const ValueProvenance& provenance) const {
    std::string all;
    for (const ValueCause& cause : provenance.causes)
      all += (all.empty() ? "" : ", ") + short_place(cause.at);
    return all;
  }

  /// The code and the place of what `work` throws.
  template <typename Work>
  std::string refusal(const Work& work) const {
    try {
      work();
    } catch (const ConfigError& error) {
      return error.diagnostics().front().code + " at " + place_of(error);
    }
    return "nothing";
  }

 private:
  FileFolder folder_;
  std::unique_ptr<Config> config_;
};

}  // namespace

TEST_CASE("values have the type that is asked for") {
  const Program program;
  const Config& cfg = program.config();
  CHECK(cfg.get<int>("batch") == 10);
  CHECK(cfg.get<double>("batch") == 10.0);
  CHECK(cfg.get<std::string>("name") == "run_10");
  CHECK(cfg.get<double>("same") == 0.1);
  CHECK(cfg.get<std::vector<double>>("optim.betas") == std::vector<double>{0.9, 0.99});
  CHECK(cfg.get<std::vector<int>>("made") == std::vector<int>{1, 2});
  CHECK(cfg.get<std::map<std::string, int>>("map") == std::map<std::string, int>{{"a", 1}, {"b", 2}});
  CHECK(cfg.get<std::filesystem::path>("home") == "/home");
  CHECK(cfg.at("list").children().size() == 3);
  CHECK(cfg.at("list").children()[1].path() == "list[1]");
}

TEST_CASE("what may be absent is nothing") {
  const Program program;
  const Config& cfg = program.config();
  CHECK(!cfg.find<int>("no.such"));
  CHECK(!cfg.find<int>("none"));
  CHECK(!cfg.find<int>("seed"));
  CHECK(cfg.get_or("no.such", 5) == 5);
  CHECK(cfg.contains("none"));
  CHECK(!cfg.contains("no"));
}

TEST_CASE("an error points at the value") {
  const Program program({"batch=abc"});
  const Config& cfg = program.config();
  CHECK(program.refusal([&] { cfg.get<int>("batch"); }) == "value-type at override 1:7");
  CHECK(program.refusal([&] { cfg.get<int>("list"); }) == "value-type at config.yaml:12:7");
  CHECK(program.refusal([&] { cfg.get<int64_t>("big"); }) == "value-range at config.yaml:7:6");
  CHECK(program.refusal([&] { cfg.get<int>("seed"); }) == "value-missing at config.yaml:5:7");
  CHECK(program.refusal([&] { cfg.get<int>("nope"); }) == "value-absent at flag --config-name:1");
  CHECK(program.refusal([&] { cfg.get<int>("optim.ls"); }) == "value-absent at optim/adam.yaml:1:1");
  CHECK(program.refusal([&] { cfg.get<int>("optim.lr"); }) == "value-type at optim/adam.yaml:1:5");
}

TEST_CASE("a program refuses a value at its place, with one call") {
  const Program program;
  const Config& cfg = program.config();
  const auto refuse = [&](const char* key) {
    return program.refusal([&] { cfg.at(key).refuse("batch must divide 64"); });
  };
  CHECK(refuse("batch") == "value-refused at config.yaml:4:8");
  CHECK(program.refusal([&] { cfg.at("batch").refuse("no", "batch-size"); }) == "batch-size at config.yaml:4:8");
  SUBCASE("what an interpolation leads to, and where it is used") {
    try {
      cfg.at("same").refuse("too fast");
      FAIL("it was not refused");
    } catch (const ConfigError& error) {
      CHECK(program.place_of(error, 0) == "optim/adam.yaml:1:5");
      CHECK(program.place_of(error, 1) == "config.yaml:9:7");
      CHECK(std::string(error.what()).find("too fast") != std::string::npos);
    }
  }
}

TEST_CASE("a program refuses values that came by every way") {
  const Program program({"batch=33", "+extra={a: [1, 2]}", "same=${batch}"});
  const Config& cfg = program.config();
  const auto places = [&](const ConfigValue& value) {
    std::string all;
    try {
      value.refuse("batch must divide 64");
    } catch (const ConfigError& error) {
      for (size_t label = 0; label < error.diagnostics().front().labels.size(); ++label)
        all += (all.empty() ? "" : ", ") + program.place_of(error, label);
    }
    return all;
  };
  CHECK(places(cfg.at("batch")) == "override 1:7");
  CHECK(places(cfg.at("extra.a").children()[1]) == "override 2:16");
  CHECK(places(cfg.at("same")) == "override 1:7, override 3:6");
  // A text of several parts, and what a resolver gives, stand nowhere but in the interpolation itself.
  CHECK(places(cfg.at("name")) == "config.yaml:8:7");
  CHECK(places(cfg.at("home")).find("config.yaml:10:7") != std::string::npos);
  try {
    cfg.at("home").refuse("no such folder");
  } catch (const ConfigError& error) {
    CHECK(error.diagnostics().front().notes ==
          std::vector<std::string>{"it reads the environment variable PROGRAM_HOME"});
  }
  CHECK(places(cfg.at("made")).find("config.yaml:11:7") != std::string::npos);
  CHECK(places(cfg.at("optim.betas").children()[0]) == "optim/adam.yaml:2:9");
  CHECK(places(cfg.at("none")) == "config.yaml:6:7");
}

TEST_CASE("a value says every place that set it") {
  const Program program({"optim.lr=0.2", "+extra=1"});
  const Config& cfg = program.config();
  CHECK(program.places_of(cfg.at("optim.lr").provenance()) == "optim/adam.yaml:1:5, override 1:10");
  CHECK(program.places_of(cfg.at("extra").provenance()) == "override 2:8");
  CHECK(program.places_of(cfg.at("batch").provenance()) == "config.yaml:4:8");
  const ValueProvenance lr = cfg.at("optim.lr").provenance();
  CHECK(lr.key == "optim.lr");
  REQUIRE(lr.causes.size() == 2);
  CHECK(lr.causes[0].step.kind == ComposeStep::Kind::kConfig);
  CHECK(lr.causes[1].step.kind == ComposeStep::Kind::kOverride);
  CHECK(lr.causes[1].step.index == 0);
}

TEST_CASE("an interpolation says what it read") {
  const Program program;
  const Config& cfg = program.config();
  const ValueProvenance same = cfg.at("same").provenance();
  CHECK(program.places_of(same) == "config.yaml:9:7");
  REQUIRE(same.reads.size() == 1);
  CHECK(same.reads[0].name == "optim.lr");
  CHECK(same.reads[0].value == "0.1");
  CHECK(program.short_place(same.reads[0].causes.back().at) == "optim/adam.yaml:1:5");
  const ValueProvenance home = cfg.at("home").provenance();
  REQUIRE(home.reads.size() == 1);
  CHECK(home.reads[0].kind == ValueRead::Kind::kEnvironment);
  CHECK(home.reads[0].name == "PROGRAM_HOME");
  CHECK(home.reads[0].value == "/home");
}

TEST_CASE("what a resolver made has the place of its interpolation") {
  const Program program;
  const std::vector<ConfigValue> made = program.config().at("made").children();
  REQUIRE(made.size() == 2);
  const ValueProvenance first = made[0].provenance();
  REQUIRE(first.causes.size() == 1);
  CHECK(program.places_of(first) == "config.yaml:11:7");
}

}  // namespace cfgtool::test
