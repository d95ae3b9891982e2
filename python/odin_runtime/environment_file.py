"""The environment that a project asks for: conda.yaml, or MLflow's python_env.yaml."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from odin_runtime import requirements, yaml_subset
from odin_runtime.errors import TrainingError

# Names of conda packages whose distribution in Python is called otherwise.
_DISTRIBUTIONS = {"pytorch": "torch", "pytorch-cpu": "torch", "pytorch-gpu": "torch", "matplotlib-base": "matplotlib", "py-xgboost": "xgboost"}
_MAXIMUM_INCLUDES = 10


@dataclass(frozen=True)
class EnvironmentFile:
    """What a file asks for. `pip_lines` are the lines for pip as they stand, `pip` what they mean."""

    path: Path
    is_conda: bool
    python: str
    conda: tuple
    pip: tuple
    pip_lines: tuple
    digest: str

    @property
    def name(self):
        return self.path.name

    def packages(self):
        """All requirements that can be judged, by the names of distributions; Python and pip itself are left out."""
        for wanted in (*self.conda, *self.pip):
            if wanted.name and wanted.name not in ("python", "pip", "setuptools", "wheel"):
                yield wanted


def read(path):
    """The environment of a file. Raises TrainingError when it is missing or says something else."""
    path = Path(path)
    if not path.is_file():
        raise TrainingError(f"The environment file '{path}' does not exist; MLproject names it, so add it to the repository.")
    value = yaml_subset.load(path)
    if not isinstance(value, dict):
        raise TrainingError(f"{path}:1: a mapping is wanted: 'name', 'channels' and 'dependencies'.")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    dependencies = value.get("dependencies") or []
    if not isinstance(dependencies, list):
        raise TrainingError(f"{path}: 'dependencies' must be a list.")
    # A python_env.yaml says the version of Python by a key, and all its dependencies are lines for pip.
    is_conda = "python" not in value and "build_dependencies" not in value
    conda, lines = [], []
    for entry in dependencies:
        if isinstance(entry, dict) and set(entry) == {"pip"} and isinstance(entry["pip"] or [], list) and is_conda:
            lines += [str(line) for line in entry["pip"] or []]
        elif isinstance(entry, str):
            (conda if is_conda else lines).append(entry)
        else:
            raise TrainingError(f"{path}: an entry of 'dependencies' is neither a package nor 'pip:' with a list: {entry!r}.")
    packages = [_conda(entry) for entry in conda]
    python = str(value["python"]) if value.get("python") is not None else next((p.specifier for p in packages if p.name == "python"), "")
    return EnvironmentFile(path, is_conda, python.strip(), tuple(packages), tuple(_pip(lines, path.parent, 0)), tuple(lines), digest)


def _conda(entry):
    found = requirements.from_conda(entry)
    name = found.name.lower()
    return requirements.Requirement(_DISTRIBUTIONS.get(name, name), found.specifier, found.text)


def _pip(lines, directory, depth):
    for line in lines:
        line = line.split(" #")[0].strip()
        include = next((line[len(option):].strip(" =") for option in ("-r", "--requirement") if line.startswith(option)), None)
        if include and depth < _MAXIMUM_INCLUDES:
            file = Path(directory, include)
            if not file.is_file():
                raise TrainingError(f"The requirements file '{file}' does not exist.")
            yield from _pip(file.read_text(encoding="utf-8").splitlines(), file.parent, depth + 1)
        elif line and not line.startswith("#"):
            # Options such as --extra-index-url ask for nothing by themselves.
            found = requirements.from_pip(line) if not line.startswith("-") or line.startswith(("-e", "--editable")) else None
            if found:
                yield found
