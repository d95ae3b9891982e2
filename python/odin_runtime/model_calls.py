"""Calls the entry point of a model as the format describes it (docs/reference/model-format.md). Runs in the model's own Python."""

import importlib
import json
import os
import pickle
import sys

SAMPLE = "head_input.pkl"
# What mlflow calls the example that was logged with a model.
EXAMPLE = "input_example.json"


class ModelError(Exception):
    """The model or what it was given is wrong; the message is a sentence."""


class Model:
    """A model whose entry point was imported and initialised."""

    def __init__(self, directory, entry_point):
        self.directory = os.path.abspath(directory)
        if not os.path.isdir(self.directory):
            raise ModelError(f"The directory of the model, '{directory}', does not exist.")
        # Nothing is to be left in the model's directory, which is packed as it is.
        sys.dont_write_bytecode = True
        sys.path.insert(0, self.directory)
        try:
            self.module = importlib.import_module(entry_point)
            self.kind = self.function("init")()
        except ImportError as problem:
            raise ImportError(f"{problem}; is a dependency missing from the model's environment (conda.yaml)?") from problem
        if self.kind == "objects":
            raise ModelError("init() of the model returned 'objects', which this can not handle; it must return 'matrix'.")
        if self.kind != "matrix":
            raise ModelError(f"init() of the model returned the unknown return type {self.kind!r}; it must return 'matrix'.")

    def function(self, name):
        function = getattr(self.module, name, None)
        if not callable(function):
            raise ModelError(f"The entry point '{self.module.__name__}' of the model has no function {name}().")
        return function

    def info(self):
        """The columns of input and output."""
        result = self.function("info")()
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise ModelError("info() of the model must return two lists: the columns of input and of output.")
        return list(result[0]), list(result[1])

    def evaluate(self, rows, columns=None):
        """The predictions for rows, as a list, and the names of their columns."""
        # A model may take the rows alone when no names are given.
        predict = self.function("predict_on_matrix")
        result = predict(rows, provided_columns_names=columns) if columns else predict(rows)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise ModelError("predict_on_matrix() of the model must return a pair: the predictions and the names of their columns.")
        prediction, names = result
        if hasattr(prediction, "tolist"):
            prediction = prediction.tolist()
        if not isinstance(prediction, (list, tuple)):
            raise ModelError(f"predict_on_matrix() of the model must return an array or a list, not {type(prediction).__name__}.")
        return prediction, list(names) if names is not None else []

    def encoder(self):
        """The class that writes the model's values as JSON; None: the standard one."""
        hook = getattr(self.module, "get_output_json_serializer", None)
        return hook() if hook else None

    def predict(self, rows, columns=None):
        """The text of the JSON document {prediction, columns} for rows."""
        prediction, names = self.evaluate(rows, columns)
        return json.dumps({"prediction": prediction, "columns": names}, cls=self.encoder())

    def self_check(self):
        """Describes itself and predicts its sample. False where there is no sample, so that nothing was predicted."""
        self.info()
        path = os.path.join(self.directory, SAMPLE)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                self.predict(pickle.load(file))
            return True
        rows, columns = self._example()
        if rows is None:
            self.function("predict_on_matrix")
            return False
        self.predict(rows, columns)
        return True

    def _example(self):
        """Rows and names of columns of the example, as a request would bring them; None for what is no table."""
        try:
            with open(os.path.join(self.directory, EXAMPLE), encoding="utf-8") as file:
                document = json.load(file)
        except (OSError, ValueError):
            return None, None
        table = document if isinstance(document, dict) else {}
        rows, columns = (table.get("data"), table.get("columns")) if "data" in table else (table.get("inputs"), None)
        is_table = isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows)
        return (rows, columns) if is_table else (None, None)


def describe(problem):
    """An exception of a model in one line."""
    text = str(problem).strip()
    if isinstance(problem, ModelError):
        return text
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__
