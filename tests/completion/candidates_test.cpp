// Candidates beyond what Hydra knows, and what becomes of lines that are not finished or wrong.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "config_engine/completion_shell.hpp"
#include "config_engine/completion_values.hpp"
#include "config_engine/completion_words.hpp"
#include "config_engine/diagnostic.hpp"
#include "tests/completion/completing.hpp"

namespace cfgtool::test {

namespace {

const CompletingProgram kSmall{"tests/completion/tree", "config", {}};
const CompletingProgram kVerl{
    "tests/cases/trees/verl_shaped",
    "ppo_trainer",
    {{"critic.model.override_config.attn_implementation", "critic.model", {"eager", "sdpa"}, "attention"},
     {"critic.optim.name", "critic.optim", {"adam"}, ""},
     {"actor.nowhere.kind", "actor.nowhere", {"x"}, ""}}};

void check(const CompletingProgram& program, const std::string& line, const std::vector<std::string>& words) {
  CAPTURE(line);
  CHECK(to_text(program.words(line)) == to_text(words));
}

void check_split(const std::string& line, const std::vector<std::string>& words, const std::string& word) {
  CAPTURE(line);
  const ShellLine split = split_shell_line(line);
  CHECK(to_text(split.words) == to_text(words));
  CHECK(split.word == word);
}

}  // namespace

TEST_CASE("groups and options") {
  check(kSmall, "cache", {"cache@store.first=", "cache@store.second="});
  check(kSmall, "cache@store.f", {"cache@store.first="});
  check(kSmall, "cache@store.first=", {"cache@store.first=disk", "cache@store.first=ram"});
  check(kSmall, "server", {"server.", "server/", "server="});
  check(kSmall, "server/", {"server/db="});
  check(kSmall, "db=[", {"db=[mysql", "db=[postgresql"});
  check(kSmall, "db=[mysql,", {"db=[mysql,postgresql,", "db=[mysql,postgresql]"});
  check(kSmall, "db=mysql,po", {"db=mysql,postgresql"});
  check(kSmall, "db=choice(my", {"db=choice(mysql,", "db=choice(mysql)"});
  check(kSmall, "+",
        {"+cache=", "+db.", "+deep.", "+extra=", "+hydra.", "+hydra/", "+layers.", "+names.", "+server.", "+server/",
         "+store."});
}

TEST_CASE("what a prefix allows") {
  check(kSmall, "+ex", {"+extra="});
  check(kSmall, "+extra=", {"+extra=one", "+extra=two"});
  check(kSmall, "ex", {});
  check(kSmall, "~db", {"~db", "~db."});
  check(kSmall, "~db=", {"~db=mysql"});
  check(kSmall, "~fl", {"~flag"});
  check(kSmall, "++fl", {"++flag="});
  check(kSmall, "++db", {"++db."});
  check(kSmall, "+fl", {});
  check(kSmall, "+deep.", {"+deep.er."});
}

TEST_CASE("keys and values") {
  check(kSmall, "flag=", {"flag=false", "flag=true"});
  check(kSmall, "flag=t", {"flag=true"});
  check(kSmall, "none=", {"none=null"});
  check(kSmall, "need=", {});
  check(kSmall, "text=", {"text='a, b'"});
  check(kSmall, "digits=", {"digits='12'"});
  check(kSmall, "names=", {"names=[x,y]"});
  check(kSmall, "layers.1.", {"layers.1.size="});
  check(kSmall, "link.e", {"link.er."});
  check(kSmall, "link=", {});
  check(kSmall, "layers=", {"layers=[{size:1},{size:2}]"});
  check(kSmall, "db=", {"db=mysql", "db=postgresql"});
  check(kSmall, "++db=", {});
  check(kSmall, "broken=", {});
  check(kSmall, "hydra.mode=", {"hydra.mode=MULTIRUN", "hydra.mode=RUN", "hydra.mode=null"});
  check(kSmall, "hydra.job.chdir=", {"hydra.job.chdir=false", "hydra.job.chdir=null", "hydra.job.chdir=true"});
  check(kSmall, "db=postgresql db.port=", {"db.port=5432"});
  CHECK(kSmall.candidate("fl", "flag=").description == "true");
  CHECK(kSmall.candidate("flag=", "flag=true").description == "now");
  CHECK(kSmall.candidate("names", "names.").description == "2 items");
  CHECK(kSmall.candidate("db=", "db=mysql").description == "option, now chosen");
  CHECK(!kSmall.candidate("fl", "flag=").ends_word);
  CHECK(kSmall.candidate("flag=", "flag=true").ends_word);
}

TEST_CASE("keys that a program knows") {
  const std::string key = "critic.model.override_config.attn_implementation";
  check(kVerl, "+critic.model.override_config.", {"+" + key + "="});
  check(kVerl, "++critic.model.override_config.a", {"++" + key + "="});
  check(kVerl, "critic.model.override_config.", {});
  check(kVerl, "+" + key + "=", {"+" + key + "=eager", "+" + key + "=sdpa"});
  check(kVerl, "+" + key + "=sdpa " + key + "=", {key + "=eager", key + "=sdpa"});
  CHECK(kVerl.candidate("+" + key + "=sdpa " + key + "=", key + "=sdpa").description == "now");
  check(kVerl, "+critic.optim.n", {"+critic.optim.name="});
  check(kVerl, "+actor.no", {});  // its section is not there
}

TEST_CASE("flags") {
  check(kSmall, "--config-d", {"--config-dir"});
  check(kSmall, "-c", {"-c", "-cd", "-cn", "-cp"});
  check(kSmall, "--cfg ", {"all", "hydra", "job"});
  check(kSmall, "-c h", {"hydra"});
  check(kSmall, "--cfg=j", {"--cfg=job"});
  check(kSmall, "-c=j", {"-c=job"});
  check(kSmall, "--error-format ", {"github", "json", "sarif", "text"});
  check(kSmall, "--version-base 1.", {"1.1", "1.2", "1.3"});
  check(kSmall, "--info defaults", {"defaults", "defaults-tree"});
  check(kSmall, "--package deep", {"deep", "deep."});
  check(kSmall, "-p deep.", {"deep.er", "deep.er.", "deep.ly"});
  check(kSmall, "-cn ", {"broken", "cache/", "config", "db/", "empty/", "extra/", "missing", "server/"});
  check(kSmall, "-cn db/m", {"db/mysql"});
  check(kSmall, "--job-name x", {});
  check(kSmall, "-- d", {});
  // flags before the cursor count
  check(kSmall, "-cn missing k", {"k="});
  check(kSmall, "-cn=missing k", {"k="});
  check(kSmall, "--config-name missing k", {"k="});
  const std::string other = std::string(COMPLETION_PROJECT) + "/examples/embedded_parser/config";
  check(kSmall, "-cp " + other + " optim=", {"optim=adam", "optim=sgd"});
  check(kSmall, "--config-path='" + other + "' optim=", {"optim=adam", "optim=sgd"});
  check(kSmall, "hydra.searchpath=[file://" + other + "] +optim=", {"+optim=adam", "+optim=sgd"});
  check(kSmall, "-cd " + other + " +optim=", {"+optim=adam", "+optim=sgd"});
}

TEST_CASE("files") {
  std::filesystem::current_path(COMPLETION_PROJECT);
  check(kSmall, "text=./tests/completion/tree/db/",
        {"text=./tests/completion/tree/db/mysql.yaml", "text=./tests/completion/tree/db/postgresql.yaml"});
  check(kSmall, "text=./tests/completion/tr", {"text=./tests/completion/tree/"});
  check(kSmall, "-cp tests/completion/t", {"tests/completion/tree/"});
  check(kSmall, "nosuch=tests/completion/t",
        {"nosuch=tests/completion/terminal.cpp", "nosuch=tests/completion/terminal.hpp",
         "nosuch=tests/completion/tree/"});
  ::setenv("HOME", COMPLETION_PROJECT "/tests/completion", 1);
  check(kSmall, "text=~/tr", {"text=" COMPLETION_PROJECT "/tests/completion/tree/"});
  check(kSmall, "--config-path=~/tr", {"--config-path=" COMPLETION_PROJECT "/tests/completion/tree/"});
  check(kSmall, "--config-path ~/tr", {"~/tree/"});
  check(kSmall, "-cp ~/tree -cn missing k", {"k="});
  check(kSmall, "--config-dir=tests/completion/t", {"--config-dir=tests/completion/tree/"});
  check(kSmall, "names=[./tests/completion/tree/db/m",
        {"names=[./tests/completion/tree/db/mysql.yaml,", "names=[./tests/completion/tree/db/mysql.yaml]"});
}

TEST_CASE("what cannot be composed") {
  const CompletingProgram missing{"tests/completion/tree", "missing", {}};
  check(missing, "d", {"db="});
  check(missing, "k", {"k="});  // Hydra offers no keys then
  check(missing, "db=mysql db.", {"db.driver=", "db.port="});
  const CompletingProgram broken{"tests/completion/tree", "broken", {}};
  check(broken, "d", {"db="});
  check(broken, "db=m", {"db=mysql"});
  check(broken, "db=mysql db.", {"db.driver=", "db.port="});
  check(broken, "--cfg ", {"all", "hydra", "job"});
  const CompletingProgram nowhere{"tests/no/such/folder", "config", {}};
  check(nowhere, "d", {});
  check(nowhere, "hydra/l", {"hydra/launcher="});
  check(nowhere, "--config-n", {"--config-name"});
  // words that stand in the way are left out, the others count
  for (const char* wrong : {"a=[1", "nosuch=1", "+flag=1", "x", "db=nosuch", "=", "flag=${", "--nosuch", "seed=1,2"}) {
    CAPTURE(wrong);
    check(kSmall, std::string(wrong) + " db=postgresql db.port=", {"db.port=5432"});
    check(kSmall, std::string("db=postgresql ") + wrong + " db.port=", {"db.port=5432"});
  }
  check(kSmall, "db=mysql,postgresql db.port=", {"db.port=3306"});
  check(kSmall, "db.port=1 db.po", {"db.port="});
  CHECK(kSmall.candidate("db.port=1 db.po", "db.port=").description == "1");
}

TEST_CASE("half-typed words of all kinds") {
  for (const char* word : {"=",       "==",       "+",         "++",     "+++",  "~",       "~~",   "@",
                           "db@",     "@=",       ".",         "..",     "a..b", "a.",      ".a=",  "[",
                           "names[",  "names[0]", "names[0]=", "db=[[",  "db=,", "db={",    "db='", "${",
                           "flag=${", "-",        "--",        "---",    "--=",  "-=",      "/",    "db/",
                           "//",      "hydra.",   "hydra..",   "hydra[", "\xff", "db=\xff", "\x01"}) {
    CAPTURE(word);
    CHECK_NOTHROW(kSmall.words(word));
    CHECK_NOTHROW(kSmall.words(std::string(word) + " "));
  }
}

TEST_CASE("words as a shell reads them") {
  check_split("p a b", {"p", "a"}, "b");
  check_split("p a b ", {"p", "a", "b"}, "");
  check_split("p 'a b' \"c d\" e\\ f", {"p", "a b", "c d"}, "e f");
  check_split("p 'a b", {"p"}, "a b");
  check_split("p \"a\\\"b\\c", {"p"}, "a\"b\\c");
  check_split("p a'b'\"c\"", {"p"}, "abc");
  check_split("A=1 B='x y' p a", {"p"}, "a");
  check_split("p A=1 ", {"p", "A=1"}, "");
  check_split("p a\\", {"p"}, "a");
  check_split("", {}, "");
  ::setenv("COMPLETION_TEST", "x y", 1);
  check_split("p $COMPLETION_TEST/a \"${COMPLETION_TEST}\" '$COMPLETION_TEST' $NO_SUCH_ONE ${a.b} ",
              {"p", "x y/a", "x y", "$COMPLETION_TEST", "$NO_SUCH_ONE", "${a.b}"}, "");
  CHECK(split_shell_line("p a'b").open_quote == '\'');
  CHECK(first_characters("d\xc3\xa9"
                         "f",
                         2) == "d\xc3\xa9");
  CHECK(first_characters("ab", 7) == "ab");
}

TEST_CASE("values as they can be typed") {
  CHECK(spell_text("plain/x.y", "") == "plain/x.y");
  CHECK(spell_text("a b", "") == "a b");
  CHECK(spell_text("a,b", "") == "'a,b'");
  CHECK(spell_text("a,b", "a") == "a\\,b");
  CHECK(spell_text("a,b", "'") == "'a,b'");
  CHECK(spell_text("a,b", "\"a") == "\"a,b\"");
  CHECK(spell_text("true", "") == "'true'");
  CHECK(spell_text("it's", "") == "'it\\'s'");
  CHECK(spell_text("caf\xc3\xa9", "") == "'caf\xc3\xa9'");
  CHECK(spell_text("", "") == "''");
  CHECK(!spell_text("abc", "x"));
}

TEST_CASE("answers for bash replace what readline takes for the word") {
  const std::string breaks = " \t\n\"'@><=;|&(:";
  const auto answer = [&](const std::string& line, const std::string& word_breaks, const std::string& word, bool ends) {
    return shell_answer(Shell::kBash, line, word_breaks, [&](const ShellLine&) {
      return std::vector<Candidate>{{word, "", CandidateKind::kValue, ends}};
    });
  };
  CHECK(answer("p db=m", breaks, "db=mysql", true) == "mysql \n");
  CHECK(answer("p db=m", " \t", "db=mysql", true) == "db=mysql \n");
  CHECK(answer("p db\\=m", breaks, "db=mysql", true) == "db\\=mysql \n");
  CHECK(answer("p a:b:", breaks, "a:b:c", false) == "c\n");
  CHECK(answer("p db@b", breaks, "db@box=", false) == "@box=\n");
  CHECK(answer("p db=a\\ b", breaks, "db=a bc$d", true) == "a\\ bc\\$d \n");
  CHECK(answer("p \"db=a b", breaks, "db=a bc$d", true) == "db=a bc\\$d \n");
  CHECK(answer("p 'db=a b", breaks, "db=a bc'd", true) == "db=a bc'\\''d \n");
  CHECK(answer("p x=~/a", breaks, "x=/home/u/abc", true) == "/home/u/abc \n");
  CHECK(answer("p \"a=\"b", breaks, "a=bc", true) == "\"a=\"bc \n");
}

TEST_CASE("the protocol") {
  const LineCompleter nothing = [](const ShellLine&) { return std::vector<Candidate>(); };
  const auto code = [&](const std::vector<std::string>& words) {
    try {
      answer_completion("p", words, nothing);
      return std::string("fine");
    } catch (const ConfigError& error) {
      return error.diagnostics().front().code;
    }
  };
  CHECK(code({"--shell-completion", "install=bash"}) == "fine");
  CHECK(code({"--shell-completion", "uninstall=fish"}) == "fine");
  CHECK(code({"--shell-completion"}) == "flag-usage");
  CHECK(code({"--shell-completion", "install=bash", "query=bash"}) == "flag-usage");
  CHECK(code({"--shell-completion", "install=bas"}) == "shell-unknown");
  CHECK(asks_for_completion({"a=1", "--shell-completion"}));
  CHECK(!asks_for_completion({"--", "--shell-completion"}));
  // COMP_POINT counts characters.
  ::setenv("COMP_LINE", "p caf\xc3\xa9 b c", 1);
  ::setenv("COMP_POINT", "8", 1);
  std::string seen;
  answer_completion("p", {"--shell-completion", "query=fish"}, [&](const ShellLine& line) -> std::vector<Candidate> {
    seen = line.words.back() + "|" + line.word;
    throw std::runtime_error("not for the terminal");
  });
  CHECK(seen == "caf\xc3\xa9|b");
}

}  // namespace cfgtool::test
