"""Where the files behind a URI are."""

import os

from mlflow.exceptions import MlflowException
from odin_runtime import tracking


def local(uri):
    """The local path of a path, a file: URI or runs:/ID/PATH."""
    text = os.fspath(uri) if not isinstance(uri, str) else uri
    if text.startswith("runs:/"):
        from mlflow import runs
        path = runs.run_artifact(text)
    else:
        path = tracking.local_path(text)
    if path is None:
        raise MlflowException(f"Odin's small mlflow module reads local paths, file: URIs and runs:/ID/PATH, not '{text}'.")
    if not path.exists():
        raise MlflowException(f"'{text}' does not exist.")
    return path


def download_artifacts(artifact_uri=None, run_id=None, artifact_path=None, **_):
    """The local path of artifacts, which are local already."""
    return str(local(artifact_uri or f"runs:/{run_id}/{artifact_path or ''}"))
