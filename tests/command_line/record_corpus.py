#!/usr/bin/env python3
"""Asks real Hydra about the command lines of corpus_lines.py and writes corpus.jsonl: the exit code and hashes, nothing of
the corpus itself. Needs tests/oracle/venv and the corpus (CFGTOOL_SHARED, else ../shared beside the checkout)."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess

import corpus_lines

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORPUS = pathlib.Path(os.environ.get("CFGTOOL_SHARED", ROOT.parent / "shared")).resolve() / "corpus"
TREES = CORPUS / "trees"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def load_cases():
    cases = {}
    for tree in corpus_lines.FIVE:
        for line in (CORPUS / "cases" / f"{tree}.jsonl").read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            cases[case["id"]] = case
    return cases


def fill_in(words, case):
    """The words with the case's own in them. corpus_test.cpp does the same."""
    overrides = [word.replace("{trees}", str(TREES)) for word in case["overrides"]]
    key = overrides[0].lstrip("+~").split("=")[0] if overrides else ""
    parts = {"{dir}": str(TREES / case["config_dir"]), "{trees}": str(TREES), "{key}": key,
             "{parent}": key.rpartition(".")[0] or key}
    filled = []
    for word in words:
        if word == "{overrides}":
            filled += overrides
        elif word == "{first}":
            filled += overrides[:1]
        elif word == "{rest}":
            filled += overrides[1:]
        else:
            for name, text in parts.items():
                word = word.replace(name, text)
            filled.append(word)
    return filled


def without_help(lines):
    """Without the help's texts below hydra, which are ours, where --cfg all prints that node."""
    if not lines or lines[0] not in ("hydra:", "# @package hydra"):
        return lines
    indent = "  " if lines[0] == "hydra:" else ""
    kept, inside, over = lines[:1], False, False
    for line in lines[1:]:
        begins_key = line.startswith(indent) and line[len(indent):len(indent) + 1] not in ("", " ", "-")
        if indent and line and not line.startswith(" "):
            over = True
        if begins_key or over:
            inside = not over and line in (indent + "help:", indent + "hydra_help:")
        if not inside:
            kept.append(line)
    return kept


def is_table(line):
    return line.startswith("|") or (line != "" and not line.strip("-"))


def without_padding(lines):
    """Columns of a table are as wide as the paths in them."""
    out, at = [], 0
    while at < len(lines):
        end = at
        while end < len(lines) and is_table(lines[end]):
            end += 1
        table = lines[at:end]
        if any("{trees}" in line for line in table):
            table = ["-" if line.startswith("-") else re.sub(" +", " ", line) for line in table]
        out += table
        if end < len(lines):
            out.append(lines[end])
        at = end + 1
    return out


def normalised(text):
    lines = text.replace(str(TREES), "{trees}").split("\n")
    return "\n".join(without_padding(without_help(lines)))


def describe_error(answer):
    """What kind of error it is: `flags` (argparse), `usage` (a traceback from Hydra's own look at the flags),
    `traceback`, or `message`, a message for people, of whose first line the hash is kept."""
    if answer.returncode == 2:
        return {"error": "flags"}
    errors = answer.stderr
    if "Traceback (most recent call last)" in errors:
        functions = re.findall(r'^  File ".*", line \d+, in (\S+)$', errors, re.MULTILINE)
        usage = bool(functions) and functions[-1] in ("_run_hydra", "_get_rerun_conf")
        return {"error": "usage" if usage else "traceback"}
    described = {"error": "message"}
    if "override_grammar" in errors:
        described["wording"] = "the words of a syntax error in an override are ours"
    else:
        lines = [line.rstrip() for line in normalised(errors).split("\n")]
        described["message_sha256"] = sha256(next(line for line in lines if line))
    return described


def flags_first(words):
    flags, overrides, at = [], [], 0
    while at < len(words):
        takes_value = words[at] in ("--cfg", "-c", "--package", "-p", "--info", "-i", "-cd", "-cn", "-cp")
        if words[at] == "--":
            return flags + overrides + words[at:]
        (flags if words[at].startswith("-") else overrides).append(words[at])
        if takes_value:
            flags += words[at + 1:at + 2]
        at += 2 if takes_value else 1
    return flags + overrides


def run_hydra(python, case, words):
    command = [python, "-B", "-W", "ignore", HERE / "app.py", "-cp", TREES / case["config_dir"], "-cn", case["config_name"],
               *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=TREES, env=case["env"], encoding="utf-8")


def ask(python, case, words):
    filled = fill_in(words, case)
    answer = run_hydra(python, case, filled)
    reordered = {}
    unknown = re.search("error: unrecognized arguments: (.*)", answer.stderr)
    if answer.returncode == 2 and unknown and not re.search("(^| )-", unknown[1]):
        answer = run_hydra(python, case, flags_first(filled))
        reordered = {"order": "Hydra 1.3.8 takes no overrides on both sides of a flag: it was asked with the flags in front"}
    record = {"case": case["id"], "words": words, "exit": answer.returncode} | reordered
    if answer.returncode == 0:
        record["stdout_sha256"] = sha256(normalised(answer.stdout))
    else:
        record |= describe_error(answer)
    return record


def main():
    python = subprocess.run([ROOT / "tests/oracle/venv"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    cases = load_cases()
    lines = [(cases[name], words, {}) for names, words in corpus_lines.RIGHT + corpus_lines.WRONG for name in names]
    lines += [(cases[name], words, {"embedded_only": True}) for names, words in corpus_lines.EMBEDDED_ONLY for name in names]
    lines += [(cases[name], words, {"our_exit": our_exit, "different": why})
              for names, words, our_exit, why in corpus_lines.DIFFERENT for name in names]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        records = list(pool.map(lambda line: ask(python, line[0], line[1]), lines))
    with open(HERE / "corpus.jsonl", "w", encoding="utf-8") as out:
        for (_, _, remarks), record in zip(lines, records):
            out.write(json.dumps(record | remarks) + "\n")


main()
