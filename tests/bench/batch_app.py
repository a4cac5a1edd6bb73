"""What `cfgtool batch` does, for the peers: JSON Lines in, JSON Lines out, one answer per request in the order asked, from one
warm process. All requests name one folder. Usage: batch_app.py hydra|hydra_fast FOLDER"""

import importlib
import json
import sys

module, folder = sys.argv[1:]
peer = importlib.import_module(module)
OmegaConf = importlib.import_module("omegaconf" if module == "hydra" else module).OmegaConf


def answer(request):
    try:
        cfg = peer.compose(request["config_name"], overrides=request["overrides"])
        OmegaConf.resolve(cfg)
        return {"id": request["id"], "ok": True, "yaml": OmegaConf.to_yaml(cfg)}
    except Exception as error:  # whatever it throws is its answer
        return {"id": request["id"], "ok": False, "error": {"code": type(error).__name__, "message": str(error)}}


with peer.initialize_config_dir(config_dir=folder, version_base=None):
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
