"""Models of one's own class."""

import inspect
import os
import pickle
import shutil
from pathlib import Path

from mlflow import _saving
from mlflow.artifacts import local
from mlflow.exceptions import MlflowException
from mlflow.models import FILE, Model


class PythonModel:
    """Derive from it and write predict(self, context, model_input) to make a model of anything."""

    def load_context(self, context):
        """Called once when the model is loaded; `context.artifacts` has the paths of its files."""

    def predict(self, context, model_input, params=None):
        """Predicts."""
        raise NotImplementedError("predict() of a PythonModel must be written.")


class PythonModelContext:
    """What a model gets beside its input."""

    def __init__(self, artifacts, model_config=None):
        self.artifacts = artifacts
        self.model_config = model_config or {}


class _FunctionPythonModel(PythonModel):
    """A plain function as a model."""

    def __init__(self, function):
        self.function = function

    def predict(self, context, model_input, params=None):
        return self.function(model_input)


def save_model(path, python_model=None, artifacts=None, conda_env=None, code_path=None, code_paths=None, loader_module=None, data_path=None,
               mlflow_model=None, signature=None, input_example=None, pip_requirements=None, extra_pip_requirements=None, metadata=None,
               model_config=None, **_):
    """Saves a model into a new directory: an object of one's own class, or data with a module that loads them (_load_pyfunc)."""
    from mlflow import pyfunc
    if (python_model is None) == (loader_module is None):
        raise MlflowException("Give either python_model, an object of a class derived from mlflow.pyfunc.PythonModel, or loader_module.")
    directory = _saving.new_directory(path)
    model = mlflow_model or Model()
    model.signature = signature or model.signature
    model.metadata = metadata or model.metadata
    _saving.write_example(directory, model, input_example)
    code = _saving.copy_code(directory, code_paths or code_path)
    module, pickling = _saving.pickler()
    env = _saving.write_environment(directory, _saving.pinned(*(["cloudpickle"] if pickling == "cloudpickle" else [])), conda_env,
                                    pip_requirements, extra_pip_requirements)
    if loader_module:
        pyfunc.add_to_model(model, loader_module, env, code, _copy_data(directory, data_path))
    else:
        _save_object(directory, python_model, module, pickling)
        facts = {"artifacts": _copy_artifacts(directory, artifacts), "model_config": model_config, "python_model": "python_model.pkl"}
        if pickling == "cloudpickle":
            facts["cloudpickle_version"] = _saving.version_of("cloudpickle")
        pyfunc.add_to_model(model, "mlflow.pyfunc.model", env, code, None, **facts)
    model.save(directory / FILE)


def log_model(artifact_path=None, loader_module=None, data_path=None, code_path=None, conda_env=None, python_model=None, artifacts=None,
              registered_model_name=None, signature=None, input_example=None, await_registration_for=None, pip_requirements=None,
              extra_pip_requirements=None, metadata=None, code_paths=None, model_config=None, name=None, **_):
    """Logs a model to the active run."""
    return Model.log(artifact_path or name or "model", lambda path, model: save_model(
        path, python_model, artifacts, conda_env, code_path, code_paths, loader_module, data_path, model, signature, input_example,
        pip_requirements, extra_pip_requirements, metadata, model_config), registered_model_name)


def _save_object(directory, python_model, module, pickling):
    if not isinstance(python_model, PythonModel):
        if not callable(python_model):
            raise MlflowException(f"python_model must be an object of a class derived from PythonModel, or a function, not "
                                  f"{type(python_model).__name__}.")
        if pickling == "pickle" and getattr(python_model, "__name__", "") == "<lambda>":
            raise MlflowException("A lambda can be stored only with the package cloudpickle, which is not installed here; write a function.")
        source = python_model
        python_model = _FunctionPythonModel(python_model)
    else:
        source = type(python_model)
    if pickling == "pickle" and getattr(source, "__module__", "") == "__main__":
        # pickle stores a name, and nobody who loads the model has the training's program as its main module.
        raise MlflowException(f"'{source.__qualname__}' is defined in the program itself. Without the package cloudpickle, which is not "
                              "installed here, a model can be stored only if its class is in a module: move it to one, and give that "
                              "file to log_model(code_paths=[...]).")
    with open(directory / "python_model.pkl", "wb") as file:
        module.dump(python_model, file)


def _copy_artifacts(directory, artifacts):
    result = {}
    for name, uri in (artifacts or {}).items():
        source = local(uri)
        relative = f"artifacts/{source.name}"
        if any(entry["path"] == relative for entry in result.values()):
            relative = f"artifacts/{len(result)}/{source.name}"
        target = directory / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
        result[name] = {"path": relative, "uri": str(uri)}
    return result or None


def _copy_data(directory, data_path):
    if data_path is None:
        return None
    target = directory / "data" / os.path.basename(os.path.abspath(data_path))
    target.parent.mkdir()
    shutil.copytree(data_path, target) if os.path.isdir(data_path) else shutil.copy2(data_path, target)
    return f"data/{target.name}"


def _load_pyfunc(path, *_):
    """What pyfunc.load_model() loads: an object with predict(data)."""
    flavor = Model.load(path).flavors["python_function"]
    with open(Path(path, flavor.get("python_model") or "python_model.pkl"), "rb") as file:
        python_model = pickle.load(file)
    if callable(python_model) and not hasattr(python_model, "predict"):
        python_model = _FunctionPythonModel(python_model)
    artifacts = {name: str(Path(path, facts["path"])) for name, facts in (flavor.get("artifacts") or {}).items()}
    context = PythonModelContext(artifacts, flavor.get("model_config"))
    if hasattr(python_model, "load_context"):
        python_model.load_context(context)
    return _Predictor(python_model, context)


class _Predictor:
    def __init__(self, python_model, context):
        self.python_model = python_model
        self.context = context
        known = inspect.signature(python_model.predict).parameters
        self.takes_params = "params" in known
        # Since MLflow 2.20 predict() may leave out the context.
        self.takes_context = "context" in known or len([name for name in known if name != "params"]) > 1

    def predict(self, data, params=None):
        arguments = (self.context, data) if self.takes_context else (data,)
        return self.python_model.predict(*arguments, params=params) if self.takes_params else self.python_model.predict(*arguments)

    def get_raw_model(self):
        return self.python_model
