"""Holds the place of each refused corpus case against refused_places.txt, which a person made by looking at the files.

usage: refused_places.py CFGTOOL BATCH_WITH_RESOLVERS CORPUS [--show N]

A line of the table is a case and the place that has to change: `override N:COLUMN`, `flag NAME:COLUMN`, or
`FILE:LINE:COLUMN` with the file below the corpus's trees. `accepted`: `OmegaConf.resolve` takes what `to_yaml` refuses,
and cfgtool does as the former.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys

# Whose resolvers the tests have in C++; of `eval` there is one that gives its text back, so that the cases which fail
# beside it get as far.
RESOLVER_SETS = ("isaacgymenvs", "sam2", "eval")


def read_table():
    lines = pathlib.Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))


def refused_cases(corpus):
    for path in sorted((corpus / "cases").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if not case["ok"]:
                yield case


def request_of(case, trees):
    request = {
        "id": case["id"],
        "config_dir": [str(trees / case["config_dir"])],
        "config_name": case["config_name"],
        "overrides": [word.replace("{trees}", str(trees)) for word in case["overrides"]],
        "env": case["env"],
        "resolve": case["stage"] == "resolve",
    }
    if "now" in case:
        request["now"] = case["now"]
    return request


def ask(command, requests):
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(requests):
        sys.exit(f"{command}: {len(answers)} answers to {len(requests)} requests")
    return answers


def place_of(answer, trees):
    error = answer.get("error")
    if error is None:
        return "accepted"
    if error.get("file"):
        return f"{pathlib.Path(error['file']).relative_to(trees)}:{error['line']}:{error['column']}"
    if "override" in error:
        return f"override {error['override']}:{error['column']}"
    if "flag" in error:
        return f"flag {error['flag']}:{error['column']}"
    return f"no place, {error['code']}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cfgtool")
    parser.add_argument("batch_with_resolvers")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    table = read_table()
    if not options.corpus.is_dir():
        print(f"SKIPPED: there is no {options.corpus}, so that the places of {len(table)} refused cases were not held")
        return 77
    trees = (options.corpus / "trees").resolve()
    cases = list(refused_cases(options.corpus))
    by_set = collections.defaultdict(list)
    for case in cases:
        wanted = case.get("needs_resolvers")
        by_set[wanted if case["stage"] == "resolve" and wanted in RESOLVER_SETS else None].append(case)
    wrong = [f"{name}: in the table, but no refused case" for name in table.keys() - {case["id"] for case in cases}]
    for name, some in by_set.items():
        command = [options.batch_with_resolvers, name] if name else [options.cfgtool, "batch"]
        for case, answer in zip(some, ask(command, [request_of(case, trees) for case in some])):
            got, expected = place_of(answer, trees), table.get(case["id"], "not in the table")
            if got != expected:
                wrong.append(f"{case['id']}: expected {expected}, got {got}")
    print("\n".join(wrong[: options.show]))
    accepted = sum(place == "accepted" for place in table.values())
    print(f"{len(cases)} refused cases, {accepted} of them accepted by OmegaConf.resolve; {len(wrong)} wrong")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
