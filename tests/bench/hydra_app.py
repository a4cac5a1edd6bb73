"""The smallest program that uses Hydra; the command line does the rest."""

import hydra


@hydra.main(version_base=None, config_path=None)
def main(cfg):
    pass


main()
