"""A thousand requests with different overrides, served by one process: requests per second and peak memory."""

import json
import random
import statistics
import subprocess
import sys
import threading
import time
from typing import NamedTuple

from common import HERE, first_difference, number, progress

REQUESTS = 1000
PATIENCE = 180  # seconds; who would need longer for all requests serves the first of them only
TRIAL = 20  # requests, to find out
SHORTENED = 200
WARMING = 5  # requests before the clock starts
TURNS = 3  # of the fast programs


class Served(NamedTuple):
    answers: list
    per_second: float
    peak: int


def make_overrides(rng):
    """What people vary: numbers, the attention, lists, texts, and which files take part."""
    words = [f"actor_rollout_ref.actor.optim.lr={rng.choice([1, 2, 3, 5])}e-{rng.randint(5, 7)}",
             f"critic.optim.lr={rng.uniform(1e-6, 1e-4):.3g}",
             f"data.train_batch_size={2 ** rng.randint(5, 12)}"]
    optional = [
        f"++actor_rollout_ref.model.override_config.attn_implementation={rng.choice(['eager', 'sdpa', 'flash_attention_2'])}",
        f"+critic.model.override_config.attn_implementation={rng.choice(['eager', 'sdpa'])}",
        f"actor_rollout_ref.actor.optim.betas=[0.{rng.randint(8, 9)},0.{rng.randint(90, 99)}]",
        f"data.train_files=[/data/a{rng.randint(1, 9)}.parquet,/data/b.parquet]",
        f"actor_rollout_ref.model.path=/models/m{rng.randint(1, 99)}",
        f"actor_rollout_ref.rollout.n={rng.randint(1, 16)}",
        f"trainer.logger=[console,{rng.choice(['wandb', 'mlflow'])}]",
        f"+trainer.extra={{a: {rng.randint(1, 9)}, b: [x, null, 1.5]}}",
        "~data.shuffle",
        "actor@actor_rollout_ref.actor=megatron_actor ref@actor_rollout_ref.ref=megatron_ref",  # one needs the other
        "critic=megatron_critic",
        "reward_model=dp_reward_model",
        f"+optim@trial.optim={rng.choice(['fsdp', 'megatron', 'veomni'])}",
        f"+engine@trial.engine={rng.choice(['fsdp', 'megatron', 'veomni'])}",
    ]
    for choice in rng.sample(optional, rng.randint(1, 6)):
        words += choice.split(" ") if "@" in choice else [choice]
    return words


def make_requests(setup, count):
    rng = random.Random(1)  # the same ones each time
    return [json.dumps({"id": i, "config_dir": [setup.tree], "config_name": setup.config,
                        "overrides": [*make_overrides(rng), f"++request={i}"], "resolve": True}) for i in range(count)]


def peak_memory(process):
    """Read while it waits for another request; what wait4() says later counts from before the exec."""
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def ask(process, requests):
    """Writes all requests, and reads an answer for each. (answers, seconds). Bytes: this program shall not be in the way."""
    def write():
        process.stdin.write("".join(request + "\n" for request in requests).encode())
        process.stdin.flush()

    begin = time.perf_counter()
    writer = threading.Thread(target=write)
    writer.start()
    answers = [process.stdout.readline() for _ in requests]
    writer.join()
    return answers, time.perf_counter() - begin


def serve(command, requests, work, patience=None):
    with open(work / "stderr.txt", "w") as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
    ask(process, requests[:WARMING])
    if patience and len(requests) * ask(process, requests[:TRIAL])[1] / TRIAL > patience:
        requests = requests[:SHORTENED]
    answers, seconds = ask(process, requests)
    peak = peak_memory(process)
    process.stdin.close()
    if process.wait() != 0 or not all(answers):
        sys.exit(f"failed: {' '.join(command)}\n{(work / 'stderr.txt').read_text()}")
    return Served([json.loads(answer) for answer in answers], len(requests) / seconds, peak)


def compare(own, hydra, requests):
    for expected, got, request in zip(hydra, own, requests):
        if not expected["ok"]:
            sys.exit(f"Hydra refuses a request of the benchmark: {request}\n{expected}")
        if expected["yaml"] != got.get("yaml"):
            sys.exit(f"cfgtool's answer differs from Hydra's: {request}\n" +
                     (first_difference(expected["yaml"], got["yaml"]) if got["ok"] else str(got)))


def count_differing(peer, own):
    return sum(answer.get("yaml") != reference.get("yaml") for answer, reference in zip(peer, own))


def measure_batch(setup, report):
    requests = make_requests(setup, 100 if setup.quick else REQUESTS)
    report.heading("Many requests to one process")
    served = {}
    for jobs in (1, 2):
        progress(f"cfgtool batch --jobs {jobs}")
        turns = [serve([setup.cfgtool, "batch", "--jobs", str(jobs)], requests, setup.work) for _ in range(TURNS)]
        speed = statistics.median(turn.per_second for turn in turns)
        served[f"cfgtool, {jobs} at a time"] = Served(turns[0].answers, speed, max(turn.peak for turn in turns))
    for name, module in (("Hydra", "hydra"), ("hydra-fast", "hydra_fast")):
        progress(f"{name} serves")
        app = [setup.python, str(HERE / "batch_app.py"), module, setup.tree]
        served[name] = serve(app, requests, setup.work, PATIENCE)
    own = served["cfgtool, 1 at a time"]
    hydra = served["Hydra"]
    for jobs in (1, 2):
        compare(served[f"cfgtool, {jobs} at a time"].answers, hydra.answers, requests)
    if count_differing(served["cfgtool, 2 at a time"].answers, own.answers) > 0:
        sys.exit("cfgtool's answers depend on --jobs")
    rows = []
    for name, program in served.items():
        count = len(program.answers)
        # What Hydra did not serve is compared with cfgtool's.
        reference = hydra.answers + own.answers[len(hydra.answers):]
        differing = "" if name == "Hydra" else f"{count_differing(program.answers, reference)} of {count}"
        rows.append([name, count, number(own.per_second / program.per_second),
                     f"{program.peak / 2**20:.0f} MiB", differing])
    served_all = len(hydra.answers) == len(requests)
    report.say(f"{len(requests):,} requests to one warm process. Time per request: how many times as long as cfgtool with one "
               "job." + ("" if served_all else f" Hydra served the first {len(hydra.answers)} only; further answers are "
                         "compared with cfgtool's."))
    report.table(["program", "requests served", "time per request", "peak memory", "answers that differ from Hydra's"],
                 rows)
