"""Signatures: the names and types of a model's input and output."""

import json

_TYPES = {"f8": "double", "f4": "float", "f2": "float", "b1": "boolean", "i8": "long", "u8": "long", "u4": "long"}


class Schema:
    """A list of columns {name, type}, or of one tensor."""

    def __init__(self, inputs):
        self.inputs = inputs

    def to_json(self):
        return json.dumps(self.inputs)

    def input_names(self):
        """The names of the columns; empty when they have none."""
        names = [column.get("name") for column in self.inputs]
        return names if all(name is not None for name in names) else []

    def is_required(self, name):
        return all(column.get("required", True) and not column.get("optional") for column in self.inputs if column.get("name") == name)

    def __eq__(self, other):
        return isinstance(other, Schema) and self.inputs == other.inputs


class ModelSignature:
    """Input and output of a model."""

    def __init__(self, inputs=None, outputs=None, params=None):
        self.inputs, self.outputs, self.params = inputs, outputs, params

    def to_dict(self):
        return {"inputs": self.inputs.to_json() if self.inputs else None, "outputs": self.outputs.to_json() if self.outputs else None}

    @classmethod
    def from_dict(cls, facts):
        inputs, outputs = (Schema(json.loads(facts[key])) if facts.get(key) else None for key in ("inputs", "outputs"))
        return cls(inputs, outputs, facts.get("params"))

    def __eq__(self, other):
        return isinstance(other, ModelSignature) and (self.inputs, self.outputs) == (other.inputs, other.outputs)


def infer_signature(model_input=None, model_output=None, params=None, **_):
    """The signature of samples: DataFrames, Series, arrays, lists and dictionaries of them."""
    return ModelSignature(_schema(model_input), _schema(model_output))


def _schema(sample):
    if sample is None:
        return None
    if hasattr(sample, "columns") and hasattr(sample, "dtypes"):
        return Schema([{"name": str(name), "type": _column_type(sample[name])} for name in sample.columns])
    if hasattr(sample, "iloc") and hasattr(sample, "dtype"):
        return Schema([{**({"name": str(sample.name)} if sample.name is not None else {}), "type": _column_type(sample)}])
    if isinstance(sample, dict):
        return Schema([{"name": str(name), **_item(value)} for name, value in sample.items()])
    if hasattr(sample, "dtype") and hasattr(sample, "shape"):
        return Schema([_tensor(sample)])
    if isinstance(sample, (list, tuple)) and sample and not isinstance(sample[0], (list, tuple, dict)):
        return Schema([{"type": _value_type(sample[0])}])
    return Schema([{"type": _value_type(sample)}]) if isinstance(sample, (bool, int, float, str, bytes)) else None


def _item(value):
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _tensor(value)
    return {"type": _value_type(value[0] if isinstance(value, (list, tuple)) and value else value)}


def _tensor(array):
    return {"type": "tensor", "tensor-spec": {"dtype": str(array.dtype), "shape": [-1, *array.shape[1:]]}}


def _column_type(column):
    kind = getattr(column.dtype, "kind", "O")
    if kind == "M":
        return "datetime"
    if kind == "O":
        return _value_type(next((value for value in column if value is not None), ""))
    return _TYPES.get(f"{kind}{column.dtype.itemsize}", "integer")


def _value_type(value):
    for kind, name in ((bool, "boolean"), (int, "long"), (float, "double"), (bytes, "binary")):
        if isinstance(value, kind):
            return name
    return "string"
