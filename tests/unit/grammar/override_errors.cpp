// What a person is told about a word that cannot be used: the place, what was expected, the fix.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "config_engine/diagnostic.hpp"
#include "config_engine/override.hpp"

namespace cfgtool {

namespace {

struct Refusal {
  std::string code;
  std::string reason;  // the message without Hydra's first line
  size_t byte = 0;     // of the first label, in the word
  std::string fix;
  std::string note;
  size_t labels = 0;
};

Refusal refusal(const std::string& word, bool extended = false) {
  SourceMap sources;
  const SourcePos pos = sources.add(SourceKind::kOverride, "", word, 3);
  OverrideOptions options;
  options.extended = extended;
  try {
    parse_override(sources, pos, options);
  } catch (const ConfigError& error) {
    const Diagnostic& diagnostic = error.diagnostics()[0];
    CHECK(diagnostic.stage == Stage::kCompose);
    // A sweep within a value: Hydra's parser lets it pass, and the first line is what Hydra says when it merges.
    const bool merges = diagnostic.message == "Error merging override " + word;
    const std::string first_line = "Error parsing override '" + word + "'\n";
    if (!merges) REQUIRE(diagnostic.message.substr(0, first_line.size()) == first_line);
    return {diagnostic.code,
            merges ? "" : diagnostic.message.substr(first_line.size()),
            diagnostic.labels[0].pos.offset - pos.offset,
            diagnostic.fix,
            diagnostic.notes.empty() ? "" : diagnostic.notes[0],
            diagnostic.labels.size()};
  }
  return {"accepted", "", 0, "", "", 0};
}

void check_fix_is_accepted(const std::string& word) {
  const std::string fix = refusal(word).fix;
  CAPTURE(word);
  CAPTURE(fix);
  REQUIRE(!fix.empty());
  CHECK(refusal(fix).code == "accepted");
}

std::string value_of(const std::string& word) {
  SourceMap sources;
  const Override parsed = parse_override(sources, sources.add(SourceKind::kOverride, "", word, 1));
  return std::string(parsed.value[parsed.value.root()].text());
}

}  // namespace

TEST_CASE("an index in brackets is written with a dot") {
  const Refusal found = refusal("model.stages[0].x=1");
  CHECK(found.code == "override-syntax");
  CHECK(found.reason == "expected '=', found '['; a list index is written with a dot");
  CHECK(found.byte == 12);
  CHECK(found.fix == "model.stages.0.x=1");
}

TEST_CASE("a word without '='") {
  const Refusal found = refusal("+trainer.gpus");
  CHECK(found.reason == "expected '=', found the end of the word");
  CHECK(found.byte == 13);
  CHECK(found.fix == "+trainer.gpus=VALUE");
  CHECK(found.note == "to delete the key, write ~trainer.gpus");
}

TEST_CASE("wrong keys") {
  CHECK(refusal("a b=1").byte == 1);
  CHECK(refusal("a =1").fix == "a=1");
  CHECK(refusal("--a=1").byte == 0);
  CHECK(refusal("--a=1").note.find("flag") != std::string::npos);
  CHECK(refusal("a..b=1").byte == 1);
  CHECK(refusal("1=2").byte == 0);
  CHECK(refusal("db@a:b=c").byte == 4);
  CHECK(refusal("db@a:b=c").note.find("group@package=option") != std::string::npos);
  CHECK(refusal("db/=c").reason == "expected the name of a config group, found '='");
  CHECK(refusal("\xc3\xa9=1").reason == "expected '=', found '\xc3\xa9'");
}

TEST_CASE("brackets and quotes that are never closed") {
  const Refusal list = refusal("a=[1,{b:[2");
  CHECK(list.reason == "expected ',' or ']', found the end of the word; the '[' is never closed");
  CHECK(list.byte == 10);
  CHECK(list.labels == 2);
  CHECK(list.fix == "a=[1,{b:[2]}]");
  CHECK(refusal("a=int(1").fix == "a=int(1)");

  const Refusal quote = refusal("a='x y");
  CHECK(quote.reason == "expected a value, found '''; the quote is never closed");
  CHECK(quote.byte == 2);
  CHECK(quote.fix == "a='x y'");
}

TEST_CASE("text that needs quotes gets them") {
  CHECK(refusal("a=it's").byte == 4);
  CHECK(refusal("a=it's").fix == "a=\"it's\"");
  CHECK(refusal("a=x=y").fix == "a='x=y'");
  CHECK(refusal("a=~/x").fix == "a='~/x'");
  CHECK(refusal("a=x[1]").byte == 3);
  CHECK(refusal("a=x[1]").fix == "a='x[1]'");
  CHECK(refusal("a='x'y").byte == 5);
  CHECK(refusal("+n=\xe6\x95\xb0").reason == "expected a value, found '\xe6\x95\xb0'");

  const Refusal nested = refusal("a=${b.${c}}");
  CHECK(nested.byte == 6);
  CHECK(nested.reason.find("an interpolation inside an interpolation must be in quotes") != std::string::npos);
  CHECK(nested.fix == "a='${b.${c}}'");

  const Refusal unclosed = refusal("a=x${b.c");
  CHECK(unclosed.byte == 3);
  CHECK(unclosed.reason.find("the '${' is never closed") != std::string::npos);
  CHECK(unclosed.fix == "a=x${b.c}");

  for (const char* word :
       {"a=it's", "a=x=y", "a=${b", "a=~/x", "a=x[1]", "a='x'y", "a=${b.${c}}", "a=1(y)", "a=\xc3\xa9", "a=[1",
        "a={b:1", "a=choice(1", "a='x", "l[0]=1", "a =1", "a=x'y\"z\\'", "a=~\\"})
    check_fix_is_accepted(word);
  // What the fix says is what was typed.
  CHECK(value_of(refusal("a=x'y\"z\\'").fix) == "x'y\"z\\'");
  CHECK(value_of(refusal("a=~\\").fix) == "~\\");
  CHECK(value_of(refusal("a=\\'~\\\\\"~").fix) == "\\'~\\\\\"~");
}

TEST_CASE("wrong lists and dicts") {
  CHECK(refusal("a=[1,]").reason == "expected a value, found ']'");
  CHECK(refusal("a=[1,]").byte == 5);
  CHECK(refusal("a=[,1]").byte == 3);
  CHECK(refusal("a=[x y z=1]").reason == "expected ',' or ']', found '='");
  CHECK(refusal("a={b}").reason == "expected ':', found '}'");
  CHECK(refusal("a={'b':1}").reason == "expected a key, found ''b''");
  CHECK(refusal("a={b=1}").byte == 4);
  CHECK(refusal("a=1,").reason == "expected a value, found the end of the word");
}

TEST_CASE("functions") {
  const Refusal unknown = refusal("a=[1,foo(2)]");
  CHECK(unknown.code == "override-function");
  CHECK(unknown.byte == 5);
  CHECK(unknown.reason ==
        "HydraException while evaluating 'foo(2)': Unknown function 'foo'\n"
        "Available: bool,choice,float,glob,int,interval,range,shuffle,sort,str,tag\n");
  CHECK(unknown.note == "text with parentheses in it must be in quotes, inside the quotes of the shell");
  CHECK(refusal("a=rnage(2)").note == "did you mean 'range'?");
  CHECK(refusal("a=int(x=1,2)").reason == "positional argument follows keyword argument");
  CHECK(refusal("a=int(x=1,2)").byte == 10);
  CHECK(refusal("a=extend_list(1)").reason.find("Unknown function 'extend_list'") != std::string::npos);
  CHECK(refusal("a=extend_list(1)").note == "extend_list() is part of Hydra 1.4; --extended allows it");
  CHECK(refusal("a=json_str(1)").reason.find("Unknown function 'json_str'") != std::string::npos);
}

TEST_CASE("a sweep cannot be part of a value") {
  const Refusal found = refusal("a=[1,choice(2,3)]");
  CHECK(found.code == "override-value");
  CHECK(found.byte == 5);
  CHECK(found.reason.empty());
  CHECK(found.note == "a ChoiceSweep cannot be part of another value");
  CHECK(refusal("a={b:range(3)}").code == "override-value");
  CHECK(refusal("a=choice(1,choice(2,3))").code == "override-value");
  CHECK(refusal("a=glob([1])").code == "override-value");
}

TEST_CASE("too much nesting is an error, not a crash") {
  const std::string many(10'000, '[');
  CHECK(refusal("a=" + many).code == "override-nesting");
  CHECK(refusal("a=" + many + std::string(10'000, ']')).byte == 402);
  std::string calls = "a=";
  for (int i = 0; i < 10'000; ++i)
    calls += "int(";
  CHECK(refusal(calls).code == "override-nesting");
  CHECK(refusal("a=" + std::string(390, '[') + std::string(390, ']')).code == "accepted");
  CHECK(refusal("a=" + std::string(5'000, '9')).code == "override-syntax");
  CHECK(refusal("a=" + std::string(4'300, '9')).code == "accepted");
}

TEST_CASE("Hydra 1.4's functions, where they are allowed") {
  const auto text = [](const std::string& word) {
    SourceMap sources;
    OverrideOptions options;
    options.extended = true;
    const Override parsed = parse_override(sources, sources.add(SourceKind::kOverride, "", word, 1), options);
    return std::string(parsed.kind == OverrideKind::kExtendList ? "extend " : "") + parsed.value_element_text();
  };
  CHECK(text("a=extend_list(1,x,'y')") == "extend [1,x,y]");
  CHECK(text("a=extend_list()") == "extend []");
  CHECK(text("a=extend_list([1,'y'])") == "extend [[1,'y']]");
  CHECK(refusal("+a=extend_list(1)", true).reason == "Trying to use override symbols when extending a list");
  CHECK(refusal("a=extend_list(b=1)", true).reason.find("unexpected keyword argument 'b'") != std::string::npos);
  CHECK(refusal("a=[extend_list(1)]", true).code == "override-value");

  const auto json = [](const std::string& call) {
    SourceMap sources;
    OverrideOptions options;
    options.extended = true;
    const Override parsed = parse_override(sources, sources.add(SourceKind::kOverride, "", "a=" + call, 1), options);
    const NodeId root = parsed.value.root();
    std::string all;
    if (!parsed.value[root].is_container()) return std::string(parsed.value[root].text());
    for (NodeId choice : parsed.value.children(root))
      all += std::string(parsed.value[choice].text()) + "|";
    return all;
  };
  CHECK(json("json_str({a:1,b:[2,'x',null]})") == R"({"a": 1, "b": [2, "x", null]})");
  CHECK(json("json_str({1:true,1.5:-inf,null:nan})") == R"({"1": true, "1.5": -Infinity, "null": NaN})");
  CHECK(json("json_str('a\"\\\\\xc3\xa9\xf0\x9f\x98\x80\t')") == R"("a\"\\\\\u00e9\ud83d\ude00\t")");
  CHECK(json("json_str(null)") == "null");
  CHECK(json("json_str(1,a)") == R"(1|"a"|)");
  CHECK(json("json_str(choice(1,[a]))") == R"(1|["a"]|)");
  CHECK(refusal("a=json_str(choice(null))", true).code == "override-function");
  CHECK(refusal("a=json_str(range(3))", true).reason.find("Range can only be cast to int or float") !=
        std::string::npos);
  CHECK(refusal("a=json_str(interval(0,1))", true).reason.find("Intervals cannot be cast to json_str") !=
        std::string::npos);
  CHECK(refusal("a=json_str(glob(x))", true).reason.find("Object of type Glob is not JSON serializable") !=
        std::string::npos);
}

TEST_CASE("a list is shuffled by the seed") {
  const auto shuffled = [](uint64_t seed) {
    SourceMap sources;
    OverrideOptions options;
    options.shuffle_seed = seed;
    const SourcePos word = sources.add(SourceKind::kOverride, "", "a=shuffle([1,2,3,4,5,6,7,8])", 1);
    return parse_override(sources, word, options).value_element_text();
  };
  CHECK(shuffled(1) == shuffled(1));
  CHECK(shuffled(1) != shuffled(2));
  std::string sorted = shuffled(1);
  std::sort(sorted.begin() + 1, sorted.end() - 1);
  CHECK(sorted == "[,,,,,,,12345678]");
}

}  // namespace cfgtool
