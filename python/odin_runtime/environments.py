"""Chooses the Python in which a training's program runs, by ODIN_ENVIRONMENT: auto (default), conda, venv or system.

auto: with conda, mamba or micromamba on the PATH an environment made from the file; else, when its pip part asks for something that
this Python lacks, a virtual environment with it; else this Python, with one warning that names what differs. An environment that
cannot be made is no reason to fail in this mode, only one more part of that warning.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

from odin_runtime import console, interpreters, mlflow_shim, requirements
from odin_runtime.environment_cache import BuildFailure, EnvironmentCache, limit, run
from odin_runtime.errors import TrainingError

MODES = ("auto", "conda", "venv", "system")
_CONDA_PROGRAMS = ("conda", "mamba", "micromamba")
_OLDEST_MLFLOW = "1.0"


@dataclass
class Environment:
    """The chosen Python: `kind` is conda, venv or system."""

    kind: str
    interpreter: interpreters.Interpreter
    directory: str = ""
    warnings: list = field(default_factory=list)

    @property
    def mlflow_version(self):
        return self.interpreter.mlflow or mlflow_shim.VERSION

    def variables(self, environ, wrappers):
        """`environ` for a program that runs in this environment: `python` is its Python. `wrappers` is a directory of our own,
        first on the PATH where the system's `python` is missing or another one."""
        result = dict(environ)
        path = os.path.dirname(self.interpreter.path)
        if self.kind == "system" and not _is_same(os.path.join(path, "python"), self.interpreter.path):
            path = wrappers
            for name in ("python", "python3"):
                file = os.path.join(wrappers, name)
                with open(file, "w", encoding="utf-8") as script:
                    script.write(f"#!/bin/sh\nexec {_quoted(self.interpreter.path)} \"$@\"\n")
                os.chmod(file, 0o755)
        result["PATH"] = path + os.pathsep + result.get("PATH", os.defpath)
        result["PYTHONUNBUFFERED"] = "1"
        if self.kind == "conda":
            result["CONDA_PREFIX"] = self.directory
        if self.kind == "venv":
            result["VIRTUAL_ENV"] = self.directory
        if self.kind != "system":
            result.pop("PYTHONHOME", None)
        # mlflow itself has refused both since 3.12, unless they are allowed; the models are the training's own.
        result.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        result.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
        if not self.interpreter.mlflow:
            result["PYTHONPATH"] = os.pathsep.join(filter(None, [result.get("PYTHONPATH"), *mlflow_shim.paths()]))
        return result


def choose(file, environ, directory, may_make=True, asks_mlflow=False):
    """The environment for an EnvironmentFile, or for None. `directory` is that of the project. Without `may_make` it is one that
    a training has made before, or the system's: nothing that the file names is installed or run. With `asks_mlflow` the program is
    told to use mlflow, whether the file names it or not."""
    mode = environ.get("ODIN_ENVIRONMENT") or "auto"
    if mode not in MODES:
        raise TrainingError(f"ODIN_ENVIRONMENT is '{mode}'; it must be one of {', '.join(MODES)}.")
    chosen = _System(file).environment() if file is None else _Choice(file, environ, directory, may_make).choose(mode)
    if chosen.interpreter.mlflow not in (None, "unknown") and not requirements.satisfies(chosen.interpreter.mlflow, ">=" + _OLDEST_MLFLOW):
        raise TrainingError(f"mlflow {chosen.interpreter.mlflow} in {chosen.interpreter.path} is too old; {_OLDEST_MLFLOW} or newer is wanted.")
    for text in chosen.warnings:
        console.warning(text)
    asks_mlflow = asks_mlflow or any(_is_mlflow(name) for name in _names(file))
    mlflow = f", mlflow {chosen.interpreter.mlflow}" if chosen.interpreter.mlflow else ", Odin's own mlflow module, as that package is not installed"
    console.info(f"Environment: {chosen.kind}, Python {chosen.interpreter.version} at {chosen.interpreter.path}{mlflow if asks_mlflow else ''}")
    return chosen


def named(name, file, environ):
    """The conda environment of a name, made where it is missing and brought up to date with a file, if one is given."""
    program = conda_program(environ)
    deadline = time.monotonic() + limit(environ)
    if not program:
        raise TrainingError(f"The environment '{name}' is one of conda, and none of {', '.join(_CONDA_PROGRAMS)} is on the PATH.")
    try:
        prefix = _conda_prefix(program, name, environ)
        if prefix is None:
            run([program, "create", "--yes", "--name", name], None, environ, deadline)
        if file is not None:
            update = [program, "update", "--yes"] if os.path.basename(program) == "micromamba" else [program, "env", "update"]
            run([*update, "--name", name, "--file", file.path], file.path.parent, environ, deadline)
        prefix = prefix or _conda_prefix(program, name, environ)
    except BuildFailure as failure:
        raise TrainingError(f"The conda environment '{name}' could not be made: {failure}.") from None
    if prefix is None:
        raise TrainingError(f"The conda environment '{name}' is not among those that '{program}' lists.")
    return Environment("conda", interpreters.at(os.path.join(prefix, "bin", "python"), _names(file), environ), prefix)


def conda_program(environ):
    """The path of conda, mamba or micromamba, or None."""
    return next(filter(None, (shutil.which(name, path=environ.get("PATH")) for name in _CONDA_PROGRAMS)), None)


def _conda_prefix(program, name, environ):
    try:
        listed = json.loads(subprocess.run([program, "env", "list", "--json"], env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                           timeout=limit(environ), check=True).stdout)["envs"]
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as problem:
        raise BuildFailure(f"'{program} env list' does not work: {problem}") from None
    return next((prefix for prefix in listed if os.path.basename(prefix) == name), None)


class _System:
    def __init__(self, file):
        self.file = file

    def environment(self, reasons=()):
        interpreter = interpreters.here(_names(self.file))
        return Environment("system", interpreter, warnings=differences(self.file, interpreter, "this Python", reasons))


class _Choice:
    def __init__(self, file, environ, directory, may_make):
        self.file = file
        self.environ = environ
        self.directory = directory
        self.cache = EnvironmentCache(environ, may_make=may_make)
        self.deadline = time.monotonic() + limit(environ)

    def choose(self, mode):
        if mode == "system":
            return _System(self.file).environment()
        if mode != "auto":
            try:
                return self.conda() if mode == "conda" else self.venv(self.file.pip_lines)
            except BuildFailure as failure:
                raise TrainingError(f"ODIN_ENVIRONMENT is '{mode}', but {failure}.") from None
        reasons = []
        if self.file.is_conda and conda_program(self.environ):
            try:
                return self.conda()
            except BuildFailure as failure:
                reasons.append(f"no conda environment: {failure}")
        if self.lacking():
            try:
                return self.venv(self.wanted_lines())
            except BuildFailure as failure:
                reasons.append(f"no virtual environment: {failure}")
        return _System(self.file).environment(reasons)

    def lacking(self):
        """Lines of the pip part that this Python does not meet. Our own module stands in for mlflow."""
        packages = interpreters.here([wanted.name for wanted in self.file.pip if wanted.name]).packages
        return [wanted.text for wanted in self.file.pip
                if not wanted.is_met_by(packages.get(wanted.name)) and not _stands_in(wanted, packages)]

    def wanted_lines(self):
        """The lines of the pip part without those that our own module stands in for."""
        judged = [(line, requirements.from_pip(line)) for line in self.file.pip_lines]
        packages = interpreters.here([wanted.name for _, wanted in judged if wanted and wanted.name]).packages
        return tuple(line for line, wanted in judged if not (wanted and wanted.name and _stands_in(wanted, packages)))

    def conda(self):
        program = conda_program(self.environ)
        if not program:
            raise BuildFailure("none of conda, mamba and micromamba is on the PATH")
        if not self.file.is_conda:
            raise BuildFailure(f"'{self.file.path}' is no environment file of conda")
        name = os.path.basename(program)
        environ = {**self.environ, "CONDA_ALWAYS_YES": "true", "MAMBA_ALWAYS_YES": "true", "PIP_NO_INPUT": "1"}
        create = [program, "create", "--yes"] if name == "micromamba" else [program, "env", "create"]

        def make(prefix):
            run([*create, "--prefix", prefix, "--file", self.file.path], self.file.path.parent, environ, self.deadline)

        prefix = self.cache.prepared(f"conda-{_key(name, self.file.digest)}", f"the conda environment of '{self.file.name}'", make)
        return self.made("conda", prefix, [])

    def venv(self, pip_lines):
        if not pip_lines:
            raise BuildFailure(f"'{self.file.path}' has no pip part to make a virtual environment from")
        base = interpreters.here([])
        # What is included by -r is in what the lines mean.
        key = _key(base.path, base.version, *pip_lines, *(wanted.text for wanted in self.file.pip))

        def make(prefix):
            run([base.path, "-m", "venv", "--system-site-packages", prefix], self.directory, self.environ, self.deadline)
            # Beside the file, as lines like "-r more.txt" are relative to it.
            with tempfile.NamedTemporaryFile("w", dir=self.file.path.parent, prefix=".odin-", suffix=".txt", encoding="utf-8") as lines:
                lines.write("\n".join(pip_lines) + "\n")
                lines.flush()
                run([prefix / "bin" / "python", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--retries", "0",
                     "--timeout", "10", "--requirement", lines.name], self.file.path.parent, self.environ, self.deadline)

        prefix = self.cache.prepared(f"venv-{key}", f"the virtual environment of '{self.file.name}'", make)
        return self.made("venv", prefix, ["the virtual environment"])

    def made(self, kind, prefix, compared):
        interpreter = interpreters.at(str(prefix / "bin" / "python"), _names(self.file), self.environ)
        warnings = differences(self.file, interpreter, compared[0]) if compared else []
        return Environment(kind, interpreter, str(prefix), warnings)


def differences(file, interpreter, what, reasons=()):
    """One warning, in a list, that names what differs between a file and an interpreter; an empty list when nothing does."""
    if file is None:
        return []
    found = []
    if file.python and not requirements.satisfies(interpreter.version, _python_specifier(file.python)):
        found.append(f"python: wanted {file.python.lstrip('= ')}, here {interpreter.version}")
    for wanted in file.packages():
        here = interpreter.packages.get(wanted.name)
        if not wanted.is_met_by(here) and not _stands_in(wanted, interpreter.packages):
            found.append(f"{wanted.name}: wanted {wanted.specifier.lstrip('= ') or 'any version'}, {'here ' + here if here else 'missing'}")
    if not found and not reasons:
        return []
    told = "; ".join(dict.fromkeys(found)) or "nothing that is known"
    return [f"{what} differs from '{file.name}': {told}." + "".join(f" There is {reason}." for reason in reasons)]


def _python_specifier(text):
    # In a python_env.yaml the version stands alone and means its whole series.
    return "=" + text if text[0].isdigit() else text


def _stands_in(wanted, packages):
    return _is_mlflow(wanted.name) and packages.get(wanted.name) is None


def _is_mlflow(name):
    return requirements.normalized(name) == "mlflow"


def _names(file):
    return list(dict.fromkeys(wanted.name for wanted in file.packages())) if file else []


def _key(*parts):
    return hashlib.sha256("\0".join((*parts, sys.platform, "1")).encode()).hexdigest()[:20]


def _is_same(first, second):
    return os.path.exists(first) and os.path.samefile(first, second)


def _quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"
