"""The program `invoke` of an image made by docker-cli: self_check, predict, batch and info of the model in it.

MODEL_LOCATION names the model's directory (default: the current one), MODEL_ENTRYPOINT its module (default: entrypoint). Imports
only the standard library and its neighbour model_calls, besides what the model needs.
"""

import argparse
import json
import os
import sys
import traceback

from odin_runtime import mlflow_shim, tensors
from odin_runtime.model_calls import Model, ModelError, describe


def main(arguments=None):
    options = _parser().parse_args(arguments)
    mlflow_shim.activate()
    try:
        {"self_check": _self_check, "predict": _predict, "batch": _batch, "info": _info}[options.command](options)
        return 0
    except Exception as problem:  # the model is anybody's code
        if options.verbose:
            traceback.print_exc()
        print(f"Error: {describe(problem)}", file=sys.stderr)
        return 1


def _parser():
    parser = argparse.ArgumentParser(prog=os.environ.get("ODIN_PROGRAM_NAME") or "invoke", description="Runs the model in this image.")
    parser.add_argument("-v", "--verbose", action="store_true", help="show where an error comes from")
    parser.add_argument("--model", default=os.environ.get("MODEL_LOCATION") or ".", help="directory of the model (MODEL_LOCATION)")
    parser.add_argument("--entrypoint", default=os.environ.get("MODEL_ENTRYPOINT") or "entrypoint",
                        help="module with the model's functions (MODEL_ENTRYPOINT)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    # An argument only since Python 3.7; a model may need an older one.
    commands.required = True
    commands.add_parser("self_check", help="load the model and predict its sample")
    predict = commands.add_parser("predict", help="predict the rows of a JSON file {columns, data}")
    predict.add_argument("input_file", metavar="INPUT_FILE")
    predict.add_argument("output_dir", metavar="OUTPUT_DIR")
    predict.add_argument("--output_file_name", "-o", default="results.json", metavar="NAME")
    add_batch(commands)
    commands.add_parser("info", help="show the columns of input and output")
    return parser


def _self_check(options):
    if not Model(options.model, options.entrypoint).self_check():
        print("There is no head_input.pkl and no input example in the model: it was loaded, and no prediction was tried.", file=sys.stderr)
    print("Self-check is successful")


def _predict(options):
    rows, columns = read_input(options.input_file)
    name = options.output_file_name
    if os.path.basename(name) != name or name in ("", ".", ".."):
        raise ModelError(f"The name of the result file must be a file name, not '{name}'.")
    text = Model(options.model, options.entrypoint).predict(rows, columns)
    os.makedirs(options.output_dir, exist_ok=True)
    path = os.path.join(options.output_dir, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"Prediction is successful. Result file: {path}")


def add_batch(commands):
    """The command `batch`, whose places are those that a batch job names."""
    batch = commands.add_parser("batch", help="predict every request in a directory, files of the Open Inference Protocol")
    batch.add_argument("input_dir", metavar="INPUT_DIR", nargs="?", default=os.environ.get("ODAHU_INPUT_PATH"), help="(ODAHU_INPUT_PATH)")
    batch.add_argument("output_dir", metavar="OUTPUT_DIR", nargs="?", default=os.environ.get("ODAHU_OUTPUT_PATH"), help="(ODAHU_OUTPUT_PATH)")


def _batch(options):
    if not options.input_dir or not options.output_dir:
        raise ModelError("Say where the requests are and where the responses go: INPUT_DIR OUTPUT_DIR, or ODAHU_INPUT_PATH and ODAHU_OUTPUT_PATH.")
    names = sorted(name for name in os.listdir(options.input_dir) if name.endswith(".json"))
    model = Model(options.model, options.entrypoint)
    model_name, version = os.environ.get("ODAHU_MODEL_NAME") or "model", os.environ.get("ODAHU_MODEL_VERSION") or "1.0"
    os.makedirs(options.output_dir, exist_ok=True)
    failed = []
    for name in names:
        try:
            rows = _predict_file(model, os.path.join(options.input_dir, name), os.path.join(options.output_dir, name), model_name, version)
            print("%s: %d rows" % (name, rows))
        except Exception as problem:  # the others are predicted all the same
            failed.append(name)
            if options.verbose:
                traceback.print_exc()
            print("%s: %s" % (name, describe(problem)), file=sys.stderr)
    if failed:
        raise ModelError("%d of %d files could not be predicted: %s" % (len(failed), len(names), ", ".join(failed[:10])))
    print("Predicted %d files" % len(names))


def _predict_file(model, source, target, model_name, version):
    with open(source, encoding="utf-8") as file:
        request = tensors.read_request(json.load(file))
    prediction, columns = model.evaluate(request.rows, request.columns)
    text = json.dumps(tensors.write_response(request, model_name, version, prediction, columns), cls=model.encoder())
    with open(target, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return len(request.rows)


def _info(options):
    for heading, columns in zip(("Input schema:", "Output schema:"), Model(options.model, options.entrypoint).info()):
        print(heading)
        print(json.dumps(columns, indent=4))


def read_input(path):
    """The rows and column names of a JSON file {"columns": [...], "data": [[...], ...]}; columns may be missing."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError) as problem:
        raise ModelError(f"The input file '{path}' cannot be read: {problem}") from None
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        raise ModelError(f"The input file '{path}' must be a JSON object with 'data', a list of rows, and perhaps 'columns'.")
    columns = document.get("columns")
    if columns is not None and not isinstance(columns, list):
        raise ModelError(f"'columns' in the input file '{path}' must be a list of names.")
    for number, row in enumerate(document["data"]):
        if columns and isinstance(row, list) and len(row) != len(columns):
            raise ModelError(f"Row {number + 1} in the input file '{path}' has {len(row)} values for {len(columns)} columns.")
    return document["data"], columns


if __name__ == "__main__":
    sys.exit(main())
