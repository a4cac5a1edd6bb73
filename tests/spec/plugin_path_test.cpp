// Paths that are named as plugins and are none: each ends with exit code 3, the path, and where it was named.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/cases/child_process.hpp"
#include "tests/spec/run_program.hpp"

namespace cfgtool::test {

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kResolve = {"resolve", "-cp", SPEC_TREE, "-cn", "ppo_trainer", "--spec"};

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// A folder with one bad plugin of each kind.
class BadPlugins {
 public:
  BadPlugins() { good_ = read_file(SPEC_EAGER_PLUGIN); }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string file(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  std::string folder(const std::string& name) const {
    fs::create_directory(path(name));
    return path(name);
  }
  /// The eager plugin with one byte of its ELF header changed.
  std::string patched(const std::string& name, size_t offset, char byte) const {
    std::string bytes = good_;
    bytes[offset] = byte;
    return file(name, bytes);
  }
  const std::string& good() const { return good_; }

 private:
  ScratchFolder folder_;
  std::string good_;
};

void check_refused(const std::string& path, const char* code, const std::string& words) {
  CAPTURE(path);
  std::vector<std::string> arguments = kResolve;
  arguments.insert(arguments.end(), {"--attention-plugin-path", path});
  for (const Outcome& outcome :
       {run_program(SPEC_CFGTOOL, arguments), run_program(SPEC_PPO_TRAINER, {"--attention-plugin-path", path})}) {
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 3);
    CHECK(outcome.complains(std::string("error[") + code + "]"));
    CHECK(outcome.complains("'" + path + "' (named by --attention-plugin-path)"));
    CHECK(outcome.complains("--> flag --attention-plugin-path:1"));
    CHECK(outcome.complains(words));
  }
}

}  // namespace

TEST_CASE("what is named as a plugin and is none ends with 3") {
  const BadPlugins bad;
  check_refused(bad.path("none.so"), "plugin-path-missing", "does not exist");
  check_refused(bad.path("none/deep/none.so"), "plugin-path-missing", "does not exist");
  check_refused(bad.folder("empty"), "plugin-folder-empty", "holds no *.so file");
  check_refused(bad.file("text.so", "#!/bin/sh\n"), "plugin-not-elf", "is not an ELF file");
  check_refused(bad.file("nothing.so", ""), "plugin-not-elf", "is empty");
  check_refused(bad.file("four.so",
                         "\x7f"
                         "ELF"),
                "plugin-not-elf", "damaged");
  check_refused(bad.file("cut.so", bad.good().substr(0, bad.good().size() / 2)), "plugin-not-elf", "damaged");
  check_refused(bad.patched("machine.so", 18, '\x08'), "plugin-wrong-machine", "another processor");
  check_refused(bad.patched("bits.so", 4, '\x01'), "plugin-wrong-machine", "another processor");
  check_refused(bad.patched("object.so", 16, '\x01'), "plugin-not-elf", "no shared object");
  check_refused(SPEC_CFGTOOL, "plugin-no-entry", "does not define attn_plugin_entry");
  REQUIRE(mkfifo(bad.path("pipe.so").c_str(), 0600) == 0);
  check_refused(bad.path("pipe.so"), "plugin-not-a-file", "is not a regular file");
  fs::create_symlink("nowhere.so", bad.path("link.so"));
  check_refused(bad.path("link.so"), "plugin-path-missing", "does not exist");
}

TEST_CASE("what other users could change is refused unless a flag allows it") {
  const BadPlugins bad;
  const std::string file = bad.file("open.so", bad.good());
  chmod(file.c_str(), 0666);
  check_refused(file, "plugin-writable-by-others", "is writable by everybody");
  const std::string folder = bad.folder("open");
  std::ofstream(folder + "/attention_eager.so", std::ios::binary) << bad.good();
  chmod(folder.c_str(), 0777);
  check_refused(folder, "plugin-writable-by-others", "--allow-writable-plugins accepts");
  const Outcome allowed =
      run_program(SPEC_PPO_TRAINER, {"--check-only", "--allow-writable-plugins", "--attention-plugin-path", file});
  CHECK(allowed.exit_code == 0);
}

TEST_CASE("ATTENTION_PLUGIN_PATH is named as such") {
  const Outcome outcome = run_program(SPEC_CFGTOOL, kResolve, {{"ATTENTION_PLUGIN_PATH", "/no/such/plugins"}});
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.complains("'/no/such/plugins' (named by ATTENTION_PLUGIN_PATH) does not exist"));
  CHECK(outcome.complains("--> environment variable ATTENTION_PLUGIN_PATH"));
}

TEST_CASE("a good plugin that is named is the one that is used") {
  const BadPlugins bad;
  const std::string file = bad.file("mine.so", bad.good());
  std::vector<std::string> arguments = kResolve;
  arguments.insert(arguments.end(), {"--attention-plugin-path", file});
  const Outcome outcome = run_program(SPEC_CFGTOOL, arguments);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.prints("path: " + file));
  CHECK(outcome.complains("warning[plugin-shadowed]"));
}

TEST_CASE("a bad file within a folder is a warning") {
  const BadPlugins bad;
  const std::string folder = bad.folder("some");
  std::ofstream(folder + "/attention_eager.so", std::ios::binary) << bad.good();
  std::ofstream(folder + "/bad.so") << "text";
  const Outcome outcome = run_program(SPEC_PPO_TRAINER, {"--check-only", "--attention-plugin-path", folder});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.complains("warning[plugin-not-elf]: attention plugin '" + folder + "/bad.so'"));
}

}  // namespace cfgtool::test
