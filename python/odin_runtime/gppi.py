"""Runs a model directory (GPPI): test, predict, batch, info. The commands, options and words of `odahuflowctl gppi`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

from odin_runtime import environment_file, environments, invoke
from odin_runtime.errors import TrainingError
from odin_runtime.manifest import Manifest

_PATH = "ODAHUFLOW_GPPI_MODEL_PATH"
# What a batch job calls the same.
_BATCH_PATH = "ODAHU_MODEL_PATH"


def main(arguments=None):
    options = _parser().parse_args(arguments)
    try:
        if not options.gppi_model_path:
            raise TrainingError(f"Missing path to the GPPI: give it by --gppi-model-path or {_PATH}.")
        found = Manifest(options.gppi_model_path)
        return {"test": _test, "predict": _predict, "batch": _batch, "info": _info}[options.command](found, options)
    except TrainingError as problem:
        print(f"Error: {problem}")
        return 1


def _parser():
    parser = argparse.ArgumentParser(prog=os.environ.get("ODIN_PROGRAM_NAME") or "odin-gppi", description="Runs a model directory (GPPI).")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the model's own words and where an error comes from")
    parser.add_argument("-m", "--gppi-model-path", default=os.environ.get(_PATH) or os.environ.get(_BATCH_PATH), metavar="DIR",
                        help=f"the model directory ({_PATH}, {_BATCH_PATH})")
    parser.add_argument("--use-current-env", action="store_true", help="run the model in this Python as it is")
    parser.add_argument("-e", "--env-name", default=os.environ.get("ODAHUFLOW_CONDA"), metavar="NAME",
                        help="a conda environment, made where it is missing (ODAHUFLOW_CONDA); by default one is chosen by ODIN_ENVIRONMENT")
    parser.add_argument("--skip-deps", action="store_true", help="do not install what the model's conda file asks for")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("test", help="load the model and predict its sample")
    commands.add_parser("info", help="show the columns of input and output")
    invoke.add_batch(commands)
    predict = commands.add_parser("predict", help="predict the rows of a JSON file {columns, data}")
    predict.add_argument("input_file", metavar="INPUT_FILE")
    predict.add_argument("output_dir", metavar="OUTPUT_DIR")
    predict.add_argument("-o", "--output-file-name", default="results.json", metavar="NAME")
    return parser


def _test(found, options):
    code, output = _invoke(found, options, ["self_check"])
    if code == 0:
        print("OK")
        print("The GPPI is correct and could be packaged or deployed.")
        return 0
    if options.verbose:
        sys.stderr.write(output)
    raise TrainingError("Exception raised while invoke model entrypoint. GPPI self-check failed. Fix your model and try again.")


def _predict(found, options):
    arguments = ["predict", os.path.abspath(options.input_file), os.path.abspath(options.output_dir), "--output_file_name",
                 options.output_file_name]
    code, output = _invoke(found, options, arguments)
    if code:
        raise TrainingError(_words(output))
    print(f"Prediction file: {os.path.join(options.output_dir, options.output_file_name)}")
    return 0


def _batch(found, options):
    if not options.input_dir or not options.output_dir:
        raise TrainingError("Say where the requests are and where the responses go: INPUT_DIR OUTPUT_DIR, or ODAHU_INPUT_PATH and ODAHU_OUTPUT_PATH.")
    # It may take hours: what the model says is seen when it says it.
    code, _ = _invoke(found, options, ["batch", os.path.abspath(options.input_dir), os.path.abspath(options.output_dir)], errors=None, output=None)
    return 1 if code else 0


def _info(found, options):
    code, output = _invoke(found, options, ["info"], errors=sys.stderr)
    if code:
        raise TrainingError("The model cannot say its columns; its own words are above.")
    sys.stdout.write(output)
    return 0


def _invoke(found, options, arguments, errors=subprocess.STDOUT, output=subprocess.PIPE):
    """Runs `invoke` in the model's Python; its exit code and what it said where that is wanted."""
    wrappers = tempfile.mkdtemp(prefix="odin-")
    try:
        environment = _environment(found, options)
        verbose = ["--verbose"] if options.verbose else []
        command = [environment.interpreter.path, os.path.dirname(os.path.abspath(__file__)), "invoke", *verbose, "--model",
                   str(found.directory), "--entrypoint", found.entry_point, *arguments]
        result = subprocess.run(command, env=environment.variables(os.environ, wrappers), stdin=subprocess.DEVNULL, stdout=output,
                                stderr=errors, check=False)
        return result.returncode, (result.stdout or b"").decode(errors="replace")
    finally:
        shutil.rmtree(wrappers, ignore_errors=True)


def _environment(found, options):
    file = environment_file.read(found.conda) if found.conda else None
    if options.env_name and not options.use_current_env:
        return environments.named(options.env_name, None if options.skip_deps else file, os.environ)
    return environments.choose(None if options.use_current_env or options.skip_deps else file, os.environ, found.directory)


def _words(output):
    lines = [line for line in output.strip().splitlines() if line.startswith("Error: ")]
    return lines[-1][len("Error: "):] if lines else output.strip() or "The model said nothing."


if __name__ == "__main__":
    sys.exit(main())
