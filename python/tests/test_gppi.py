import json
import unittest

import support

# What the acceptance tests of the inherited system have: models of a few lines.
COUNTER = """
    import json

    class Odd:
        pass

    class Encoder(json.JSONEncoder):
        def default(self, o):
            return "odd" if isinstance(o, Odd) else super().default(o)

    calls = 0

    def init():
        return "matrix"

    def predict_on_matrix(input_matrix, provided_columns_names=None):
        global calls
        calls += 1
        print("a word of the model")
        if input_matrix and input_matrix[0] == ["fail"]:
            raise ValueError("no such row")
        return [[calls, len(row), provided_columns_names, Odd()] for row in input_matrix], ("a", "b", "c", "d")

    def info():
        return [{"name": "x", "type": "number", "example": 0, "required": True}], []

    def get_output_json_serializer():
        return Encoder
    """
MANIFEST = """
    binaries: {type: python, dependencies: conda, conda_path: odahuflow_model/conda.yaml}
    model: {name: counter, version: '3.3', workDir: odahuflow_model, entrypoint: entrypoint}
    odahuflowVersion: '1.0'
    """


class GppiTests(support.WorkspaceTest):
    def setUp(self):
        super().setUp()
        self.write("model/odahuflow.model.yaml", MANIFEST)
        self.write("model/odahuflow_model/conda.yaml", "dependencies: []\n")
        self.write("model/odahuflow_model/entrypoint.py", COUNTER)

    def gppi(self, *arguments, code=0, environ=None):
        result = self.run_program([support.BIN / "odin-gppi", *arguments], environ)
        self.assertEqual(code, result.returncode, result.stdout)
        return "\n".join(line for line in result.stdout.splitlines() if not line.startswith("[odin]"))

    def invoke(self, *arguments, code=0, environ=None):
        result = self.run_program([support.BIN / "odin-python-runtime", "invoke", *arguments],
                                  {"MODEL_LOCATION": str(self.workspace / "model" / "odahuflow_model"), "MODEL_ENTRYPOINT": "entrypoint", **(environ or {})})
        self.assertEqual(code, result.returncode, result.stdout)
        return result.stdout

    def test_test(self):
        self.assertEqual("OK\nThe GPPI is correct and could be packaged or deployed.", self.gppi("-m", "model", "test"))
        self.assertEqual("OK\nThe GPPI is correct and could be packaged or deployed.",
                         self.gppi("--use-current-env", "test", environ={"ODAHUFLOW_GPPI_MODEL_PATH": "model"}))
        self.assertEqual([], list((self.workspace / "model").rglob("__pycache__")))
        self.write("model/odahuflow_model/entrypoint.py", "import no_such_module\n")
        failure = "Error: Exception raised while invoke model entrypoint. GPPI self-check failed. Fix your model and try again."
        self.assertEqual(failure, self.gppi("-m", "model", "test", code=1))
        self.assertIn("No module named 'no_such_module'; is a dependency missing from the model's environment",
                      self.gppi("-v", "-m", "model", "test", code=1))

    def test_test_without_a_model(self):
        self.assertEqual("Error: Missing path to the GPPI: give it by --gppi-model-path or ODAHUFLOW_GPPI_MODEL_PATH.", self.gppi("test", code=1))
        self.assertIn("There is no manifest in 'nowhere'", self.gppi("-m", "nowhere", "test", code=1))
        self.gppi("-m", "model", "no-such-command", code=2)

    def test_predict(self):
        self.write("input.json", '{"columns": ["x", "y"], "data": [[1, 2]]}')
        self.assertEqual("Prediction file: out/results.json", self.gppi("-m", "model", "predict", "input.json", "out"))
        self.assertEqual({"prediction": [[1, 2, ["x", "y"], "odd"]], "columns": ["a", "b", "c", "d"]},
                         json.loads((self.workspace / "out" / "results.json").read_text(encoding="utf-8")))
        self.assertEqual("Prediction file: out/other", self.gppi("-m", "model", "predict", "input.json", "out", "-o", "other"))

    def test_predict_what_goes_wrong(self):
        for text, words in (("{", "cannot be read"), ("[]", "must be a JSON object with 'data'"), ('{"data": 1}', "must be a JSON object with 'data'"),
                            ('{"columns": 1, "data": []}', "must be a list of names"), ('{"columns": ["a"], "data": [[1], [1, 2]]}', "Row 2 .* has 2 values for 1 "),
                            ('{"data": [["fail"]]}', "ValueError: no such row")):
            self.write("input.json", text)
            with self.subTest(text):
                self.assertRegex(self.gppi("-m", "model", "predict", "input.json", "out", code=1), words)
        self.assertIn("must be a file name", self.gppi("-m", "model", "predict", "input.json", "out", "-o", "../x", code=1))

    def test_batch(self):
        self.write("in/b.json", json.dumps({"id": "7", "inputs": [{"name": "t", "shape": [2, 2], "datatype": "FP64", "data": [[1, 2], [3, 4]]}]}))
        self.write("in/a.json", json.dumps({"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [1]},
                                                       {"name": "y", "shape": [1, 1], "datatype": "BYTES", "data": ["z"]}]}))
        self.write("in/notes.txt", "no request")
        places = {"ODAHU_MODEL_PATH": str(self.workspace / "model"), "ODAHU_INPUT_PATH": "in", "ODAHU_OUTPUT_PATH": "out", "ODAHU_MODEL_NAME": "counter",
                  "ODAHU_MODEL_VERSION": "3.3"}
        self.assertIn("a.json: 1 rows\na word of the model\nb.json: 2 rows\nPredicted 2 files", self.gppi("batch", environ=places))
        first = json.loads((self.workspace / "out/a.json").read_text(encoding="utf-8"))
        self.assertEqual(("counter", "3.3", False), (first["model_name"], first["model_version"], "id" in first))
        self.assertEqual([{"name": "a", "shape": [1], "datatype": "INT64", "data": [1]}, {"name": "b", "shape": [1], "datatype": "INT64", "data": [2]},
                          {"name": "c", "shape": [1], "datatype": "BYTES", "data": [["x", "y"]]}, {"name": "d", "shape": [1], "datatype": "BYTES", "data": ["odd"]}],
                         first["outputs"])
        second = json.loads((self.workspace / "out/b.json").read_text(encoding="utf-8"))
        self.assertEqual(("7", [2, 2], [None, None]), (second["id"], second["outputs"][0]["data"], second["outputs"][2]["data"]))

    def test_batch_what_goes_wrong(self):
        for tensor, words in (({"shape": [1], "data": ["fail"]}, "ValueError: no such row"), ({"shape": [2], "data": [1]}, "has 1 values, and its shape"),
                              ({"shape": ["a"], "data": [1]}, "must have a 'shape'"), ({"shape": [1]}, "must have 'data'")):
            self.write("in/bad.json", json.dumps({"inputs": [{"name": "x", **tensor}]}))
            self.write("in/good.json", json.dumps({"inputs": [{"name": "x", "shape": [1], "data": [1]}]}))
            with self.subTest(words):
                output = self.gppi("-m", "model", "batch", "in", "out", code=1)
                self.assertRegex(output, words)
                self.assertIn("1 of 2 files could not be predicted: bad.json", output)
                self.assertTrue((self.workspace / "out/good.json").is_file())
        self.assertIn("Say where the requests are", self.gppi("-m", "model", "batch", code=1))

    def test_info(self):
        self.assertEqual('Input schema:\n[\n    {\n        "name": "x",\n        "type": "number",\n        "example": 0,\n        "required": true\n'
                         "    }\n]\nOutput schema:\n[]", self.gppi("-m", "model", "info"))

    def test_invoke_as_in_an_image(self):
        self.assertIn("Self-check is successful\n", self.invoke("self_check"))
        self.write("input.json", '{"data": [[1], [2, 3]]}')
        output = self.invoke("predict", "--output_file_name", "result.json", "input.json", "out")
        self.assertEqual("a word of the model\nPrediction is successful. Result file: out/result.json\n", output)
        self.assertEqual([[1, 1, None, "odd"], [1, 2, None, "odd"]], json.loads((self.workspace / "out/result.json").read_text(encoding="utf-8"))["prediction"])
        self.assertIn("Input schema:\n[\n    {\n", self.invoke("info"))
        self.assertIn("self_check", self.invoke("--help"))
        self.assertEqual("Error: The directory of the model, 'nowhere', does not exist.\n", self.invoke("--model", "nowhere", "info", code=1))
        self.assertIn("Traceback", self.invoke("-v", "--entrypoint", "other", "info", code=1))
        self.invoke(code=2)


if __name__ == "__main__":
    unittest.main()
