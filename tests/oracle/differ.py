#!/usr/bin/env python3
"""Looks for differences between real Hydra and cfgtool, with random configuration trees and command lines.

    differ.py --cfgtool PATH --seed 1 --cases 1000       ask both, compare, show each kind of difference as a small case
    differ.py --cfgtool PATH --seed 1 --only 17          trial 17 of seed 1 alone, with both answers

A seed gives the same trials every time (until a recorded case changes: some trials are made from those). A difference is
made smaller as long as it stays a difference of its kind, and printed in the form of tests/cases/README.md: paste it
there, and let record.py fill in Hydra's answer. What is compared is what the driver of the recorded cases compares;
differential/verdict.py has that rule, and the list of differences that are meant.

Exit code: 0 nothing found, 1 differences, 2 could not run. Not part of the tests: what it finds depends on chance.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import pathlib
import queue
import subprocess
import sys
import tempfile

from differential import verdict
from differential.generator import random_trial
from differential.programs import Pair
from differential.shrink import shrink

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Result:
    index: int
    trial: object
    answers: tuple  # of Hydra and of cfgtool
    difference: object


class Pairs:
    """As many pairs of programs as there are jobs; each is used by one trial at a time."""

    def __init__(self, python, cfgtool, scratch, jobs):
        self.free = queue.Queue()
        self.all = [Pair(python, cfgtool, pathlib.Path(scratch) / str(number)) for number in range(jobs)]
        for pair in self.all:
            self.free.put(pair)

    @contextlib.contextmanager
    def one(self):
        pair = self.free.get()
        try:
            yield pair
        finally:
            self.free.put(pair)

    def ask(self, seed, index):
        trial = random_trial(seed, index)
        with self.one() as pair:
            answers = pair.ask(trial)
        return Result(index, trial, answers, verdict.compare(*answers))

    def stop(self):
        for pair in self.all:
            pair.stop()


def run_trials(pairs, options):
    """Asks about all trials; returns the results with differences, and how often Hydra did what."""
    outcomes = collections.Counter()
    different = []
    indices = options.only or range(options.first, options.first + options.cases)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done, result in enumerate(pool.map(lambda index: pairs.ask(options.seed, index), indices), 1):
            hydra = result.answers[0]
            outcomes["accepted" if hydra["ok"] else f"refused at {hydra['stage']}: {hydra['error']['code']}"] += 1
            if options.only:
                show_answers(result)
            if result.difference:
                different.append(result)
            if done % 100 == 0 or done == len(indices):
                print(f"\rseed {options.seed}: {done} of {len(indices)} trials, {len(different)} different", end="",
                      file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return different, outcomes


def show_answers(result):
    print(result.trial.as_case(f"trial {result.index}", []))
    for name, answer in zip(("Hydra", "cfgtool"), result.answers):
        print(f"{name}: " + (answer["yaml"] if answer["ok"] else f"{answer['stage']}: {answer['error']}"))


def smallest(pairs, result):
    """The result of the smallest trial with the same kind of difference."""
    with pairs.one() as pair:
        def same(candidate):
            difference = verdict.compare(*pair.ask(candidate))
            return difference is not None and difference.kind == result.difference.kind

        trial = shrink(result.trial, same)
        answers = pair.ask(trial)
    return Result(result.index, trial, answers, verdict.compare(*answers) or result.difference)


def show(seed, result, count):
    """A difference as a case."""
    difference = result.difference
    comments = [f"{count} of this kind", f"Hydra:   {difference.hydra}", f"cfgtool: {difference.cfgtool}",
                f"resolve: {result.trial.resolve}"]
    if all(answer["ok"] for answer in result.answers):
        for mark, answer in zip("-+", result.answers):
            comments += [mark + line for line in answer["yaml"].rstrip("\n").split("\n")][:20]
    print(result.trial.as_case(f"seed {seed} trial {result.index}", comments))


def changed_copy(pairs, result):
    with pairs.one() as pair:
        answer = pair.ask_hydra_with_copies(result.trial)
    return None if verdict.compare(answer, result.answers[1]) else verdict.CHANGED_COPY


def report(pairs, options, different, outcomes):
    """Prints the differences and the table; returns how many differences have no explanation."""
    by_explanation = collections.Counter()
    kinds = {}
    for result in different:
        explained = verdict.explanation(result.difference, result.trial) or changed_copy(pairs, result)
        if explained:
            by_explanation[explained] += 1
        else:
            kinds.setdefault(result.difference.kind, []).append(result)
    shown = [max(results, key=lambda r: -len(repr(r.trial))) for results in kinds.values()][:options.show]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda one: smallest(pairs, one), shown):
            show(options.seed, result, len(kinds.get(result.difference.kind, ())))
    if len(kinds) > len(shown):
        print(f"... and {len(kinds) - len(shown)} more kinds (--show)\n")
    print_table(outcomes, by_explanation, kinds)
    return sum(map(len, kinds.values()))


def print_table(outcomes, by_explanation, kinds):
    total = sum(outcomes.values())
    print("Hydra's answers")
    for what, count in outcomes.most_common():
        print(f"{count:7} {100 * count / total:5.1f} %  {what}")
    print("differences that are meant")
    for explained in [*verdict.EXPLAINED, verdict.CHANGED_COPY]:
        print(f"{by_explanation[explained]:7}  {explained.reason}")
    unexplained = sum(map(len, kinds.values()))
    print(f"{unexplained:7}  differences without an explanation, of {len(kinds)} kinds, in {total} trials")


def options_of_command_line():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cfgtool", required=True, type=pathlib.Path, help="the command to compare")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=1000, help="how many trials")
    parser.add_argument("--first", type=int, default=0, help="the number of the first trial")
    parser.add_argument("--only", type=int, action="append", help="this trial, with both answers; may be repeated")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--show", type=int, default=20, metavar="N", help="make at most N kinds of differences small")
    parser.add_argument("--python", help="a python with hydra-core 1.3.8; one is made with tests/oracle/venv if absent")
    return parser.parse_args()


def main():
    options = options_of_command_line()
    try:
        python = options.python or subprocess.run([HERE / "venv"], check=True, stdout=subprocess.PIPE,
                                                  text=True).stdout.strip()
        subprocess.run([options.cfgtool, "--version"], check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"differ.py: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="cfgtool-differ-") as scratch:
        pairs = Pairs(python, options.cfgtool.resolve(), scratch, options.jobs)
        try:
            different, outcomes = run_trials(pairs, options)
            return 1 if report(pairs, options, different, outcomes) else 0
        finally:
            pairs.stop()


if __name__ == "__main__":
    sys.exit(main())
