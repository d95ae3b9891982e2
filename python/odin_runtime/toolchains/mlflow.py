"""The toolchain `mlflow`: runs an entry point of an MLproject, takes the one model that it logged, and wraps it (GPPI)."""

import shutil
import sys
import tempfile
from pathlib import Path

from odin_runtime import console, environment_file, environments, gppi_entrypoint, gppi_writer, manifest, mlproject, programs, tracking, yaml_subset
from odin_runtime.errors import Stopped, TrainingError, YamlError
from odin_runtime.self_check import SelfCheck
from odin_runtime.toolchains import command


def main(arguments):
    return command.main("mlflow", train, arguments)


def train(job):
    """Trains and wraps; fills job.result as far as it comes."""
    project = mlproject.find(job.directory)
    line = project.command(job.training.entry_point, job.training.parameters)
    file = environment_file.read(project.environment) if project.environment else None
    environment = environments.choose(file, job.environ, project.directory, asks_mlflow=True)
    job.result.environment, job.result.python_version = environment.kind, environment.interpreter.version
    job.result.warnings += environment.warnings
    run = _create_run(job)
    wrappers = tempfile.mkdtemp(prefix="odin-")
    try:
        variables = environment.variables({**job.environ, "MLFLOW_TRACKING_URI": run.directory.parent.parent.as_uri(), "MLFLOW_RUN_ID": run.id,
                                           "MLFLOW_EXPERIMENT_ID": run.experiment}, wrappers)
        packages = [wanted.name for wanted in file.packages()] if file else []
        with SelfCheck(environment, variables, packages) as check:
            try:
                _run_program(job, project, line, variables)
            except BaseException as problem:
                run.finish(tracking.KILLED if isinstance(problem, Stopped) else tracking.FAILED)
                raise
            finally:
                _read_back(job, run)
            run.finish(tracking.FINISHED)
            _wrap(job, run, environment, check)
    finally:
        shutil.rmtree(wrappers, ignore_errors=True)


def _create_run(job):
    uri = job.environ.get("MLFLOW_TRACKING_URI") or ""
    root = tracking.local_path(uri) if uri else None
    if uri and root is None:
        job.result.warn(f"MLFLOW_TRACKING_URI is '{uri}'; a training's run is kept in files, in the workspace, from where the server reads it.")
    store = tracking.FileStore(root or job.workspace / "mlruns")
    entry_point = job.training.entry_point or "main"
    run = store.create_run(store.experiment(job.training.name), job.training.id, {
        "mlflow.source.name": str(job.directory), "mlflow.source.type": "PROJECT", "mlflow.project.entryPoint": entry_point,
        "mlflow.project.backend": "local"})
    job.result.run_id = run.id
    return run


def _run_program(job, project, line, variables):
    console.info(f"Run {job.result.run_id}: {line}")
    # By a shell, as an MLproject says a command of the shell; values are quoted in it.
    code = programs.run(["/bin/sh", "-c", line], project.directory, variables)
    if code:
        raise TrainingError(f"The program of the entry point '{job.training.entry_point or 'main'}' {programs.ending(code)}; "
                            "its own words are above.")
    console.info("The program ended with exit code 0")


def _read_back(job, run):
    job.result.metrics, job.result.params = run.metrics(), run.params()
    if not isinstance(sys.exc_info()[1], Stopped):
        for key, value in (("training_id", job.training.id), ("model_name", job.training.name), ("model_version", job.training.version)):
            run.set_tag(key, value)
    job.result.tags = {key: value for key, value in run.tags().items() if not key.startswith("mlflow.")}


def _wrap(job, run, environment, check):
    model, flavor = _only_model(job, run)
    with gppi_writer.building(job.target) as root:
        directory = root / manifest.MODEL_DIRECTORY
        gppi_writer.copy_model(model, directory)
        gppi_writer.put(gppi_entrypoint.__file__, directory / "entrypoint.py")
        for name in gppi_writer.SAMPLES:
            # Beside the model, at the root of the artifacts, or under the model's name where mlflow keeps models elsewhere.
            places = [model / name, run.artifacts / name, *sorted(run.artifacts.glob(f"*/{name}"))]
            sample = next((place for place in places if place.is_file()), None)
            if sample and sample.parent != model:
                gppi_writer.put(sample, directory / name)
        conda = _conda_file(directory, flavor)
        manifest.write(root, job.training, f"{manifest.MODEL_DIRECTORY}/{conda}", "mlflow", environment.mlflow_version, run.id)
        for warning in check.run(directory, "entrypoint", job.is_verbose):
            job.result.warn(warning)


def _only_model(job, run):
    """The directory and the python_function flavor of the one model that the run logged."""
    found = {}
    for directory in _model_directories(run):
        try:
            facts = yaml_subset.load(directory / "MLmodel")
        except YamlError as problem:
            job.result.warn(f"A directory that looks like a model is none: {problem}")
            continue
        flavors = facts.get("flavors") if isinstance(facts, dict) else None
        flavor = flavors.get("python_function") if isinstance(flavors, dict) else None
        if isinstance(flavor, dict):
            found[directory] = flavor
        else:
            job.result.warn(f"The model '{directory.name}' has no python_function flavor, so it cannot be served.")
    if len(found) != 1:
        names = ": " + ", ".join(f"'{directory.name}'" for directory in found) if found else ""
        advice = "log one, for example by mlflow.sklearn.log_model(model, 'model')" if not found else "log one of them only"
        raise TrainingError(f"Expected to find exactly 1 model, found {len(found)}{names}; {advice}, in the run that the training started.")
    return next(iter(found.items()))


def _model_directories(run):
    if run.artifacts.is_dir():
        yield from sorted(entry.parent for entry in run.artifacts.glob("*/MLmodel"))
    # MLflow 3 keeps models beside the runs of their experiment, and says in meta.yaml which run made them.
    for meta in sorted(run.directory.parent.glob("models/*/meta.yaml")):
        if yaml_subset.load(meta).get("source_run_id") == run.id and (meta.parent / "artifacts" / "MLmodel").is_file():
            yield meta.parent / "artifacts"


def _conda_file(directory, flavor):
    env = flavor.get("env")
    # MLflow 1.25 and later write {conda: ..., virtualenv: ...}.
    name = env.get("conda") if isinstance(env, dict) else env
    if isinstance(env, dict) and env and not name:
        name = "conda.yaml"
        _conda_from_python_env(directory, str(env.get("virtualenv") or "python_env.yaml"), name)
    if not isinstance(name, str) or not name:
        raise TrainingError("Unknown type of env - empty: the python_function flavor of the model names no environment.")
    if not Path(directory, name).resolve().is_relative_to(directory.resolve()) or not Path(directory, name).is_file():
        raise TrainingError(f"The model's environment file '{name}' does not exist in the model.")
    return name


def _conda_from_python_env(directory, source, name):
    """Some models have only a python_env.yaml; packagers read the environment from a conda file."""
    file = environment_file.read(directory / source)
    python = f"python={file.python.lstrip('= ')}" if file.python else "python"
    manifest.write_conda(directory / name, python, file.pip_lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
