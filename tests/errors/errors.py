"""Every code of an error or warning: what it means, an example that is run, and the mend.

usage: errors.py CFGTOOL [--write]

CFGTOOL is that of a build tree, which has the other programs of the tests as well.

The cases (*.case, the form of tests/cases/README.md) are named by their codes and have the headers `means`, `mend` and:

- `args`, `overrides`, `env`, `exit`: the command line behind `cfgtool`, run in the case's folder, and its exit code (`0 or
  5` where it depends on the machine); `plugins` in that folder has the plugins that are wrong on purpose (tests/plugins)
- `place`: the first place that is shown, which every example has; of `cfgtool batch`, the line and column of its answer
- `setup`: what a shell does before, in the same process: files to make, limits, where stdout goes
- `program`: `yes` runs tests/errors/program.cpp instead of cfgtool
- `hidden`: why the page does not show the example
- `untested`: instead of a command line, why there is none

It is held that each example gives its code, exit code and place, that every code of the sources has a case, that every
case's code is in the sources, and that docs/errors.md is what --write makes of all this.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "oracle"))
import case_files  # noqa: E402

PAGE = PROJECT / "docs" / "errors.md"
SOURCES = ("config_engine", "schemas", "attention_plugins/host", "cfgtool")
# Words of the sources that look like codes.
OTHER_WORDS = set(
    """bottom-right top-left cannot-tell command-line extend-list force-add head-dim known-bug not-provided runtime-missing
    checkout-index read-tree rev-parse unknown-feature unknown-name uri-reference x-attention x-groups yaml-language-server defaults-tree""".split()
)


def codes_of_sources():
    found = set()
    for folder in SOURCES:
        for path in sorted((PROJECT / folder).rglob("*.[ch]pp")):
            for line in path.read_text(encoding="utf-8").splitlines():
                if not line.lstrip().startswith("//"):
                    found |= set(re.findall(r'"([a-z]+(?:-[a-z0-9]+)+)"', line))
                    found |= set(re.findall(r'(?:code = |_problem\()"([a-z-]+)"', line))
    return found - OTHER_WORDS


class Example:
    """One case, run."""

    def __init__(self, case_file, case, programs):
        self.programs = programs
        self.headers = case_file.headers(case)
        self.files = case_file.files(case)
        self.code = case.name
        self.path = case_file.path
        self.stdin = b"".join(s.content() for s in case.sections if s.title == "stdin")
        self.wrong = []
        self.shown = ""
        for name in ("means", "mend"):
            if name not in self.headers:
                self.wrong.append(f"has no '{name}'")
        if "args" in self.headers:
            with tempfile.TemporaryDirectory() as folder:
                self.run(pathlib.Path(folder).resolve())
        elif "untested" not in self.headers:
            self.wrong.append("has neither a command line nor 'untested'")

    def words(self):
        words = self.headers["args"] + self.headers.get("overrides", [])
        return [case_files.unescape([word]).decode()[:-1] if "\\*{" in word else word for word in words]

    def command(self):
        program = self.programs["program" if "program" in self.headers else "cfgtool"]
        return [program] + self.words()

    def run(self, folder):
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        (folder / "plugins").symlink_to(self.programs["plugins"])
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CFGTOOL": self.programs["cfgtool"], "DEVICES": str(PROJECT / "attention_plugins" / "devices"),
                       **self.headers.get("env", {})}
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", self.headers.get("setup", "") + '\nexec "$@"', "sh"] + self.command(),
            cwd=folder,
            env=environment,
            input=self.stdin.replace(b"{case}", str(folder).encode()),
            capture_output=True,
            check=False,
        )
        out, err = (text.decode(errors="replace").replace(f"{folder}/", "").replace(str(folder), ".")
                    for text in (done.stdout, done.stderr))
        if str(done.returncode) not in self.headers["exit"].split(" or "):
            self.wrong.append(f"exit code {done.returncode}, not {self.headers['exit']}: {err or out}")
        if self.words()[:1] == ["batch"]:
            self.look_at_answer(out)
        else:
            self.look_at_text(err if f"[{self.code}]" in err else out)

    def look_at_answer(self, out):
        self.shown = out
        error = json.loads(out.splitlines()[0]).get("error") or {}
        if error.get("code") != self.code:
            self.wrong.append(f"gives {out}")
        place = f"{error.get('line')}:{error.get('column')}" if error.get("file") else str(error.get("column"))
        if place != self.headers.get("place"):
            self.wrong.append(f"the place is not {self.headers.get('place')}: {out}")

    def look_at_text(self, text):
        blocks = re.split(r"(?m)^(?=(?:error|warning)\[)", text)
        mine = [block for block in blocks if re.match(rf"(?:error|warning)\[{self.code}\]", block)]
        if not mine:
            self.wrong.append(f"gives {text}")
            return
        self.shown = mine[0]
        place = re.search(r"--> (.*?:\d+|environment variable \w+)(?:: .*)?$", mine[0], re.MULTILINE)
        if not place:
            self.wrong.append(f"shows no place: {mine[0]}")
        elif place[1] != self.headers.get("place"):
            self.wrong.append(f"the place is {place[1]}, not {self.headers.get('place')}: {mine[0]}")


def section(example):
    means, mend = (example.headers[name] for name in ("means", "mend"))
    lines = [f"## {example.code}", "", means[0].upper() + means[1:], "", f"To mend it: {mend}", ""]
    if example.shown and "hidden" in example.headers:
        lines += [f"No example here: {example.headers['hidden']}. `{example.path.relative_to(PROJECT)}` has it.", ""]
    elif not example.shown:
        lines += [f"No example here: {example.headers.get('untested')}.", ""]
    else:
        lines.append("```")
        for name, content in example.files.items():
            text = content.decode(errors="backslashreplace").replace("\t", "\\t").rstrip("\n")
            lines += [f"# {name}"] + text.split("\n")
        words = " ".join(word if re.fullmatch(r"[\w.,/=@:+~-]+", word) else "'" + word.replace("'", "'\\''") + "'"
                         for word in example.words())
        request = example.stdin.decode().replace("{case}", "/conf").rstrip("\n")
        if "setup" in example.headers:
            lines.append(f"$ {example.headers['setup']}")
        program = "program" if "program" in example.headers else "cfgtool"
        lines.append(f"$ {'echo ' + repr(request) + ' | ' if request else ''}{program} {words}")
        lines += example.shown.rstrip("\n").split("\n")
        lines += ["```", ""]
    return "\n".join(line.rstrip() for line in lines)


def page(examples):
    head = """# Errors and warnings

Every code, in alphabetical order: what it means, an example with what cfgtool writes, and how to mend it. Programs steer on the code
(`--error-format json`), never on the text. The first place is the one to change, those behind `:::` are the other culprits.
Columns count bytes from 1. In JSON a place is `file`, `line` and `column`; or `column` beside `override` (its number), `flag`,
`environment` or `builtin`; or beside `word` (its number, 1 is the one behind the program; one more than there are where a word is
missing) and `command_line`, in which it counts.
`tests/errors/errors.py` makes this page and runs the examples.

"""
    return head + "\n".join(section(example) for example in examples).rstrip("\n") + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cfgtool")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    cfgtool = pathlib.Path(options.cfgtool).resolve()
    tests = cfgtool.parent.parent / "tests"
    programs = {"cfgtool": str(cfgtool), "program": str(tests / "errors" / "errors_program"),
                "plugins": str(tests / "plugins" / "objects")}
    examples = []
    for path in sorted(HERE.glob("*.case")):
        case_file = case_files.read(path)
        examples += [Example(case_file, case, programs) for case in case_file.cases]
    examples.sort(key=lambda example: example.code)
    wrong = [f"{example.code}: {problem}" for example in examples for problem in example.wrong]
    codes, named = codes_of_sources(), [example.code for example in examples]
    wrong += [f"{code}: is in the sources and has no case here" for code in sorted(codes - set(named))]
    wrong += [f"{code}: has a case here and is not in the sources" for code in sorted(set(named) - codes)]
    wrong += [f"{code}: has two cases" for code in sorted(set(named)) if named.count(code) > 1]
    made = page(examples)
    if options.write:
        PAGE.write_text(made, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != made:
        wrong.append("docs/errors.md is not what the cases give: errors.py CFGTOOL --write")
    print("\n".join(wrong))
    run = sum(bool(example.shown) for example in examples)
    print(f"{len(examples)} codes: {run} with an example that was run, {len(examples) - run} without; {len(wrong)} wrong")
    return 1 if wrong or not run else 0


if __name__ == "__main__":
    sys.exit(main())
