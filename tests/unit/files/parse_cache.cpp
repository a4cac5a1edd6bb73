#include "config_engine/parse_cache.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config_engine/diagnostic.hpp"
#include "config_engine/repository.hpp"
#include "config_engine/yaml_writer.hpp"
#include "file_folder.hpp"

namespace cfgtool {
namespace {

// All that a node can be: every kind of value and key, texts that YAML spells otherwise than they are, maps beyond the
// size from which they have an index, aliases and merge keys.
std::string all_kinds() {
  std::string text =
      "# @package some.where\n"
      "true: false\n1: 0x1F\n1.5: -.5\n!!binary YQ==: !!binary AAEC\n"
      "big: 123456789012345678901234567890\nnan: .nan\n"
      "quoted: \"tab\\t, \\u00e9\"\n\"k\\u00e9y\": 'it''s'\nblock: |\n  one\n  two\nfolded: >-\n  one\n  two\n"
      "plain: two\n  lines\nmissing: ???\nempty:\nlink: ${plain}-${oc.env:HOME}\n"
      "anchor: &a {x: [1, {y: 2}, []], z: {}}\nalias: *a\nmerged:\n  <<: *a\n  own: 1\nwide:\n";
  for (int i = 0; i < 100; ++i)
    text += "  key_" + std::to_string(i) + ": " + std::to_string(i) + "\n";
  return text;
}

void check_same(const ConfigFile& a, const ConfigFile& b) {
  CHECK(a.package_header == b.package_header);
  REQUIRE(a.tree.size() == b.tree.size());
  CHECK(write_yaml(a.tree, a.tree.root()) == write_yaml(b.tree, b.tree.root()));
  for (NodeId id = 0; id < a.tree.size(); ++id) {
    const Node& x = a.tree[id];
    const Node& y = b.tree[id];
    REQUIRE(x.kind == y.kind);
    REQUIRE(x.key_kind == y.key_kind);
    REQUIRE(x.key().text == y.key().text);
    REQUIRE(x.parent == y.parent);
    REQUIRE(x.next == y.next);
    REQUIRE(x.previous == y.previous);
    REQUIRE((x.pos ? x.pos.offset - a.begin.offset + 1 : 0) == (y.pos ? y.pos.offset - b.begin.offset + 1 : 0));
    REQUIRE((x.key_pos ? x.key_pos.offset - a.begin.offset + 1 : 0) ==
            (y.key_pos ? y.key_pos.offset - b.begin.offset + 1 : 0));
    if (x.kind == NodeKind::kMap) REQUIRE(a.tree.find(id, "key_77") == b.tree.find(id, "key_77"));
  }
}

ConfigFile parsed(SourceMap& sources, const std::string& name, const std::string& text) {
  return parse_config_file(sources, sources.add(SourceKind::kFile, name, text));
}

std::optional<ConfigFile> found(const ParseCache& cache, SourceMap& sources, const std::string& name,
                                const std::string& text) {
  return cache.find(name, sources, sources.add(SourceKind::kFile, name, text));
}

}  // namespace

TEST_CASE("a cached file is what parsing it gives") {
  const test::FileFolder folder;
  std::vector<std::pair<std::string, std::string>> files{
      {"kinds", all_kinds()}, {"empty", ""}, {"list", "- 1\n- a: b\n"}, {"comment", "# nothing\n"}};
  for (const auto& item : std::filesystem::recursive_directory_iterator(CASE_TREES)) {
    if (item.path().extension() == ".yaml") files.emplace_back(item.path(), folder.read(item.path()));
  }
  REQUIRE(files.size() > 15);
  SourceMap sources;
  std::vector<ConfigFile> originals;
  {
    ParseCache cache(folder.path("cache/one.trees"));
    for (const auto& [name, text] : files) {
      originals.push_back(parsed(sources, name, text));
      cache.add(name, sources, originals.back());
    }
    cache.save();
  }
  const ParseCache cache(folder.path("cache/one.trees"));
  for (size_t i = 0; i < files.size(); ++i) {
    CAPTURE(files[i].first);
    SourceMap others;
    others.add(SourceKind::kFile, "in front", "so that positions differ");
    const auto restored = found(cache, others, files[i].first, files[i].second);
    REQUIRE(restored);
    check_same(originals[i], *restored);
  }
}

TEST_CASE("another text or another name is not found") {
  const test::FileFolder folder;
  SourceMap sources;
  ParseCache writer(folder.path("c.trees"));
  writer.add("a", sources, parsed(sources, "a", "x: 1\n"));
  writer.save();
  const ParseCache cache(folder.path("c.trees"));
  CHECK(found(cache, sources, "a", "x: 1\n"));
  CHECK(!found(cache, sources, "a", "x: 2\n"));
  CHECK(!found(cache, sources, "a", "x: 1\n\n"));
  CHECK(!found(cache, sources, "b", "x: 1\n"));
}

TEST_CASE("saving keeps what was there and replaces what changed") {
  const test::FileFolder folder;
  SourceMap sources;
  const auto save = [&](const std::string& name, const std::string& text) {
    ParseCache cache(folder.path("c.trees"));
    cache.add(name, sources, parsed(sources, name, text));
    cache.save();
  };
  save("b", "x: 1\n");
  save("a", "x: 2\n");
  save("c", "x: 3\n");
  save("b", "x: 4\n");
  const ParseCache cache(folder.path("c.trees"));
  CHECK(found(cache, sources, "a", "x: 2\n"));
  CHECK(found(cache, sources, "c", "x: 3\n"));
  CHECK(!found(cache, sources, "b", "x: 1\n"));
  CHECK(found(cache, sources, "b", "x: 4\n"));
}

TEST_CASE("a damaged cache is no cache") {
  const test::FileFolder folder;
  SourceMap sources;
  const std::string path = folder.path("c.trees");
  {
    ParseCache cache(path);
    cache.add("kinds", sources, parsed(sources, "kinds", all_kinds()));
    cache.save();
  }
  const std::string good = folder.read(path);
  REQUIRE(good.size() > 1000);
  const auto finds = [&](const std::string& bytes) {
    folder.write("c.trees", bytes);
    const ParseCache cache(path);
    SourceMap others;
    return found(cache, others, "kinds", all_kinds()).has_value();
  };
  CHECK(finds(good));
  for (size_t i = 0; i < good.size(); i += i < 200 ? 1 : 37) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x41);
    CAPTURE(i);
    CHECK(!finds(bytes));
    CHECK(!finds(good.substr(0, i)));
  }
  CHECK(!finds(good + "x"));
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK(!found(ParseCache(path), sources, "kinds", all_kinds()));
  CHECK(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK(!found(ParseCache(folder.path("pipe")), sources, "kinds", all_kinds()));
}

TEST_CASE("a folder that cannot be written is no error") {
  SourceMap sources;
  ParseCache cache("/proc/nowhere/c.trees");
  cache.add("a", sources, parsed(sources, "a", "x: 1\n"));
  cache.save();
}

TEST_CASE("two processes use one cache") {
  const test::FileFolder folder;
  const std::string config = folder.write("conf/config.yaml", all_kinds());
  std::vector<pid_t> children;
  for (int process = 0; process < 8; ++process) {
    children.push_back(::fork());
    REQUIRE(children.back() >= 0);
    if (children.back() > 0) continue;
    int wrong = 0;
    for (int turn = 0; turn < 50; ++turn) {
      // Each writes a file of its own into the common cache and reads the one that all share.
      const std::string own = folder.write("conf/" + std::to_string(process) + ".yaml", "x: " + std::to_string(turn));
      FileStore store(folder.path("cache"));
      store.begin_composition(folder.path("conf"), "config");
      const auto shared = store.load(config);
      const auto mine = store.load(own);
      wrong += shared->tree.find(shared->tree.root(), "wide") == kNoNode;
      wrong += mine->tree[mine->tree.find(0, "x")].integer != turn;
      store.save_caches();
    }
    ::_exit(wrong == 0 ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  size_t files = 0;
  for (const auto& item : std::filesystem::directory_iterator(folder.path("cache"))) {
    CHECK(item.path().extension() == ".trees");  // no temporary file is left
    ++files;
  }
  CHECK(files == 1);
}

TEST_CASE("what others keep in the folder stays") {
  const test::FileFolder folder;
  const auto old = [&](const std::string& name) {
    const std::string path = folder.write(name, "x");
    const timespec past[2] = {{1000000000, 0}, {1000000000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), past, 0) == 0);
    return path;
  };
  const std::string hash(32, 'a');
  const std::string thesis = old("thesis.tmp");
  const std::string left_behind = old(hash + ".trees.123.tmp");
  std::vector<std::string> foreign;
  for (int i = 0; i < 300; ++i)
    foreign.push_back(old("sim" + std::to_string(i) + ".trees"));
  SourceMap sources;
  ParseCache cache(folder.path(hash + ".trees"));
  cache.add("a", sources, parsed(sources, "a", "x: 1\n"));
  cache.save();
  CHECK(std::filesystem::exists(folder.path(hash + ".trees")));
  CHECK(std::filesystem::exists(thesis));
  CHECK(!std::filesystem::exists(left_behind));
  for (const std::string& path : foreign)
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("the folder follows the environment") {
  ::setenv("CFGTOOL_CACHE_DIR", "/own", 1);
  CHECK(default_cache_folder() == "/own");
  ::setenv("CFGTOOL_CACHE_DIR", "", 1);
  CHECK(default_cache_folder().empty());
  ::unsetenv("CFGTOOL_CACHE_DIR");
  ::setenv("XDG_CACHE_HOME", "/xdg", 1);
  CHECK(default_cache_folder() == "/xdg/cfgtool");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  ::setenv("HOME", "/home/me", 1);
  CHECK(default_cache_folder() == "/home/me/.cache/cfgtool");
  CHECK(parse_cache_path("", "/conf", "config").empty());
  CHECK(parse_cache_path("/c", "/conf", "config") != parse_cache_path("/c", "/conf", "other"));
}

}  // namespace cfgtool
