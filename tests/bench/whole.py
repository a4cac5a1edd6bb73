"""Whole processes that compose and print a configuration, from their start to their exit. All take turns, so that what else
the machine does hits all alike; a ratio is that of two runs of one turn."""

import statistics
import sys

from common import HERE, check_mark, first_difference, number, progress, run

OVERRIDES = [
    "++actor_rollout_ref.model.override_config.attn_implementation=eager",
    "++critic.model.override_config.attn_implementation=eager",
]
OWN = "cfgtool"
REQUIRED = {"Hydra": 80, "hydra-fast": 20}


def command_lines(setup):
    """What a user of each types to see the composed configuration, interpolations resolved."""
    flags = ["--config-path", setup.tree, "--config-name", setup.config]
    print_job = ["--cfg", "job", "--resolve"]
    return {
        OWN: [setup.cfgtool, "resolve", *flags],
        "cfgtool --no-cache": [setup.cfgtool, "resolve", "--no-cache", *flags],
        "Hydra": [setup.python, str(HERE / "hydra_app.py"), *flags, *print_job],
        "hydra-fast": [setup.python, str(HERE / "hydra_fast_app.py"), setup.tree, setup.config],
        "lerna": [setup.python, str(HERE / "lerna_app.py"), *flags, *print_job],
    }


def compare_outputs(commands, overrides, work, report):
    """cfgtool must print what Hydra prints, its cache empty, filled or unused; of the others it is only said."""
    printed = {}
    for name in [*commands, OWN]:
        run(commands[name] + overrides, work, work / "printed.yaml")
        text = (work / "printed.yaml").read_text()
        if name == OWN and printed.setdefault(OWN, text) != text:
            sys.exit("cfgtool's output with its cache filled differs from that with the cache empty")
        printed[name] = text
    differing = {}
    for name, text in printed.items():
        if text == printed["Hydra"]:
            continue
        place = first_difference(printed["Hydra"], text)
        if name.startswith(OWN):
            sys.exit(f"the output of {name} differs from Hydra's at {place}")
        differing[name] = place
    same = [name for name in printed if name != "Hydra" and name not in differing]
    report.say(f"{', '.join(same)} print Hydra's {len(printed['Hydra'])} bytes. " +
               " ".join(f"{name}'s output differs, first at {place}." for name, place in differing.items()))


def spread(values):
    return [number(min(values)), f"**{number(statistics.median(values))}**", number(max(values))]


def measure(commands, overrides, turns, setup, report):
    runs = {name: [] for name in commands}
    for turn in range(turns + 1):
        progress(f"turn {turn} of {turns}")
        for name, command in commands.items():
            result = run(command + overrides, setup.work)
            if turn > 0:  # the first turn warms the file cache
                runs[name].append(result)
    rows = []
    for name in commands:
        if name == OWN:
            continue
        wall = [peer.wall / own.wall for peer, own in zip(runs[name], runs[OWN])]
        cpu = [peer.cpu / own.cpu for peer, own in zip(runs[name], runs[OWN])]
        limit = REQUIRED.get(name)
        verdict = f"{limit}: {check_mark(statistics.median(wall) >= limit)}" if limit else ""
        rows.append([name, *spread(wall), *spread(cpu), verdict])
    report.table(["program", "elapsed: min", "median", "max", "processor time: min", "median", "max", "required"], rows)


def measure_whole(setup, report):
    commands = command_lines(setup)
    turns = 3 if setup.quick else 15
    report.heading("Whole processes that print a composed configuration")
    report.say(f"How many times as long as a run of cfgtool whose cache of parsed files is filled; {turns} turns.")
    for overrides in ([], OVERRIDES):
        report.say("Without overrides:" if not overrides else f"With {len(overrides)} overrides:")
        compare_outputs(commands, overrides, setup.work, report)
        measure(commands, overrides, turns, setup, report)
