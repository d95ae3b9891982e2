"""The flavor python_function: a model that is anything with predict(), and how it is loaded."""

import importlib
import inspect
import os
import platform
import sys

from mlflow._notices import notice
from mlflow.artifacts import local
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.pyfunc.model import PythonModel, PythonModelContext, log_model, save_model

__all__ = ["PyFuncModel", "PythonModel", "PythonModelContext", "add_to_model", "autolog", "load_model", "log_model", "save_model"]

FLAVOR_NAME = "python_function"
_KNOWN_LOADERS = ("mlflow.sklearn", "mlflow.pyfunc.model")


def add_to_model(model, loader_module, env=None, code=None, data=None, **facts):
    """Adds the flavor to an MLmodel."""
    found = {"code": code, "data": data, "env": env, "loader_module": loader_module, **facts, "python_version": platform.python_version()}
    return model.add_flavor(FLAVOR_NAME, **{key: value for key, value in sorted(found.items()) if value is not None})


class PyFuncModel:
    """A loaded model. `metadata` is its MLmodel."""

    def __init__(self, metadata, implementation):
        self.metadata = metadata
        self._model_impl = implementation
        self._takes_params = "params" in _parameters(implementation.predict)

    def predict(self, data, params=None):
        """Predicts a DataFrame, an array, a list or a dictionary. With a signature, the columns that it names are taken, in its order."""
        data = self._checked(data)
        return self._model_impl.predict(data, params=params) if self._takes_params else self._model_impl.predict(data)

    def unwrap_python_model(self):
        """The object of one's own class that was logged."""
        if not hasattr(self._model_impl, "python_model"):
            raise MlflowException("The model is none of one's own class (PythonModel).")
        return self._model_impl.python_model

    def get_raw_model(self):
        """The model of the library that made it."""
        return self._model_impl.get_raw_model()

    def _checked(self, data):
        schema = self.metadata.signature.inputs if self.metadata.signature else None
        names = schema.input_names() if schema else []
        if not names or not hasattr(data, "columns"):
            return data
        missing = [name for name in names if name not in data.columns and schema.is_required(name)]
        if missing:
            raise MlflowException(f"Model is missing inputs {missing}. Note that there were extra inputs: "
                                  f"{[str(name) for name in data.columns if name not in names]}")
        return data[[name for name in names if name in data.columns]]


def load_model(model_uri, suppress_warnings=False, dst_path=None, **_):
    """Loads a model from a directory, a file: URI or runs:/ID/PATH; also one that real MLflow wrote."""
    directory = local(model_uri)
    model = Model.load(directory)
    flavor = model.flavors.get(FLAVOR_NAME)
    if flavor is None:
        raise MlflowException(f"The model in '{directory}' cannot be loaded: {FLAVOR_NAME} (pyfunc) is not in model's flavors, which are: "
                              f"{', '.join(model.flavors) or 'none'}.")
    add_code(directory, flavor.get("code"))
    name = flavor.get("loader_module") or ""
    if name.startswith("mlflow.") and name not in _KNOWN_LOADERS:
        raise MlflowException(f"The model is loaded by '{name}', which Odin's small mlflow module does not have; the package mlflow is wanted.")
    path = os.path.join(str(directory), flavor["data"]) if flavor.get("data") else str(directory)
    return PyFuncModel(model, importlib.import_module(name)._load_pyfunc(path))


def add_code(directory, code):
    """Makes the modules that were saved with a model importable."""
    if code:
        path = os.path.join(str(directory), code)
        if path not in sys.path:
            sys.path.insert(0, path)


def autolog(*_, **__):
    """Does nothing and says so."""
    notice("mlflow.pyfunc.autolog() logs nothing here.")


def _parameters(function):
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
