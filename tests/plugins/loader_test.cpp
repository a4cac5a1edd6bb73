#include "attention_plugins/host/loader.hpp"

#include <doctest/doctest.h>
#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <mutex>

#include "tests/plugins/scratch_folder.hpp"

using namespace attention_test;
using namespace cfgtool::attention;
namespace fs = std::filesystem;

namespace {

/// Searches one path that is named on the command line, and nothing else.
LoadOptions only(const fs::path& path) {
  LoadOptions options;
  options.command_line_paths = {{path, "--attention-plugin-path"}};
  options.use_environment = false;
  options.use_default_folders = false;
  return options;
}

/// The problem of the PluginError that loading throws.
PluginProblem problem_of(const LoadOptions& options) {
  try {
    load_plugins(options);
  } catch (const PluginError& error) {
    CHECK(std::string(error.what()) == to_string(error.problem()));
    return error.problem();
  }
  FAIL("nothing was thrown");
  return {};
}

struct BadFile {
  const char* description;
  PluginFault fault;
  const char* sentence;  // a part of it
  std::function<fs::path(const ScratchFolder&)> make;
};

std::function<fs::path(const ScratchFolder&)> copy_of(const char* plugin) {
  return [plugin](const ScratchFolder& folder) { return folder.copy(plugin, "plugin.so"); };
}

/// A sound plugin, but for some bytes.
fs::path altered(const ScratchFolder& folder, const std::function<void(std::string& bytes)>& change) {
  std::string bytes = read_file(built_plugin("sound"));
  change(bytes);
  return folder.write("plugin.so", bytes);
}

const BadFile kBadFiles[] = {
    {"missing", PluginFault::kPathMissing, "does not exist",
     [](const ScratchFolder& folder) { return folder.path() / "missing.so"; }},
    {"empty file", PluginFault::kNotElf, "is empty",
     [](const ScratchFolder& folder) { return folder.write("plugin.so", ""); }},
    {"one byte", PluginFault::kNotElf, "is not an ELF file: it begins with \"\\x7f\"",
     [](const ScratchFolder& folder) { return folder.write("plugin.so", "\x7f"); }},
    {"script", PluginFault::kNotElf, "is not an ELF file: it begins with \"#!/b\"",
     [](const ScratchFolder& folder) { return folder.write("plugin.so", "#!/bin/sh\nexit 0\n"); }},
    {"only the header", PluginFault::kNotElf, "damaged",
     [](const ScratchFolder& folder) { return altered(folder, [](std::string& bytes) { bytes.resize(64); }); }},
    {"half of the header", PluginFault::kNotElf, "damaged",
     [](const ScratchFolder& folder) { return altered(folder, [](std::string& bytes) { bytes.resize(30); }); }},
    {"cut in the middle", PluginFault::kNotElf, "damaged",
     [](const ScratchFolder& folder) {
       return altered(folder, [](std::string& bytes) { bytes.resize(bytes.size() / 4); });
     }},
    {"program headers beyond the end", PluginFault::kNotElf, "damaged",
     [](const ScratchFolder& folder) {
       return altered(folder, [](std::string& bytes) { bytes[offsetof(Elf64_Ehdr, e_phoff) + 7] = '\x7f'; });
     }},
    {"no program headers", PluginFault::kNotElf, "no dynamic section",
     [](const ScratchFolder& folder) {
       return altered(folder, [](std::string& bytes) { bytes[offsetof(Elf64_Ehdr, e_phnum)] = 0; });
     }},
    {"another processor", PluginFault::kWrongMachine, "another processor",
     [](const ScratchFolder& folder) {
       return altered(folder, [](std::string& bytes) { bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_386; });
     }},
    {"32 bits", PluginFault::kWrongMachine, "another processor",
     [](const ScratchFolder& folder) {
       return altered(folder, [](std::string& bytes) { bytes[EI_CLASS] = ELFCLASS32; });
     }},
    {"object file", PluginFault::kNotElf, "no shared object",
     [](const ScratchFolder& folder) {
       return altered(folder, [](std::string& bytes) { bytes[offsetof(Elf64_Ehdr, e_type)] = ET_REL; });
     }},
    {"named pipe", PluginFault::kNotAFile, "not a regular file",
     [](const ScratchFolder& folder) {
       REQUIRE(mkfifo((folder.path() / "plugin.so").c_str(), 0600) == 0);
       return folder.path() / "plugin.so";
     }},
    {"folder with a plugin's name", PluginFault::kFolderEmpty, "holds no *.so file",
     [](const ScratchFolder& folder) {
       fs::create_directory(folder.path() / "plugin.so");
       return folder.path() / "plugin.so";
     }},
    {"another library", PluginFault::kNoEntry, "does not define attn_plugin_entry", copy_of("no_entry")},
    {"undefined symbol", PluginFault::kLoadFailed, "nobody_defines_this_function", copy_of("symbol_undefined")},
    {"entry gives NULL", PluginFault::kEntryNull, "does not work with this host", copy_of("entry_gives_null")},
    {"wrong major", PluginFault::kWrongAbi, "is made for version 2.0 of the plugin interface, this host has 1.0",
     copy_of("major")},
    {"short table", PluginFault::kMalformed, "its table has 88 bytes, version 1.0 has at least 128",
     copy_of("short_table")},
    {"no name", PluginFault::kMalformed, "its name is NULL", copy_of("name_null")},
    {"bad name", PluginFault::kMalformed, "its name \"Sound Plugin\" is not made of a-z, 0-9 and _", copy_of("name")},
    {"long name", PluginFault::kMalformed, "its name is longer than 63 bytes", copy_of("name_too_long")},
    {"nothing provided", PluginFault::kMalformed, "lists 0 implementations", copy_of("no_implementations")},
    {"implementation NULL", PluginFault::kMalformed, "its implementation 0 is NULL", copy_of("implementation_null")},
    {"short implementation", PluginFault::kMalformed, "its implementation 0 is too short",
     copy_of("short_implementation")},
    {"implementation without name", PluginFault::kMalformed, "its implementation's name is NULL",
     copy_of("implementation_name_null")},
    {"duplicate names", PluginFault::kMalformed, "lists first_value on cpu twice", copy_of("implementation_twice")},
    {"query NULL", PluginFault::kMalformed, "its function query is NULL", copy_of("query_null")},
    {"forward NULL", PluginFault::kMalformed, "its function forward is NULL", copy_of("forward_null")},
    {"saves only", PluginFault::kMalformed, "only one of save_plan and load_plan", copy_of("saves_only")},
    {"open fails without text", PluginFault::kOpenFailed, "failed in open and gave no text", copy_of("open_fails")},
    {"open gives NULL", PluginFault::kOpenFailed, "gave no instance", copy_of("open_gives_null")},
    {"writable file", PluginFault::kWritableByOthers, "plugin.so' is writable by everybody",
     [](const ScratchFolder& folder) {
       auto path = folder.copy("sound", "plugin.so");
       fs::permissions(path, fs::perms(0646));
       return path;
     }},
    {"file in a writable folder", PluginFault::kWritableByOthers, "is writable by everybody",
     [](const ScratchFolder& folder) {
       fs::permissions(folder.path(), fs::perms(0757));
       return folder.copy("sound", "plugin.so");
     }},
    {"writable folder", PluginFault::kWritableByOthers, "is writable by everybody",
     [](const ScratchFolder& folder) {
       folder.copy("sound", "plugin.so");
       fs::permissions(folder.path(), fs::perms(01777));
       return folder.path();
     }},
    {"folder within a writable one", PluginFault::kWritableByOthers, "is writable by everybody",
     [](const ScratchFolder& folder) {
       fs::create_directory(folder.path() / "inner");
       auto path = folder.copy("sound", "inner/plugin.so");
       fs::permissions(folder.path(), fs::perms(0777));
       return path;
     }},
    {"link in a writable folder to a sound file", PluginFault::kWritableByOthers, "is writable by everybody",
     [](const ScratchFolder& folder) {
       fs::create_directory(folder.path() / "open");
       fs::permissions(folder.path() / "open", fs::perms(0777));
       fs::create_symlink(folder.copy("sound", "plugin.so"), folder.path() / "open" / "link.so");
       return folder.path() / "open" / "link.so";
     }},
    {"link to a file in a writable folder", PluginFault::kWritableByOthers, "is writable by everybody",
     [](const ScratchFolder& folder) {
       fs::create_directory(folder.path() / "open");
       fs::permissions(folder.path() / "open", fs::perms(0777));
       fs::create_symlink(folder.copy("sound", "open/plugin.so"), folder.path() / "link.so");
       return folder.path() / "link.so";
     }},
};

std::vector<std::string> names_of(const LoadedPlugins& loaded) {
  std::vector<std::string> names;
  for (const auto& plugin : loaded.plugins)
    names.push_back(plugin->name());
  return names;
}

using Names = std::vector<std::string>;

/// ATTENTION_PLUGIN_PATH for the duration of a test.
class Environment {
 public:
  explicit Environment(const std::string& value) { setenv("ATTENTION_PLUGIN_PATH", value.c_str(), 1); }
  ~Environment() { unsetenv("ATTENTION_PLUGIN_PATH"); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
};

}  // namespace

TEST_CASE("a bad file that is named is an error with a code, its path and where it was named") {
  for (const BadFile& bad : kBadFiles) {
    CAPTURE(bad.description);
    const ScratchFolder folder;
    const fs::path path = bad.make(folder);
    const PluginProblem problem = problem_of(only(path));
    CHECK(std::string(code_of(problem.fault)) == code_of(bad.fault));
    CHECK_MESSAGE(problem.sentence.find(bad.sentence) != std::string::npos, problem.sentence);
    CHECK(problem.path == path);
    CHECK(problem.named_by == "--attention-plugin-path");
    CHECK(to_string(problem).find(path.string()) != std::string::npos);
  }
}

TEST_CASE("no code of a file that is no plugin is run") {
  const ScratchFolder folder;
  unsetenv("CFGTOOL_TEST_CONSTRUCTOR_RAN");
  CHECK(problem_of(only(folder.copy("no_entry", "plugin.so"))).fault == PluginFault::kNoEntry);
  CHECK(std::getenv("CFGTOOL_TEST_CONSTRUCTOR_RAN") == nullptr);
}

TEST_CASE("a bad file in a folder is a warning, and the others are loaded") {
  const ScratchFolder folder;
  folder.write("a_script.so", "#!/bin/sh\n");
  folder.copy("major", "b_major.so");
  folder.copy("other", "c_other.so");
  fs::create_directory(folder.path() / "d_folder.so");
  folder.copy("sound", "e_sound.so");
  folder.write("notes.txt", "no plugin, and not looked at");
  fs::permissions(folder.copy("sound", "f_writable.so"), fs::perms(0666));
  const LoadedPlugins loaded = load_plugins(only(folder.path()));
  CHECK(names_of(loaded) == Names{"other", "sound"});
  REQUIRE(loaded.warnings.size() == 4);
  CHECK(loaded.warnings[0].fault == PluginFault::kNotElf);
  CHECK(loaded.warnings[1].fault == PluginFault::kWrongAbi);
  CHECK(loaded.warnings[2].fault == PluginFault::kNotAFile);
  CHECK(loaded.warnings[3].fault == PluginFault::kWritableByOthers);
  CHECK(loaded.warnings[1].path == folder.path() / "b_major.so");
}

TEST_CASE("what others can write is accepted when that is allowed") {
  const ScratchFolder folder;
  const auto path = folder.copy("sound", "plugin.so");
  fs::permissions(path, fs::perms(0666));
  LoadOptions options = only(path);
  CHECK(problem_of(options).fault == PluginFault::kWritableByOthers);
  options.allow_writable_by_others = true;
  CHECK(names_of(load_plugins(options)) == Names{"sound"});
}

TEST_CASE("a newer minor version with a longer table is accepted") {
  const LoadedPlugins loaded = load_plugins(only(built_plugin("newer_minor")));
  REQUIRE(names_of(loaded) == Names{"newer_minor"});
  CHECK(loaded.warnings.empty());
}

TEST_CASE("what a plugin says about itself") {
  const auto plugin = load_plugins(only(built_plugin("sound"))).plugins.at(0);
  CHECK(plugin->version() == "1.0");
  CHECK(plugin->description() == "copies values");
  CHECK(plugin->path() == built_plugin("sound"));
  CHECK(plugin->named_by() == "--attention-plugin-path");
  REQUIRE(plugin->implementations().size() == 2);
  CHECK(plugin->implementations()[0].name == "first_value");
  CHECK(plugin->implementations()[0].device_kind == ATTN_DEVICE_CPU);
  CHECK(plugin->implementations()[1].device_kind == ATTN_DEVICE_CUDA);
}

TEST_CASE("of two plugins with one name the first is used, and the second is warned of") {
  const ScratchFolder folder;
  const auto first = folder.copy("sound_too", "a.so");
  const auto second = folder.copy("sound", "b.so");
  const LoadedPlugins loaded = load_plugins(only(folder.path()));
  REQUIRE(names_of(loaded) == Names{"sound"});
  CHECK(loaded.plugins[0]->path() == first);
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings[0].fault == PluginFault::kShadowed);
  CHECK(loaded.warnings[0].path == second);
  CHECK(loaded.warnings[0].sentence.find(first.string()) != std::string::npos);
}

TEST_CASE("a file that is met twice is loaded once, without a warning") {
  const ScratchFolder folder;
  folder.copy("sound", "plugin.so");
  fs::create_symlink(folder.path() / "plugin.so", folder.path() / "z_link.so");
  LoadOptions options = only(folder.path());
  options.configuration_paths = {{folder.path() / "plugin.so", "attention.yaml:3:5"}};
  const LoadedPlugins loaded = load_plugins(options);
  CHECK(names_of(loaded) == Names{"sound"});
  CHECK(loaded.warnings.empty());
}

TEST_CASE("a bad file that a folder search warned of is still an error where it is named") {
  const ScratchFolder folder;
  const auto bad = folder.copy("major", "plugin.so");
  LoadOptions options = only(folder.path());
  options.configuration_paths = {{bad, "attention.yaml:3:5"}};
  const PluginProblem problem = problem_of(options);
  CHECK(problem.fault == PluginFault::kWrongAbi);
  CHECK(problem.named_by == "attention.yaml:3:5");
}

TEST_CASE("the command line comes before the configuration, the environment and the default folders") {
  const ScratchFolder one, two, three;
  const auto on_command_line = one.copy("sound", "a.so");
  const auto in_configuration = two.copy("sound_too", "b.so");
  two.copy("newer_minor", "c.so");
  three.copy("other", "d.so");
  const Environment environment(":" + three.path().string() + "::" + in_configuration.string() + ":");
  LoadOptions options;
  options.command_line_paths = {{on_command_line, "--attention-plugin-path"}};
  options.configuration_paths = {{two.path(), "attention.yaml:3:5"}};
  const LoadedPlugins loaded = load_plugins(options);
  Names names = names_of(loaded);
  REQUIRE(names.size() >= 4);
  CHECK(std::ranges::find(names, "eager") >= names.begin() + 3);  // the build may have other plugins beside it
  CHECK(loaded.plugins.back()->named_by() == "the default plugin folder");
  names.resize(3);
  CHECK(names == Names{"sound", "newer_minor", "other"});
  CHECK(loaded.plugins[0]->path() == on_command_line);
  CHECK(loaded.plugins[1]->named_by() == "attention.yaml:3:5");
  CHECK(loaded.plugins[2]->named_by() == "ATTENTION_PLUGIN_PATH");
  REQUIRE(loaded.warnings.size() == 1);  // once, though b.so is met in the configuration and in the environment
  CHECK(loaded.warnings[0].fault == PluginFault::kShadowed);
  CHECK(loaded.warnings[0].path == in_configuration);
}

TEST_CASE("a path in the environment that is missing is an error that names the variable") {
  const Environment environment("/nowhere/at/all");
  LoadOptions options;
  options.use_default_folders = false;
  const PluginProblem problem = problem_of(options);
  CHECK(problem.fault == PluginFault::kPathMissing);
  CHECK(problem.named_by == "ATTENTION_PLUGIN_PATH");
  options.use_environment = false;
  CHECK(load_plugins(options).plugins.empty());
}

TEST_CASE("a program of the build tree finds the build's plugins") {
  REQUIRE(default_plugin_folders().size() == 1);
  CHECK(default_plugin_folders()[0] == fs::path(BUILD_PLUGIN_FOLDER));
}

TEST_CASE("a relative path is taken from the working directory, never from the system's libraries") {
  const ScratchFolder folder;
  folder.copy("sound", "plugin.so");
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const auto loaded = load_plugins(only("plugin.so"));
  fs::current_path(before);
  CHECK(names_of(loaded) == Names{"sound"});
}

TEST_CASE("options reach the plugin that they are for, and what it logs reaches the host") {
  std::mutex mutex;
  Names lines;
  LoadOptions options = only(built_plugin("sound"));
  options.plugin_options = {{"sound", "be quick"}, {"other", "refuse me"}};
  options.log = [&](std::string_view plugin, int32_t severity, std::string_view text) {
    const std::lock_guard lock(mutex);
    lines.push_back(std::string(plugin) + " " + std::to_string(severity) + " " + std::string(text));
  };
  load_plugins(options);
  CHECK(lines == Names{"sound 1 be quick"});
  options.command_line_paths = {{built_plugin("other"), "--attention-plugin-path"}};
  const PluginProblem problem = problem_of(options);
  CHECK(problem.fault == PluginFault::kOpenFailed);
  CHECK(problem.sentence == "cannot be opened: the option 'refuse me' is not known");
}
