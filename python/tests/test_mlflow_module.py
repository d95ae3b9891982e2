import json
import unittest

import support
from odin_runtime import tracking, yaml_subset

FLAVORS_OF_REAL_MLFLOW = """
artifact_path: model
flavors:
  python_function:
    artifacts:
      factor:
        path: artifacts/factor.txt
        uri: /somewhere/factor.txt
    cloudpickle_version: 2.2.1
    code: code
    env: {env}
    loader_module: mlflow.pyfunc.model
    python_model: python_model.pkl
    python_version: 3.8.10
    streamable: false
mlflow_version: 2.9.2
model_size_bytes: 1234
model_uuid: 0123456789abcdef0123456789abcdef
run_id: 12345678901234567890123456789012
signature:
  inputs: '[{{"type": "double", "name": "fixed acidity", "required": true}}, {{"type":
    "double", "name": "pH", "required": true}}]'
  outputs: '[{{"type": "tensor", "tensor-spec": {{"dtype": "float64", "shape": [-1]}}}}]'
  params: null
utc_time_created: '2023-12-20 10:11:12.131415'
"""
FACTOR = """
    import mlflow.pyfunc

    class Factor(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            with open(context.artifacts["factor"]) as file:
                self.factor = int(file.read())
        def predict(self, context, model_input, params=None):
            return [value * self.factor + (params or {}).get("plus", 0) for value in model_input]
    """


class MlflowModuleTests(support.WorkspaceTest):
    @property
    def store(self):
        return tracking.FileStore(self.workspace / "mlruns")

    def runs(self, experiment="0"):
        return {run.name: run for run in (self.store.run(entry.name) for entry in (self.store.root / experiment).iterdir() if entry.is_dir())}

    def fails(self, text, words):
        output = self.python(f"""
            import mlflow
            try:
                {text}
            except mlflow.MlflowException as problem:
                print("refused:", problem)
            """)
        self.assertIn("refused:", output)
        self.assertIn(words, output)

    def test_everything_that_is_logged(self):
        self.python("""
            import mlflow
            with mlflow.start_run(run_name="first", tags={"a": 1}, description="words") as run:
                assert mlflow.active_run().info.run_id == run.info.run_id
                assert mlflow.log_param("p", 0.1) == 0.1
                mlflow.log_params({"q": True, "r": None})
                mlflow.log_metric("m", 2)
                mlflow.log_metrics({"m": 3, "n": -1.5}, step=4)
                mlflow.set_tags({"b": "x y"})
                open("file.txt", "w").write("content")
                mlflow.log_artifact("file.txt")
                mlflow.log_artifact("file.txt", "deep/er")
                mlflow.log_artifacts("mlruns/.trash")
                mlflow.log_text("words", "texts/a.txt")
                mlflow.log_dict({"a": [1]}, "a.json")
                mlflow.log_dict({"a": [1]}, "a.yaml")
                assert mlflow.get_artifact_uri("deep") == run.info.artifact_uri + "/deep"
                assert run.data.metrics["m"] == 3
            assert mlflow.active_run() is None
            """)
        run = self.runs()["first"]
        self.assertEqual({"p": "0.1", "q": "True", "r": "None"}, run.params())
        self.assertEqual({"m": 3.0, "n": -1.5}, run.metrics())
        tags = run.tags()
        self.assertEqual(("1", "x y", "words"), (tags["a"], tags["b"], tags["mlflow.note.content"]))
        self.assertEqual({"file.txt", "deep/er/file.txt", "texts/a.txt", "a.json", "a.yaml"},
                         {file.relative_to(run.artifacts).as_posix() for file in run.artifacts.rglob("*") if file.is_file()})
        self.assertEqual(3, yaml_subset.load(run.directory / "meta.yaml")["status"])

    def test_start_run_goes_on_with_the_run_of_the_training_once(self):
        run = self.store.create_run(self.store.experiment("wine"), "training")
        output = self.python("""
            import mlflow
            mlflow.set_experiment("ignored")
            mlflow.log_param("a", 1)
            mlflow.end_run()
            with mlflow.start_run(run_name="second"):
                with mlflow.start_run(run_name="inner", nested=True):
                    mlflow.log_param("c", 3)
                mlflow.log_param("b", 2)
            """, {"MLFLOW_RUN_ID": run.id, "MLFLOW_EXPERIMENT_ID": run.experiment})
        self.assertIn("set_experiment('ignored') is ignored", output)
        self.assertEqual({"a": "1"}, run.params())
        runs = self.runs(run.experiment)
        self.assertEqual({"b": "2"}, runs["second"].params())
        self.assertEqual(runs["second"].id, runs["inner"].tags()["mlflow.parentRunId"])

    def test_start_run_that_fails_or_is_left_open(self):
        self.python("""
            import mlflow
            try:
                with mlflow.start_run(run_name="failed"):
                    1 / 0
            except ZeroDivisionError:
                pass
            mlflow.set_experiment("named")
            mlflow.start_run(run_name="open")
            """)
        self.assertEqual(4, yaml_subset.load(self.runs()["failed"].directory / "meta.yaml")["status"])
        self.assertEqual(3, yaml_subset.load(self.runs(self.store.experiment("named"))["open"].directory / "meta.yaml")["status"])

    def test_what_is_refused(self):
        self.fails("mlflow.start_run(); mlflow.start_run()", "is active already. End it with mlflow.end_run()")
        self.fails("mlflow.set_tracking_uri('http://localhost:5000')", "keeps runs in files, not at 'http://localhost:5000'")
        self.fails("mlflow.log_param('a', 1); mlflow.log_param('a', 2)", "has the value '1' already")
        self.fails("mlflow.log_metric('m', 'much')", "must be a number")
        self.fails("mlflow.log_param('../../x', 1)", "cannot be a name")
        self.fails("mlflow.log_artifact('x', '../..')", "leads out of the artifacts")
        self.fails("mlflow.pyfunc.load_model('models:/x/1')", "reads local paths, file: URIs and runs:/ID/PATH")
        self.fails("mlflow.pyfunc.load_model('nowhere')", "does not exist")
        self.fails("mlflow.pyfunc.log_model('m')", "Give either python_model")
        self.fails("mlflow.pyfunc.log_model('m', python_model=7)", "must be an object of a class derived from PythonModel")

    def test_what_it_does_not_have(self):
        output = self.python("""
            import mlflow
            mlflow.autolog(); mlflow.autolog(); mlflow.sklearn.autolog()
            try:
                mlflow.keras
            except AttributeError as problem:
                print(problem)
            """)
        self.assertEqual(1, output.count("mlflow.autolog() logs nothing here"))
        self.assertIn("mlflow.sklearn.autolog() logs nothing here", output)
        self.assertIn("has no 'keras'. Install the package mlflow", output)

    def test_pyfunc_class_of_the_program_itself_needs_cloudpickle(self):
        output = self.python("""
            import mlflow, sys
            sys.modules["cloudpickle"] = None
            class Here(mlflow.pyfunc.PythonModel):
                pass
            for model in (Here(), lambda rows: rows):
                try:
                    mlflow.pyfunc.log_model("model", python_model=model)
                except mlflow.MlflowException as problem:
                    print(problem)
            """)
        self.assertIn("'Here' is defined in the program itself. Without the package cloudpickle", output)
        self.assertIn("A lambda can be stored only with the package cloudpickle", output)

    def test_pyfunc_model_saved_and_loaded_elsewhere(self):
        self.write("factor.py", FACTOR)
        self.write("factor.txt", "3")
        self.python("""
            import mlflow
            from factor import Factor
            with mlflow.start_run():
                info = mlflow.pyfunc.log_model(artifact_path="model", python_model=Factor(), artifacts={"factor": "factor.txt"},
                    code_paths=["factor.py"], signature=mlflow.models.infer_signature([1], [2]), input_example={"inputs": [1]},
                    pip_requirements=["mlflow", "odd==1"], registered_model_name="Factors", metadata={"a": 1})
                assert mlflow.pyfunc.load_model(info.model_uri).predict([1, 2], params={"plus": 1}) == [4, 7]
                mlflow.pyfunc.save_model("saved", loader_module="loading", data_path="factor.txt")
            """)
        run, = self.runs().values()
        model = run.artifacts / "model"
        facts = yaml_subset.load(model / "MLmodel")
        self.assertEqual({"artifacts": {"factor": {"path": "artifacts/factor.txt", "uri": "factor.txt"}}, "code": "code",
                          "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}, "loader_module": "mlflow.pyfunc.model",
                          "python_model": "python_model.pkl"},
                         {key: value for key, value in facts["flavors"]["python_function"].items() if not key.endswith("_version")})
        self.assertEqual((run.id, "model", {"a": 1}), (facts["run_id"], facts["artifact_path"], facts["metadata"]))
        self.assertEqual([{"type": "long"}], json.loads(facts["signature"]["inputs"]))
        self.assertEqual("mlflow\nodd==1\n", (model / "requirements.txt").read_text(encoding="utf-8"))
        self.assertEqual({"pip": ["mlflow", "odd==1"]}, yaml_subset.load(model / "conda.yaml")["dependencies"][2])
        self.assertEqual(["-r requirements.txt"], yaml_subset.load(model / "python_env.yaml")["dependencies"])
        self.assertEqual([facts["model_uuid"]], [m["model_uuid"] for m in json.loads(run.tags()["mlflow.log-model.history"])])
        self.write("loading.py", "class Loaded:\n    def __init__(self, path): self.path = path\n    def predict(self, data): return [self.path]\n"
                   "def _load_pyfunc(path): return Loaded(path)\n")
        self.assertIn("/saved/data/factor.txt", self.python("import mlflow.pyfunc; print(mlflow.pyfunc.load_model('saved').predict(1))"))

    def test_pyfunc_model_that_real_mlflow_wrote(self):
        self.write("made/code/factor.py", FACTOR)
        self.write("made/artifacts/factor.txt", "2")
        self.python("""
            import sys, pickle
            sys.path.insert(0, "made/code")
            from factor import Factor
            pickle.dump(Factor(), open("made/python_model.pkl", "wb"))
            """)
        # Since MLflow 1.25 the environment is a mapping.
        for env in ("conda.yaml", "{conda: conda.yaml, virtualenv: python_env.yaml}", "\n      conda: conda.yaml\n      virtualenv: python_env.yaml"):
            self.write("made/MLmodel", FLAVORS_OF_REAL_MLFLOW.format(env=env))
            output = self.python("""
                import mlflow.pyfunc
                model = mlflow.pyfunc.load_model("made")
                print(model.predict([5]), model.metadata.run_id, model.metadata.signature.inputs.input_names())
                """)
            self.assertEqual("[10] 12345678901234567890123456789012 ['fixed acidity', 'pH']\n", output)

    def test_pyfunc_function_as_a_model(self):
        self.write("twice.py", "def twice(rows):\n    return [2 * value for value in rows]\n")
        self.python("""
            import gzip, mlflow, pathlib
            from twice import twice
            with mlflow.start_run():
                info = mlflow.pyfunc.log_model("model", python_model=twice, code_paths=["twice.py"])
            model = mlflow.pyfunc.load_model(info.model_uri)
            assert model.predict([3]) == [6]
            # As pickled by MLflow: the same names.
            assert vars(model.unwrap_python_model()) == {"func": twice, "hints": None, "signature": None}
            path = pathlib.Path(mlflow.artifacts.download_artifacts(info.model_uri))
            (path / "python_model.pkl.gz").write_bytes(gzip.compress((path / "python_model.pkl").read_bytes()))
            text = (path / "MLmodel").read_text().replace("python_model.pkl", "python_model.pkl.gz\\n    python_model_compression: gzip")
            (path / "MLmodel").write_text(text)
            assert mlflow.pyfunc.load_model(str(path)).predict([3]) == [6]
            """)

    def test_pyfunc_model_of_a_flavor_that_is_not_there(self):
        self.write("made/MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.keras\n")
        self.fails("mlflow.pyfunc.load_model('made')", "is loaded by 'mlflow.keras', which Odin's small mlflow module does not have")
        self.write("made/MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n  sklearn:\n    serialization_format: skops\n")
        self.fails("mlflow.pyfunc.load_model('made')", "is stored in the format 'skops'")
        self.write("made/MLmodel", "flavors:\n  keras:\n    data: x\n")
        self.fails("mlflow.pyfunc.load_model('made')", "pyfunc) is not in model's flavors, which are: keras")

    def test_nothing_heavy_is_imported(self):
        output = self.python("import mlflow, mlflow.sklearn, mlflow.pyfunc, sys; print({'numpy', 'pandas', 'sklearn'} & set(sys.modules))")
        self.assertEqual("set()\n", output)


if __name__ == "__main__":
    unittest.main()
