/// \file
/// What is wrong independently of each other is reported together, and what follows from something else is not.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "config_engine/compose_all.hpp"
#include "config_engine/yaml_writer.hpp"
#include "tests/unit/files/file_folder.hpp"

namespace cfgtool::test {
namespace {

class Project {
 public:
  Project() { folder_.write("db/mysql.yaml", "port: 1\n"); }

  void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }

  ComposeRequest request(std::vector<std::string> overrides) const {
    ComposeRequest request;
    request.config_dirs = {folder_.path()};
    request.config_name = "config";
    request.overrides = std::move(overrides);
    request.with_hydra = false;
    return request;
  }

  /// Each error as its code and, of an override, its number: "override-syntax 1".
  std::vector<std::string> problems(const std::vector<std::string>& overrides, bool resolve = false) const {
    try {
      Composition composition = compose_finding_all(std::make_shared<FileStore>(), request(overrides));
      if (!resolve) return {};
      const ResolveContext context = composition.resolve_context();
      Resolver resolver(composition.tree, *composition.sources, context);
      try {
        resolve_finding_all(resolver, composition.tree.root());
      } catch (ConfigError& error) {
        error.set_sources(composition.sources);
        throw;
      }
    } catch (const ConfigError& error) {
      return in_short(error);
    }
    return {};
  }

  static std::vector<std::string> in_short(const ConfigError& error) {
    std::vector<std::string> texts;
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      if (diagnostic.severity != Severity::kError) continue;
      SourceLocation at;
      const bool has_place = !diagnostic.labels.empty() && error.sources()->locate(diagnostic.labels.front().pos, &at);
      const bool is_override = has_place && at.kind == SourceKind::kOverride;
      texts.push_back(diagnostic.code + (is_override ? fmt::format(" {}", at.index)
                                         : has_place ? fmt::format(" line {}", at.line)
                                                     : ""));
    }
    return texts;
  }

 private:
  FileFolder folder_;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("words that cannot be read and keys that are not there") {
  const Project project;
  project.write("config.yaml", "a: 1\nc: {e: 1}\n");
  CHECK(project.problems({"a=[1", "nope=2", "a=5", "b={x", "c.d=1"}) ==
        Texts{"override-syntax 1", "override-syntax 4", "override-key-missing 2", "override-key-missing 5"});
}

TEST_CASE("the first problem is the one that composing stops at") {
  const Project project;
  project.write("config.yaml", "defaults:\n- db: pg\n- x: y\na: 1\n");
  const std::vector<std::string> words{"nope=2", "no.pe=3"};
  CHECK(project.problems(words) == Texts{"config-not-found line 3", "config-not-found line 2", "override-key-missing 1",
                                         "override-key-missing 2"});
  try {
    compose(std::make_shared<FileStore>(), project.request(words));
    FAIL("it was composed");
  } catch (const ConfigError& error) {
    CHECK(Project::in_short(error) == Texts{"config-not-found line 3"});
  }
}

TEST_CASE("what follows from another problem is not reported") {
  const Project project;
  project.write("config.yaml", "defaults:\n- db: mysql\n- mode: ???\n");
  project.write("mode/fast.yaml", "km: 9\n");
  CHECK(project.problems({"mode=fast", "db=mysqll", "db.port=2"}) == Texts{"config-not-found 2"});
  CHECK(project.problems({"mode=[fast"}) == Texts{"override-syntax 1"});
  CHECK(project.problems({"mode=fast", "db={port:3", "db.prt=2"}) == Texts{"override-syntax 2"});
}

TEST_CASE("interpolations, each once, however often it is used") {
  const Project project;
  project.write("config.yaml", "a: ${no.a}\nb: ${a}\nc: ${a}\nd: ${oc.env:NO_SUCH_VARIABLE}\ne: ${unknown:1}\n");
  CHECK(project.problems({}, true) ==
        Texts{"interpolation-key line 1", "environment-missing line 4", "resolver-unknown line 5"});
}

TEST_CASE("twenty are shown, and how many more there are") {
  const Project project;
  project.write("config.yaml", "a: 1\n");
  std::vector<std::string> words;
  for (int i = 0; i < 25; ++i)
    words.push_back(fmt::format("key{}=1", i));
  try {
    compose_finding_all(std::make_shared<FileStore>(), project.request(words));
    FAIL("it was composed");
  } catch (const ConfigError& error) {
    REQUIRE(error.diagnostics().size() == kMostShownProblems);
    CHECK(error.diagnostics().back().notes.back() == "and 5 more problems");
  }
}

TEST_CASE("what is right is composed as ever") {
  const Project project;
  project.write("config.yaml", "defaults:\n- db: mysql\na: 1\nb: ${a}\n");
  const ComposeRequest request = project.request({"db.port=5"});
  const Composition one = compose(std::make_shared<FileStore>(), request);
  const Composition other = compose_finding_all(std::make_shared<FileStore>(), request);
  CHECK(write_yaml(one.tree, one.tree.root()) == write_yaml(other.tree, other.tree.root()));
}

TEST_CASE("interpolations in a circle are one problem, with all that reads them") {
  const Project project;
  project.write("config.yaml", "d: x${a}\na: ${b}\nb: ${c}\nc: ${a}\ne: ${e}\nf: ${d}\n");
  CHECK(project.problems({}, true) == Texts{"interpolation-cycle line 2", "interpolation-cycle line 5"});
}

/// The fix of the first problem.
std::string first_fix(const Project& project, const std::vector<std::string>& overrides) {
  try {
    compose(std::make_shared<FileStore>(), project.request(overrides));
  } catch (const ConfigError& error) {
    return error.diagnostics().front().fix;
  }
  return "accepted";
}

TEST_CASE("what is to be typed is not refused again, also where other words are wrong") {
  const Project project;
  project.write("config.yaml", "defaults:\n- db: mysql\n- _self_\nseed: 1\n");
  CHECK(first_fix(project, {"seed[0]=1"}).empty());
  CHECK(first_fix(project, {"++db=mysql"}) == "db=mysql");
  CHECK(first_fix(project, {"sede"}) == "seed=VALUE");
  CHECK(first_fix(project, {"seed[0]=1", "a b", "c=[", "nothing=1"}).empty());
  CHECK(first_fix(project, {"sede=2", "a b", "c=[", "seed[0]=1"}) == "");
  CHECK(first_fix(project, {"db=mysqll", "x=1"}) == "db=mysql");
}

}  // namespace cfgtool::test
