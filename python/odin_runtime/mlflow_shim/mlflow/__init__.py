"""Odin's small stand-in for the package mlflow, used where that is not installed.

It has what the training code of tutorials calls: runs, parameters, metrics, tags, artifacts, and models of scikit-learn and of one's
own class. It keeps them in files, in the layout of MLflow's file store, and writes models that MLflow loads. What it does not have
says so: docs/reference/mlflow-toolchain.md.
"""

import os as _os
import sys as _sys

try:
    import odin_runtime as _odin_runtime
except ImportError:
    # Only the directory of this module is on the path of modules.
    _sys.path.append(_os.path.dirname(_os.path.dirname(_os.path.dirname(_os.path.dirname(_os.path.abspath(__file__))))))

from odin_runtime import mlflow_shim as _mlflow_shim

__version__ = _mlflow_shim.VERSION + "+odin"

from mlflow import artifacts, exceptions, models, pyfunc, sklearn  # noqa: E402
from mlflow._notices import notice as _notice  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.runs import (ActiveRun, active_run, end_run, get_artifact_uri, get_tracking_uri, log_artifact, log_artifacts,  # noqa: E402
                         log_dict, log_metric, log_metrics, log_param, log_params, log_text, set_experiment, set_tag, set_tags,
                         set_tracking_uri, start_run)

__all__ = ["ActiveRun", "MlflowException", "active_run", "artifacts", "autolog", "end_run", "exceptions", "get_artifact_uri",
           "get_tracking_uri", "log_artifact", "log_artifacts", "log_dict", "log_metric", "log_metrics", "log_param", "log_params",
           "log_text", "models", "pyfunc", "set_experiment", "set_tag", "set_tags", "set_tracking_uri", "sklearn", "start_run"]


def autolog(*_, **__):
    """Does nothing and says so: nothing is logged that is not logged by a call."""
    _notice("mlflow.autolog() logs nothing here; log parameters, metrics and the model by their calls, or install the package mlflow.")


def __getattr__(name):
    raise AttributeError(f"Odin's small mlflow module has no '{name}'. Install the package mlflow, or name it in conda.yaml, to use it.")
