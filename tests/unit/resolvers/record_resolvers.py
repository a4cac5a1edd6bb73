"""Records what OmegaConf makes of configurations that call a program's own resolvers, for registered_resolvers.cpp,
which registers the same ones in C++.

Run it with a Python that has omegaconf==2.3.1:

    python record_resolvers.py        # rewrites data/recorded_resolvers.jsonl
"""

import json
import pathlib

from omegaconf import DictConfig, ListConfig, OmegaConf

HERE = pathlib.Path(__file__).resolve().parent


def refuse(text):
    raise ValueError(text)


def make_counter():
    numbers = iter(range(1, 1000))
    return lambda *_: next(numbers)


def resolvers():
    """name -> (function, use_cache)"""
    return {
        "same": (lambda x: x, False),
        "type": (lambda x: type(x).__name__, False),
        "count": (lambda *xs: len(xs), False),
        "two": (lambda x, y: None, False),
        "one_or_two": (lambda x, y=None: None, False),
        "truth": (lambda x: bool(x), False),
        "str": (lambda x: str(x), False),
        "none": (lambda: None, False),
        "half": (lambda x: x / 2, False),
        "missing": (lambda: "???", False),
        "interpolation": (lambda: "${a}", False),
        "list": (lambda _parent_: ListConfig([1, "${a}"], parent=_parent_), False),
        "plain_list": (lambda: [1, 2], False),
        "map": (lambda: DictConfig({"x": 1}), False),
        "refuse": (refuse, False),
        "next": (make_counter(), False),
        "next_cached": (make_counter(), True),
        "keys_beside": (lambda _parent_: ",".join(map(str, _parent_.keys())), False),
        "key": (lambda _node_: _node_._key(), False),
        "keys_of_all": (lambda _root_: ",".join(_root_.keys()), False),
        "beside": (lambda key, _parent_: _parent_[key], False),
    }


CONFIGS = [
    # what arguments are
    "a: 5\nb: ${type:1} ${type:1.5} ${type:true} ${type:null} ${type:x} ${type:''} ${type:'1'} ${type:[1]} ${type:{a:1}}",
    "a: 5\nm: {x: 1}\nl: [1]\nb: ${type:${a}} ${type:${m}} ${type:${l}} ${type:${none:}} ${type:${same:${m}}}",
    "b: ${count:} ${count:1} ${count:a,b,c} ${count:[1,2],{a:1}}",
    "b: ${truth:0} ${truth:0.0} ${truth:''} ${truth:null} ${truth:false} ${truth:[]} ${truth:{}}",
    "b: ${truth:1} ${truth:0.5} ${truth:' '} ${truth:'0'} ${truth:true} ${truth:[0]} ${truth:{a:0}}",
    "m: {}\nl: []\nn: [0]\nb: ${truth:${m}} ${truth:${l}} ${truth:${n}}",
    "m: {x: 1, y: [a, null]}\nb: ${str:${m}}\nc: ${str:1e-7}\nd: ${str:[true,null,'x y']}",
    # what results become
    "b: ${same:1}\nc: ${same:1.0}\nd: ${same:true}\ne: ${same:null}\nf: ${same:x y}\ng: ${same:'1'}",
    "a: {x: 1, y: '${.x}'}\nb: ${same:${a}}",
    "a: 5\nb: ${none:}\nc: <${none:}>",
    "b: ${half:5}\nc: ${half:4}\nd: ${half:1e300}\ne: ${half:true}",
    "b: ${half:x}",
    "a: 5\nb: ${missing:}\nc: x",
    "a: 5\nb: ${interpolation:}\nc: <${interpolation:}>",
    "a: 5\nb: ${list:}\nc: ${same:${list:}}",
    "a: 5\nb: ${map:}\nc: ${b}",
    "b: ${plain_list:}",
    "b: ${count:${plain_list:}}\nc: <${plain_list:}>",
    "b: ${same:[1,2]}",
    # refusals
    "a:\n  b: ${refuse:'no such thing'}",
    "a: ${same:${refuse:inner}}",
    "a: ${unknown:1}",
    "a: '${same:}'",
    "a: ${same:1,2}",
    "a: ${two:1}",
    "a: ${one_or_two:}",
    "a: ${one_or_two:1,2,3}",
    "a: ${same:${nowhere}}",
    "a: ???\nb: ${same:${a}}",
    # caches
    "a: ${next:}\nb: ${next:}\nc: ${next:}",
    "a: ${next_cached:}\nb: ${next_cached:}\nc: ${next_cached:1}\nd: ${next_cached:1}\ne: ${next_cached:'1'}",
    "a: ${next_cached:${x}}\nb: ${next_cached:${x}}\nc: ${next_cached:${y}}\nx: 1\ny: 1",
    "a: ${next_cached:[1,2]}\nb: ${next_cached:[1, 2]}\nc: ${next_cached:[1,2]}",
    # where the value stands
    "a: {x: 1, y: '${keys_beside:}'}\nb: ${keys_beside:}",
    "a: {x: '${key:}', y: ['${key:}']}",
    "a: {x: '${keys_of_all:}'}\nb: 1",
    "a: {x: 7, y: '${beside:x}'}\nb: [1, '${beside:0}']",
    "a: {x: 7, y: '<${same:${beside:x}}>'}",
    "a: {x: '${b}'}\nb: ${key:}",
]


def record(text):
    OmegaConf.clear_resolvers()
    for name, (function, use_cache) in resolvers().items():
        OmegaConf.register_new_resolver(name, function, use_cache=use_cache)
    cfg = OmegaConf.create(text)
    try:
        OmegaConf.resolve(cfg)
        return {"text": text, "yaml": OmegaConf.to_yaml(cfg)}
    except Exception as exception:
        return {"text": text, "class": type(exception).__name__, "message": str(exception).splitlines()[0]}


def registration_errors():
    """What cannot be registered."""
    OmegaConf.clear_resolvers()
    OmegaConf.register_new_resolver("there", lambda: 1)
    attempts = {
        "twice": lambda: OmegaConf.register_new_resolver("there", lambda: 2),
        "built-in": lambda: OmegaConf.register_new_resolver("oc.env", lambda: 2),
        "empty": lambda: OmegaConf.register_new_resolver("", lambda: 2),
        "no function": lambda: OmegaConf.register_new_resolver("new", None),
        "cached parent": lambda: OmegaConf.register_new_resolver("new", lambda _parent_: 2, use_cache=True),
        "cached node": lambda: OmegaConf.register_new_resolver("new", lambda _node_: 2, use_cache=True),
        "cached root": lambda: OmegaConf.register_new_resolver("new", lambda _root_: 2, use_cache=True),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except (TypeError, ValueError) as exception:
            yield {"registering": name, "message": str(exception)}


def main():
    rows = [*map(record, CONFIGS), *registration_errors()]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (HERE / "data" / "recorded_resolvers.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
