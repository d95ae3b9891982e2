"""MLflow's file store: experiments and runs as directories and small files, as real MLflow writes and reads them.

ROOT/EXPERIMENT/meta.yaml and ROOT/EXPERIMENT/RUN/{meta.yaml, params/KEY, metrics/KEY, tags/KEY, artifacts/...}. A metric's file has
a line `TIMESTAMP VALUE STEP` for each value, times in milliseconds.
"""

import getpass
import math
import os
import re
import time
import uuid
from pathlib import Path
from urllib.parse import unquote, urlparse

from odin_runtime import yaml_subset, yaml_writer
from odin_runtime.errors import TrainingError

RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = 1, 2, 3, 4, 5
DEFAULT_EXPERIMENT = "0"
_KEY = re.compile(r"[\w.\- :/]+\Z")


class StoreError(TrainingError):
    """What is asked of the store is wrong; the message is a sentence."""


def local_path(uri):
    """The path that a URI means, or None when it means something else than a local directory."""
    parts = urlparse(str(uri))
    if parts.scheme in ("", "file"):
        return Path(unquote(parts.path) if parts.scheme else str(uri)).absolute()
    return None


class FileStore:
    """All experiments and runs below one directory, which is made when the first is created."""

    def __init__(self, root):
        self.root = Path(root).absolute()

    def experiment(self, name):
        """The id of the experiment of that name; made where it is missing."""
        for meta in sorted(self.root.glob("*/meta.yaml")):
            facts = yaml_subset.load(meta)
            if isinstance(facts, dict) and facts.get("name") == name and facts.get("lifecycle_stage") != "deleted":
                return meta.parent.name
        if not (self.root / DEFAULT_EXPERIMENT / "meta.yaml").is_file():
            self._create_experiment(DEFAULT_EXPERIMENT, "Default")
        # The ids of MLflow are numbers of 18 digits.
        return DEFAULT_EXPERIMENT if name == "Default" else self._create_experiment(str(10 ** 17 + uuid.uuid4().int % (9 * 10 ** 17)), name)

    def _create_experiment(self, identifier, name):
        directory = self.root / identifier
        directory.mkdir(parents=True, exist_ok=True)
        (self.root / ".trash").mkdir(exist_ok=True)
        _write_yaml(directory / "meta.yaml", {
            "artifact_location": directory.as_uri(), "creation_time": _now(), "experiment_id": identifier,
            "last_update_time": _now(), "lifecycle_stage": "active", "name": name})
        return identifier

    def create_run(self, experiment, name, tags=None):
        """A new run, which is running."""
        identifier = uuid.uuid4().hex
        directory = self.root / experiment / identifier
        for part in ("metrics", "params", "tags", "artifacts"):
            (directory / part).mkdir(parents=True)
        user = _user()
        _write_yaml(directory / "meta.yaml", {
            "artifact_uri": (directory / "artifacts").as_uri(), "deleted_time": None, "end_time": None, "entry_point_name": "",
            "experiment_id": experiment, "lifecycle_stage": "active", "run_id": identifier, "run_name": name, "run_uuid": identifier,
            "source_name": "", "source_type": 4, "source_version": "", "start_time": _now(), "status": RUNNING, "tags": [], "user_id": user})
        run = Run(directory)
        for key, value in {"mlflow.runName": name, "mlflow.user": user, **(tags or {})}.items():
            run.set_tag(key, value)
        return run

    def run(self, identifier):
        """The run of an id."""
        if re.match(r"[A-Za-z0-9][\w-]*\Z", identifier):
            for meta in self.root.glob(f"*/{identifier}/meta.yaml"):
                return Run(meta.parent)
        raise StoreError(f"The run '{identifier}' is not in '{self.root}'.")


class Run:
    """One run: a directory."""

    def __init__(self, directory):
        self.directory = Path(directory)
        meta = yaml_subset.load(self.directory / "meta.yaml")
        self.id = self.directory.name
        self.experiment = str(meta.get("experiment_id"))
        self.name = str(meta.get("run_name") or "")
        self.artifact_uri = str(meta.get("artifact_uri"))

    @property
    def artifacts(self):
        """The directory of its artifacts."""
        path = local_path(self.artifact_uri)
        if path is None:
            raise StoreError(f"The artifacts of the run '{self.id}' are at '{self.artifact_uri}', which is no local directory.")
        return path

    def finish(self, status):
        file = self.directory / "meta.yaml"
        _write_yaml(file, {**yaml_subset.load(file), "end_time": _now(), "status": status})

    def log_param(self, key, value):
        file, text = self._file("params", key), str(value)
        if file.is_file() and file.read_text(encoding="utf-8") != text:
            raise StoreError(f"The parameter '{key}' of the run '{self.id}' has the value '{file.read_text(encoding='utf-8')}' already; "
                             f"it cannot become '{text}'.")
        _write(file, text)

    def log_metric(self, key, value, step=0, timestamp=None):
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise StoreError(f"The value of the metric '{key}' must be a number, not {value!r}.") from None
        file = self._file("metrics", key)
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "a", encoding="utf-8") as lines:
            lines.write(f"{_now() if timestamp is None else int(timestamp)} {value} {int(step or 0)}\n")

    def set_tag(self, key, value):
        _write(self._file("tags", key), str(value))

    def params(self):
        return {key: file.read_text(encoding="utf-8") for key, file in self._files("params")}

    def tags(self):
        return {key: file.read_text(encoding="utf-8") for key, file in self._files("tags")}

    def metrics(self):
        """The last value of each metric: that of the highest step, then of the latest time."""
        result = {}
        for key, file in self._files("metrics"):
            values = []
            for line in file.read_text(encoding="utf-8").splitlines():
                parts = line.split(" ")
                if len(parts) in (2, 3):
                    value = float(parts[1])
                    values.append((int(parts[2]) if len(parts) == 3 else 0, int(float(parts[0])), -math.inf if math.isnan(value) else value, value))
            if values:
                result[key] = max(values)[3]
        return result

    def _files(self, kind):
        root = self.directory / kind
        return [(file.relative_to(root).as_posix(), file) for file in sorted(root.rglob("*")) if file.is_file()]

    def _file(self, kind, key):
        key = str(key)
        # A name is a path below the directory, and must stay there.
        if not _KEY.match(key) or key.startswith("/") or os.path.normpath(key) != key or key.split("/")[0] == "..":
            raise StoreError(f"{key!r} cannot be a name in {kind}: letters, digits and _ - . / : are allowed, and no way out of the directory.")
        return self.directory / kind / key


def _now():
    return int(time.time() * 1000)


def _user():
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def _write_yaml(file, value):
    _write(file, yaml_writer.dump(value))


def _write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
