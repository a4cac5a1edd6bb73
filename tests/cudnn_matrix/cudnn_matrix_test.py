#!/usr/bin/env python3
"""`cfgtool attention check` against what cuDNN answered (recorded*.txt), problem by problem and GPU by GPU: by the plugin's
rules alone, and by cuDNN's heuristics; and how long it takes. Each difference stands with its reason in differences.txt;
one that is not there fails, and so does one that is there and no longer is. Exits with 77, and says why, where cuDNN is not
installed, when the rules have been compared."""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
PROBLEMS = (HERE / "problems.txt", HERE / "combinations.txt")
RECORDS = ("recorded.txt", "recorded_combinations.txt")
YES = ("yes", "undocumented")
# GPUs that nobody has described for certain, and one with the same kernels.
UNVERIFIED = {"l40s": "rtx4090", "gb200": "b200"}
ATTEMPTS = 5  # the machine may be busy: the best counts
COLD_SECONDS, FURTHER_SECONDS, COMPILE_SECONDS = 0.5, 0.005, 3.0
TRAINING = "--batch 2 --heads 16 --seq 2048 --head-dim 128 --causal --backward".split()


def table_lines(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def read_answers(path):
    """The devices, and for each problem and device whether cuDNN would run it."""
    devices, answers = [], {}
    for line in table_lines(path):
        words = line.split()
        if words[0] == "problem":
            devices = words[1:]
        elif devices and len(words) == len(devices) + 1 and not words[0].endswith(":"):
            for device, cell in zip(devices, words[1:]):
                answers[words[0], device] = cell.isdigit()
    return devices, answers


def read_exceptions(path, columns, all_devices):
    """By problem and device: the words between the devices and the explanation."""
    exceptions = {}
    for line in table_lines(path):
        words = line.split(None, columns)
        assert len(words) == columns + 1, f"{path.name}: no explanation: {line}"
        problem, devices = words[:2]
        names = all_devices(problem) if devices == "all" else devices.split(",")
        for device in names:
            exceptions[problem, device] = words[2:columns]
    return exceptions


class Cfgtool:
    def __init__(self, program, plugins):
        self.program, self.plugins = program, plugins

    def check(self, *flags):
        command = [self.program, "attention", "check", "--impl", "flash_attention_2", "--json"]
        for plugin in self.plugins:
            command += ["--attention-plugin-path", plugin]
        done = subprocess.run(command + list(flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode in (0, 3, 5), f"exit code {done.returncode}: {done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check_all(self, devices, paths=PROBLEMS, level="heuristics"):
        flags = [flag for device in devices for flag in ("--device", device)]
        answers = [answer for path in paths for answer in self.check("--file", str(path), "--level", level, *flags)]
        return {(answer["problem"], answer["device"]): answer for answer in answers}

    def seconds(self, *flags):
        begin = time.perf_counter()
        answers = self.check(*flags)
        return time.perf_counter() - begin, answers


def compare(ours, recorded, differences):
    """What is wrong, in words. A record's problem that our language has no words for is explained with "-"."""
    faults = []
    unsayable = {problem for (problem, _), words in differences.items() if words == ["-"]}
    for key, theirs in recorded.items():
        answer = ours.get(key)
        expected = differences.get(key)
        name = f"{key[0]} on {key[1]}"
        if answer is None:
            if key[0] not in unsayable:
                faults.append(f"{name}: not asked")
            continue
        verdict, code = answer["verdict"], answer["reason"]
        if verdict not in YES + ("no",):
            faults.append(f"{name}: {verdict}: {answer['text']}")
        elif (verdict in YES) == theirs:
            if expected:
                faults.append(f"{name}: differences.txt explains a difference that is none")
        elif not expected:
            faults.append(f"{name}: cuDNN says {'yes' if theirs else 'no'}, cfgtool {verdict} ({code}): {answer['text']}")
        elif verdict in YES:
            faults.append(f"{name}: a yes where cuDNN says no cannot be explained")
        elif expected != [code]:
            faults.append(f"{name}: refused for {code}, not for {expected[0]}: {answer['text']}")
        if verdict == "no" and not answer["text"]:
            faults.append(f"{name}: refused without a reason")
    faults += [f"differences.txt: {problem} on {device} is in no record" for problem, device in differences
               if (problem, device) not in recorded]
    return faults


def compare_documentation(ours, undocumented):
    faults = []
    for key, answer in ours.items():
        if answer["verdict"] in YES and (answer["verdict"] == "undocumented") != (key in undocumented):
            faults.append(f"{key[0]} on {key[1]}: {answer['verdict']}, undocumented.txt says otherwise")
        if key in undocumented and answer["verdict"] not in YES:
            faults.append(f"{key[0]} on {key[1]}: in undocumented.txt, but {answer['verdict']}")
    return faults


def compare_unverified(cfgtool, by_rules):
    """They are answered by rules, even where cuDNN is asked for, and as a GPU with the same kernels is."""
    faults = []
    for (problem, device), answer in cfgtool.check_all(UNVERIFIED).items():
        name = f"{problem} on {device}"
        alike = by_rules[problem, UNVERIFIED[device]]
        if answer["verified"] or answer["level"] != "rules":
            faults.append(f"{name}: verified {answer['verified']}, level {answer['level']}; it is unverified, so rules")
        if answer["verdict"] != alike["verdict"] or answer["reason"] != alike["reason"]:
            faults.append(f"{name}: {answer['verdict']} ({answer['reason']}), but {UNVERIFIED[device]} has "
                          f"{alike['verdict']} ({alike['reason']})")
    return faults


def check_compiled(cfgtool, devices):
    """Whatever cuDNN's heuristics say yes to compiles. Minutes."""
    faults = []
    for device in devices:
        ours = cfgtool.check_all([device])
        for key, answer in cfgtool.check_all([device], level="compile").items():
            if ours[key]["verdict"] in YES and (answer["verdict"] not in YES or answer["level"] != "compile"):
                faults.append(f"{key[0]} on {device}: {ours[key]['verdict']}, but compiled: {answer['verdict']}, level "
                              f"{answer['level']}: {answer['text']}")
    return faults


def best(measure, enough):
    """The least of some measurements, no more of them than needed. Where other work has more than all processors, what
    counts is the processors' time, which is what it takes without that work."""
    least = float("inf")
    for _ in range(ATTEMPTS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = measure()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, seconds)
        if least <= enough:
            return least, ""
    if os.getloadavg()[0] > os.cpu_count() + 1 and measure.is_one_process:
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return cpu, f" of processors' time ({least * 1000:.0f} ms by the clock of a busy machine)"
    return least, ""


def check_times(cfgtool):
    faults = []

    def cold():
        seconds, (answer,) = cfgtool.seconds("--device", "h100", *TRAINING)
        assert answer["verdict"] == "yes" and answer["level"] == "heuristics", answer
        return seconds

    def compiled():
        seconds, (answer,) = cfgtool.seconds("--device", "h100", "--compile", *TRAINING)
        assert answer["verdict"] == "yes" and answer["level"] == "compile", answer
        return seconds

    def further():
        """All problems on all devices beside one."""
        devices = ["a100", "h100", "b200", "rtx4090"]
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as one:
            one.write("training " + " ".join(TRAINING) + "\n")
            one.flush()
            begin = time.perf_counter()
            cfgtool.check_all(["h100"], [one.name])
            middle = time.perf_counter()
        count = len(cfgtool.check_all(devices, PROBLEMS[:1]))
        end = time.perf_counter()
        return ((end - middle) - (middle - begin)) / (count - 1)

    for name, measure, limit in [("a first answer", cold, COLD_SECONDS), ("a further answer", further, FURTHER_SECONDS),
                                 ("a compiled answer", compiled, COMPILE_SECONDS)]:
        measure.is_one_process = measure is not further
        seconds, how = best(measure, limit)
        print(f"{name}: {seconds * 1000:.1f} ms{how}, at most {limit * 1000:.0f}")
        if seconds > limit:
            faults.append(f"{name} took {seconds * 1000:.1f} ms, more than {limit * 1000:.0f}")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cfgtool", required=True)
    parser.add_argument("--plugin", action="append", default=[], help="a plugin or a folder, beside those that cfgtool finds")
    parser.add_argument("--answers", type=pathlib.Path, default=HERE, help="a folder with what cuDNN answered")
    parser.add_argument("--compile", action="store_true", help="compile all that is a yes, and nothing else")
    parser.add_argument("--no-times", action="store_true", help="only the answers")
    options = parser.parse_args()
    cfgtool = Cfgtool(options.cfgtool, options.plugin)
    devices, recorded = [], {}
    for name in RECORDS:
        devices, answers = read_answers(options.answers / name)
        recorded |= answers

    def accepting(problem):
        return [device for device in devices if recorded.get((problem, device))]

    differences = read_exceptions(HERE / "differences.txt", 3, accepting)
    undocumented = read_exceptions(HERE / "undocumented.txt", 2, accepting)
    (first,) = cfgtool.check("--device", "h100", *TRAINING)
    if not first["plugin"]:
        print(f"SKIPPED: the plugin cudnn is not built: {first['text']}")
        return SKIPPED

    if options.compile:
        faults = check_compiled(cfgtool, ["a100", "h100", "b200", "rtx-pro-6000"])
        for fault in faults:
            print("FAULT:", fault)
        return 1 if faults else 0

    def compare_at(level):
        ours = cfgtool.check_all(devices, level=level)
        print(f"{level}: {len(recorded)} answers of cuDNN, {len(differences)} differences on purpose")
        found = compare(ours, recorded, differences) + compare_documentation(ours, undocumented)
        return ours, [f"{level}: {fault}" for fault in found]

    by_rules, faults = compare_at("rules")
    faults += compare_unverified(cfgtool, by_rules)
    can_ask = first["verdict"] != "cannot-tell"
    if can_ask:
        faults += compare_at("heuristics")[1]
        faults += [] if options.no_times else check_times(cfgtool)
    else:
        print(f"SKIPPED: cuDNN cannot be asked here: {first['text']}")
    for fault in faults:
        print("FAULT:", fault)
    return 1 if faults else 0 if can_ask else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
