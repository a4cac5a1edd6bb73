"""The smallest program that uses lerna; the command line does the rest."""

import lerna


@lerna.main(version_base=None, config_path=None)
def main(cfg):
    pass


main()
