#!/usr/bin/env python3
"""Real Hydra behind the protocol of `cfgtool batch`: JSON Lines in, JSON Lines out, one answer per request.

Needs a python with hydra-core 1.3.8 (`tests/oracle/venv` makes one). Composes as Hydra's compose API does
with version_base="1.3"; `"resolve": true` resolves in place, as `--cfg job --resolve` does.

With --copy-configs it is a Hydra without a fault: see hand_out_copies().

Differences from `cfgtool batch`: an error's "code" is the class of Python's exception (of an
exception without a message, also its cause: "Outer from Cause", and the cause's message), and only errors in YAML
files have a place.
"""
import copy
import datetime
import json
import os
import sys
import traceback
import warnings

from hydra import version
from hydra._internal.config_repository import CachingConfigRepository
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.compose import compose
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf, open_dict

FIELDS = {"id", "config_dir", "config_name", "overrides", "resolve", "env", "now", "hydra"}
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"


class RequestError(Exception):
    """The request itself is wrong; nothing was composed."""


def check_request(request):
    if not isinstance(request, dict):
        raise RequestError("a request must be a JSON object")
    unknown = sorted(request.keys() - FIELDS)
    if unknown:
        raise RequestError(f"unknown field '{unknown[0]}'")
    for field in ("config_dir", "config_name"):
        if not request.get(field):
            raise RequestError(f"field '{field}' is missing")
    if not isinstance(request["config_dir"], list) or not all(os.path.isabs(d) for d in request["config_dir"]):
        raise RequestError("field 'config_dir' must be a list of absolute paths")


def initialize(config_dirs):
    """As hydra.initialize_config_dir, with room for further folders, which `--config-dir` appends likewise."""
    version.setbase("1.3")
    search_path = create_config_search_path(config_dirs[0])
    for folder in config_dirs[1:]:
        # Hydra insists on "schema" being the last when hydra.searchpath is used.
        search_path.prepend("command-line", f"file://{folder}", SearchPathQuery("schema", "structured://"))
    Hydra.create_main_hydra2(task_name="app", config_search_path=search_path)


def freeze_now(text):
    moment = datetime.datetime.strptime(text, TIME_FORMAT)
    frozen = lambda pattern: moment.strftime(pattern)  # noqa: E731
    frozen.__qualname__ = "setup_globals.<locals>.<lambda>"  # as Hydra's own is called in errors
    OmegaConf.register_new_resolver("now", frozen, use_cache=True, replace=True)


def forget_everything():
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None
    OmegaConf.clear_resolvers()


def compose_request(request):
    """The configuration, unresolved."""
    forget_everything()
    initialize(request["config_dir"])
    if request.get("now"):
        freeze_now(request["now"])
    want_hydra = bool(request.get("hydra"))
    cfg = compose(request["config_name"], request.get("overrides", []), return_hydra_config=want_hydra)
    if want_hydra:
        HydraConfig.instance().set_config(cfg)
        with open_dict(cfg):
            del cfg["hydra"]
    return cfg


def describe(exception):
    code, message = type(exception).__name__, str(exception)
    causes = []
    cause = exception.__cause__
    while cause is not None:
        causes.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__
    if not message.strip() and exception.__cause__ is not None:
        # Hydra's command line prints the cause below its own, empty, message.
        code += f" from {type(exception.__cause__).__name__}"
        message = str(exception.__cause__)
    error = {"code": code, "message": message, "file": None, "line": None, "column": None,
             "notes": causes}
    mark = getattr(exception, "problem_mark", None)
    if mark is not None:
        error.update(file=mark.name, line=mark.line + 1, column=mark.column + 1)
    return error


def answer(request):
    stage = "request"
    backup = dict(os.environ)
    caught = []
    try:
        check_request(request)
        stage = "compose"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if request.get("env") is not None:
                os.environ.clear()
                os.environ.update(request["env"])
            cfg = compose_request(request)
            text = OmegaConf.to_yaml(cfg)
            if request.get("resolve", True):
                stage = "resolve"
                OmegaConf.resolve(cfg)
                text = OmegaConf.to_yaml(cfg)
        result = {"ok": True, "yaml": text}
    except Exception as exception:  # whatever Hydra throws is its answer
        if os.environ.get("ORACLE_TRACEBACK"):
            traceback.print_exc()
        result = {"ok": False, "stage": stage, "error": describe(exception)}
    finally:
        os.environ.clear()
        os.environ.update(backup)
    result["warnings"] = [str(w.message) for w in caught]
    return result


def hand_out_copies():
    """Hydra keeps a config that it has read and merges into that very object; a second use of it has the result."""
    load_config = CachingConfigRepository.load_config
    CachingConfigRepository.load_config = lambda *arguments, **named: copy.deepcopy(load_config(*arguments, **named))


def main():
    if "--copy-configs" in sys.argv[1:]:
        hand_out_copies()
    sys.setrecursionlimit(1000)  # Python's default, whoever starts us: Hydra's limit on nesting is part of its answer
    output = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="\n", closefd=False)
    for line in sys.stdin.buffer:
        try:
            request = json.loads(line)
            result = answer(request)
            identity = request.get("id") if isinstance(request, dict) else None
        except ValueError as error:
            identity = None
            result = {"ok": False, "stage": "request", "error": {"code": "request", "message": str(error)}}
        # A lone surrogate in a result cannot be written as UTF-8, but as an escape.
        output.write(json.dumps({"id": identity, **result}) + "\n")
        output.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
