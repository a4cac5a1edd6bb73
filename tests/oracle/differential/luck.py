"""Chance. Most trials are tame, so that they compose; in a wild one everything that may fail is likely."""
import random

WILD = 0.12  # the share of wild trials
TAME = 0.04  # how much less likely a risk is in a tame one


class Luck(random.Random):
    def __init__(self, seed):
        super().__init__(seed)
        self.wild = self.random() < WILD

    def risk(self, chance):
        """Whether something happens that may well fail."""
        return self.random() < (chance if self.wild else chance * TAME)

    def weighted(self, weights):
        """One of the keys; the values say how often."""
        return self.choices(list(weights), list(weights.values()))[0]

    def pick(self, safe, risky, chance):
        return self.choice(risky if self.risk(chance) else safe)
