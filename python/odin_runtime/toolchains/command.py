"""What the commands of all toolchains share: their arguments, their errors, and the result that the server reads back."""

import argparse
import json
import math
import os
import signal
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from odin_runtime import console, training
from odin_runtime.errors import Stopped, TrainingError

RESULT = "odin-result.json"
_FAILED = 2


@dataclass
class Result:
    """What is known of a training afterwards. Names are those of the file's keys in snake case."""

    run_id: str = ""
    metrics: dict = field(default_factory=dict)
    params: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    warnings: list = field(default_factory=list)
    python_version: str = ""
    environment: str = ""
    error: str = ""

    def warn(self, text):
        console.warning(text)
        self.warnings.append(text)

    def write(self, workspace):
        """Writes odin-result.json. JSON has no numbers for NaN and the infinities; they are texts."""
        metrics = {key: value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
                   for key, value in self.metrics.items()}
        text = json.dumps({"runId": self.run_id, "metrics": metrics, "params": self.params, "tags": self.tags, "warnings": self.warnings,
                           "pythonVersion": self.python_version, "environment": self.environment,
                           **({"error": self.error} if self.error else {})}, indent=2)
        part = Path(workspace, f".{RESULT}.{os.getpid()}")
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(Path(workspace, RESULT))


@dataclass(frozen=True)
class Job:
    """One call of a toolchain: the workspace is the directory in which it was called."""

    training: training.Training
    workspace: Path
    directory: Path
    target: Path
    environ: dict
    is_verbose: bool
    result: Result


def main(name, train, arguments):
    """Runs `train(job)`; the exit code is 0, 2 when the training failed, or 128 + N when the signal N told it to end."""
    options = _parser(name).parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    workspace, result = Path.cwd(), Result()
    try:
        # What a repository brings by that name is not ours.
        (workspace / RESULT).unlink(missing_ok=True)
        told = training.read(options.mt)
        environ = told.environment(os.environ)
        console.info(f"Training '{told.id}' of the model {told.name} {told.version}, toolchain {name}")
        try:
            train(Job(told, workspace, told.directory(workspace), Path(options.target), environ, options.verbose, result))
        except Stopped:
            raise  # who has stopped it knows why
        except Exception as problem:
            result.error = _words(problem)
            raise
        finally:
            result.write(workspace)
        console.info(f"The model is in {options.target}")
        return 0
    except Stopped as stopped:
        console.error(f"The training was stopped by the signal {signal.Signals(stopped.number).name}.")
        return 128 + stopped.number
    except Exception as problem:  # the last place where it can be said
        text = _words(problem)
        if options.verbose and not isinstance(problem, TrainingError):
            text += "\n" + traceback.format_exc().rstrip()
        console.error(f"Exception occurs during model training. Message: {text}")
        return _FAILED


def _words(problem):
    return str(problem) if isinstance(problem, TrainingError) else f"{type(problem).__name__}: {problem}"


def _parser(name):
    parser = argparse.ArgumentParser(prog=os.environ.get("ODIN_PROGRAM_NAME") or f"odin-{name}-runner",
                                     description=f"The toolchain {name}: trains a model. Call it in the root of the workspace.")
    parser.add_argument("--verbose", action="store_true", help="show where an error comes from")
    parser.add_argument("--mt", "--mt-file", required=True, metavar="FILE", help="description of the training (mt.json)")
    parser.add_argument("--target", default=f"{name}_output", metavar="DIR", help="where the model directory is made (default: %(default)s)")
    return parser


def _stop(number, _):
    # One signal is enough: what ends must not be interrupted by the next.
    for further in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(further, signal.SIG_IGN)
    raise Stopped(number)


if __name__ == "__main__":
    sys.exit("This is a part of odin_runtime; call one of its toolchains.")
