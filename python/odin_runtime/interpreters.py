"""What a Python interpreter is and has: its version, the versions of packages, and whether the real mlflow is there."""

import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass

from odin_runtime.errors import TrainingError

_LIMIT = 60

# Run by another interpreter, which may have nothing of ours: this file's functions travel as text.
_PROBE = """
import importlib.metadata, importlib.util, json, platform, sys
def version(name):
    try:
        return importlib.metadata.version(name)
    except Exception:
        return None
found = importlib.util.find_spec("mlflow")
print(json.dumps({"version": platform.python_version(), "packages": {name: version(name) for name in sys.argv[1:]},
    "mlflow": (version("mlflow") or version("mlflow-skinny") or "unknown") if found and found.origin else None}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One interpreter. `packages` has a version, or None for what is missing; `mlflow` is None where the real one is missing."""

    path: str
    version: str
    packages: dict
    mlflow: str


def here(names):
    """The interpreter that runs this."""
    packages = {name: _version(name) for name in names}
    found = importlib.util.find_spec("mlflow")
    mlflow = (_version("mlflow") or _version("mlflow-skinny") or "unknown") if found and found.origin else None
    return Interpreter(sys.executable, platform.python_version(), packages, mlflow)


def at(path, names, environ):
    """Another interpreter, asked by running it. Raises TrainingError when it cannot answer."""
    try:
        # Elsewhere than in the workspace, whose modules it must not take for the standard library's.
        result = subprocess.run([path, "-c", _PROBE, *names], cwd=os.path.dirname(path), env=environ, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=_LIMIT, check=True)
        facts = json.loads(result.stdout.decode().strip().splitlines()[-1])
    except subprocess.CalledProcessError as problem:
        raise TrainingError(f"The Python at '{path}' does not work: {problem.stderr.decode(errors='replace').strip()[-500:]}") from None
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as problem:
        raise TrainingError(f"The Python at '{path}' does not work: {problem}") from None
    return Interpreter(path, facts["version"], facts["packages"], facts["mlflow"])


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
