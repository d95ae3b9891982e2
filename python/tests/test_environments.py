import importlib.util
import json
import os
import sys
import unittest
import zipfile
from pathlib import Path

import support
from odin_runtime import environment_cache, environment_file, environments, interpreters, requirements
from odin_runtime.errors import TrainingError

VERSION = "%d.%d.%d" % sys.version_info[:3]

# What is asked of conda: it makes an environment whose Python is this one, or fails.
CONDA = f"""
    #!{sys.executable}
    import os, pathlib, sys
    with open(os.environ["CONDA_LOG"], "a") as log:
        log.write(" ".join(sys.argv[1:]) + "\\n")
    if "--prefix" not in sys.argv:
        sys.exit("error: no such command")
    if os.environ.get("CONDA_FAILS"):
        sys.exit("Collecting ...\\nERROR: nothing provides numpy 99")
    prefix = pathlib.Path(sys.argv[sys.argv.index("--prefix") + 1])
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python").write_text("#!/bin/sh\\nexec {sys.executable} \\"$@\\"\\n")
    (prefix / "bin" / "python").chmod(0o755)
    """


class RequirementTests(unittest.TestCase):
    def test_satisfies(self):
        for version, specifier, expected in (
                ("1.2.1", ">=1,<2", True), ("1.2.1", "==1.2.*", True), ("1.2.1", "=1.2", True), ("1.20.1", "=1.2", False), ("1.2.1", "~=1.2", True),
                ("1.2.1", "~=1.2.3", False), ("1.0rc1", ">=1.0", False), ("1.0", "==1.0.0", True), ("1.14.3", "=1.14.3=py36_0", True),
                ("3.11.2", "=3.6", False), ("1.2", "1.2|1.4", True), ("1.2", ">=1.0,<1.2", False), ("2", "!=2", False), ("1.2.1", "", True),
                ("1.2.1", "1.2.1 py36", True), ("1.0.post1", ">1.0", True), ("0.9.dev1", "<0.9", True), ("1.10", ">1.9", True),
                ("odd", "==odd", True), ("odd", ">=1", False)):
            with self.subTest(f"{version} {specifier}"):
                self.assertIs(expected, requirements.satisfies(version, specifier))

    def test_from_pip_markers_extras_and_what_cannot_be_judged(self):
        self.assertEqual(("a", "==1"), (requirements.from_pip("a[x] == 1").name, requirements.from_pip("a==1 --hash=sha256:x").specifier))
        self.assertIsNone(requirements.from_pip("a; python_version < '3' or sys_platform == 'nowhere'"))
        self.assertEqual("a", requirements.from_pip("a; python_version >= '3' and os_name == 'posix'").name)
        for line in ("git+https://host/x", "a @ file:///x", "./local.whl"):
            self.assertEqual("", requirements.from_pip(line).name)
        self.assertFalse(requirements.from_pip("./x.whl").is_met_by(None))


class EnvironmentTests(support.WorkspaceTest):
    def setUp(self):
        super().setUp()
        self.bin = self.base / "bin"
        self.bin.mkdir()
        self.environ["CONDA_LOG"] = str(self.base / "conda.log")

    def file(self, text, name="conda.yaml"):
        return environment_file.read(self.write(name, text))

    def choose(self, file, **environ):
        return environments.choose(file, {**self.environ, **environ}, self.workspace)

    def add_conda(self, name="conda"):
        file = self.bin / name
        file.write_text(CONDA.replace("\n    ", "\n").lstrip(), encoding="utf-8")
        file.chmod(0o755)
        self.environ["PATH"] = f"{self.bin}:{self.environ['PATH']}"

    def conda_calls(self):
        log = self.base / "conda.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def test_choose_what_is_here_is_used_without_a_word(self):
        for text in (f"dependencies: [python={VERSION}, pip, {{pip: [mlflow>=1.0]}}]", "dependencies: []", f"python: '{VERSION}'\ndependencies: []"):
            chosen = self.choose(self.file(text))
            self.assertEqual(("system", [], sys.executable), (chosen.kind, chosen.warnings, chosen.interpreter.path))
        self.assertEqual("system", self.choose(None).kind)

    def test_choose_one_warning_names_what_differs(self):
        chosen = self.choose(self.file("""
            dependencies:
              - python=2.7
              - conda-forge::no-such-thing>=1.2
              - pip:
                  - mlflow==1.0
            """))
        self.assertEqual("system", chosen.kind)
        self.assertEqual([f"this Python differs from 'conda.yaml': python: wanted 2.7, here {VERSION}; no-such-thing: wanted >=1.2, missing."],
                         chosen.warnings)

    def test_choose_pip_part_that_cannot_be_had_is_said_and_remembered(self):
        file = self.file("dependencies: [{pip: [odin-no-such-thing==1.0]}]")
        first, second = self.choose(file), self.choose(file)
        self.assertEqual(("system", "system"), (first.kind, second.kind))
        self.assertIn("odin-no-such-thing: wanted 1.0, missing", first.warnings[0])
        self.assertIn("There is no virtual environment: 'python' ended with exit code 1: ERROR: ", first.warnings[0])
        self.assertIn("was tried before, and is not tried again before", second.warnings[0])
        self.assertEqual([], [entry for entry in (self.base / "environments").iterdir() if entry.is_dir()])
        with self.assertRaisesRegex(TrainingError, "ODIN_ENVIRONMENT is 'venv', but 'python' ended"):
            self.choose(file, ODIN_ENVIRONMENT="venv")

    @unittest.skipUnless(importlib.util.find_spec("ensurepip"), "this Python has no ensurepip (Debian: python3-venv)")
    @unittest.skipIf(importlib.util.find_spec("mlflow"), "this Python has mlflow")
    def test_choose_pip_is_not_asked_for_what_our_module_stands_in_for(self):
        file = self.file("dependencies: [{pip: [MLflow>=2.0, odin-no-such-thing==1.0]}]")
        told = self.choose(file).warnings[0]
        self.assertIn("There is no virtual environment", told)
        self.assertIn("odin-no-such-thing", told)
        self.assertNotIn("mlflow", told.lower())
        # Who asks for the virtual environment by name gets all that is in the file.
        with self.assertRaisesRegex(TrainingError, "(?i)mlflow"):
            self.choose(file, ODIN_ENVIRONMENT="venv")

    @unittest.skipUnless(importlib.util.find_spec("ensurepip"), "this Python has no ensurepip (Debian: python3-venv)")
    def test_choose_virtual_environment_with_the_pip_part_made_once(self):
        wheel = self.workspace / "odin_test_thing-1.5-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("odin_test_thing.py", "VALUE = 7\n")
            archive.writestr("odin_test_thing-1.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: odin-test-thing\nVersion: 1.5\n")
            archive.writestr("odin_test_thing-1.5.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: odin\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr("odin_test_thing-1.5.dist-info/RECORD", "")
        self.write("more.txt", "odin-test-thing>=1.4  # by a file\n")
        self.write_project(train=support.TRAIN + "    import odin_test_thing\n    print('value', odin_test_thing.VALUE)\n",
                           mlproject=support.MLPROJECT + "conda_env: conda.yaml\n")
        self.write("conda.yaml", f"dependencies: [{{pip: ['--find-links={self.workspace.as_uri()}', '-r more.txt']}}]\n")
        log = self.train()
        self.assertIn("value 7", log)
        self.assertEqual(("venv", []), (self.result["environment"], self.result["warnings"]))
        self.assertIn("Making the virtual environment of 'conda.yaml'", log)
        self.assertNotIn("Making", self.train())

    def test_choose_conda_environment_made_once(self):
        self.add_conda()
        file = self.file("dependencies: [numpy=99]")
        first, second = self.choose(file), self.choose(file)
        self.assertEqual(("conda", first.directory, []), (first.kind, second.directory, first.warnings))
        self.assertTrue(first.directory.startswith(f"{self.base}/environments/conda-"))
        self.assertEqual([f"env create --prefix {first.directory} --file {file.path}"], self.conda_calls())
        variables = first.variables(self.environ, str(self.base))
        self.assertTrue(variables["PATH"].startswith(f"{first.directory}/bin:"))
        self.assertEqual(first.directory, variables["CONDA_PREFIX"])

    def test_choose_conda_environment_half_made_is_made_again(self):
        self.add_conda("micromamba")
        file = self.file("dependencies: [numpy=99]")
        first = self.choose(file)
        Path(first.directory, "odin-environment.json").unlink()
        self.choose(file)
        self.assertEqual([f"create --yes --prefix {first.directory} --file {file.path}"] * 2, self.conda_calls())

    def test_choose_conda_that_fails_is_said(self):
        self.add_conda("mamba")
        file = self.file("dependencies: [numpy=99]")
        chosen = self.choose(file, CONDA_FAILS="1")
        self.assertEqual("system", chosen.kind)
        self.assertIn("numpy: wanted 99", chosen.warnings[0])
        self.assertIn("There is no conda environment: 'mamba' ended with exit code 1: ERROR: nothing provides numpy 99.", chosen.warnings[0])
        with self.assertRaisesRegex(TrainingError, "ODIN_ENVIRONMENT is 'conda', but 'mamba' ended .* tried before"):
            self.choose(file, CONDA_FAILS="1", ODIN_ENVIRONMENT="conda")

    def test_choose_modes(self):
        file = self.file("dependencies: [{pip: [odin-no-such-thing]}]")
        self.assertEqual("system", self.choose(file, ODIN_ENVIRONMENT="system").kind)
        self.assertFalse((self.base / "environments").exists())
        with self.assertRaisesRegex(TrainingError, "none of conda, mamba and micromamba is on the PATH"):
            self.choose(file, ODIN_ENVIRONMENT="conda", PATH="/nowhere")
        with self.assertRaisesRegex(TrainingError, "ODIN_ENVIRONMENT is 'docker'; it must be one of auto, conda, venv, system"):
            self.choose(file, ODIN_ENVIRONMENT="docker")

    def test_cache_a_failure_is_forgotten_after_an_hour(self):
        now = [1000.0]
        cache = environment_cache.EnvironmentCache(self.environ, clock=lambda: now[0])
        calls = []

        def make(directory):
            calls.append(directory)
            directory.mkdir()
            if len(calls) == 1:
                raise environment_cache.BuildFailure("the sky fell")

        for time, fails in ((1000, True), (4599, True), (4601, False), (4602, False)):
            now[0] = time
            if fails:
                with self.assertRaisesRegex(environment_cache.BuildFailure, "the sky fell"):
                    cache.prepared("key", "it", make)
            else:
                self.assertTrue((cache.prepared("key", "it", make) / "odin-environment.json").is_file())
        self.assertEqual(2, len(calls))

    def test_cache_a_step_that_takes_too_long_is_ended(self):
        import time
        with self.assertRaisesRegex(environment_cache.BuildFailure, "'sleep' was not done in time"):
            environment_cache.run(["sleep", "600"], self.workspace, dict(os.environ), time.monotonic())

    def test_cache_that_cannot_be_written(self):
        (self.base / "file").write_text("", encoding="utf-8")
        chosen = self.choose(self.file("dependencies: [{pip: [odin-no-such-thing]}]"), ODIN_ENVIRONMENTS=str(self.base / "file"))
        self.assertIn("could not be made in", chosen.warnings[0])

    def test_file_what_is_wrong_with_it(self):
        for text, words in (("- a", "a mapping is wanted"), ("dependencies: x", "must be a list"), ("dependencies: [[a]]", "neither a package nor"),
                            ("dependencies: [{pip: ['-r missing.txt']}]", "requirements file .*missing.txt' does not exist"), ("a: [", "conda.yaml:1:")):
            with self.subTest(text), self.assertRaisesRegex(TrainingError, words):
                self.file(text)

    def test_gppi_in_a_named_conda_environment(self):
        (self.bin / "conda").write_text(
            f"#!{sys.executable}\nimport json, sys\nprint(json.dumps({{'envs': [{str(self.base / 'mine')!r}]}}))\n", encoding="utf-8")
        (self.bin / "conda").chmod(0o755)
        (self.base / "mine" / "bin").mkdir(parents=True)
        (self.base / "mine" / "bin" / "python").write_text(f"#!/bin/sh\nexec {sys.executable} \"$@\"\n", encoding="utf-8")
        (self.base / "mine" / "bin" / "python").chmod(0o755)
        environ = {**self.environ, "PATH": f"{self.bin}:/usr/bin:/bin"}
        found = environments.named("mine", None, environ)
        self.assertEqual((str(self.base / "mine"), VERSION), (found.directory, found.interpreter.version))
        with self.assertRaisesRegex(TrainingError, "'other' is not among those"):
            environments.named("other", None, environ)
        with self.assertRaisesRegex(TrainingError, "is one of conda, and none of"):
            environments.named("mine", None, {"PATH": "/nowhere"})

    def test_variables_another_python_of_the_system_is_not_taken(self):
        directory = self.base / "usr"
        directory.mkdir()
        (directory / "python3").symlink_to(sys.executable)
        (directory / "python").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        chosen = environments.Environment("system", interpreters.Interpreter(str(directory / "python3"), VERSION, {}, None))
        self.assertTrue(chosen.variables(self.environ, str(self.base))["PATH"].startswith(f"{self.base}:"))
        self.assertIn(str(self.base / "python"), [str(file) for file in self.base.iterdir()])
        (directory / "python").unlink()
        (directory / "python").symlink_to("python3")
        self.assertTrue(chosen.variables(self.environ, str(self.base))["PATH"].startswith(f"{directory}:"))

    def test_our_own_module_on_the_path_is_not_the_real_one(self):
        self.write_project()
        self.assertIn("Odin's own mlflow module", self.train(environ={"PYTHONPATH": str(support.SHIM)}))

    def test_real_mlflow_is_used_where_it_is(self):
        self.write_project(train="""
            import mlflow
            print("mlflow is", mlflow.__version__)
            """)
        package = self.base / "site"
        (package / "mlflow").mkdir(parents=True)
        (package / "mlflow" / "__init__.py").write_text("__version__ = '2.9.9'\n", encoding="utf-8")
        (package / "mlflow-2.9.9.dist-info").mkdir()
        (package / "mlflow-2.9.9.dist-info" / "METADATA").write_text("Name: mlflow\nVersion: 2.9.9\n", encoding="utf-8")
        log = self.train(environ={"PYTHONPATH": str(package)}, code=2)
        self.assertIn("mlflow is 2.9.9\n", log)
        self.assertIn("mlflow 2.9.9\n", log)
        (package / "mlflow-2.9.9.dist-info" / "METADATA").write_text("Name: mlflow\nVersion: 0.9\n", encoding="utf-8")
        self.assertIn("mlflow 0.9 in", self.train(environ={"PYTHONPATH": str(package)}, code=2))
        self.assertEqual({}, json.loads(json.dumps(self.result["metrics"])))
