"""Composes and resolves again and again, with another override each time, and prints the medians in microseconds as JSON.
What warm_compose.cpp does, for the peers. Usage: warm_app.py hydra|hydra_fast FOLDER CONFIG TIMES"""

import importlib
import json
import statistics
import sys
import time

module, folder, config, times = sys.argv[1:]
peer = importlib.import_module(module)
OmegaConf = importlib.import_module("omegaconf" if module == "hydra" else module).OmegaConf

taken = {"compose": [], "resolve": []}
with peer.initialize_config_dir(config_dir=folder, version_base=None):
    for turn in range(int(times) + 1):
        overrides = ["++actor_rollout_ref.model.override_config.attn_implementation=eager", f"++turn={turn}"]
        begin = time.perf_counter()
        cfg = peer.compose(config, overrides=overrides)
        composed = time.perf_counter()
        OmegaConf.resolve(cfg)
        resolved = time.perf_counter()
        if turn > 0:  # the first has read the files
            taken["compose"].append(composed - begin)
            taken["resolve"].append(resolved - composed)
print(json.dumps({name: statistics.median(values) * 1e6 for name, values in taken.items()}))
