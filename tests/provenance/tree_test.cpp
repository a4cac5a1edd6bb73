// What `cfgtool tree` draws, and that Graphviz and Mermaid can read their forms of it.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/cases/child_process.hpp"
#include "tests/run_folder/files.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// A folder whose defaults lists have an entry of every kind.
class Project {
 public:
  Project() {
    write("config",
          "defaults:\n  - extra: x\n  - mode: fast\n  - db: mysql\n  - optional user: me\n  - model: ???\n  - site: "
          "[a, b]\n"
          "  - optim@inner: adam\n  - nothing: null\n  - _self_\n  - override hydra/job_logging: none\n"
          "lr: 1\n");
    write("db/mysql", "defaults:\n  - base\nuser: root\n");
    write("mode/fast", "# @package _global_\ndefaults:\n  - override /extra: y\n");
    for (const char* name :
         {"db/base", "db/postgres", "site/a", "site/b", "optim/adam", "extra/x", "extra/y", "more/\"q\""})
      write(name, "{}\n");
  }
  void write(const std::string& name, const std::string& content) const {
    write_file(folder_.path() / "conf" / (name + ".yaml"), content);
  }
  Outcome tree(const Words& words) const {
    Words all{"tree", "-cp", "conf", "-cn", "config"};
    all.insert(all.end(), words.begin(), words.end());
    return run_program_in(folder_.path(), EXPLAIN_CFGTOOL, all);
  }
  std::filesystem::path path() const { return folder_.path(); }

 private:
  ScratchFolder folder_;
};

/// Graph output: what its nodes are called, and its edges. Fails where a line is none of the language.
struct Graph {
  std::map<std::string, std::string> labels;
  std::vector<std::pair<std::string, std::string>> edges;
};

Graph read_graph(const std::string& text, const std::regex& node, const std::regex& edge, const std::regex& other) {
  Graph graph;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    std::smatch found;
    CAPTURE(line);
    if (std::regex_match(line, found, node)) {
      CHECK(graph.labels.emplace(found[1], found[2]).second);
    } else if (std::regex_match(line, found, edge)) {
      graph.edges.emplace_back(found[1], found[2]);
    } else {
      CHECK(std::regex_match(line, other));
    }
  }
  return graph;
}

/// One root from which everything can be reached by one way.
void check_tree(const Graph& graph) {
  CHECK(graph.edges.size() + 1 == graph.labels.size());
  std::map<std::string, int> parents;
  for (const auto& [from, to] : graph.edges) {
    CHECK(graph.labels.count(from) == 1);
    CHECK(graph.labels.count(to) == 1);
    CHECK(++parents[to] == 1);
  }
  CHECK(parents.count("n0") == 0);
}

size_t count_entries(const Json& list) {
  size_t count = 0;
  for (const Json& entry : list)
    count += 1 + count_entries(entry.at("children"));
  return count;
}

}  // namespace

TEST_CASE("every kind of entry, in the order of merging") {
  const Project project;
  const Outcome outcome = project.tree({});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output ==
        "config (package _global_)\n"
        "├─ extra: y (package extra)  <- chosen by conf/mode/fast.yaml:3:5 instead of x (conf/config.yaml:2:5)\n"
        "├─ mode: fast (package _global_)\n"
        "├─ db: mysql (package db)\n"
        "│  ├─ db/base (package db)\n"
        "│  └─ _self_\n"
        "├─ optional user: me  <- not there, skipped\n"
        "├─ model: ???  <- must be chosen\n"
        "├─ site/a (package site)\n"
        "├─ site/b (package site)\n"
        "├─ optim@inner: adam (package inner)\n"
        "├─ nothing: null\n"
        "└─ _self_\n");
}

TEST_CASE("what was overridden, and by whom") {
  const Project project;
  project.write("config", "defaults:\n  - extra: x\n  - db: mysql\n  - mode: fast\n  - _self_\n");
  CHECK(
      project.tree({}).prints("├─ extra: y (package extra)  <- chosen by conf/mode/fast.yaml:3:5 instead of x "
                              "(conf/config.yaml:2:5)\n"));
  const Outcome outcome = project.tree({"db=postgres", "+site=a", "~mode"});
  CHECK(outcome.output ==
        "config (package _global_)\n"
        "├─ extra: x (package extra)\n"
        "├─ db: postgres (package db)  <- chosen by override db=postgres instead of mysql (conf/config.yaml:3:5)\n"
        "├─ mode: fast  <- taken out by override ~mode\n"
        "├─ _self_\n"
        "└─ site: a (package site)  <- added by override +site=a\n");
}

TEST_CASE("several options at once") {
  const Project project;
  const Outcome outcome = project.tree({"site=[b]"});
  CHECK(outcome.prints("├─ site/b (package site)  <- chosen by override site=[b]\n"));
  CHECK(!outcome.prints("site/a"));
}

TEST_CASE("what is not there is drawn, and reported") {
  const Project project;
  const Outcome outcome = project.tree({"db=nosuch"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.prints("├─ db: nosuch  <- not found\n"));
  CHECK(outcome.prints("└─ _self_\n"));
  CHECK(outcome.complains("Could not find 'db/nosuch'"));
}

TEST_CASE("Hydra's own defaults on demand") {
  const Project project;
  CHECK(!project.tree({}).prints("hydra/job_logging"));
  const Outcome outcome = project.tree({"--hydra"});
  CHECK(outcome.output.starts_with("hydra/config (package hydra)\n"));
  CHECK(
      outcome.prints("hydra/job_logging: none (package hydra.job_logging)  <- chosen by conf/config.yaml:11:5 "
                     "instead of default"));
}

TEST_CASE("the same as JSON") {
  const Project project;
  const Json roots = Json::parse(project.tree({"db=postgres", "--json"}).output);
  REQUIRE(roots.size() == 1);
  CHECK(roots[0].at("entry") == "config");
  const Json& db = roots[0].at("children")[2];
  CHECK(db.at("entry") == "db: postgres");
  CHECK(db.at("state") == "taken");
  CHECK(db.at("package") == "db");
  CHECK(db.at("overridden") == true);
  CHECK(db.at("instead_of") == "mysql");
  CHECK(db.at("replaced_at").at("line") == 4);
  CHECK(db.at("place").at("index") == 1);
  CHECK(roots[0].at("children")[3].at("state") == "skipped");
  CHECK(roots[0].at("children")[4].at("state") == "missing");
}

TEST_CASE("Mermaid") {
  const Project project;
  const Words words{"db=postgres", "+more='\"q\"'"};
  const Outcome outcome = project.tree({words[0], words[1], "--format", "mermaid"});
  CAPTURE(outcome.errors);
  CHECK(outcome.output.starts_with("flowchart LR\n"));
  // A label in quotes may hold anything but quotes; entities begin with #.
  const Graph graph = read_graph(
      outcome.output, std::regex(R"re(  (n\d+)\["((?:[^"#<>`]|#\w+;|<br/>)+)"\](?::::(?:out|chosen))?)re"),
      std::regex(R"(  (n\d+) --> (n\d+))"), std::regex(R"(flowchart LR|  classDef \w+ [\w-]+:[^,]+(,[\w-]+:[^,]+)*)"));
  check_tree(graph);
  CHECK(graph.labels.size() == count_entries(Json::parse(project.tree({words[0], words[1], "--json"}).output)));
  CHECK(graph.labels.at("n0") == "config<br/>package _global_");
  CHECK(
      std::ranges::any_of(graph.labels, [](const auto& one) { return one.second.starts_with("more: #quot;q#quot;"); }));
}

TEST_CASE("Graphviz") {
  const Project project;
  const Words words{"db=postgres", "+more='\"q\"'"};
  const Outcome outcome = project.tree({words[0], words[1], "--format", "dot"});
  const Graph graph =
      read_graph(outcome.output, std::regex(R"re(  (n\d+) \[label="((?:[^"\\]|\\["\\n])*)"[^"\]]*\];)re"),
                 std::regex(R"(  (n\d+) -> (n\d+);)"),
                 std::regex(R"(digraph defaults \{|  rankdir=LR;|  node \[shape=box\];|\})"));
  check_tree(graph);
  CHECK(graph.labels.size() == count_entries(Json::parse(project.tree({words[0], words[1], "--json"}).output)));
}

// A test of its own for ctest, which counts it as skipped where dot is missing.
TEST_CASE("Graphviz itself reads the graph, whatever names there are" * doctest::skip()) {
  if (std::system("command -v dot >/dev/null") != 0) {
    MESSAGE("SKIPPED: there is no dot, so that Graphviz itself did not read the graph");
    return;
  }
  const Project project;
  const std::vector<std::pair<std::string, std::string>> names{
      {"a b", ">more: a b<"},           {"\"q\"", ">more: &quot;q&quot;<"},
      {"ü€😀", ">more: ü€😀<"},           {"<b>", ">more: &lt;b&gt;<"},
      {"x&lt;y", ">more: x&amp;lt;y<"}, {"k&r", ">more: k&amp;r<"},
      {"{r|s}", ">more: {r|s}<"},       {"#35;", ">more: #35;<"}};
  for (const auto& [name, shown] : names) {
    CAPTURE(name);
    project.write("more/" + name, "{}\n");
    const Outcome outcome = project.tree({"+more='" + name + "'", "--format", "dot"});
    CHECK(outcome.exit_code == 0);
    write_file(project.path() / "tree.dot", outcome.output);
    const Outcome drawn = run_program("dot", {"-Tsvg", (project.path() / "tree.dot").string()});
    CHECK(drawn.exit_code == 0);
    CHECK(drawn.errors.empty());
    CHECK(drawn.prints(shown));
  }
}

}  // namespace cfgtool::test
