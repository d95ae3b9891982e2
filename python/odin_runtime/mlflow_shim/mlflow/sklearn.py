"""Models of scikit-learn."""

import os
import pickle

from mlflow import _saving, pyfunc
from mlflow._notices import notice
from mlflow.artifacts import local
from mlflow.exceptions import MlflowException
from mlflow.models import FILE, Model

FLAVOR_NAME = "sklearn"
SERIALIZATION_FORMAT_PICKLE = "pickle"
SERIALIZATION_FORMAT_CLOUDPICKLE = "cloudpickle"


def save_model(sk_model, path, conda_env=None, code_paths=None, mlflow_model=None, serialization_format=None, signature=None,
               input_example=None, pip_requirements=None, extra_pip_requirements=None, pyfunc_predict_fn="predict", metadata=None, **_):
    """Saves a model into a new directory."""
    import sklearn
    if serialization_format not in (None, SERIALIZATION_FORMAT_PICKLE, SERIALIZATION_FORMAT_CLOUDPICKLE):
        raise MlflowException(f"Unrecognized serialization format: {serialization_format}. Use 'pickle' or 'cloudpickle'.")
    directory = _saving.new_directory(path)
    model = mlflow_model or Model()
    model.signature = signature or model.signature
    model.metadata = metadata or model.metadata
    _saving.write_example(directory, model, input_example)
    module, name = _saving.pickler()
    if serialization_format == SERIALIZATION_FORMAT_PICKLE:
        module, name = pickle, SERIALIZATION_FORMAT_PICKLE
    elif serialization_format and name != serialization_format:
        notice("The package cloudpickle is not installed here; the model is written by pickle.")
    with open(directory / "model.pkl", "wb") as file:
        module.dump(sk_model, file)
    code = _saving.copy_code(directory, code_paths)
    defaults = _saving.pinned("scikit-learn", "numpy", "scipy", "pandas", *(["cloudpickle"] if name == "cloudpickle" else []))
    env = _saving.write_environment(directory, defaults, conda_env, pip_requirements, extra_pip_requirements)
    if hasattr(sk_model, pyfunc_predict_fn):
        pyfunc.add_to_model(model, "mlflow.sklearn", env=env, code=code, model_path="model.pkl", predict_fn=pyfunc_predict_fn)
    else:
        notice(f"The model has no {pyfunc_predict_fn}(), so it has no python_function flavor and cannot be served.")
    model.add_flavor(FLAVOR_NAME, code=code, pickled_model="model.pkl", serialization_format=name, sklearn_version=sklearn.__version__)
    model.save(directory / FILE)


def log_model(sk_model, artifact_path=None, conda_env=None, code_paths=None, serialization_format=None, registered_model_name=None,
              signature=None, input_example=None, await_registration_for=None, pip_requirements=None, extra_pip_requirements=None,
              pyfunc_predict_fn="predict", metadata=None, name=None, **_):
    """Logs a model to the active run."""
    return Model.log(artifact_path or name or "model", lambda path, model: save_model(
        sk_model, path, conda_env, code_paths, model, serialization_format, signature, input_example, pip_requirements,
        extra_pip_requirements, pyfunc_predict_fn, metadata), registered_model_name)


def load_model(model_uri, dst_path=None):
    """Loads the model itself, with all its methods."""
    directory = local(model_uri)
    flavor = Model.load(directory).flavors.get(FLAVOR_NAME)
    if flavor is None:
        raise MlflowException(f"The model in '{directory}' has no flavor '{FLAVOR_NAME}'.")
    pyfunc.add_code(directory, flavor.get("code"))
    return _load(directory / flavor.get("pickled_model", "model.pkl"))


def autolog(*_, **__):
    """Does nothing and says so."""
    notice("mlflow.sklearn.autolog() logs nothing here; log parameters, metrics and the model by their calls, or install the package mlflow.")


def _load_pyfunc(path):
    """What pyfunc.load_model() loads: an object with predict(). The path is that of the model's directory; before MLflow 1.10 that of
    the pickled file."""
    if os.path.isfile(path):
        return _Predictor(_load(path), "predict")
    flavors = Model.load(path).flavors
    facts = flavors["python_function"]
    file = facts.get("model_path") or flavors.get(FLAVOR_NAME, {}).get("pickled_model") or "model.pkl"
    return _Predictor(_load(os.path.join(path, file)), facts.get("predict_fn") or "predict")


def _load(path):
    with open(path, "rb") as file:
        # What cloudpickle wrote is read by pickle, with cloudpickle at hand where it needs that.
        return pickle.load(file)


class _Predictor:
    def __init__(self, model, method):
        self.sklearn_model = model
        self.predict = getattr(model, method)

    def get_raw_model(self):
        return self.sklearn_model
