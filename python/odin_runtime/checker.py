"""Checks a model in a process of its own: imports what models use, waits for the model's directory on its input, checks, reports.

It is started before the training's own program, so that the imports, which take longer than the check, are done when the model is
there. Its own words go to the file that is its argument, as JSON; the model's output goes to the log.
"""

import importlib
import json
import os
import sys
import traceback

from odin_runtime import mlflow_shim
from odin_runtime.model_calls import Model, describe


def main(arguments):
    report, *modules = arguments
    mlflow_shim.activate()
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception:  # whether the model needs it will be seen when it is loaded
            pass
    request = sys.stdin.readline()
    if not request:
        return 0
    directory, entry_point = json.loads(request)
    sys.stdin = open(os.devnull, encoding="utf-8")
    try:
        result = {"predicted": Model(directory, entry_point).self_check()}
    except Exception as problem:  # the model is anybody's code
        result = {"error": describe(problem), "traceback": traceback.format_exc()}
    sys.stdout.flush()
    with open(report, "w", encoding="utf-8") as file:
        json.dump(result, file)
    return 0
