// The first schema of a tree: what it says of each kind of value, and that it accepts what it was made from.
#include <doctest/doctest.h>

#include "tests/schema_commands/project.hpp"

using namespace cfgtool::test;

namespace {

void add_shop(Project& project) {
  project.add("conf/config.yaml", R"(defaults:
  - db: mysql
  - _self_

# Which random numbers
# the run draws.
seed: 7
lr: 1  # of the optimizer
# A paragraph about nothing in particular.

resume: null
sizes: [1, 2.5]
address: ${db.host}:${db.port}
)");
  project.add("conf/db/mysql.yaml", R"(# The program that is talked to.
driver: mysql
host: localhost
# Where it listens.
port: 3306
socket: null
)");
  project.add("conf/db/sqlite.yaml", R"(driver: sqlite
host: here
port: none
socket: /tmp/db
timeout: 2
)");
  project.add("conf/experiment/fast.yaml", R"(# @package _global_
lr: 0.5
fast: true
)");
}

/// The part of a text between two others.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t from = text.find(begin);
  REQUIRE_MESSAGE(from != std::string::npos, text);
  const size_t to = text.find(end, from + begin.size());
  return text.substr(from + begin.size(), to == std::string::npos ? to : to - from - begin.size());
}

}  // namespace

TEST_CASE("a whole schema") {
  Project project;
  add_shop(project);
  CHECK(project.infer() == R"($schema: http://json-schema.org/draft-07/schema
title: config
x-groups:
  db:
  - mysql
  - sqlite
  experiment:
  - fast
type: object
required:
- db
- seed
- lr
- resume
- sizes
- address
properties:
  db:
    type: object
    required:
    - driver
    - host
    - port
    - socket
    properties:
      driver:
        description: The program that is talked to.
        type: string
        enum:
        - mysql
        - sqlite
        default: mysql
      host:
        type: string
        default: localhost
      port:
        description: Where it listens.
        type:
        - integer
        - string
        default: 3306
      socket:
        type:
        - string
        - 'null'
        default: null
      timeout:
        type: integer
  seed:
    description: Which random numbers the run draws.
    type: integer
    default: 7
  lr:
    description: of the optimizer
    type: number
    default: 1
  resume:
    default: null
  sizes:
    type: array
    default:
    - 1
    - 2.5
    items:
      type: number
  address:
    type: string
  fast:
    type: boolean
)");
}

TEST_CASE("it accepts everything that it was made from, and no more") {
  Project project;
  add_shop(project);
  for (const bool closed : {false, true}) {
    CAPTURE(closed);
    project.add("config.schema.yaml",
                project.infer(closed ? std::vector<std::string>{"--closed"} : std::vector<std::string>()));
    for (const char* words : {"db=mysql", "db=sqlite", "+experiment=fast"}) {
      CHECK(project.misfits("config.schema.yaml", {words}) == "");
      CHECK(project.misfits("config.schema.yaml", {words}, true) == "");
    }
    CHECK(project.misfits("config.schema.yaml", {"db.driver=oracle"}).find("schema-enum") != std::string::npos);
    CHECK(project.misfits("config.schema.yaml", {"~seed"}).find("lacks the key 'seed'") != std::string::npos);
    CHECK((project.misfits("config.schema.yaml", {"+sed=1"}) == "") == !closed);
  }
  const Outcome outcome = project.run({"schema", "check", "config.schema.yaml"});
  CHECK(outcome.output == "1 schema: no problems\n");
}

TEST_CASE("what is not known stays open") {
  Project project;
  project.add("conf/config.yaml", R"(token: ???
home: ${oc.env:CFGTOOL_TEST_NOT_SET}
nothing: null
empty: []
free: {}
first: ${second}
second: 3
choice: ???
)");
  const std::string schema = project.infer();
  CHECK(between(schema, "properties:\n", "!") == R"(  token: {}
  home: {}
  nothing:
    default: null
  empty:
    type: array
    default: []
  free:
    type: object
  first:
    type: integer
  second:
    type: integer
    default: 3
  choice: {}
)");
  project.add("s.yaml", schema);
  CHECK(project.misfits("s.yaml", {}) == "");
  CHECK(project.misfits("s.yaml", {"token=abc", "+free.more=1", "empty=[1,a]", "nothing=[1]"}) == "");
}

TEST_CASE("an enumeration only where every option names itself, and nothing else is ever there") {
  Project project;
  project.add("conf/config.yaml", "defaults: [db: a, _self_]\n");
  project.add("conf/db/a.yaml", "name: a\nkind: a\n");
  project.add("conf/db/b.yaml", "name: b\nkind: other\n");
  CHECK(between(project.infer(), "name:", "default").find("enum:\n        - a\n        - b") != std::string::npos);
  CHECK(between(project.infer(), "kind:", "default").find("enum") == std::string::npos);
  // An experiment sets it to something else.
  project.add("conf/experiment/x.yaml", "# @package _global_\ndb:\n  name: x\n");
  const std::string schema = project.infer();
  CHECK(schema.find("enum") == std::string::npos);
  project.add("s.yaml", schema);
  CHECK(project.misfits("s.yaml", {"+experiment=x"}) == "");
}

TEST_CASE("groups below options, in packages, mandatory or chosen by the user") {
  Project project;
  project.add("conf/config.yaml", "defaults:\n- model: ???\n- db@main: a\n- db@backup: a\n- _self_\n");
  project.add("conf/db/a.yaml", "port: 1\n");
  project.add("conf/db/b.yaml", "port: 1.5\n");
  project.add("conf/model/big.yaml", "defaults: [layer: wide]\nsize: 9\n");
  project.add("conf/model/small.yaml", "size: 1\n");
  project.add("conf/model/layer/wide.yaml", "width: 64\n");
  project.add("conf/model/layer/deep.yaml", "depth: 64\n");
  const std::string schema = project.infer();
  CHECK(between(schema, "x-groups:\n", "type:") == R"(  db@backup:
  - a
  - b
  db@main:
  - a
  - b
  model:
  - big
  - small
  model/layer:
  - deep
  - wide
)");
  CHECK(between(schema, "required:\n", "properties") == "- main\n- backup\n");  // with nothing chosen there is no model
  project.add("s.yaml", schema);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"model=big"}, {"model=small", "db@backup=b"}, {"model=big", "model/layer=deep"}})
    CHECK(project.misfits("s.yaml", words, true) == "");
  const std::string chosen = project.infer({"model=small", "db@main=b"});
  CHECK(between(chosen, "x-groups:\n", "type:") == "  db@backup:\n  - a\n  - b\n");
  CHECK(between(chosen, "main:\n", "backup:").find("default: 1.5") != std::string::npos);
}

TEST_CASE("lists of mappings, keys that are no texts, files with comments of all kinds") {
  Project project;
  project.add("conf/config.yaml", R"(# yaml-language-server: $schema=x.json
# -----------------
# Who works here.
# -----------------
workers:
  - name: a    # who
    gpus: 2
  - name: "b # c"
labels: {0: cat, 1: dog}  # in short
quoted: "a # b"
'single': 'it''s'  # a note
url: a#b
  # not about it
last: 1
)");
  const std::string schema = project.infer();
  CHECK(between(schema, "properties:\n", "!") == R"(  workers:
    description: Who works here.
    type: array
    default:
    - name: a
      gpus: 2
    - name: 'b # c'
    items:
      type: object
      required:
      - name
      properties:
        name:
          description: who
          type: string
        gpus:
          type: integer
  labels:
    description: in short
    type: object
    additionalProperties:
      type: string
  quoted:
    type: string
    default: 'a # b'
  single:
    description: a note
    type: string
    default: it's
  url:
    type: string
    default: a#b
  last:
    type: integer
    default: 1
)");
  project.add("s.yaml", schema);
  CHECK(project.misfits("s.yaml", {}, true) == "");
}

TEST_CASE("options that do not compose are named, and left out") {
  Project project;
  add_shop(project);
  project.add("conf/db/broken.yaml", "defaults: [nowhere]\n");
  const Outcome outcome = project.run({"schema", "infer", "-cp", "conf", "-cn", "config"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.complains("warning[config-not-found]: In 'db/broken': Could not load 'db/nowhere'."));
  CHECK(outcome.complains("conf/db/broken.yaml:1:12"));
  CHECK(outcome.complains("note: left out: db=broken does not compose"));
  CHECK(!outcome.prints("broken"));
  const Outcome json = project.run({"schema", "infer", "-cp", "conf", "-cn", "config", "--error-format", "json"});
  CHECK(json.complains(R"("severity":"warning")"));
}

TEST_CASE("--out writes whole files and replaces none unasked") {
  Project project;
  add_shop(project);
  const std::vector<std::string> words{"schema", "infer", "-cp", "conf", "-cn", "config", "--out", "s.yaml"};
  const Outcome first = project.run(words);
  CHECK(first.exit_code == 0);
  CHECK(first.output == "s.yaml: 12 keys from 4 compositions\n");
  CHECK(project.read("s.yaml") == project.infer());
  project.add("s.yaml", "mine");
  const Outcome second = project.run(words);
  CHECK(second.exit_code == 1);
  CHECK(second.errors ==
        "error[output]: 's.yaml' is there already; --force replaces it\n"
        "  --> flag --out:1\n    | s.yaml\n    | ^^^^^^\n");
  CHECK(project.read("s.yaml") == "mine");
  std::vector<std::string> forced = words;
  forced.emplace_back("--force");
  CHECK(project.run(forced).exit_code == 0);
  CHECK(project.read("s.yaml") == project.infer());
  forced[7] = "nowhere/s.yaml";
  const Outcome nowhere = project.run(forced);
  CHECK(nowhere.exit_code == 1);
  CHECK(nowhere.errors ==
        "error[output]: cannot write 'nowhere/s.yaml': No such file or directory\n"
        "  --> flag --out:1\n    | nowhere/s.yaml\n    | ^^^^^^^^^^^^^^\n");
}

TEST_CASE("requests for no schema") {
  Project project;
  add_shop(project);
  CHECK(project.run({"schema", "infer", "-cp", "conf"}).exit_code == 2);
  CHECK(project.run({"schema", "infer", "-cp", "conf", "-cn", "config", "--clsed"}).exit_code == 2);
  const Outcome absent = project.run({"schema", "infer", "-cp", "conf", "-cn", "confg"});
  CHECK(absent.exit_code == 1);
  CHECK(absent.complains("Cannot find primary config 'confg'"));
  CHECK(project.run({"schema", "infer", "-cp", "conf", "-cn", "config", "sed=1"}).exit_code == 1);
  CHECK(project.run({"schema"}).exit_code == 2);
  const Outcome typo = project.run({"schema", "infr"});
  CHECK(typo.exit_code == 2);
  CHECK(typo.complains("did you mean 'infer'?"));
  for (const char* name : {"infer", "check", "docs"}) {
    const Outcome help = project.run({"schema", name, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.prints("Examples:\n"));
  }
}
