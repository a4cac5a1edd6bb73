"""Wrong command lines of every subcommand: each error has a place.

usage: places.py CFGTOOL

CFGTOOL is that of a build tree, which has the embedding program of errors.py as well.

Each line below is run with --error-format json in a folder with the files below. It is held that it fails with a code
that command-line conventions know, that stderr has at least one error, that every error has a place, and that nothing
on stderr is in another form than JSON but the notes that are for people. Of those with `--error-format github` and
`sarif` it is held that there is such output at all. Requests of `cfgtool batch` that are wrong have their line and column
in a table, and of several wrong overrides each command must tell all, in their order.
"""

import argparse
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FILES = {
    "conf/config.yaml": b"defaults: [_self_, {db: mysql}]\na: 1\nb: ${nope}\n",
    "conf/good.yaml": b"a: 1\n",
    "conf/unchosen.yaml": b"defaults: [_self_, {db: '???'}, {trainer: '???'}]\na: 1\n",
    "conf/db/mysql.yaml": b"port: 1\n",
    "conf/trainer/ppo.yaml": b"lr: 1\n",
    "conf/roles.yaml": b"actor_rollout_ref: {model: {path: x}, actor: {}}\n",
    "conf/empty.yaml": b"",
    "conf/binary.yaml": bytes(range(256)),
    "conf/list.yaml": b"- 1\n",
    "conf/folder.yaml/x": b"",
    "schema.yaml": b"properties: {a: {type: string}}\n",
    "empty": b"",
    "binary": bytes(range(256)),
    "any.yaml": b"properties: {a: {}}\n",
    "data.yaml": b"a: 1\n",
    "problems.txt": b"small --heads two\n",
}
GOOD = ["-cp", "conf", "-cn", "good"]
COMPOSING = ["resolve", "run", "explain", "keys", "groups", "tree", "validate", "diff"]
OTHERS = ["rerun", "overrides", "batch", "completion", "verify", "attention list", "attention check", "attention bench",
          "attention device", "schema infer", "schema check", "schema docs"]


def lines():
    """Wrong command lines of cfgtool."""
    yield from [["reslove"], ["attention", "lst"], ["schema", "infre"], ["--nosuch"]]
    for name in COMPOSING + OTHERS:
        command = name.split()
        yield command + ["--nosuch"]
        yield command + ["--error-format", "xml"]
        yield command + ["--error-format"]
        yield command + ["--jsn", "--othr"]
    for name in COMPOSING + ["schema infer"]:
        command = name.split()
        tail = {"run": ["--", "true"], "diff": ["--", "--"], "explain": ["a"]}.get(name, [])
        for flags in (["-cp", "nowhere", "-cn", "config"], ["-cp", "conf", "-cn", "nosuch"], ["-cp", "conf", "-cn", "ppo"],
                      ["-cp", "conf", "-cn", "binary"], ["-cp", "conf", "-cn", "list"], ["-cp", "conf", "-cn", "folder"],
                      ["-cp", "empty", "-cn", "config"], ["-cp", "conf", "-cn", "config", "db=nosuch"],
                      ["-cp", "conf", "-cn", "good", "a=[", "b=}"], ["-cp", "conf", "-cn", "good", "-cd", "nowhere"],
                      ["-cp", "conf", "-cn", "good", "--version-base", "2"]):
            yield command + flags + tail
    for words in (["run", *GOOD], ["run", *GOOD, "--"], ["run", *GOOD, "hydra.run.dir=out", "--", "no-such-program"],
                  ["run", *GOOD, "hydra.run.dir=out", "--", "./data.yaml"], ["run", *GOOD, "--package", "a", "--", "true"],
                  ["run", *GOOD, "hydra.run.dir=out", "--", "echo", "{key:nope}"],
                  ["run", *GOOD, "hydra.run.dir=/dev/null/x", "--", "true"],
                  ["run", "-cp", "conf", "-cn", "config", "hydra.run.dir=out", "--", "true"],
                  ["resolve", "-cp", "conf", "-cn", "config"], ["resolve", *GOOD, "--cfg"], ["resolve", *GOOD, "--cfg", "x"],
                  ["resolve", *GOOD, "--info", "x"], ["resolve", *GOOD, "--multirun"], ["resolve", *GOOD, "--coerce"],
                  ["resolve", *GOOD, "--resolve=yes"], ["resolve", *GOOD, "--format="], ["resolve", *GOOD, "--package", "x"],
                  ["resolve", *GOOD, "--schema", "nowhere.yaml"], ["resolve", *GOOD, "--schema", "binary"],
                  ["resolve", *GOOD, "--spec"], ["resolve", "-cp", "conf", "-cn", "roles", "--spec"], ["resolve", *GOOD, "--spec", "--attention-mapping", "nosuch"],
                  ["explain", *GOOD], ["explain", *GOOD, "nosuch"], ["explain", *GOOD, "a", "--all"],
                  ["diff", *GOOD], ["diff", *GOOD, "--"], ["diff", "nowhere", "nowhere"], ["diff", *GOOD, "--revisions", "x"],
                  ["diff", *GOOD, "--revisions", "x...y"], ["diff", *GOOD, "conf", "conf"], ["diff", "--", "-x", "--"],
                  ["validate"], ["validate", "nowhere.yaml"], ["validate", "data.yaml"], ["validate", "--all-options"],
                  ["validate", "data.yaml", "--coerce"], ["validate", "-cp", "conf"], ["validate", *GOOD],
                  ["validate", "-cp", "empty", "--all-options"],
                  ["validate", *GOOD, "--schema-uri", "x"], ["validate", "data.yaml", "--schema", "nowhere"],
                  ["rerun"], ["rerun", "nowhere"], ["rerun", "conf"], ["rerun", "empty"], ["rerun", "nowhere", "--", "true"],
                  ["verify"], ["verify", "nowhere"], ["verify", "empty"], ["verify", "a", "b"],
                  ["completion"], ["completion", "ksh"], ["completion", "bash", "zsh"],
                  ["overrides", "a=[", "b=}"], ["batch", "x"], ["batch", "--jobs", "0"], ["batch", "--jobs", "many"],
                  ["batch", "--max-seconds", "-1"],
                  ["schema", "infer"], ["schema", "infer", *GOOD, "--out", "empty"], ["schema", "infer", *GOOD, "--out", "no/x"],
                  ["schema", "check"], ["schema", "docs"], ["schema", "docs", "nowhere.yaml"], ["schema", "docs", "binary"],
                  ["schema", "docs", "schema.yaml", "a=1"], ["schema", "docs", "schema.yaml", "--out", "empty"],
                  ["attention", "list", "x"], ["attention", "list", "--attention-plugin-path", "nowhere"],
                  ["attention", "list", "--attention-plugin-path", "empty"],
                  ["attention", "list", "--attention-plugin-option", "x"],
                  ["attention", "list", "--attention-plugin-option", "nosuch=x"],
                  ["attention", "check", "--head-dim", "no"], ["attention", "check", "--dtype", "int8"],
                  ["attention", "check", "--model", "nowhere"], ["attention", "check", "--file", "nowhere"],
                  ["attention", "check", "--file", "problems.txt"], ["attention", "check", "--file", "empty"],
                  ["attention", "check", "--file", "problems.txt", "--causal"], ["attention", "check", "--device", "h10"],
                  ["attention", "bench"], ["attention", "bench", "nowhere"], ["attention", "bench", "conf"],
                  ["attention", "bench", "problems.txt"], ["attention", "bench", "binary"], ["attention", "bench", "empty"],
                  ["attention", "device", "nosuch"], ["attention", "device", "./empty"], ["attention", "device", "./binary"],
                  ["attention", "device", "--dump", "x"], ["attention", "device", "h100", "t4"]):
        yield words


def embedded_lines():
    yield from [["--nosuch"], ["-cn", "nosuch"], ["a=["], ["batch_size=1"], ["batch_size=8", "+broken=1"], ["--multirun"],
                ["--cfg", "x"], ["--resolve"], ["hydra.run.dir=/dev/null/x"], ["nosuch=1", "nor_this=2"],
                ["--config-path", "nowhere"]]


# Lines of one input of `cfgtool batch`, with the code and the column of what is wrong; `^` marks it and is taken out.
REQUESTS = [
    (r'{"id": 1, "config_dir": ["{conf}"], "config_name": "good"}', None),
    (r'{"id": 1^', "request-json"),
    (r'{"id": 1, ^]', "request-json"),
    (r'^[1]', "request-json"),
    (r'  ^7', "request-json"),
    (r'{"id": ^1e999}', "request-json"),
    (r'{"id": ' + "[" * 63 + "^[" + "]" * 64 + "}", "request-json"),
    (r'{"id": "^{[", "x": ', "request-json-later"),
    (r'{"id": 1, ^"overides": []}', "request-field"),
    (r'{"id": 1, "overrides": ^"a=1"}', "request-field"),
    (r'{"id": 1, "overrides": ["a=1", ^2]}', "request-field"),
    (r'{"id": 1, "config_dir": ["{conf}", ^"conf"]}', "request-field"),
    (r'{"id": 1, "config_dir": ^"conf"}', "request-field"),
    (r'{"id": 1, "env": {"A": "b", "C": ^4}}', "request-field"),
    (r'{"id": 1, "env": ^[]}', "request-field"),
    (r'{"id": 1, "now": ^"yesterday"}', "request-field"),
    (r'{"id": 1, "resolve": ^1}', "request-field"),
    (r'{"id": 1, "config_name": ^{"a": [1]}}', "request-field"),
]


def batch_problems(cfgtool, folder):
    wrong, asked, expected = [], [], []
    for text, code in REQUESTS:
        text = text.replace("{conf}", str(folder / "conf"))
        if code == "request-json-later":  # brackets in a text open nothing; what is wrong is the end
            text, code = text.replace("^", "") + "^", "request-json"
        column = len(text.split("^")[0].encode()) + 1
        asked.append(text.replace("^", ""))
        expected.append((code, column))
    answers = run_batch(cfgtool, folder, asked)
    for number, (answer, (code, column)) in enumerate(zip(answers, expected, strict=True), start=1):
        error = answer.get("error") or {}
        if code is None:
            found, right = answer["ok"], True
        else:
            found = tuple(error.get(name) for name in ("code", "file", "line", "column"))
            right = (code, "<stdin>", number, column)
        if found != right:
            wrong.append(f"batch: {asked[number - 1]}: {found}, not {right}")
    return wrong


def run_batch(cfgtool, folder, asked):
    done = subprocess.run([cfgtool, "batch"], cwd=folder, input="\n".join(asked).encode(), capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def together_problems(cfgtool, program, folder):
    """Three overrides that are wrong for themselves, one that is not."""
    words = ["nosuch=1", "a=2", "b=[", "nor_this=2"]
    commands = {name: [cfgtool, name, *GOOD, *words] for name in ("resolve", "run", "keys", "explain", "validate")}
    commands["resolve"] += ["--no-resolve"]
    commands["run"] += ["--", "true"]
    commands["explain"] += ["--all"]
    commands["validate"] += ["--schema", "any.yaml"]
    commands["diff"] = [cfgtool, "diff", *GOOD, *words, "--", "--"]
    commands["docs"] = [cfgtool, "schema", "docs", "schema.yaml", *GOOD, *words]
    commands["embedded"] = [program, "-cp", "conf", "-cn", "good", *words]
    # These look at defaults lists only: keys mean nothing to them, options do.
    options = ["db=nosuch", "b=["]
    for name in ("groups", "tree"):
        commands[name] = [cfgtool, name, "-cp", "conf", "-cn", "config", *options]
    wrong = []
    for name, command in commands.items():
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
        told = re.findall(r"--> override (\d+)", done.stdout + done.stderr)
        right = ["1", "2"] if name in ("groups", "tree") else ["1", "3", "4"]
        if sorted(told) != right:
            wrong.append(f"together: {name}: told of the overrides {told}, not {right}: {done.stderr}")
        wrong += [f"together: {name}: {told} is another order than resolve's {first}"
                  for first in [commands_order(commands["resolve"], folder)]
                  if right == ["1", "3", "4"] and name != "validate" and told != first]
    unchosen = subprocess.run([cfgtool, "resolve", "-cp", "conf", "-cn", "unchosen", "nosuch=1"], cwd=folder,
                              capture_output=True, check=False, text=True).stderr
    if sorted(re.findall(r"You must specify '(\w+)'|--> (override 1)", unchosen)) != [
            ("", "override 1"), ("db", ""), ("trainer", "")]:
        wrong.append(f"together: not all that is not chosen is told: {unchosen}")
    request = {"config_dir": [str(folder / "conf")], "config_name": "good", "overrides": words}
    answer = run_batch(cfgtool, folder, [json.dumps(request)])[0]
    told = [str(error.get("override")) for error in answer.get("errors", [])]
    if told != commands_order(commands["resolve"], folder) or answer["error"] != answer["errors"][0]:
        wrong.append(f"together: batch: {answer}")
    return wrong


def commands_order(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    return re.findall(r"--> override (\d+)", done.stdout + done.stderr)


def has_place(error):
    return bool(error.get("column")) and any(
        error.get(name) for name in ("file", "override", "flag", "word", "environment", "builtin"))


def problems_of(program, words, folder):
    """What is wrong with what the program says of the words."""
    def run(form):
        # Behind a `--` a flag is none.
        first = next((i for i, word in enumerate(words) if word == "--"), len(words))
        form = [] if "--error-format" in words else ["--error-format", form]
        line = words[:first] + form + words[first:]
        if words[-1:] == ["--error-format"]:
            line = words[:-1] + ["--error-format=json", "--error-format"]
        if "xml" in words:
            line = words[:-2] + ["--error-format", "xml"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CUDA_VISIBLE_DEVICES": "-1"}
        return subprocess.run([program] + line, cwd=folder, env=environment, input=b"", capture_output=True, timeout=60,
                              check=False)
    done = run("json")
    if done.returncode not in (1, 2, 3, 4, 5, 126, 127):
        return [f"exit code {done.returncode}"]
    text = done.stderr.decode(errors="replace")
    if "xml" in words:  # then errors are for people
        return [] if "\n  --> " in text else [f"no place: {text}"]
    if words[0] == "validate" and not text:  # its report is the output
        text = done.stdout.decode(errors="replace")
        return [] if "\n  --> " in text else [f"no place: {text}"]
    wrong, errors = [], 0
    for line in text.splitlines():
        if line.startswith("cfgtool: running in "):
            continue
        try:
            error = json.loads(line)
        except ValueError:
            wrong.append(f"no JSON: {line}")
            continue
        errors += error["severity"] == "error"
        if not has_place(error):
            wrong.append(f"no place: {line}")
    if errors == 0:
        wrong.append(f"no error: {text}")
    for form, begin in (("github", "::"), ("sarif", "{")):
        said = run(form).stderr.decode(errors="replace")
        if "--error-format" not in words and begin not in said:
            wrong.append(f"nothing as {form}: {said}")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cfgtool")
    options = parser.parse_args()
    cfgtool = pathlib.Path(options.cfgtool).resolve()
    program = cfgtool.parent.parent / "tests" / "errors" / "errors_program"
    wrong, count = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for path, content in FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        (folder / "config.yaml").write_bytes(b"batch_size: 12\n")
        for tested, words in itertools.chain(((cfgtool, words) for words in lines()),
                                              ((program, words) for words in embedded_lines())):
            count += 1
            wrong += [f"{' '.join(words)}: {problem}" for problem in problems_of(str(tested), words, folder)]
        wrong += batch_problems(str(cfgtool), folder)
        wrong += together_problems(str(cfgtool), str(program), folder)
    print("\n".join(wrong))
    print(f"{count} wrong command lines, {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
