"""Entry point of this model: what serves it, packs it or checks it calls the functions below and nothing else.

Made by Odin's MLflow toolchain, which copies this text into each model directory. It needs mlflow, or Odin's small mlflow module,
and what the model itself needs (conda.yaml).

The samples head_input.pkl and head_output.pkl are optional. They name the columns and their types; where one is missing, the
signature that was logged with the model does, and after it the input example.
"""

import importlib.util
import json
import os
import pickle

_HERE = os.path.dirname(os.path.abspath(__file__))
_TYPES = {"f": ("number", 0), "i": ("integer", 0), "u": ("integer", 0), "b": ("boolean", False), "O": ("string", ""), "U": ("string", ""),
          "S": ("string", "")}
# Types of a signature, and the kind of the columns that they are.
_KINDS = {"double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool", "datetime": "datetime64[ns]"}

_model = None
_head_input = None
_head_output = None
# What every call needs of them: labels and types of the input, names of the output.
_input_columns = []
_output_names = ()


def init():
    """Loads the model; called once, before anything else. Says that input and output are matrices."""
    global _model, _head_input, _head_output, _input_columns, _output_names
    _model = _mlflow_pyfunc().load_model(_HERE)
    signature = getattr(getattr(_model, "metadata", None), "signature", None)
    # Truth values of tables are errors: they are compared with None.
    _head_input, _head_output = _sample("head_input.pkl"), _sample("head_output.pkl")
    if _head_input is None:
        _head_input = _signed(signature, "inputs")
    if _head_input is None:
        _head_input = _example()
    if _head_output is None:
        _head_output = _signed(signature, "outputs")
    _input_columns = list(zip(_head_input.columns, _head_input.dtypes)) if _is_frame(_head_input) else []
    _output_names = tuple(column["name"] for column in _schema(_head_output))
    return "matrix"


def predict_on_matrix(input_matrix, provided_columns_names=None):
    """Predicts rows, which are a list of lists or a DataFrame.

    With column names and an input sample the order of the columns does not matter: columns that the sample does not have are
    dropped, and those that are missing are empty (NaN). Returns the predictions, an array or a list, and the names of their columns.
    """
    return _answer(_model.predict(_frame(input_matrix, provided_columns_names)))


def info():
    """The columns of input and output by samples, signature or example: two lists of {name, type, example, required}, else empty."""
    return _schema(_head_input), _schema(_head_output)


def get_output_json_serializer():
    """The class that turns values of a prediction into JSON: numpy's numbers and dates are not known to the standard one."""
    class Encoder(json.JSONEncoder):
        def default(self, o):
            for method in ("tolist", "isoformat"):
                if hasattr(o, method):
                    return getattr(o, method)()
            return super().default(o)

    return Encoder


def _mlflow_pyfunc():
    if importlib.util.find_spec("mlflow") is None and importlib.util.find_spec("odin_runtime") is not None:
        from odin_runtime import mlflow_shim
        mlflow_shim.activate()
    import mlflow.pyfunc
    return mlflow.pyfunc


def _sample(name):
    path = os.path.join(_HERE, name)
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        return pickle.load(file)


def _signed(signature, part):
    """A table without rows that has the columns of a signature; None where it names none, or nothing can make tables."""
    text = signature.to_dict().get(part) if signature is not None else None
    columns = json.loads(text) if isinstance(text, str) else []
    if not columns or any("name" not in column or column.get("type") == "tensor" for column in columns) or importlib.util.find_spec("pandas") is None:
        return None
    import pandas
    return pandas.DataFrame({column["name"]: pandas.Series([], dtype=_KINDS.get(str(column.get("type")), "object")) for column in columns})


def _example():
    """The example that was logged with the model, where it is a table."""
    path = os.path.join(_HERE, "input_example.json")
    if not os.path.isfile(path) or importlib.util.find_spec("pandas") is None:
        return None
    import pandas
    with open(path, encoding="utf-8") as file:
        table = json.load(file)
    if not isinstance(table, dict) or "columns" not in table or "data" not in table:
        return None
    return pandas.DataFrame(table["data"], columns=table["columns"])


def _is_frame(value):
    return hasattr(value, "columns") and hasattr(value, "dtypes")


def _frame(rows, names):
    if _is_frame(rows):
        frame = rows
    elif importlib.util.find_spec("pandas") is None:
        return rows
    else:
        import pandas
        frame = _number_frame(rows, names)
        if frame is not None:
            return frame
        frame = pandas.DataFrame(rows, columns=names if names else None)
    if not _is_frame(_head_input):
        return frame
    if names:
        frame = frame.reindex(columns=_head_input.columns)
    elif frame is not rows and len(frame.columns) == len(_head_input.columns):
        frame.columns = _head_input.columns
    return _with_sample_types(frame)


def _number_frame(rows, names):
    """The same table as by the long way, in a fifth of the time, for rows of nothing but numbers; None for others.

    Most requests have one such row, and then tables cost more than predictions.
    """
    labels = [label for label, _ in _input_columns]
    width = len(names or labels)
    if not labels or not rows or type(rows) is not list or any(type(row) is not list or len(row) != width for row in rows):
        return None
    if names and any(type(name) is not str for name in names):
        return None
    places = {name: place for place, name in enumerate(names or labels)}
    if len(places) != width or any(label not in places for label in labels):
        return None
    values = list(zip(*rows))
    arrays = [_numbers(values[places[label]], kind) for label, kind in _input_columns]
    if any(array is None for array in arrays):
        return None
    import pandas
    frame = pandas.DataFrame(dict(enumerate(arrays)))
    frame.columns = _head_input.columns
    return frame


def _numbers(values, kind):
    """A column of the type that pandas would choose, or that of the sample; None where something is no number, or a huge one."""
    import numpy
    types = set(map(type, values))
    if not types <= {int, float}:
        return None
    if int not in types:
        return numpy.array(values)
    whole = numpy.array(values if len(types) == 1 else [value for value in values if type(value) is int])
    if whole.dtype.kind != "i":
        return None
    if len(types) == 1:
        return whole.astype(kind) if getattr(kind, "kind", "") == "f" else whole
    return numpy.array(values, dtype=float)


def _with_sample_types(frame):
    # JSON has 7 for 7.0, and a model that checks its signature takes no whole numbers for fractions.
    for name, kind in _input_columns:
        if name in frame and getattr(kind, "kind", "") == "f" and frame[name].dtype.kind in "iu":
            frame = frame.astype({name: kind})
    return frame


def _answer(result):
    if _is_frame(result):
        return result.values, tuple(str(name) for name in result.columns)
    if hasattr(result, "tolist"):
        return getattr(result, "values", result), _output_names
    if importlib.util.find_spec("numpy") is None:
        return list(result), _output_names
    import numpy
    return numpy.array(result), _output_names


def _schema(sample):
    if _is_frame(sample):
        columns = zip(sample.columns, sample.dtypes)
    elif hasattr(sample, "dtype") and hasattr(sample, "name"):
        columns = [(sample.name if sample.name is not None else 0, sample.dtype)]
    elif hasattr(sample, "dtype"):
        columns = [(number, sample.dtype) for number in range(sample.shape[1] if sample.ndim > 1 else 1)]
    else:
        columns = []
    result = []
    for name, kind in columns:
        type_name, example = _TYPES.get(getattr(kind, "kind", ""), (None, None))
        result.append({"name": str(name), "type": type_name, "example": example, "required": True})
    return result
