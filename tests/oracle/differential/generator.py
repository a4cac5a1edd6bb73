"""Trial number `index` of a seed: always the same one."""
from .luck import Luck
from .mutations import mutated_case
from .random_overrides import random_overrides
from .random_trees import random_tree
from .trial import Trial

MUTATED = 0.3


def random_trial(seed, index):
    rng = Luck(f"{seed}:{index}")
    resolve = rng.random() < 0.6
    if rng.random() < MUTATED:
        return mutated_case(rng).with_changes(resolve=resolve)
    files, settings, configs, paths = random_tree(rng)
    return Trial(files, random_overrides(rng, paths, configs, settings), resolve=resolve, **settings)
