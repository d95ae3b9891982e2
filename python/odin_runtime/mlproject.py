"""MLproject files: their environment, their entry points, and the command that an entry point and values make."""

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from odin_runtime import yaml_subset
from odin_runtime.errors import TrainingError
from odin_runtime.shell_template import TemplateError, fill

_SCRIPTS = {".py": "python", ".sh": "sh"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an entry point. `default` is None when a value must be given."""

    name: str
    type: str
    default: str

    def checked(self, value, directory):
        """The value as the program gets it. Raises ValueError with the rest of a sentence."""
        if self.type in ("float", "int"):
            try:
                float(value) if self.type == "float" else int(value)
            except ValueError:
                raise ValueError(f"wants {'a number' if self.type == 'float' else 'a whole number'} ({self.type}), not {value!r}") from None
        scheme = urlparse(value).scheme if self.type in ("path", "uri") else ""
        if self.type == "uri" and not scheme:
            raise ValueError(f"wants a URI with its scheme, not {value!r}")
        if self.type == "path":
            if scheme not in ("", "file"):
                raise ValueError(f"wants a local path, not {value!r}; bind the data to the training (spec.data)")
            path = os.path.abspath(os.path.join(directory, urlparse(value).path if scheme else value))
            if not os.path.exists(path):
                raise ValueError(f"names {value!r}, which does not exist in '{directory}'")
            return path
        return value


@dataclass(frozen=True)
class EntryPoint:
    """A command with its parameters."""

    name: str
    parameters: dict
    command: str

    def line(self, values, directory):
        """The shell command for the values given; they are data and never syntax. Says all that is wrong at once."""
        problems, known = [], {}
        for name, parameter in self.parameters.items():
            value = values.get(name, parameter.default)
            if value is None:
                problems.append(f"the parameter '{name}' ({parameter.type}) has no value and no default; give it as the hyper-parameter "
                                f"'{name}' of the training (spec.hyperParameters.{name})")
                continue
            try:
                known[name] = parameter.checked(value, directory)
            except ValueError as problem:
                problems.append(f"the parameter '{name}' {problem}")
        if problems:
            raise TrainingError(f"The entry point '{self.name}' of MLproject cannot run: {'; '.join(problems)}.")
        try:
            command = fill(self.command, known)
        except TemplateError as problem:
            raise TrainingError(f"The command of the entry point '{self.name}' in MLproject: {problem}.") from None
        for name, value in values.items():
            if name not in self.parameters:
                command += f" {shlex.quote('--' + name)} {shlex.quote(value)}"
        return command


@dataclass(frozen=True)
class MlProject:
    """A project: `environment` is the path of its environment file, or None."""

    file: Path
    environment: Path
    entry_points: dict

    @property
    def directory(self):
        return self.file.parent

    def command(self, name, values):
        """The shell command of an entry point; `main` when no name is given. A script of the project may be named, too."""
        name = name or "main"
        if name in self.entry_points:
            return self.entry_points[name].line(values, str(self.directory))
        program = _SCRIPTS.get(os.path.splitext(name)[1])
        if program and (self.directory / name).is_file():
            return EntryPoint(name, {}, f"{program} {_braced(shlex.quote(name))}").line(values, str(self.directory))
        known = ", ".join(f"'{n}'" for n in self.entry_points) or "none"
        raise TrainingError(f"The entry point '{name}' is missing in '{self.file}'; it has: {known}. "
                            "Name one of them in the training (spec.entrypoint).")


def find(directory):
    """Reads the MLproject of a directory, in any letter case."""
    directory = Path(directory)
    names = sorted(os.listdir(directory)) if directory.is_dir() else []
    name = next((n for n in names if n.lower() == "mlproject"), None)
    if name is None:
        raise TrainingError(f"Can't find a MLProject file in '{directory}'; is the work directory of the training (spec.workDir) right?")
    return _read(directory / name)


def _read(file):
    value = yaml_subset.load(file)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise TrainingError(f"{file}:1: a mapping is wanted: 'name', 'conda_env', 'entry_points'.")
    if value.get("docker_env") is not None:
        raise TrainingError(f"'{file}' asks for a Docker environment (docker_env), which is not made here; "
                            "name the image in the training (spec.image) and remove docker_env.")
    entries = value.get("entry_points") or {}
    if not isinstance(entries, dict):
        raise TrainingError(f"{file}: 'entry_points' must be a mapping from names to entry points.")
    named = next((str(value[key]) for key in ("conda_env", "python_env") if value.get(key) is not None), None)
    present = named or next((name for name in ("conda.yaml", "python_env.yaml") if (file.parent / name).is_file()), None)
    environment = file.parent / present if present else None
    return MlProject(file, environment, {str(name): _entry_point(file, str(name), entry) for name, entry in entries.items()})


def _entry_point(file, name, entry):
    if not isinstance(entry, dict) or not isinstance(entry.get("command"), str):
        raise TrainingError(f"{file}: the entry point '{name}' needs a 'command'.")
    parameters = entry.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise TrainingError(f"{file}: 'parameters' of the entry point '{name}' must be a mapping.")
    result = {}
    for key, value in parameters.items():
        kind, default = (value.get("type"), value.get("default")) if isinstance(value, dict) else (value, None)
        if not isinstance(kind, (str, type(None))) or isinstance(default, (dict, list)):
            raise TrainingError(f"{file}: the parameter '{key}' of the entry point '{name}' must be a type, or {{type: T, default: V}}.")
        result[str(key)] = Parameter(str(key), kind or "string", None if default is None else str(default))
    return EntryPoint(name, result, re.sub(r"\s+\Z", "", entry["command"]))


def _braced(text):
    return text.replace("{", "{{").replace("}", "}}")
