"""What `cfgtool validate` does, with Hydra and Python's jsonschema: composes, resolves, and holds the result against a schema.

    validate_app.py FOLDER CONFIG SCHEMA once [OVERRIDE]...     prints the keys of what does not fit, as JSON
    validate_app.py FOLDER CONFIG SCHEMA TIMES                  again and again; prints the median in microseconds
"""

import json
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from hydra import compose, initialize_config_dir
from jsonschema import Draft7Validator
from omegaconf import OmegaConf
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7


def retrieve(uri):
    """The loader in C is many times as fast as PyYAML's own in Python."""
    text = Path(unquote(urlsplit(uri).path)).read_text()
    return Resource.from_contents(yaml.load(text, yaml.CSafeLoader), default_specification=DRAFT7)


def make_validator(file):
    uri = Path(file).absolute().as_uri()
    # With @retrieve's cache: each document is read once.
    registry = Registry(retrieve=retrieve).get_or_retrieve(uri).registry
    return Draft7Validator({"$ref": uri}, registry=registry.crawl())


def misfits(config, overrides, validator):
    container = OmegaConf.to_container(compose(config, overrides=overrides), resolve=True)
    # What has no value yet fits everything, as in cfgtool.
    return [list(error.absolute_path) for error in validator.iter_errors(container) if error.instance != "???"]


def median_time(config, times, validator):
    taken = []
    for turn in range(int(times) + 1):
        begin = time.perf_counter()
        problems = misfits(config, [f"++trainer.total_epochs={turn + 1}"], validator)
        taken.append(time.perf_counter() - begin)
        if problems:
            sys.exit(f"problems where none were expected: {problems}")
    return statistics.median(taken[1:])  # the first has read the files


def main():
    folder, config, schema, mode, *overrides = sys.argv[1:]
    validator = make_validator(schema)
    with initialize_config_dir(config_dir=folder, version_base=None):
        if mode == "once":
            print(json.dumps(misfits(config, overrides, validator)))
        else:
            print(json.dumps(median_time(config, mode, validator) * 1e6))


main()
