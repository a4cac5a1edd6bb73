// `cfgtool schema docs`: a page of all keys.
#include <doctest/doctest.h>

#include "tests/schema_commands/project.hpp"

using namespace cfgtool::test;

namespace {

/// The row of a key in a section, without its bars at the ends; empty if it has none.
std::string row(const std::string& page, const std::string& section, const std::string& key) {
  const size_t from = page.find("\n## " + section + "\n");
  if (from == std::string::npos) return {};
  const std::string rows = page.substr(from, page.find("\n## ", from + 1) - from);
  const size_t begin = rows.find("\n| " + key + " |");
  return begin == std::string::npos ? std::string() : rows.substr(begin + 3, rows.find(" |\n", begin) - begin - 3);
}

std::string docs(const Project& project, std::vector<std::string> words) {
  words.insert(words.begin(), {"schema", "docs"});
  const Outcome outcome = project.run(words);
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.errors);
  return outcome.output;
}

}  // namespace

TEST_CASE("a whole page") {
  Project project;
  project.add("s.yaml", R"(title: A shop
description: What it sells.
x-groups: {db: [mysql, sqlite]}
required: [db]
additionalProperties: false
properties:
  seed: {type: integer, minimum: 0, default: 7}
  db:
    description: Where the data are.
    required: [driver]
    properties:
      driver: {enum: [mysql, sqlite]}
)");
  CHECK(docs(project, {"s.yaml"}) == R"(# A shop

What it sells.

## Groups

| Group | Options |
| --- | --- |
| `db` | `mysql`, `sqlite` |

<a id="keys"></a>

## Keys

| Key | Type | Default | Allowed | Required | Description | Origin |
| --- | --- | --- | --- | --- | --- | --- |
| `seed` | integer | `7` | ≥ 0 | no |  | `s.yaml:7` |
| [`db`](#db) | mapping |  |  | yes | Where the data are. | `s.yaml:8` |

It has no other keys.

<a id="db"></a>

## `db`

| Key | Type | Default | Allowed | Required | Description | Origin |
| --- | --- | --- | --- | --- | --- | --- |
| `driver` | string |  | `mysql`, `sqlite` | yes |  | `s.yaml:12` |
)");
}

TEST_CASE("what a key may be") {
  Project project;
  project.add("s.yaml", R"(properties:
  level: {type: [integer, 'null'], minimum: 0, exclusiveMaximum: 10, multipleOf: 2}
  name: {type: string, pattern: '^[a-z`|]+$', maxLength: 8, readOnly: true, title: Its name}
  sizes: {type: array, items: {type: integer, minimum: 1}, minItems: 2, uniqueItems: true, default: [1, 2]}
  old: {type: number, deprecated: true, deprecationMessage: use level, description: An old one.}
  older: {deprecated: true}
  only: {const: '1'}
  either: {anyOf: [{type: string, enum: [auto]}, {type: integer, minimum: 1}]}
  anything: {}
)");
  const std::string page = docs(project, {"s.yaml"});
  CHECK(row(page, "Keys", "`level`") ==
        "`level` | integer or null |  | ≥ 0, < 10, a multiple of 2 | no |  | `s.yaml:2`");
  CHECK(row(page, "Keys", "`name`") ==
        "`name` | string |  | length ≤ 8, pattern ``^[a-z`\\|]+$`` | no | **Read-only.** Its name | `s.yaml:3`");
  CHECK(row(page, "Keys", "`sizes`") ==
        "`sizes` | list of integer | `[1,2]` | items ≥ 2, no item twice, each: ≥ 1 | no |  | `s.yaml:4`");
  CHECK(row(page, "Keys", "`old`") ==
        "`old` | number |  |  | no | **Deprecated:** use level. An old one. | `s.yaml:5`");
  CHECK(row(page, "Keys", "`older`") == "`older` | any |  |  | no | **Deprecated.** | `s.yaml:6`");
  CHECK(row(page, "Keys", "`only`") == "`only` | string |  | only `'1'` | no |  | `s.yaml:7`");
  CHECK(row(page, "Keys", "`either`") ==
        "`either` | string or integer |  | string: `auto`; or integer: ≥ 1 | no |  | `s.yaml:8`");
  CHECK(row(page, "Keys", "`anything`") == "`anything` | any |  |  | no |  | `s.yaml:9`");
}

TEST_CASE("references, combinations, and schemas that come back to themselves") {
  Project project;
  project.add("s.yaml", R"(properties:
  tree: {$ref: 'parts.yaml#/definitions/node', description: The whole.}
  both: {allOf: [{$ref: 'parts.yaml#/definitions/base'}, {properties: {more: {type: boolean}}, required: [more, ghost]}]}
  maybe: {anyOf: [{type: 'null'}, {type: object, properties: {lr: {type: number}}}]}
  either:
    oneOf:
    - {required: [kind], properties: {kind: {const: x}, a: {type: integer}}}
    - {properties: {kind: {const: y}}}
  env: {patternProperties: {'^X_': {type: string}}, additionalProperties: {type: integer}}
  users: {type: array, items: {type: object, properties: {name: {type: string}}}}
)");
  project.add("parts.yaml", R"(definitions:
  base: {properties: {id: {type: string, format: uri}}}
  node:
    type: object
    description: A node.
    properties:
      value: {}
      children: {type: array, items: {$ref: '#/definitions/node'}}
      left: {$ref: '#/definitions/node'}
)");
  const std::string page = docs(project, {"s.yaml"});
  CHECK(row(page, "Keys", "[`tree`](#tree)") == "[`tree`](#tree) | mapping |  |  | no | The whole. | `s.yaml:2`");
  CHECK(row(page, "`tree`", "[`children`](#tree)") ==
        "[`children`](#tree) | list of mapping |  |  | no |  | `parts.yaml:8`");
  CHECK(row(page, "`tree`", "[`left`](#tree)") == "[`left`](#tree) | mapping |  |  | no | A node. | `parts.yaml:9`");
  CHECK(row(page, "`both`", "`id`") == "`id` | string |  | format `uri` | no |  | `parts.yaml:2`");
  CHECK(row(page, "`both`", "`more`") == "`more` | boolean |  |  | yes |  | `s.yaml:3`");
  CHECK(row(page, "`both`", "`ghost`") == "`ghost` | any |  |  | yes |  | `s.yaml:3`");
  CHECK(row(page, "Keys", "[`maybe`](#maybe)") == "[`maybe`](#maybe) | mapping or null |  |  | no |  | `s.yaml:4`");
  CHECK(row(page, "`maybe`", "`lr`") == "`lr` | number |  |  | no |  | `s.yaml:4`");
  CHECK(row(page, "`either`", "`kind`") ==
        "`kind` | string |  | string: only `x`; or string: only `'y'` | alternative 1 of 2 | (alternative 1 of 2, "
        "alternative 2 of 2) | `s.yaml:7`");
  CHECK(row(page, "`either`", "`a`") == "`a` | integer |  |  | no | (alternative 1 of 2) | `s.yaml:7`");
  CHECK(row(page, "`env`", "`^X_`") == "`^X_` | string |  |  | no |  | `s.yaml:9`");
  CHECK(row(page, "`env`", "`*`") == "`*` | integer |  |  | no |  | `s.yaml:9`");
  CHECK(row(page, "`users[]`", "`name`") == "`name` | string |  |  | no |  | `s.yaml:10`");
  CHECK(page.find("[`users`](#users--)") != std::string::npos);
  CHECK(page.find("<a id=\"users--\"></a>") != std::string::npos);
}

TEST_CASE("texts mean no formatting") {
  Project project;
  project.add("s.yaml", R"(title: A | *B* <script>
properties:
  'a|`b': {description: "see [x](y) | _z_ one_of `c`\nand\n\nmore", default: "two\nlines", enum: ['x|y', '']}
)");
  const std::string page = docs(project, {"s.yaml"});
  CHECK(page.find("# A \\| \\*B\\* \\<script\\>\n") == 0);
  CHECK(row(page, "Keys", "``a\\|`b``") ==
        "``a\\|`b`` | string | `\"two\\nlines\"` | `x\\|y`, `''` | no | see \\[x\\](y) \\| \\_z\\_ one_of \\`c\\` "
        "and<br><br>more | `s.yaml:3`");
}

TEST_CASE("with a configuration: its values, and where they are set") {
  Project project;
  project.add("conf/config.yaml", "defaults:\n- db: mysql\n- _self_\nseed: 3\ntoken: ???\nurl: ${db.host}/x\n");
  project.add("conf/db/mysql.yaml", "host: localhost\nport: 3306\n");
  project.add("s.yaml", R"(properties:
  seed: {type: integer, default: 7}
  token: {type: string}
  url: {type: string}
  absent: {type: integer, default: 5}
  db: {$ref: '#/definitions/db'}
  backup: {$ref: '#/definitions/db'}
definitions:
  db: {properties: {host: {type: string}, port: {type: integer}}}
)");
  const std::string page = docs(project, {"s.yaml", "-cp", "conf", "-cn", "config", "db.port=80"});
  CHECK(page.find("\nDefaults are the values of `config`.\n") != std::string::npos);
  CHECK(row(page, "Keys", "`seed`") == "`seed` | integer | `3` |  | no |  | `s.yaml:2`<br>`conf/config.yaml:4`");
  CHECK(row(page, "Keys", "`token`") == "`token` | string | `???` |  | no |  | `s.yaml:3`<br>`conf/config.yaml:5`");
  CHECK(row(page, "Keys", "`url`") ==
        "`url` | string | `${db.host}/x` |  | no |  | `s.yaml:4`<br>`conf/config.yaml:6`");
  CHECK(row(page, "Keys", "`absent`") == "`absent` | integer | `5` |  | no |  | `s.yaml:5`");
  CHECK(row(page, "`db`", "`host`") ==
        "`host` | string | `localhost` |  | no |  | `s.yaml:9`<br>`conf/db/mysql.yaml:1`");
  CHECK(row(page, "`db`", "`port`") == "`port` | integer | `80` |  | no |  | `s.yaml:9`<br>override 1:9");
  CHECK(row(page, "Keys", "[`backup`](#db)") != "");
}

TEST_CASE("no page") {
  Project project;
  project.add("s.yaml", "properties: {a: {}}\n");
  CHECK(project.run({"schema", "docs", "nowhere.yaml"}).exit_code == 1);
  CHECK(project.run({"schema", "docs"}).exit_code == 2);
  CHECK(project.run({"schema", "docs", "s.yaml", "-cp", "nowhere", "-cn", "x"}).exit_code == 1);
  const Outcome stray = project.run({"schema", "docs", "s.yaml", "a=1"});
  CHECK(stray.exit_code == 2);
  CHECK(stray.complains("'a=1' overrides nothing: no configuration was named"));
  CHECK(project.run({"schema", "docs", "s.yaml", "--out", "page.md"}).exit_code == 0);
  CHECK(project.read("page.md").starts_with("# Configuration\n"));
  CHECK(project.run({"schema", "docs", "s.yaml", "--out", "page.md"}).exit_code == 1);
  CHECK(project.run({"schema", "docs", "s.yaml", "--out", "page.md", "--force"}).exit_code == 0);
}
