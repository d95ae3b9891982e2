import importlib.util
import json
import math
import shutil
import unittest

import support

EXAMPLE = support.ROOT / "examples" / "lifecycle" / "wine"
NEEDED = ("numpy", "pandas", "sklearn")


def real_data():
    """The real table, where it lies beside the checkout; it is not ours to copy."""
    places = (parent / "shared" / "data" / "wine-quality.csv" for parent in support.ROOT.parents)
    return next((place for place in places if place.is_file()), None)


@unittest.skipUnless(all(map(importlib.util.find_spec, NEEDED)), "this Python has no " + ", ".join(NEEDED))
class WineTests(support.WorkspaceTest):
    def setUp(self):
        super().setUp()
        shutil.copytree(EXAMPLE / "project", self.workspace / "wine")

    def train_wine(self, data, alpha="1.0"):
        shutil.copy(data, self.workspace / "wine" / "wine-quality.csv")
        log = self.train(work_directory="wine", parameters={"alpha": alpha})
        self.assertEqual([], self.result["warnings"])
        self.assertIn("[odin][INFO]", log)

    def predict(self):
        result = self.run_program([support.BIN / "odin-gppi", "-m", "output", "predict", EXAMPLE / "request.json", "out"])
        self.assertEqual(0, result.returncode, result.stdout)
        return json.loads((self.workspace / "out" / "results.json").read_text(encoding="utf-8"))

    @unittest.skipUnless(real_data(), "the real table is not beside this checkout")
    def test_train_on_the_real_table_gives_the_published_figures(self):
        self.train_wine(real_data())
        for name, value in (("rmse", 0.8107373707184711), ("mae", 0.6241295925236751), ("r2", 0.15105362812007328)):
            self.assertTrue(math.isclose(value, self.result["metrics"][name], rel_tol=1e-9), name)
        self.assertEqual({"alpha": "1.0", "l1_ratio": "0.1"}, self.result["params"])
        answer = self.predict()
        self.assertTrue(math.isclose(6.3881577909662886, answer["prediction"][0], rel_tol=1e-9))
        self.assertEqual(["quality"], answer["columns"])

    def test_train_on_the_table_of_the_example(self):
        self.train_wine(EXAMPLE / "data" / "wine-quality.csv", "0.01")
        self.assertEqual("13", self.result["tags"]["test"])
        self.assertGreater(self.result["metrics"]["r2"], 0.1)
        self.assertEqual(["quality"], self.predict()["columns"])
        result = self.run_program([support.BIN / "odin-gppi", "-m", "output", "info"])
        self.assertIn('"name": "free sulfur dioxide",\n        "type": "integer",\n        "example": 0,\n        "required": true', result.stdout)

    def test_table_of_the_example_is_what_its_program_makes(self):
        shutil.copy(EXAMPLE / "data" / "make-data.py", self.workspace)
        self.run_program(["/usr/bin/env", "python3", "make-data.py"])
        self.assertEqual((EXAMPLE / "data" / "wine-quality.csv").read_bytes(), (self.workspace / "wine-quality.csv").read_bytes())

    def test_entry_point_names_columns_by_the_samples(self):
        self.train_wine(EXAMPLE / "data" / "wine-quality.csv")
        text = f"""
            import sys; sys.path.insert(0, {str(self.target / 'odahuflow_model')!r})
            import entrypoint, pandas
            entrypoint.init()
            names = list(entrypoint._head_input.columns)
            row = [float(value) for value in entrypoint._head_input.iloc[0]]
            plain, columns = entrypoint.predict_on_matrix([row])
            turned, _ = entrypoint.predict_on_matrix([row[::-1] + ["more"]], names[::-1] + ["extra"])
            frame, _ = entrypoint.predict_on_matrix(entrypoint._head_input)
            assert plain.tolist() == turned.tolist() == frame.tolist()[:1], (plain, turned, frame)
            assert columns == ("quality",), columns
            try:
                entrypoint.predict_on_matrix([row[:-1]], names[:-1])
            except ValueError as problem:
                print("missing:", "NaN" in str(problem))
            """
        self.assertEqual("missing: True\n", self.python(text))

    def test_tables_of_numbers_are_what_the_long_way_makes(self):
        self.train_wine(EXAMPLE / "data" / "wine-quality.csv")
        text = f"""
            import sys; sys.path.insert(0, {str(self.target / 'odahuflow_model')!r})
            import entrypoint, pandas
            entrypoint.init()
            names = [str(name) for name in entrypoint._head_input.columns]
            quick, count = entrypoint._number_frame, [0]
            whole, fraction = list(range(1, len(names) + 1)), [value + 0.5 for value in range(len(names))]

            def both(rows, names=None):
                entrypoint._number_frame = lambda *_: None
                try:
                    expected = entrypoint._frame(rows, names)
                except ValueError as problem:
                    expected = problem
                entrypoint._number_frame = quick
                frame = quick(rows, names)
                if frame is not None:
                    count[0] += 1
                    pandas.testing.assert_frame_equal(expected, frame)
                return frame is not None

            assert both([whole]) and both([fraction]) and both([whole, fraction]) and both([whole] * 3, names[::-1])
            assert both([whole + [1]], names + ["more"]) and both([[float("nan")] * len(names)], names)
            assert both([[-(2 ** 63)] * len(names), [2 ** 63 - 1] * len(names)], names)
            for odd in (None, True, "7", 2 ** 63, 2 ** 70, -(2 ** 63) - 1, [1], {{}}):
                assert not both([whole[:-1] + [odd]], names), odd
                assert not both([fraction, whole[:-1] + [odd]], names), odd
            assert not both([whole[:-1]], names[:-1]) and not both([whole, whole[:-1]]) and not both([])
            assert not both([tuple(whole)], names) and quick([whole + [1]], names + names[:1]) is None
            print("the same:", count[0])
            """
        self.assertEqual("the same: 7\n", self.python(text))

    def train_signed(self, arguments):
        """A model that was logged without samples."""
        self.write("wine/conda.yaml", "dependencies: []\n")
        self.write("wine/train.py", f"""
            import mlflow, mlflow.sklearn, pandas
            from sklearn.linear_model import LinearRegression
            x = pandas.DataFrame({{"a": [1.0, 2.0, 3.0], "b": [1, 0, 1], "c": [True, False, True]}})
            y = pandas.DataFrame({{"quality": [1.0, 2.0, 3.0]}})
            model = LinearRegression().fit(x, y)
            with mlflow.start_run():
                mlflow.sklearn.log_model(model, "model", {arguments})
            """)
        self.write("wine/MLproject", "entry_points: {main: {command: python train.py}}\nconda_env: conda.yaml\n")
        log = self.train(work_directory="wine")
        info = self.run_program([support.BIN / "odin-gppi", "-m", "output", "info"]).stdout
        types = [(line.split('"')[3]) for line in info.splitlines() if '"type"' in line]
        self.write("in.json", json.dumps({"columns": ["c", "more", "b", "a"], "data": [[True, "x", 0, 2]]}))
        result = self.run_program([support.BIN / "odin-gppi", "-m", "output", "predict", self.workspace / "in.json", "out"])
        self.assertEqual(0, result.returncode, result.stdout)
        return log, types, json.loads((self.workspace / "out" / "results.json").read_text(encoding="utf-8"))

    def test_signature_names_the_columns(self):
        log, types, answer = self.train_signed("signature=mlflow.models.infer_signature(x, y)")
        self.assertIn("has not tried a prediction", log)
        self.assertEqual(["number", "integer", "boolean", "number"], types)
        self.assertEqual(["quality"], answer["columns"])
        self.assertTrue(math.isclose(2.0, answer["prediction"][0][0], abs_tol=1.5))

    def test_example_is_the_sample_and_names_the_columns(self):
        log, types, answer = self.train_signed("input_example=x.head(2)")
        self.assertIn("The self-check of the model is successful", log)
        self.assertEqual([], self.result["warnings"])
        self.assertEqual(["number", "integer", "boolean"], types)
        self.assertEqual([], answer["columns"])

    def test_sklearn_model_of_the_module(self):
        self.python("""
            import mlflow, mlflow.sklearn, pandas, numpy
            from sklearn.linear_model import LinearRegression
            x = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1, 0, 1], "c": [True, False, True]})
            y = pandas.Series([1.0, 2.0, 3.0], name="y")
            model = LinearRegression().fit(x, y)
            signature = mlflow.models.infer_signature(x, model.predict(x))
            with mlflow.start_run():
                info = mlflow.sklearn.log_model(model, "model", signature=signature, input_example=x.head(1))
            loaded = mlflow.pyfunc.load_model(info.model_uri)
            assert numpy.allclose(loaded.predict(x[["c", "b", "a"]]), y)
            assert numpy.allclose(mlflow.sklearn.load_model(info.model_uri).coef_, model.coef_)
            try:
                loaded.predict(x[["a"]])
                raise SystemExit("columns were missing")
            except mlflow.MlflowException as problem:
                assert "Model is missing inputs ['b', 'c']" in str(problem)
            assert signature.to_dict() == {"inputs": '[{"name": "a", "type": "double"}, {"name": "b", "type": "long"}, {"name": "c", "type": "boolean"}]',
                "outputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'}, signature.to_dict()
            """)


if __name__ == "__main__":
    unittest.main()
