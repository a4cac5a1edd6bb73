"""The program that record_corpus.py asks: what its name is, hydra.job.name says."""

import hydra


@hydra.main(version_base="1.3", config_path=None)
def main(cfg):
    pass


main()
