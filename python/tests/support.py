"""A workspace with a project, as the server makes one, and the real programs run in it."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))
BIN = ROOT / "python" / "bin"
SHIM = ROOT / "python" / "odin_runtime" / "mlflow_shim"
LIMIT = 300

# A project that needs nothing but Python: its model doubles numbers.
MODEL = textwrap.dedent("""
    import mlflow.pyfunc

    class Doubler(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):
            # A table where pandas is installed.
            return [[2 * value for value in row] for row in getattr(model_input, "values", model_input)]
    """).lstrip()
TRAIN = textwrap.dedent("""
    import sys
    import mlflow
    from doubler import Doubler
    with mlflow.start_run():
        mlflow.log_params({"arguments": " ".join(sys.argv[1:])})
        for step in range(3):
            mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
        mlflow.set_tag("kind", "tiny")
        mlflow.pyfunc.log_model("model", python_model=Doubler(), code_paths=["doubler.py"])
        with open("head_input.pkl", "wb") as file:
            import pickle
            pickle.dump([[1, 2], [3, 4]], file)
        mlflow.log_artifact("head_input.pkl", "model")
    """).lstrip()
MLPROJECT = textwrap.dedent("""
    name: tiny
    entry_points:
      main:
        parameters:
          size: {type: int, default: 1}
        command: "python train.py --size {size}"
    """).lstrip()


class WorkspaceTest(unittest.TestCase):
    """A test with a workspace in a directory of its own."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="odin test ")
        self.addCleanup(directory.cleanup)
        self.base = Path(directory.name).resolve()
        self.workspace = self.base / "work space"
        self.workspace.mkdir()
        # Nothing of the machine's own settings, and no conda that may be on its PATH.
        self.environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.base), "ODIN_PYTHON": sys.executable,
                        "ODIN_ENVIRONMENTS": str(self.base / "environments"), "PIP_NO_INDEX": "1", "LANG": "C.UTF-8"}

    def write(self, path, text):
        file = self.workspace / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def write_project(self, train=TRAIN, mlproject=MLPROJECT, directory="."):
        self.write(f"{directory}/MLproject", mlproject)
        self.write(f"{directory}/doubler.py", MODEL)
        self.write(f"{directory}/train.py", train)

    def train(self, *, program="odin-mlflow-runner", entry_point="main", parameters=None, work_directory=".", environ=None, envs=(), options=(),
              code=0):
        """Runs a toolchain as the server does, and returns its log."""
        spec = {"model": {"name": "tiny", "version": "1.0"}, "workDir": work_directory, "entrypoint": entry_point,
                "hyperParameters": parameters or {}, "envs": [{"name": key, "value": value} for key, value in envs]}
        self.write("mt.json", json.dumps({"modelTraining": {"id": "tiny-1", "spec": spec}}))
        result = self.run_program([BIN / program, "--mt", "mt.json", "--target", "output", *options], environ=environ)
        self.assertEqual(code, result.returncode, result.stdout)
        return result.stdout

    def run_program(self, arguments, environ=None, directory=None):
        return subprocess.run([str(a) for a in arguments], cwd=directory or self.workspace, env={**self.environ, **(environ or {})},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, text=True, check=False)

    def python(self, text, environ=None):
        """Runs a program that does `import mlflow` with our module; its output."""
        path = os.pathsep.join([str(SHIM), str(ROOT / "python")])
        result = self.run_program([sys.executable, "-c", textwrap.dedent(text)], {"PYTHONPATH": path, **(environ or {})})
        self.assertEqual(0, result.returncode, result.stdout)
        return result.stdout

    @property
    def target(self):
        return self.workspace / "output"

    @property
    def result(self):
        return json.loads((self.workspace / "odin-result.json").read_text(encoding="utf-8"))
