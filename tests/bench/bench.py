"""Times whole processes that compose and print a configuration, from their start to their exit: cfgtool against Hydra and
the two faster Hydras that exist. All take turns, so that what else the machine does hits all alike; what is reported is
ratios, since times say more about the machine.

    python3 bench.py --cfgtool PATH --work FOLDER [--tree FOLDER] [--config NAME] [--runs N]
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
OVERRIDES = [
    "++actor_rollout_ref.model.override_config.attn_implementation=eager",
    "++critic.model.override_config.attn_implementation=eager",
]


def make_venv(folder):
    """Once, and again when requirements.txt changes."""
    python = folder / "bin/python"
    wanted = (HERE / "requirements.txt").read_text()
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing the peers into {folder}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return str(python)


def command_lines(cfgtool, python, tree, config):
    """What a user of each types to see the composed configuration, interpolations resolved."""
    flags = ["--config-path", tree, "--config-name", config]
    print_job = ["--cfg", "job", "--resolve"]
    return {
        "cfgtool": [cfgtool, "resolve", *flags],
        "Hydra": [python, str(HERE / "hydra_app.py"), *flags, *print_job],
        "hydra-fast": [python, str(HERE / "hydra_fast_app.py"), tree, config],
        "lerna": [python, str(HERE / "lerna_app.py"), *flags, *print_job],
    }


def run(command, folder):
    """(seconds from start to exit, seconds of processor time, what it printed)"""
    reading, writing = os.pipe()
    # A reader of its own, so that no program waits for its output to be taken.
    collector = subprocess.Popen(["cat"], stdin=reading, stdout=subprocess.PIPE)
    os.close(reading)
    errors = os.open(folder / "stderr.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    begin = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_DUP2, errors, 2)])
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - begin
    os.close(writing)
    os.close(errors)
    output = collector.communicate()[0].decode()
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}\n{(folder / 'stderr.txt').read_text()}")
    return wall, usage.ru_utime + usage.ru_stime, output


def first_difference(expected, got):
    for number, (a, b) in enumerate(zip(expected.splitlines(), got.splitlines()), 1):
        if a != b:
            return f"line {number}: {a.strip()!r}, here {b.strip()!r}"
    return f"{len(expected.splitlines())} lines, here {len(got.splitlines())}"


def compare_outputs(commands, overrides, folder):
    """cfgtool must print what Hydra prints; of the others it is only said."""
    expected = run(commands["Hydra"] + overrides, folder)[2]
    for name, command in commands.items():
        got = run(command + overrides, folder)[2]
        if got == expected:
            print(f"  {name}: {len(got)} bytes" + ("" if name == "Hydra" else ", the same as Hydra's"))
        elif name == "cfgtool":
            sys.exit(f"cfgtool's output differs from Hydra's at {first_difference(expected, got)}")
        else:
            print(f"  {name}: differs from Hydra's, first at {first_difference(expected, got)}")


def spread(values):
    return f"{min(values):7.1f} {statistics.median(values):7.1f} {max(values):7.1f}"


def measure(commands, overrides, runs, folder):
    wall = {name: [] for name in commands}
    cpu = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            seconds = run(command + overrides, folder)
            if turn > 0:  # the first turn warms the file cache
                wall[name].append(seconds[0])
                cpu[name].append(seconds[1])
    print(f"\n  how many times longer than cfgtool, of {runs} turns each")
    print(f"  {'':12} {'elapsed:':^23}    {'processor time:':^23}")
    print(f"  {'':12} {'min':>7} {'median':>7} {'max':>7}    {'min':>7} {'median':>7} {'max':>7}")
    for name in commands:
        if name != "cfgtool":
            ratios = [[peer / own for peer, own in zip(seconds[name], seconds["cfgtool"])] for seconds in (wall, cpu)]
            print(f"  {name:12} {spread(ratios[0])}    {spread(ratios[1])}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cfgtool", required=True)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--tree", required=True, help="the folder with the configs")
    parser.add_argument("--config", default="ppo_trainer")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    python = make_venv(arguments.work / "venv")
    commands = command_lines(arguments.cfgtool, python, str(Path(arguments.tree).resolve()), arguments.config)
    print(f"{arguments.config} in {arguments.tree}")
    for overrides in ([], OVERRIDES):
        print(f"\nwith {len(overrides)} overrides")
        compare_outputs(commands, overrides, arguments.work)
        measure(commands, overrides, arguments.runs, arguments.work)


main()
