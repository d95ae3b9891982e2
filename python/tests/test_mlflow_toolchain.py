import pickle
import signal
import subprocess
import sys
import unittest

import support
from odin_runtime import manifest, tracking, yaml_subset

CONDA = "conda_env: conda.yaml\n"


class MlflowToolchainTests(support.WorkspaceTest):
    def test_train_makes_a_whole_model_directory(self):
        self.write_project(directory="some/where")
        log = self.train(work_directory="some/where", parameters={"size": "3", "extra": "a b"})
        self.assertRegex(log, r"\[odin\]\[INFO\] \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z - Training 'tiny-1' of the model tiny 1\.0")
        self.assertEqual({"odahuflow.project.yaml", "odahuflow.model.yaml", "odahuflow_model"}, {entry.name for entry in self.target.iterdir()})
        self.assertEqual({"MLmodel", "code", "conda.yaml", "entrypoint.py", "head_input.pkl", "python_env.yaml", "python_model.pkl",
                          "requirements.txt"}, {entry.name for entry in (self.target / "odahuflow_model").iterdir()})
        facts = yaml_subset.load(self.target / "odahuflow.project.yaml")
        self.assertEqual({"binaries": {"conda_path": "odahuflow_model/conda.yaml", "dependencies": "conda", "type": "python"},
                          "model": {"entrypoint": "entrypoint", "name": "tiny", "version": "1.0", "workDir": "odahuflow_model"},
                          "odahuflowVersion": "1.0", "output": {"run_id": self.result["runId"]},
                          "toolchain": {"name": "mlflow", "version": "1.30.0"}}, facts)
        self.assertEqual((self.target / "odahuflow.project.yaml").read_bytes(), (self.target / "odahuflow.model.yaml").read_bytes())
        self.assertEqual(manifest.Manifest(self.target).directory, self.target / "odahuflow_model")
        self.assertEqual([], [entry.name for entry in self.workspace.iterdir() if entry.name.startswith(".")])

    def test_train_says_which_mlflow_there_is(self):
        self.write_project()
        self.assertRegex(self.train(), r"Environment: system, Python \S+ at \S+, (Odin's own mlflow module|mlflow \d)")

    def test_train_result_for_the_server(self):
        self.write_project(train=support.TRAIN + "    mlflow.log_metric('bad', float('inf'))\n")
        self.train(parameters={"extra": "a b"})
        version = "%d.%d.%d" % sys.version_info[:3]
        result = self.result
        self.assertRegex(result.pop("runId"), r"\A[0-9a-f]{32}\Z")
        self.assertEqual({"metrics": {"loss": 1 / 3, "bad": "Infinity"}, "params": {"arguments": "--size 1 --extra a b"},
                          "tags": {"kind": "tiny", "training_id": "tiny-1", "model_name": "tiny", "model_version": "1.0"}, "warnings": [],
                          "pythonVersion": version, "environment": "system"}, result)

    def test_train_from_a_link_in_another_directory(self):
        self.write_project()
        link = self.base / "odahu-flow-mlflow-runner"
        link.symlink_to(support.BIN / "odahu-flow-mlflow-runner")
        self.train(program=link)
        self.train(program="odahu-flow-mlflow-project-runner", options=["--verbose"])

    def test_train_modules_of_the_repository_do_not_stand_in_for_the_standard_library(self):
        self.write_project(directory="project")
        for name in ("json.py", "argparse.py", "subprocess.py", "mlflow/__init__.py"):
            self.write(name, "raise SystemExit('the wrong module')\n")
        self.train(work_directory="project")

    def test_train_values_are_data(self):
        self.write_project(mlproject="""
            entry_points:
              main:
                parameters: {text: string}
                command: >-
                  python train.py
                  {text} '{text}' "{text}"
            """)
        evil = "'$(touch pwned)\"`touch pwned`; touch pwned\\"
        self.train(parameters={"text": evil, "x; touch pwned;": "$(touch pwned)"})
        self.assertEqual(f"{evil} {evil} {evil} --x; touch pwned; $(touch pwned)", self.result["params"]["arguments"])
        self.assertEqual([], list(self.workspace.rglob("pwned")))

    def test_train_environment_of_the_program(self):
        self.write_project(train="import os, sys\nprint({k: v for k, v in os.environ.items() if k.startswith(('MLFLOW_', 'MY_'))}, os.getcwd())\n"
                           "print(os.environ['PYTHONUNBUFFERED'], sys.executable)\n" + support.TRAIN)
        log = self.train(envs=[("MY_SETTING", "seven")])
        run_id = self.result["runId"]
        store = (self.workspace / "mlruns").as_uri()
        for text in (f"'MLFLOW_TRACKING_URI': '{store}'", f"'MLFLOW_RUN_ID': '{run_id}'", "'MLFLOW_EXPERIMENT_ID': '", "'MY_SETTING': 'seven'",
                     f"1 {sys.executable}", str(self.workspace)):
            self.assertIn(text, log)

    def test_train_store_elsewhere(self):
        self.write_project()
        self.train(environ={"MLFLOW_TRACKING_URI": (self.base / "runs here").as_uri()})
        self.assertTrue((self.base / "runs here").is_dir())
        self.assertFalse((self.workspace / "mlruns").exists())
        log = self.train(environ={"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"})
        self.assertIn("MLFLOW_TRACKING_URI is 'http://127.0.0.1:9'; a training's run is kept in files", log)
        self.assertEqual(1, len(self.result["warnings"]))

    def test_train_again_replaces_the_model(self):
        self.write_project()
        self.target.mkdir()
        self.train()
        first = self.result["runId"]
        (self.target / "old").write_text("", encoding="utf-8")
        self.assertIn("has a model already; it is replaced", self.train())
        self.assertNotEqual(first, self.result["runId"])
        self.assertFalse((self.target / "old").exists())

    def test_train_sample_at_the_root_of_the_artifacts(self):
        self.write_project(train=support.TRAIN.replace('"head_input.pkl", "model")', '"head_input.pkl")'))
        self.train()
        self.assertEqual([], self.result["warnings"])
        with open(self.target / "odahuflow_model" / "head_input.pkl", "rb") as file:
            self.assertEqual([[1, 2], [3, 4]], pickle.load(file))

    def test_train_without_a_sample_warns(self):
        self.write_project(train=support.TRAIN.replace('mlflow.log_artifact("head_input.pkl", "model")', "pass"))
        log = self.train()
        self.assertIn("[odin][WARNING]", log)
        self.assertIn("has no head_input.pkl and no input example", self.result["warnings"][0])
        self.assertIn("The self-check has loaded the model and has not tried a prediction", log)
        self.assertNotIn("is successful", log)

    def test_train_input_example_is_the_sample(self):
        self.write_project(train=support.TRAIN.replace('mlflow.log_artifact("head_input.pkl", "model")', "pass").replace(
            'code_paths=["doubler.py"]', 'code_paths=["doubler.py"], input_example={"data": [[1, 2]]}'))
        log = self.train()
        self.assertEqual([], self.result["warnings"])
        self.assertIn("The self-check of the model is successful", log)

    def test_train_input_example_that_the_model_cannot_predict(self):
        self.write_project(train=support.TRAIN.replace('mlflow.log_artifact("head_input.pkl", "model")', "pass").replace(
            'code_paths=["doubler.py"]', 'code_paths=["doubler.py"], input_example={"data": [[None, {}]]}'))
        self.assertIn("The self-check of the model failed: TypeError", self.train(code=2))

    def test_train_model_of_the_newest_mlflow_beside_the_runs(self):
        # There log_model() keeps models in EXPERIMENT/models/ID/artifacts, and meta.yaml names their run.
        self.write_project(train=support.TRAIN + """
    import pathlib
    artifacts = pathlib.Path(mlflow.get_artifact_uri()[len("file://"):].replace("%20", " "))
    models = artifacts.parents[1] / "models" / "m-1"
    models.mkdir(parents=True)
    (artifacts / "model").rename(models / "artifacts")
    (models / "meta.yaml").write_text(f"source_run_id: {mlflow.active_run().info.run_id}\\n")
    mlflow.log_artifact("head_input.pkl", "model")
""")
        self.train()
        self.assertEqual([], self.result["warnings"])

    # What goes wrong.

    def assert_fails(self, words, **how):
        log = self.train(code=2, **how)
        self.assertIn("[odin][ERROR]", log)
        self.assertRegex(log, "Exception occurs during model training. Message: " + words)
        self.assertNotIn("Traceback (most recent call last)", log)
        self.assertFalse(self.target.exists())
        return log

    def test_train_no_mlproject(self):
        self.assert_fails("Can't find a MLProject file in ")

    def test_train_work_directory_missing_or_outside(self):
        self.assert_fails(r"The work directory 'nowhere' \(spec.workDir\) does not exist", work_directory="nowhere")
        self.assert_fails(r"The work directory '\.\./\.\.' \(spec.workDir\) is outside of the workspace", work_directory="../..")

    def test_train_entry_point_missing(self):
        self.write_project()
        self.assert_fails("The entry point 'other' is missing in .*; it has: 'main'", entry_point="other")

    def test_train_parameter_without_value(self):
        self.write_project(mlproject=support.MLPROJECT.replace("{type: int, default: 1}", "float"))
        self.assert_fails(r"The entry point 'main' of MLproject cannot run: the parameter 'size' \(float\) has no value")

    def test_train_malformed_yaml(self):
        self.write_project(mlproject="name: x\nentry_points: [a\n")
        self.assert_fails(r".*/MLproject:2: ")
        self.write_project(mlproject=support.MLPROJECT + CONDA)
        self.write("conda.yaml", "dependencies:\n  - a: b: c\n")
        self.assert_fails(r".*/conda\.yaml:2: ")

    def test_train_environment_file_missing(self):
        self.write_project(mlproject=support.MLPROJECT + CONDA)
        self.assert_fails("The environment file '.*/conda.yaml' does not exist")

    def test_train_no_model_or_two(self):
        self.write_project(train="import mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('m', 2)\n")
        self.assert_fails("Expected to find exactly 1 model, found 0; log one")
        self.assertEqual({"m": 2.0}, self.result["metrics"])
        self.write_project(train=support.TRAIN + "    mlflow.pyfunc.log_model('second', python_model=Doubler(), code_paths=['doubler.py'])\n")
        self.assert_fails("Expected to find exactly 1 model, found 2: 'model', 'second'")

    def test_train_model_that_cannot_be_served(self):
        self.write_project(train=support.TRAIN + """
    import pathlib
    file = pathlib.Path(mlflow.get_artifact_uri("model")[len("file://"):].replace("%20", " "), "MLmodel")
    file.write_text(file.read_text().replace("python_function", "other"))
""")
        self.assertIn("'model' has no python_function flavor", self.assert_fails("Expected to find exactly 1 model, found 0"))

    def test_train_sample_prediction_fails(self):
        self.write_project()
        self.write("doubler.py", support.MODEL.replace("return [[", "raise ValueError('no such wine'); return [["))
        self.assert_fails("The self-check of the model failed: ValueError: no such wine")
        log = self.train(code=2, options=["--verbose"])
        self.assertIn("Traceback", log)

    def test_train_model_needs_what_is_missing(self):
        self.write_project(train=support.TRAIN.replace("import sys", "import sys; open('here.py', 'w').close(); sys.path.insert(0, '.')"))
        self.write("doubler.py", "import here\n" + support.MODEL)
        self.assert_fails("The self-check of the model failed: ImportError: No module named 'here'; is a dependency missing")

    def test_train_model_kills_the_check(self):
        self.write_project()
        self.write("doubler.py", support.MODEL.replace("return [[", "import os; os.kill(os.getpid(), 9); return [["))
        self.assert_fails(r"The self-check of the model failed: its process was ended by the signal SIGKILL \(9\)")

    def test_train_program_fails(self):
        self.write_project(train="import mlflow, sys\nmlflow.log_metric('m', 1)\nprint('my own words')\nsys.exit(3)\n")
        log = self.assert_fails("The program of the entry point 'main' ended with exit code 3; its own words are above")
        self.assertIn("my own words", log)
        self.assertEqual({"m": 1.0}, self.result["metrics"])
        run = tracking.FileStore(self.workspace / "mlruns").run(self.result["runId"])
        self.assertEqual(tracking.FAILED, yaml_subset.load(run.directory / "meta.yaml")["status"])

    def test_train_program_killed_by_a_signal(self):
        self.write_project(train="import os\nos.kill(os.getpid(), 9)\n")
        self.assert_fails(r"The program of the entry point 'main' (was ended by the signal SIGKILL \(9\)|ended with exit code 137 \(the signal SIGKILL\))")

    def test_train_description_wrong(self):
        for text, words in (("{", "mt.json:1: "), ("[]", "must be a mapping"), ('{"modelTraining": {"spec": {"model": {"name": "x"}}}}', "no model.version")):
            self.write("mt.json", text)
            result = self.run_program([support.BIN / "odin-mlflow-runner", "--mt", "mt.json"])
            self.assertEqual(2, result.returncode)
            self.assertRegex(result.stdout, "Exception occurs during model training. Message: .*" + words)
        result = self.run_program([support.BIN / "odin-mlflow-runner", "--mt", "nowhere"])
        self.assertIn("cannot be read", result.stdout)

    def test_train_told_to_end_tells_the_program(self):
        self.write_project(train="""
            import signal, sys, time
            def end(*_):
                print("I am told to end", flush=True)
                sys.exit(0)
            signal.signal(signal.SIGTERM, end)
            print("I go on for ever", flush=True)
            while True:
                time.sleep(1)
            """, mlproject=support.MLPROJECT.replace("python train.py --size {size}", "python train.py; echo after"))
        self.write("mt.json", '{"modelTraining": {"spec": {"model": {"name": "x", "version": "1"}}}}')
        with subprocess.Popen([support.BIN / "odin-mlflow-runner", "--mt", "mt.json", "--target", "output"], cwd=self.workspace, env=self.environ,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            self.assertTrue(any("I go on for ever" in line for line in process.stdout), "the program did not start")
            process.send_signal(signal.SIGTERM)
            text, _ = process.communicate(timeout=support.LIMIT)
        self.assertEqual(128 + signal.SIGTERM, process.returncode, text)
        self.assertIn("I am told to end", text)
        self.assertIn("The training was stopped by the signal SIGTERM.", text)
        run = tracking.FileStore(self.workspace / "mlruns").run(self.result["runId"])
        self.assertEqual(tracking.KILLED, yaml_subset.load(run.directory / "meta.yaml")["status"])
        self.assertFalse(self.target.exists())


class OldPythonTests(support.WorkspaceTest):
    """The self-check runs in the model's Python, which may be older than ours."""

    def test_check_is_written_for_old_pythons(self):
        # Python 3.6 itself is seldom there; the newest syntax that these files may have is that of f-strings.
        import ast
        for name in ("__main__", "checker", "invoke", "model_calls", "mlflow_shim/__init__", "__init__"):
            text = (support.ROOT / "python" / "odin_runtime" / f"{name}.py").read_text(encoding="utf-8")
            ast.parse(text, feature_version=(3, 6))


if __name__ == "__main__":
    unittest.main()
