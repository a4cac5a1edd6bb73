"""What OmegaConf's structured configs make of overrides: python record_coerced.py (with hydra-core 1.3.8) writes coerced.jsonl."""

import json
import pathlib
from dataclasses import dataclass
from typing import Optional

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

VALUES = [
    "10", "'10'", "\"10\"", "' 10 '", "'1_0'", "'0x10'", "-1", "0", "'0'", "2", "'2'", "1.5", "'1.5'", "1e3", "'1e3'", "1e-5", "inf", "'inf'",
    "nan", "ten", "yes", "Y", "on", "'ON'", "off", "n", "no", "'true'", "true", "'False'", "null", "''", "1000000000000000000000000000000",
    "'1000000000000000000000000000000'",
]


@dataclass
class Fields:
    integer: Optional[int] = None
    number: Optional[float] = None
    boolean: Optional[bool] = None
    string: Optional[str] = None


def answer(word):
    try:
        return {"yaml": OmegaConf.to_yaml(compose("config", [word]))}
    except Exception:
        return {"yaml": None}  # refused


def main():
    ConfigStore.instance().store("config", Fields)
    here = pathlib.Path(__file__).parent
    with initialize_config_dir(str(here.resolve()), version_base="1.3"), open(here / "coerced.jsonl", "w") as out:
        for field in ["integer", "number", "boolean", "string"]:
            for value in VALUES:
                word = f"{field}={value}"
                out.write(json.dumps({"override": word, **answer(word)}) + "\n")


main()
