"""The manifest of a model directory (GPPI), under either of its names."""

import json
from pathlib import Path

from odin_runtime import yaml_subset, yaml_writer
from odin_runtime.errors import TrainingError

# Both are written; where both are found, the first is read.
NAMES = ("odahuflow.project.yaml", "odahuflow.model.yaml")
MODEL_DIRECTORY = "odahuflow_model"


def write(root, training, conda_path, toolchain, toolchain_version, run_id):
    """Writes the manifest of a Python model in MODEL_DIRECTORY under both names."""
    text = yaml_writer.dump({
        "binaries": {"conda_path": conda_path, "dependencies": "conda", "type": "python"},
        "model": {"entrypoint": "entrypoint", "name": training.name, "version": training.version, "workDir": MODEL_DIRECTORY},
        "odahuflowVersion": "1.0",
        "output": {"run_id": run_id},
        "toolchain": {"name": toolchain, "version": toolchain_version}})
    for name in NAMES:
        (Path(root) / name).write_text(text, encoding="utf-8")


def find(root):
    """The path of the manifest of a directory, or None."""
    return next((Path(root) / name for name in NAMES if (Path(root) / name).is_file()), None)


class Manifest:
    """A manifest that was read, with paths that stay inside of its directory."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.file = find(self.root)
        if self.file is None:
            raise TrainingError(f"There is no manifest in '{root}': neither {' nor '.join(NAMES)}.")
        try:
            self.facts = json.loads(self.file.read_text(encoding="utf-8"))
        except ValueError:
            self.facts = yaml_subset.load(self.file)
        binaries, model = (self._part(key) for key in ("binaries", "model"))
        if binaries.get("type") != "python":
            raise TrainingError(f"'binaries.type' in '{self.file}' is '{binaries.get('type')}'; only 'python' can be run.")
        self.directory = self._inside("model.workDir", model.get("workDir"))
        self.entry_point = str(model.get("entrypoint") or "")
        if not self.entry_point:
            raise TrainingError(f"'{self.file}' has no 'model.entrypoint'.")
        module = self.entry_point.replace(".", "/")
        if not (self.directory / f"{module}.py").is_file() and not (self.directory / module / "__init__.py").is_file():
            raise TrainingError(f"The entry point '{self.entry_point}' that '{self.file.name}' names is missing: there is no {module}.py in "
                                f"'{self.directory}'.")
        self.conda = self._inside("binaries.conda_path", binaries["conda_path"]) if binaries.get("conda_path") else None

    def _part(self, key):
        value = self.facts.get(key) if isinstance(self.facts, dict) else None
        if not isinstance(value, dict):
            raise TrainingError(f"'{self.file}' has no '{key}'.")
        return value

    def _inside(self, key, value):
        if not value:
            raise TrainingError(f"'{self.file}' has no '{key}'.")
        path = (self.root / str(value)).resolve()
        if path != self.root and self.root not in path.parents:
            raise TrainingError(f"'{key}' in '{self.file}' leads out of the directory: '{value}'.")
        if not path.exists():
            raise TrainingError(f"'{key}' in '{self.file}' is '{value}', which does not exist.")
        return path


def write_conda(file, python, lines):
    """Writes a conda file: one version of Python, and lines for pip."""
    dependencies = [python, "pip", *([{"pip": list(lines)}] if lines else [])]
    Path(file).write_text(yaml_writer.dump({"channels": ["conda-forge"], "dependencies": dependencies, "name": "model"}), encoding="utf-8")
