"""The document that a toolchain is given (mt.json): what to train."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from odin_runtime import yaml_subset
from odin_runtime.errors import TrainingError


@dataclass(frozen=True)
class Training:
    """The part of mt.json that toolchains use. All values are texts."""

    id: str
    name: str
    version: str
    work_directory: str
    entry_point: str
    parameters: dict
    environ: dict
    defaults: dict

    def directory(self, workspace):
        """The work directory, which must lie in the workspace."""
        path = os.path.realpath(os.path.join(workspace, self.work_directory or "."))
        root = os.path.realpath(workspace)
        if os.path.commonpath([path, root]) != root:
            raise TrainingError(f"The work directory '{self.work_directory}' (spec.workDir) is outside of the workspace.")
        if not os.path.isdir(path):
            raise TrainingError(f"The work directory '{self.work_directory}' (spec.workDir) does not exist in the repository.")
        return Path(path)

    def environment(self, base):
        """`base` with the toolchain's variables, where it has none of that name, and the training's own."""
        return {**self.defaults, **base, **self.environ}


def read(path):
    """Reads mt.json; YAML will do, too."""
    document = _document(path)
    training = _mapping(document.get("modelTraining"), f"'modelTraining' in {path}")
    spec = _mapping(training.get("spec"), f"'modelTraining.spec' in {path}")
    model = _mapping(spec.get("model"), f"'modelTraining.spec.model' in {path}")
    name, version = (_text(model.get(key)) for key in ("name", "version"))
    missing = [key for key, value in (("name", name), ("version", version)) if not value]
    if missing:
        raise TrainingError(f"The training has no {' and no '.join('model.' + key for key in missing)} (in {path}).")
    integration = _optional(_optional(document.get("toolchainIntegration")).get("spec"))
    return Training(
        id=_text(training.get("id")) or name, name=name, version=version, work_directory=_text(spec.get("workDir")),
        entry_point=_text(spec.get("entrypoint")),
        parameters={str(key): _text(value) for key, value in _optional(spec.get("hyperParameters")).items()},
        environ={_text(entry.get("name")): _text(entry.get("value")) for entry in spec.get("envs") or [] if _text(_optional(entry).get("name"))},
        defaults={str(key): _text(value) for key, value in _optional(integration.get("additionalEnvironments")).items()})


def _document(path):
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as problem:
        raise TrainingError(f"The description of the training cannot be read: {problem}") from None
    try:
        # Numbers as they are written: 1.0 stays "1.0".
        document = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        document = yaml_subset.parse(text, str(path))
    return _mapping(document, f"the document in {path}")


def _mapping(value, what):
    if not isinstance(value, dict):
        raise TrainingError(f"The description of the training is wrong: {what} must be a mapping.")
    return value


def _optional(value):
    return value if isinstance(value, dict) else {}


def _text(value):
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
