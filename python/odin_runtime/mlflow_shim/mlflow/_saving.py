"""What every flavor writes beside the model itself: environment files, an input example, code."""

import importlib.metadata
import json
import os
import platform
import shutil
from pathlib import Path

from mlflow.exceptions import MlflowException
from odin_runtime import yaml_subset, yaml_writer

CONDA, PYTHON_ENV, REQUIREMENTS = "conda.yaml", "python_env.yaml", "requirements.txt"


def new_directory(path):
    """Makes the directory of a model, which must not have anything in it."""
    if os.path.exists(path) and os.listdir(path):
        raise MlflowException(f"Path '{path}' already exists and is not empty.")
    os.makedirs(path, exist_ok=True)
    return Path(path)


def write_environment(path, defaults, conda_env=None, pip_requirements=None, extra_pip_requirements=None):
    """Writes conda.yaml, python_env.yaml and requirements.txt, and returns what a flavor's `env` says of them. `defaults` are the
    lines for pip where the caller gave no environment."""
    if sum(given is not None for given in (conda_env, pip_requirements, extra_pip_requirements)) > 1:
        raise MlflowException("Only one of conda_env, pip_requirements and extra_pip_requirements can be given.")
    if conda_env is not None:
        conda = conda_env if isinstance(conda_env, dict) else yaml_subset.load(conda_env)
        lines = next((entry["pip"] for entry in conda.get("dependencies") or [] if isinstance(entry, dict) and "pip" in entry), None) or []
    else:
        lines = _lines(pip_requirements) if pip_requirements is not None else ["mlflow", *defaults, *_lines(extra_pip_requirements)]
        pip = version_of("pip")
        conda = {"channels": ["conda-forge"], "dependencies": [f"python={platform.python_version()}", f"pip<={pip}" if pip else "pip",
                                                               {"pip": lines}], "name": "mlflow-env"}
    (path / CONDA).write_text(yaml_writer.dump(conda), encoding="utf-8")
    (path / REQUIREMENTS).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    build = [f"{name}=={version_of(name)}" for name in ("pip", "setuptools", "wheel") if version_of(name)]
    (path / PYTHON_ENV).write_text(yaml_writer.dump({"python": platform.python_version(), "build_dependencies": build,
                                                     "dependencies": [f"-r {REQUIREMENTS}"]}), encoding="utf-8")
    return {"conda": CONDA, "virtualenv": PYTHON_ENV}


def pinned(*names):
    """Lines for pip with the versions that are here; what is not here is left out."""
    return [f"{name}=={version_of(name)}" for name in names if version_of(name)]


def version_of(name):
    """The version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _lines(given):
    if given is None:
        return []
    if isinstance(given, (str, os.PathLike)):
        given = Path(given).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in given if line.strip() and not line.strip().startswith("#")]


def write_example(path, model, example):
    """Writes an input example as mlflow does: a table in pandas' split form, an array as {inputs}."""
    if example is None:
        return
    if hasattr(example, "to_json") and hasattr(example, "columns"):
        text, facts = example.to_json(orient="split", index=False), {"pandas_orient": "split", "type": "dataframe"}
    elif hasattr(example, "tolist"):
        text, facts = json.dumps({"inputs": example.tolist()}), {"format": "tf-serving", "type": "ndarray"}
    else:
        text, facts = json.dumps(example), {"type": "json_object"}
    (path / "input_example.json").write_text(text, encoding="utf-8")
    model.saved_input_example_info = {"artifact_path": "input_example.json", **facts}


def copy_code(path, code_paths):
    """Copies modules that the model imports; returns the name of their directory in the model, or None."""
    for source in code_paths or []:
        target = path / "code" / os.path.basename(os.path.abspath(source))
        target.parent.mkdir(exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    return "code" if code_paths else None


def pickler():
    """The module that pickles, and its name in MLmodel: cloudpickle where it is installed."""
    try:
        import cloudpickle
        return cloudpickle, "cloudpickle"
    except ImportError:
        import pickle
        return pickle, "pickle"
