"""Composes variants with Hydra in one process and resolves them; a variant is a line: the primary config and its overrides, with
tabs between them. Prints as JSON how long it took, in seconds, and how many were composed and resolved.

    variants_app.py FOLDER FILE
"""

import json
import sys
import time
import warnings

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

# What isaacgymenvs registers in its program; the other trees use no name of these.
RESOLVERS = {
    "eq": lambda x, y: x.lower() == y.lower(),
    "contains": lambda x, y: x.lower() in y.lower(),
    "if": lambda condition, a, b: a if condition else b,
    "resolve_default": lambda default, value: default if value == "" else value,
}


def main():
    folder, file = sys.argv[1:]
    with open(file) as lines:
        variants = [line.rstrip("\n").split("\t") for line in lines]
    warnings.simplefilter("ignore")
    for name, function in RESOLVERS.items():
        OmegaConf.register_new_resolver(name, function)
    counts = {"composed": 0, "resolved": 0}
    begin = time.perf_counter()
    with initialize_config_dir(config_dir=folder, version_base=None):
        for config, *overrides in variants:
            try:
                cfg = compose(config, overrides=overrides)
                counts["composed"] += 1
                OmegaConf.to_container(cfg, resolve=True)
                counts["resolved"] += 1
            except Exception:  # whatever a wrong config makes of Hydra
                pass
    print(json.dumps({"time": time.perf_counter() - begin, **counts}))


main()
