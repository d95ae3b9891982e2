import unittest

import support
from odin_runtime import yaml_subset

ENTRY_POINT = """
    import json

    def init():
        return "matrix"

    def predict_on_matrix(input_matrix, provided_columns_names=None):
        return [[sum(row)] for row in input_matrix], ["sum"]

    def info():
        return [{"name": "a", "type": "integer", "example": 0, "required": True}], []
    """
TRAIN = """
    import os, pathlib, pickle, sys
    output = pathlib.Path(os.environ["ODIN_OUTPUT_DIR"])
    print("arguments", sys.argv[1:], {k: v for k, v in os.environ.items() if k.startswith("ODIN_PARAM_")},
          os.environ["MODEL_OUTPUT_DIR"] == str(output), os.listdir(output))
    (output / "entrypoint.py").write_text(open("entry.py").read())
    with open(output / "head_input.pkl", "wb") as file:
        pickle.dump([[1, 2]], file)
    """


class ScriptToolchainTests(support.WorkspaceTest):
    def setUp(self):
        super().setUp()
        self.write("entry.py", ENTRY_POINT)
        self.write("train.py", TRAIN)

    def script(self, entry_point="python train.py 'first word'", **how):
        return self.train(program="odin-script-runner", entry_point=entry_point, **how)

    def assert_fails(self, words, **how):
        log = self.script(code=2, **how)
        self.assertRegex(log, "Exception occurs during model training. Message: " + words)
        self.assertFalse(self.target.exists())
        self.assertEqual([], [entry.name for entry in self.workspace.iterdir() if entry.name.startswith(".")])

    def test_train_bare_model_is_wrapped(self):
        log = self.script(parameters={"learning-rate": "0.1", "text": "a b; $(touch pwned)"})
        self.assertIn("arguments ['first word', '--learning-rate', '0.1', '--text', 'a b; $(touch pwned)'] {'ODIN_PARAM_LEARNING_RATE': '0.1', "
                      "'ODIN_PARAM_TEXT': 'a b; $(touch pwned)'} True []", log)
        facts = yaml_subset.load(self.target / "odahuflow.model.yaml")
        self.assertEqual(("script", "entrypoint", "tiny"), (facts["toolchain"]["name"], facts["model"]["entrypoint"], facts["model"]["name"]))
        self.assertEqual({"entrypoint.py", "head_input.pkl", "conda.yaml"}, {e.name for e in (self.target / "odahuflow_model").iterdir()})
        self.assertEqual({"learning-rate": "0.1", "text": "a b; $(touch pwned)"}, self.result["params"])
        self.assertEqual(facts["output"]["run_id"], self.result["runId"])
        self.assertIn("has no conda.yaml", self.result["warnings"][0])
        # Nobody has asked for it.
        self.assertRegex(log, r"Environment: system, Python \S+ at \S+\n")

    def test_train_conda_file_of_the_work_directory_goes_with_the_model(self):
        self.write("conda.yaml", "name: mine\ndependencies: []\n")
        self.script()
        self.assertEqual([], self.result["warnings"])
        self.assertEqual("name: mine\ndependencies: []\n", (self.target / "odahuflow_model" / "conda.yaml").read_text(encoding="utf-8"))

    def test_train_model_directory_with_either_manifest(self):
        for name in ("odahuflow.project.yaml", "odahuflow.model.yaml"):
            self.write("train.py", f"""
                import os, pathlib
                output = pathlib.Path(os.environ["ODIN_OUTPUT_DIR"])
                (output / "inner").mkdir()
                (output / "inner" / "mine.py").write_text(open("entry.py").read())
                (output / "inner" / "conda.yaml").write_text("dependencies: []")
                (output / "{name}").write_text('''
                    {{"binaries": {{"type": "python", "dependencies": "conda", "conda_path": "inner/conda.yaml"}},
                      "model": {{"name": "x", "version": "1", "workDir": "inner", "entrypoint": "mine"}}, "odahuflowVersion": "1.0"}}''')
                """)
            self.script()
            self.assertEqual({"odahuflow.project.yaml", "odahuflow.model.yaml", "inner"}, {entry.name for entry in self.target.iterdir()})

    def test_train_what_goes_wrong(self):
        self.assert_fails("The training names no command", entry_point="")
        self.assert_fails("The entry point .* is no command: No closing quotation", entry_point="python 'x")
        self.assert_fails("The program 'no-such-program' cannot be started: it is not on the PATH", entry_point="no-such-program")
        self.assert_fails("The program 'python' ended with exit code 7", entry_point="python -c 'raise SystemExit(7)'")
        self.assert_fails(r"The program 'sh' was ended by the signal SIGKILL \(9\)", entry_point="sh -c 'kill -9 $$'")
        self.assert_fails("The program left no model in ODIN_OUTPUT_DIR: .*; it left nothing", entry_point="true")

    def test_train_model_that_is_wrong(self):
        manifest = 'model: {workDir: inner, entrypoint: mine}\nbinaries: {type: python, conda_path: c}\n'
        for change, words in (((".", "inner"), "leads out of the directory|is 'inner', which does not exist"), (("inner", "../.."), "leads out"),
                              (("python", "java"), "'binaries.type' in .* is 'java'"), (("entrypoint: mine", "x: y"), "has no 'model.entrypoint'"),
                              (("binaries:", "other:"), "has no 'binaries'")):
            text = manifest.replace(*change)
            self.write("train.py", f"import os\nopen(os.environ['ODIN_OUTPUT_DIR'] + '/odahuflow.model.yaml', 'w').write({text!r})\n")
            with self.subTest(words):
                self.assert_fails(".*(" + words + ")")

    def test_train_functions_that_are_wrong(self):
        for change, words in (("return \"matrix\"|return \"objects\"", "returned 'objects', which"), ("return \"matrix\"|return 7", "unknown return type 7"),
                              ("def init|def initialise", r"has no function init\(\)"), ("[\"sum\"]|[\"sum\"], 3", "must return a pair"),
                              ("[[sum(row)] for row in input_matrix]|7", "must return an array or a list, not int"),
                              ("sum(row)|object()", "TypeError: Object of type object is not JSON serializable"),
                              ("import json|import no_such_module", "ImportError: No module named 'no_such_module'; is a dependency missing"),
                              ("import json|def broken(", "SyntaxError: ")):
            self.write("entry.py", ENTRY_POINT.replace(*change.split("|")))
            with self.subTest(words):
                self.assert_fails("The self-check of the model failed: .*" + words)


if __name__ == "__main__":
    unittest.main()
