"""The Python twin of trainer.cpp: what it leaves in its run's folder is recorded by record.py."""
import logging
import os
import sys

import hydra

log = logging.getLogger("trainer")
data_log = logging.getLogger("trainer.data")


def train(cfg):
    for epoch in range(cfg.epochs):
        log.info(f"epoch {epoch + 1} of {cfg.name}, lr {cfg.lr}")
        data_log.debug(f"batch {epoch}")
    data_log.warning("the last batch is small")
    with open("checkpoint.txt", "w") as file:
        file.write(f"{cfg.note}\nLEVEL={os.environ.get('LEVEL', 'unset')}\n")
    if cfg.fail:
        log.error("diverged")
        raise RuntimeError("the loss is not finite")


hydra.main(version_base=os.environ.get("VERSION_BASE", "1.3"), config_path="config", config_name="config")(train)()
