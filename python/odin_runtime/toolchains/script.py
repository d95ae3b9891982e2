"""The toolchain `script`: runs any command, and takes the model directory that it leaves in ODIN_OUTPUT_DIR."""

import re
import shlex
import shutil
import sys
import tempfile
import uuid

from odin_runtime import console, environment_file, environments, gppi_writer, manifest, programs
from odin_runtime.errors import TrainingError
from odin_runtime.self_check import SelfCheck
from odin_runtime.toolchains import command


def main(arguments):
    return command.main("script", train, arguments)


def train(job):
    """Runs the command and makes the target of what it left."""
    result = job.result
    arguments = _arguments(job.training)
    conda = job.directory / "conda.yaml"
    file = environment_file.read(conda) if conda.is_file() else None
    environment = environments.choose(file, job.environ, job.directory)
    result.environment, result.python_version = environment.kind, environment.interpreter.version
    result.warnings += environment.warnings
    result.run_id, result.params = uuid.uuid4().hex, dict(job.training.parameters)
    wrappers = tempfile.mkdtemp(prefix="odin-")
    try:
        with gppi_writer.building(job.target) as root:
            output = root / ".output"
            output.mkdir()
            parameters = {f"ODIN_PARAM_{re.sub('[^A-Z0-9]', '_', key.upper())}": value for key, value in job.training.parameters.items()}
            variables = environment.variables({**job.environ, **parameters, "ODIN_OUTPUT_DIR": str(output), "MODEL_OUTPUT_DIR": str(output)},
                                              wrappers)
            packages = [wanted.name for wanted in file.packages()] if file else []
            with SelfCheck(environment, variables, packages) as check:
                _run_program(job, arguments, variables)
                _arrange(job, root, output, environment)
                found = manifest.Manifest(root)
                for warning in check.run(found.directory, found.entry_point, job.is_verbose):
                    result.warn(warning)
    finally:
        shutil.rmtree(wrappers, ignore_errors=True)


def _arguments(training):
    try:
        words = shlex.split(training.entry_point)
    except ValueError as problem:
        raise TrainingError(f"The entry point {training.entry_point!r} (spec.entrypoint) is no command: {problem}.") from None
    if not words:
        raise TrainingError("The training names no command; say it in spec.entrypoint, for example 'python train.py'.")
    for key, value in training.parameters.items():
        words += ["--" + key, value]
    return words


def _run_program(job, arguments, variables):
    console.info(f"Run {job.result.run_id}: {' '.join(map(shlex.quote, arguments))}")
    # What is named by a path is meant in the work directory, everything else is searched on the new PATH.
    program = arguments[0] if "/" in arguments[0] else shutil.which(arguments[0], path=variables["PATH"])
    try:
        if program is None:
            raise FileNotFoundError(f"it is not on the PATH, {variables['PATH']}")
        code = programs.run([program, *arguments[1:]], job.directory, variables)
    except OSError as problem:
        raise TrainingError(f"The program '{arguments[0]}' cannot be started: {problem}") from None
    if code:
        raise TrainingError(f"The program '{arguments[0]}' {programs.ending(code)}; its own words are above.")
    console.info("The program ended with exit code 0")


def _arrange(job, root, output, environment):
    """Makes a model directory of what the program left: one that it is already, or a bare model that is wrapped."""
    given = manifest.find(output)
    if given:
        for entry in list(output.iterdir()):
            entry.rename(root / entry.name)
        output.rmdir()
        for name in manifest.NAMES:
            if not (root / name).exists():
                shutil.copyfile(root / given.name, root / name)
        return
    if not (output / "entrypoint.py").is_file():
        left = sorted(entry.name for entry in output.iterdir())
        raise TrainingError("The program left no model in ODIN_OUTPUT_DIR: there is neither a manifest "
                            f"({' or '.join(manifest.NAMES)}) nor an entrypoint.py; it left {', '.join(left[:10]) or 'nothing'}.")
    directory = root / manifest.MODEL_DIRECTORY
    output.rename(directory)
    if not (directory / "conda.yaml").is_file():
        source = job.directory / "conda.yaml"
        if source.is_file():
            shutil.copyfile(source, directory / "conda.yaml")
        else:
            job.result.warn("The model has no conda.yaml; one that asks for this Python and nothing else is written.")
            manifest.write_conda(directory / "conda.yaml", f"python={environment.interpreter.version}", [])
    manifest.write(root, job.training, f"{manifest.MODEL_DIRECTORY}/conda.yaml", "script", _version(), job.result.run_id)


def _version():
    from odin_runtime import __version__
    return __version__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
