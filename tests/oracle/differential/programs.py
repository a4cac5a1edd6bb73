"""The two programs that are asked: each answers JSON Lines, and is started again when it dies or takes too long."""
import json
import pathlib
import queue
import shutil
import subprocess
import threading

HYDRA_BATCH = pathlib.Path(__file__).resolve().parent.parent / "hydra_batch.py"
SECONDS = 20


class Program:
    def __init__(self, command):
        self.command = command
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        self.lines = queue.Queue()
        threading.Thread(target=self.read, args=(self.process, self.lines), daemon=True).start()

    @staticmethod
    def read(process, lines):
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    def ask(self, request):
        """The answer; of a program that hangs or dies, an answer whose stage says so."""
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.lines.get(timeout=SECONDS)
        except queue.Empty:
            return self.give_up("hangs")
        except OSError:
            line = ""
        return json.loads(line) if line else self.give_up("dies")

    def give_up(self, what):
        self.stop()
        return {"ok": False, "stage": what, "error": {"code": what, "message": f"the program {what}"}}

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Pair:
    """Real Hydra and cfgtool, asked about the same folder. Every question has a folder of its own."""

    def __init__(self, python, cfgtool, scratch):
        self.hydra = Program([python, str(HYDRA_BATCH)])
        self.cfgtool = Program([str(cfgtool), "batch", "--jobs", "1"])
        self.hydra_with_copies = Program([python, str(HYDRA_BATCH), "--copy-configs"])
        self.scratch = pathlib.Path(scratch)
        self.scratch.mkdir()
        self.count = 0

    def ask(self, trial):
        return self.ask_programs(trial, self.hydra, self.cfgtool)

    def ask_hydra_with_copies(self, trial):
        """What Hydra answers if it does not change the configs that it keeps for later."""
        return self.ask_programs(trial, self.hydra_with_copies)[0]

    def ask_programs(self, trial, *programs):
        self.count += 1
        folder = self.scratch / f"{self.count:06}"
        trial.write_files(folder)
        try:
            request = trial.request(folder)
            return tuple(self.without(folder, program.ask(request)) for program in programs)
        finally:
            shutil.rmtree(folder)

    @staticmethod
    def without(folder, answer):
        """The folder's name is chance: of the words that are compared and shown it is no part."""
        if not answer["ok"]:
            answer["error"]["message"] = answer["error"]["message"].replace(str(folder), "{tree}")
        return answer

    def stop(self):
        self.hydra.stop()
        self.hydra_with_copies.stop()
        self.cfgtool.stop()
