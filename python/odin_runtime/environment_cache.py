"""Environments that are made once and kept: conda environments and virtual environments below one directory.

An environment cannot be moved after it was made, so it is made in its place, and a file written last says that it is whole. A
lock file keeps two trainings from making the same one; what a killed training left half-made is removed by the next.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from odin_runtime import console

_REMEMBERED = 3600
_DEFAULT_LIMIT = 900
_WHOLE = "odin-environment.json"


class BuildFailure(Exception):
    """An environment could not be made; the message says why, in a sentence without its full stop."""


class EnvironmentCache:
    """The directory ODIN_ENVIRONMENTS; by default ~/.cache/odin/environments."""

    def __init__(self, environ, clock=time.time, may_make=True):
        default = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or tempfile.gettempdir(), ".cache"), "odin", "environments")
        self.root = Path(environ.get("ODIN_ENVIRONMENTS") or default).absolute()
        self.environ = environ
        self.clock = clock
        self.may_make = may_make

    def prepared(self, key, what, make):
        """The directory of the environment `key`; where it is missing, `make` is called with the directory to make it in."""
        directory = self.root / key
        if (directory / _WHOLE).is_file():
            return directory
        if not self.may_make:
            raise BuildFailure(f"{what} has not been made by a training on this machine")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with self._locked(key, what):
                if not (directory / _WHOLE).is_file():
                    self._recall_failure(key)
                    self._make(directory, key, what, make)
        except OSError as problem:
            raise BuildFailure(f"{what} could not be made in '{self.root}': {problem}") from None
        return directory

    def _make(self, directory, key, what, make):
        console.info(f"Making {what} in {directory}; it is kept for later trainings ...")
        shutil.rmtree(directory, ignore_errors=True)
        try:
            make(directory)
            _write(directory / _WHOLE, {"made": self.clock()})
        except BuildFailure as failure:
            shutil.rmtree(directory, ignore_errors=True)
            _write(self._failure(key), {"time": self.clock(), "reason": str(failure)})
            raise
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        with contextlib.suppress(FileNotFoundError):
            self._failure(key).unlink()

    def _failure(self, key):
        return self.root / (key + ".failed")

    def _recall_failure(self, key):
        file = self._failure(key)
        try:
            failure = json.loads(file.read_text(encoding="utf-8"))
            age = self.clock() - failure["time"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        # A time in the future comes from a clock that was wrong.
        if 0 <= age < _REMEMBERED:
            until = time.strftime("%H:%M", time.localtime(failure["time"] + _REMEMBERED))
            raise BuildFailure(f"{failure['reason']} (this was tried before, and is not tried again before {until}; remove '{file}' to try now)")

    @contextlib.contextmanager
    def _locked(self, key, what):
        # The lock ends with the process that holds it, whatever ends that.
        with open(self.root / (key + ".lock"), "w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                console.info(f"Waiting for another training, which makes {what} ...")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def limit(environ):
    """How long making one environment may take, in seconds: ODIN_ENVIRONMENT_TIMEOUT, by default 15 minutes."""
    try:
        seconds = float(environ.get("ODIN_ENVIRONMENT_TIMEOUT") or _DEFAULT_LIMIT)
    except ValueError:
        return _DEFAULT_LIMIT
    return seconds if seconds > 0 else _DEFAULT_LIMIT


def run(arguments, directory, environ, deadline):
    """Runs one step of making an environment; raises BuildFailure when it fails or takes longer than until `deadline` (monotonic)."""
    program = os.path.basename(str(arguments[0]))
    with tempfile.TemporaryFile() as output:
        # A session of its own, so that everything it started can be ended with it.
        with subprocess.Popen([str(a) for a in arguments], cwd=directory, env=environ, stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, start_new_session=True) as process:
            try:
                code = process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                raise BuildFailure(f"'{program}' was not done in time; ODIN_ENVIRONMENT_TIMEOUT gives it more seconds") from None
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
        if code:
            output.seek(0)
            lines = [line.strip() for line in output.read().decode(errors="replace").splitlines() if line.strip()]
            telling = [line for line in lines if line.lower().startswith(("error", "exception"))] or lines[-1:]
            raise BuildFailure(f"'{program}' ended with exit code {code}: {'; '.join(telling[-2:])[-400:].rstrip('.') or 'it said nothing'}")


def _write(file, value):
    part = file.with_name(file.name + f".{os.getpid()}")
    part.write_text(json.dumps(value), encoding="utf-8")
    part.replace(file)
