"""hydra-fast has no command line that prints a configuration: its users call compose(). This is the least that prints what
Hydra's `--cfg job --resolve` does. Usage: hydra_fast_app.py FOLDER CONFIG [OVERRIDE...]"""

import sys

from hydra_fast import OmegaConf, compose, initialize_config_dir

with initialize_config_dir(config_dir=sys.argv[1], version_base=None):
    cfg = compose(config_name=sys.argv[2], overrides=sys.argv[3:])
OmegaConf.resolve(cfg)
print(OmegaConf.to_yaml(cfg), end="")
