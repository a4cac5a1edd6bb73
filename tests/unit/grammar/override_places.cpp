// Where the parts of an override stand: every value, every key.
#include <doctest/doctest.h>

#include <string>

#include "config_engine/override.hpp"

namespace cfgtool {

namespace {

/// The word with its values' places marked by '^' and its keys' by 'k', below it.
std::string marked(const std::string& word) {
  SourceMap sources;
  sources.add(SourceKind::kOverride, "", "first=1", 1);
  const SourcePos pos = sources.add(SourceKind::kOverride, "", word, 2);
  const Override parsed = parse_override(sources, pos);
  std::string marks(word.size() + 1, ' ');
  for (NodeId id = 0; id < parsed.value.size(); ++id) {
    const Node& node = parsed.value[id];
    if (node.key_length > 0) marks[node.key_pos.offset - pos.offset] = 'k';
    marks[node.pos.offset - pos.offset] = '^';
  }
  return marks.substr(0, marks.find_last_not_of(' ') + 1);
}

}  // namespace

TEST_CASE("the places of values and keys") {
  CHECK(marked("a=1") ==  //
        "  ^");
  CHECK(marked("+a.b=  x y ") ==  //
        "       ^");
  CHECK(marked("a='x'") ==  //
        "  ^");
  CHECK(marked("a=") ==  //
        "  ^");
  CHECK(marked("a=[1, [x , 'y']]") ==  //
        "  ^^  ^^   ^");
  CHECK(marked("a={b: 1, cc :{d:2}}") ==  //
        "  ^k  ^  k   ^k ^");
  CHECK(marked("a=[int(1.5),str([2])]") ==  //
        "  ^^        ^    ^");
  CHECK(marked("a=x, y") ==  //
        "  ^  ^");
}

TEST_CASE("the places of the parts") {
  SourceMap sources;
  sources.add(SourceKind::kOverride, "", "first=1", 1);
  const SourcePos pos = sources.add(SourceKind::kOverride, "", "++db@x= 1", 2);
  const Override parsed = parse_override(sources, pos);
  CHECK(parsed.pos == pos);
  CHECK(parsed.key_pos == pos + 2);
  CHECK(parsed.value_pos == pos + 7);
  CHECK(parsed.input_line == "++db@x= 1");
  CHECK(parsed.value_string() == " 1");
  SourceLocation location;
  REQUIRE(sources.locate(parsed.value[parsed.value.root()].pos, &location));
  CHECK(to_string(location) == "override 2:9");
}

TEST_CASE("what an override is") {
  SourceMap sources;
  const auto parse = [&](const char* word) {
    return parse_override(sources, sources.add(SourceKind::kOverride, "", word, 1));
  };
  CHECK(parse("~a").is_delete());
  CHECK(!parse("~a").has_value());
  CHECK(!parse("~a").value_pos);
  CHECK(parse("+a=1").is_add());
  CHECK(parse("++a=1").is_force_add());
  CHECK(parse("a=1,2").is_sweep());
  CHECK(parse("a=1,2").is_choice_sweep());
  CHECK(parse("a=glob(*)").is_choice_sweep());
  CHECK(!parse("a=range(3)").is_choice_sweep());
  CHECK(!parse("a=[1,2]").is_sweep());
  CHECK(parse("hydra.run.dir=x").is_hydra_override());
  CHECK(parse("hydra/launcher=x").is_hydra_override());
  CHECK(!parse("hydra=x").is_hydra_override());

  const Override choices = parse("a='x y',\"z\",3,[a b]");
  std::string texts;
  for (NodeId choice : choices.value.children(choices.value.root()))
    texts += choices.element_text(choice) + ";";
  CHECK(texts == "'x y';\"z\";3;[a\\ b];");

  const Override value = parse("a='?\?\?'");
  CHECK(value.value[value.value.root()].kind == NodeKind::kMissing);
  const Override interpolation = parse("a=${b}/x");
  CHECK(interpolation.value[interpolation.value.root()].kind == NodeKind::kInterpolation);
}

}  // namespace cfgtool
