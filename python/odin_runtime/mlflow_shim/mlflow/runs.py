"""Runs and what is logged to them. There is a stack of active runs; whatever logs without one starts one."""

import atexit
import json
import os
import shutil
import tempfile
import uuid
from pathlib import Path

from mlflow._notices import notice
from mlflow.exceptions import MlflowException
from odin_runtime import tracking, yaml_writer

_STATUS = {"RUNNING": tracking.RUNNING, "SCHEDULED": tracking.SCHEDULED, "FINISHED": tracking.FINISHED, "FAILED": tracking.FAILED,
           "KILLED": tracking.KILLED}
_active = []
_tracking_uri = None
_experiment = None


class RunInfo:
    """Facts of a run, under mlflow's names."""

    def __init__(self, run):
        self.run_id = self.run_uuid = run.id
        self.experiment_id = run.experiment
        self.run_name = run.name
        self.artifact_uri = run.artifact_uri


class RunData:
    """What was logged so far."""

    def __init__(self, run):
        self.metrics, self.params, self.tags = run.metrics(), run.params(), run.tags()


class ActiveRun:
    """A run that start_run() gave; as a context it ends with the block, failed when that raises."""

    def __init__(self, run):
        self._run = run
        self.info = RunInfo(run)

    @property
    def data(self):
        return RunData(self._run)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        # The block may have ended it already.
        if self._run in _active:
            while _active and _active[-1] is not self._run:
                end_run()
            end_run("FAILED" if kind and kind is not SystemExit else "FINISHED")
        return False


def start_run(run_id=None, experiment_id=None, run_name=None, nested=False, tags=None, description=None, **_):
    """Starts a run, or goes on with one. The first of a training is the training's own run."""
    if _active and not nested:
        raise MlflowException(f"The run '{_active[-1].id}' is active already. End it with mlflow.end_run(), or start a run inside of it "
                              "with start_run(nested=True).")
    with _mlflow_errors():
        given = run_id or (None if _active else os.environ.pop("MLFLOW_RUN_ID", None))
        if given:
            run = _store().run(given)
            if run_name:
                run.set_tag("mlflow.runName", run_name)
        else:
            experiment = str(experiment_id) if experiment_id is not None else _experiment_id()
            parent = {"mlflow.parentRunId": _active[-1].id} if _active else {}
            run = _store().create_run(experiment, run_name or f"run-{uuid.uuid4().hex[:8]}", parent)
        for key, value in {**(tags or {}), **({"mlflow.note.content": description} if description else {})}.items():
            run.set_tag(key, value)
    _active.append(run)
    return ActiveRun(run)


def end_run(status="FINISHED"):
    """Ends the active run, if there is one."""
    if _active:
        _active.pop().finish(_STATUS[str(status)])


def active_run():
    """The active run, or None."""
    return ActiveRun(_active[-1]) if _active else None


def current():
    """The active run as a directory; started when there is none."""
    if not _active:
        start_run()
    return _active[-1]


def set_tracking_uri(uri):
    """Says where runs are kept: a directory or a file: URI."""
    global _tracking_uri
    if tracking.local_path(uri) is None:
        raise MlflowException(f"Odin's small mlflow module keeps runs in files, not at '{uri}'. Remove the call, or install the package mlflow.")
    _tracking_uri = str(uri)


def get_tracking_uri():
    """Where runs are kept, as a URI."""
    uri = _tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or "mlruns"
    path = tracking.local_path(uri)
    return path.as_uri() if path else uri


def set_experiment(experiment_name=None, experiment_id=None, **_):
    """Says to which experiment further runs belong. Inside a training its own run, of its own experiment, is used."""
    global _experiment
    if os.environ.get("MLFLOW_RUN_ID"):
        notice(f"set_experiment({experiment_name or experiment_id!r}) is ignored: the training's own run is used.")
        return
    with _mlflow_errors():
        _experiment = str(experiment_id) if experiment_id is not None else _store().experiment(experiment_name)


def log_param(key, value, **_):
    """Logs one parameter, which cannot be changed later."""
    with _mlflow_errors():
        current().log_param(key, value)
    return value


def log_params(params, **_):
    """Logs parameters."""
    for key, value in params.items():
        log_param(key, value)


def log_metric(key, value, step=None, timestamp=None, **_):
    """Logs one value of a metric; `timestamp` in milliseconds."""
    with _mlflow_errors():
        current().log_metric(key, value, step or 0, timestamp)


def log_metrics(metrics, step=None, timestamp=None, **_):
    """Logs a value of each of several metrics."""
    for key, value in metrics.items():
        log_metric(key, value, step, timestamp)


def set_tag(key, value, **_):
    """Sets one tag."""
    with _mlflow_errors():
        current().set_tag(key, value)


def set_tags(tags, **_):
    """Sets tags."""
    for key, value in tags.items():
        set_tag(key, value)


def get_artifact_uri(artifact_path=None):
    """Where the artifacts of the active run are, as a URI."""
    run = current()
    return artifact_directory(run, artifact_path).as_uri() if artifact_path else run.artifact_uri


def artifact_directory(run, artifact_path):
    """The directory of a path in a run's artifacts, which it must not leave."""
    with _mlflow_errors():
        root = run.artifacts
    path = os.path.normpath(artifact_path or ".")
    if os.path.isabs(path) or path.split(os.sep)[0] == "..":
        raise MlflowException(f"The artifact path '{artifact_path}' leads out of the artifacts of the run.")
    return root / path


def log_artifact(local_path, artifact_path=None, **_):
    """Copies a file or a directory into the artifacts."""
    directory = artifact_directory(current(), artifact_path)
    directory.mkdir(parents=True, exist_ok=True)
    if os.path.isdir(local_path):
        shutil.copytree(local_path, directory / os.path.basename(os.path.abspath(local_path)), dirs_exist_ok=True)
    else:
        shutil.copy2(local_path, directory)


def log_artifacts(local_dir, artifact_path=None, **_):
    """Copies what is in a directory into the artifacts."""
    directory = artifact_directory(current(), artifact_path)
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copytree(local_dir, directory, dirs_exist_ok=True)


def log_text(text, artifact_file, **_):
    """Writes a text into the artifacts."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, os.path.basename(artifact_file))
        file.write_text(text, encoding="utf-8")
        log_artifact(file, os.path.dirname(artifact_file) or None)


def log_dict(dictionary, artifact_file, **_):
    """Writes a dictionary into the artifacts: as YAML when the file is called so, else as JSON."""
    is_yaml = os.path.splitext(artifact_file)[1] in (".yml", ".yaml")
    log_text(yaml_writer.dump(dictionary) if is_yaml else json.dumps(dictionary, indent=2), artifact_file)


def run_artifact(uri):
    """The local path of runs:/ID/PATH."""
    identifier, _, path = uri[len("runs:/"):].strip("/").partition("/")
    with _mlflow_errors():
        return artifact_directory(_store().run(identifier), path)


def _store():
    path = tracking.local_path(get_tracking_uri())
    if path is None:
        raise MlflowException(f"MLFLOW_TRACKING_URI is '{get_tracking_uri()}'; Odin's small mlflow module keeps runs in files.")
    return tracking.FileStore(path)


def _experiment_id():
    return _experiment or os.environ.get("MLFLOW_EXPERIMENT_ID") or _store().experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME") or "Default")


class _mlflow_errors:
    """What the store refuses is an MlflowException to the caller."""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if isinstance(value, tracking.StoreError):
            raise MlflowException(str(value)) from None
        return False


@atexit.register
def _end_all():
    while _active:
        end_run()
