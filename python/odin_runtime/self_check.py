"""Has a model checked, before it is stored, in the Python of its training (see checker.py)."""

import json
import os
import subprocess
import sys
import tempfile

from odin_runtime import console
from odin_runtime.errors import TrainingError
from odin_runtime.programs import ending

# A prediction of a handful of rows that takes longer hangs.
_LIMIT = 600
_PRELOADED = {"numpy": "numpy", "pandas": "pandas", "scipy": "scipy", "scikit-learn": "sklearn.linear_model"}


class SelfCheck:
    """One check. Use it as a context: the process ends with it."""

    def __init__(self, environment, variables, packages):
        descriptor, self.report = tempfile.mkstemp(prefix="odin-check-", suffix=".json")
        os.close(descriptor)
        # Early imports cost memory beside the training's program.
        is_early = variables.get("ODIN_EARLY_CHECK", "1") not in ("0", "false", "no")
        modules = [_PRELOADED[name] for name in packages if name in _PRELOADED] if is_early else []
        self.variables = variables
        self.command = [environment.interpreter.path, os.path.dirname(os.path.abspath(__file__)), "checker", self.report, *modules]
        self.process = self._start() if is_early else None

    def _start(self):
        return subprocess.Popen(self.command, env=self.variables, stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), cwd=tempfile.gettempdir())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.stdin.close()
            self.process.wait()
        os.unlink(self.report)

    def run(self, directory, entry_point, is_verbose):
        """Raises TrainingError with the model's own error; returns warnings."""
        self.process = self.process or self._start()
        try:
            self.process.stdin.write((json.dumps([str(directory), entry_point]) + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        try:
            code = self.process.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            raise TrainingError(f"The self-check of the model was not done within {_LIMIT} s.") from None
        with open(self.report, encoding="utf-8") as file:
            text = file.read()
        if not text:
            raise TrainingError(f"The self-check of the model failed: its process {ending(code)}.")
        result = json.loads(text)
        if "error" in result:
            details = "\n" + result["traceback"] if is_verbose else ""
            raise TrainingError(f"The self-check of the model failed: {result['error']}{details}")
        if not result["predicted"]:
            console.info("The self-check has loaded the model and has not tried a prediction")
            return ["The model has no head_input.pkl and no input example: whether it can predict is not known."]
        console.info("The self-check of the model is successful")
        return []
