"""Holds what the checkers take for granted against Hydra itself; run by hand where hydra-core 1.3 is importable.

usage: ask_hydra.py CFGTOOL CORPUS

PyYAML 6.0.3 is the one to ask with: what `<<: [*a, *b]` gives where both have a key differs in 6.0.4.

Of our own trees: the keys, what is written, the values of own_trees.py. Of these and of the corpus' accepted cases: the
list of configs that `cfgtool resolve --info defaults` gives.
"""

import collections
import os
import pathlib
import sys
import tempfile
import warnings

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from check_places import expected_leaves
from comparing import as_json, cases_of, leaves, same
from defaults_list import configs_of
from own_trees import own_cases


def composed(case):
    os.environ.clear()
    os.environ.update(case.composing.env)
    GlobalHydra.instance().clear()
    with initialize_config_dir(config_dir=case.composing.folder, version_base="1.3"):
        return compose(case.composing.config_name, case.composing.words, return_hydra_config=True)


def configs(case):
    """(path, package) of the configs, as Hydra lists them."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(config_dir=case.composing.folder, version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        found = loader.compute_defaults_list(case.composing.config_name, case.composing.words, RunMode.RUN)
        return [(one.config_path, one.package or "") for one in found.defaults]


def problems_of(case, is_own):
    listed, hydras = [(one.path, one.package) for one in configs_of(case.composing)], configs(case)
    if listed != hydras:
        yield f"the configs are {hydras}, not {listed}"
    if not is_own:
        return
    config = composed(case)
    written = as_json(OmegaConf.to_container(config))
    if not case.keys:
        written.pop("hydra")
        golden = [leaf for leaf in leaves(written) if leaf[0]]
        found = expected_leaves(case, case.expected)[0]
        if [path for path, _ in golden] != [path for path, _ in found]:
            yield f"the keys are {golden}, not {found}"
        for (path, value), (_, other) in zip(golden, found):
            if not same(value, other) and repr(value) != repr(other):  # nan
                yield f"{path} is {value!r}, not {other!r}"
    for key, value in case.values.items():
        found = OmegaConf.select(config, key)
        found = as_json(OmegaConf.to_container(found, resolve=True)) if OmegaConf.is_config(found) else found
        if not same(value, found):
            yield f"{key} is {found!r}, not {value!r}"


def main():
    warnings.simplefilter("ignore")
    counts = collections.Counter()
    tool, corpus = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        own = own_cases(pathlib.Path(folder).resolve(), tool)
        for case in [*own, *cases_of(corpus, tool)]:
            problems = list(problems_of(case, case in own))
            counts["cases"] += 1
            counts["cases that differ"] += bool(problems)
            for problem in problems:
                print(case.id, problem)
    print(dict(counts))
    return 1 if counts["cases that differ"] else 0


if __name__ == "__main__":
    sys.exit(main())
