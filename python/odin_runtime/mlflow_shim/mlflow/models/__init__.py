"""The MLmodel file: what a directory with a model says about itself."""

import datetime
import os
import shutil
import tempfile
import uuid
from pathlib import Path

from mlflow._notices import notice
from mlflow.models.signature import ModelSignature, infer_signature
from odin_runtime import mlflow_shim, yaml_subset, yaml_writer

__all__ = ["Model", "ModelInfo", "ModelSignature", "infer_signature"]

FILE = "MLmodel"


class Model:
    """The content of an MLmodel file."""

    def __init__(self, artifact_path=None, run_id=None, utc_time_created=None, flavors=None, signature=None, saved_input_example_info=None,
                 model_uuid=None, metadata=None, **others):
        self.artifact_path = artifact_path
        self.run_id = run_id
        self.utc_time_created = str(utc_time_created or datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None))
        self.flavors = flavors or {}
        self.signature = signature
        self.saved_input_example_info = saved_input_example_info
        self.model_uuid = model_uuid or uuid.uuid4().hex
        self.metadata = metadata
        self.others = others

    def add_flavor(self, name, **facts):
        self.flavors[name] = facts
        return self

    def to_dict(self):
        result = {"artifact_path": self.artifact_path, "flavors": self.flavors, "metadata": self.metadata, "mlflow_version": mlflow_shim.VERSION,
                  "model_uuid": self.model_uuid, "run_id": self.run_id, "saved_input_example_info": self.saved_input_example_info,
                  "signature": self.signature.to_dict() if self.signature else None, "utc_time_created": self.utc_time_created}
        return {key: value for key, value in result.items() if value is not None}

    def save(self, path):
        Path(path).write_text(yaml_writer.dump(self.to_dict()), encoding="utf-8")

    @classmethod
    def load(cls, path):
        """Reads the MLmodel of a directory, or of the file itself; one that real MLflow wrote, too."""
        from mlflow.artifacts import local
        path = local(path)
        facts = yaml_subset.load(path / FILE if path.is_dir() else path)
        facts["signature"] = ModelSignature.from_dict(facts["signature"]) if facts.get("signature") else None
        return cls(**facts)

    @classmethod
    def log(cls, artifact_path, save, registered_model_name=None):
        """Logs a model to the active run; `save(path, model)` writes it into a directory that does not exist yet."""
        from mlflow import runs
        if registered_model_name:
            notice(f"The model is not registered as '{registered_model_name}': there is no registry; a training's artifact takes that place.")
        run = runs.current()
        model = cls(artifact_path=artifact_path, run_id=run.id)
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "model")
            save(path, model)
            # Whatever else was logged to the same path stays there.
            target = runs.artifact_directory(run, artifact_path)
            target.mkdir(parents=True, exist_ok=True)
            shutil.copytree(path, target, dirs_exist_ok=True)
        _remember(run, model)
        return ModelInfo(model)


class ModelInfo:
    """What log_model() tells of the model it has logged."""

    def __init__(self, model):
        self.artifact_path, self.run_id, self.flavors = model.artifact_path, model.run_id, model.flavors
        self.model_uuid, self.utc_time_created, self.signature = model.model_uuid, model.utc_time_created, model.signature
        self.model_uri = f"runs:/{model.run_id}/{model.artifact_path}"
        self.mlflow_version = mlflow_shim.VERSION


def _remember(run, model):
    import json
    key = "mlflow.log-model.history"
    before = json.loads(run.tags().get(key) or "[]")
    run.set_tag(key, json.dumps([*before, model.to_dict()]))
