"""Every code of an error or warning: what it means, an example that is run, and the mend.

usage: errors.py CFGTOOL [--write]

The cases (*.case, the form of tests/cases/README.md) are named by their codes and have the headers `means`, `mend` and:

- `args`, `overrides`, `env`, `exit`: the command line behind `cfgtool`, run in the case's folder, and its exit code
- `place`: the first place that is shown; of `cfgtool batch`, the line in the file, or that of the override or flag
- `hidden`: why the page does not show the example
- `tested`: instead of a command line, the file of the tests that provokes it; `none` with `why` where no test does

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
                    found |= set(re.findall(r'"(?:error|warning)\[([a-z-]+)\]', line))
    return found - OTHER_WORDS


class Example:
    """One case, run."""

    def __init__(self, case_file, case, cfgtool):
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
        if "tested" in case.headers:
            self.look_at_test()
        elif "args" in self.headers:
            with tempfile.TemporaryDirectory() as folder:
                self.run(cfgtool, pathlib.Path(folder))
        else:
            self.wrong.append("has neither a command line nor 'tested'")

    def words(self):
        words = self.headers["args"] + self.headers.get("overrides", [])
        return [case_files.unescape([word]).decode()[:-1] if "\\*{" in word else word for word in words]

    def look_at_test(self):
        test = self.headers["tested"]
        if test == "none":
            if "why" not in self.headers:
                self.wrong.append("is tested by nothing, and does not say why")
        elif not (PROJECT / test).is_file() or self.code not in (PROJECT / test).read_text(encoding="utf-8"):
            self.wrong.append(f"{test} does not name it")

    def run(self, cfgtool, folder):
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **self.headers.get("env", {})}
        done = subprocess.run(
            [cfgtool] + self.words(),
            cwd=folder,
            env=environment,
            input=self.stdin.replace(b"{case}", str(folder).encode()),
            capture_output=True,
            check=False,
        )
        out, err = (text.decode(errors="replace").replace(f"{folder}/", "").replace(str(folder), ".")
                    for text in (done.stdout, done.stderr))
        if str(done.returncode) != self.headers["exit"]:
            self.wrong.append(f"exit code {done.returncode}, not {self.headers['exit']}: {err or out}")
        if self.words()[0] == "batch":
            self.look_at_answer(out)
        else:
            self.look_at_text(err if f"[{self.code}]" in err else out)

    def look_at_answer(self, out):
        self.shown = out
        error = json.loads(out.splitlines()[0]).get("error") or {}
        if error.get("code") != self.code:
            self.wrong.append(f"gives {out}")
        if "place" in self.headers and str(error.get("line") or error.get("column")) != self.headers["place"]:
            self.wrong.append(f"the place is not {self.headers['place']}: {out}")

    def look_at_text(self, text):
        blocks = re.split(r"(?m)^(?=(?:error|warning)\[)", text)
        mine = [block for block in blocks if re.match(rf"(?:error|warning)\[{self.code}\]", block)]
        if not mine:
            self.wrong.append(f"gives {text}")
            return
        self.shown = mine[0]
        place = re.search(r"--> (.*?:\d+)(?:: .*)?$", mine[0], re.MULTILINE)
        if (place[1] if place else None) != self.headers.get("place"):
            self.wrong.append(f"the place is not {self.headers.get('place')}: {mine[0]}")


def section(example):
    means, mend = (example.headers[name] for name in ("means", "mend"))
    lines = [f"## {example.code}", "", means[0].upper() + means[1:], "", f"To mend it: {mend}", ""]
    if example.shown and "hidden" in example.headers:
        lines += [f"No example here: {example.headers['hidden']}. `{example.path.relative_to(PROJECT)}` has it.", ""]
    elif not example.shown:
        tested = example.headers.get("tested", "none")
        why = example.headers.get("why")
        lines += [f"No example here: {why}." if tested == "none" else f"Provoked by `{tested}`.", ""]
    else:
        lines.append("```")
        for name, content in example.files.items():
            text = content.decode(errors="backslashreplace").replace("\t", "\\t").rstrip("\n")
            lines += [f"# {name}"] + text.split("\n")
        words = " ".join(word if re.fullmatch(r"[\w.,/=@:+~-]+", word) else "'" + word.replace("'", "'\\''") + "'"
                         for word in example.words())
        request = example.stdin.decode().replace("{case}", "/conf").rstrip("\n")
        lines.append(f"$ {'echo ' + repr(request) + ' | ' if request else ''}cfgtool {words}")
        lines += example.shown.rstrip("\n").split("\n")
        lines += ["```", ""]
    return "\n".join(line.rstrip() for line in lines)


def page(examples):
    head = """# Errors and warnings

Every code, in alphabetical order: what it means, an example with what cfgtool writes, and how to mend it. Programs steer on the code
(`--error-format json`), never on the text. The first place is the one to change, those behind `:::` are the other culprits.
`tests/errors/errors.py` makes this page and runs the examples.

"""
    return head + "\n".join(section(example) for example in examples).rstrip("\n") + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cfgtool")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    cfgtool = str(pathlib.Path(options.cfgtool).resolve())
    examples = []
    for path in sorted(HERE.glob("*.case")):
        case_file = case_files.read(path)
        examples += [Example(case_file, case, cfgtool) for case in case_file.cases]
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
    elsewhere = sum(example.headers.get("tested", "none") != "none" for example in examples)
    print(f"{len(examples)} codes: {run} with an example that was run, {elsewhere} provoked by another test, "
          f"{len(examples) - run - elsewhere} by none; {len(wrong)} wrong")
    return 1 if wrong or not run else 0


if __name__ == "__main__":
    sys.exit(main())
