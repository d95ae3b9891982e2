import subprocess
import tempfile
import unittest
from pathlib import Path

import support  # noqa: F401
from odin_runtime import mlproject, shell_template
from odin_runtime.errors import TrainingError

EVIL = ["a b", "$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; "', "back\\", "\\", "a\nb", "*", "~", "$HOME", "${HOME}",
        "#x", "", "'", '"', "a'\"b", "-rf", "a;b", "&& touch pwned", "a|b", ">x", "{x}", "ünï"]
# Where a value can stand, and what the program then gets before it.
TEMPLATES = [("printf %s {v}", ""), ("printf %s '{v}'", ""), ('printf %s "{v}"', ""), ("printf %s a\\'{v}", "a'"), ("true # it\nprintf %s {v}", ""),
             ("printf %s '{{'{v}", "{"), ('printf %s "x${{HOME:+}}{v}"', "x")]
MURKY = ['printf %s "$(printf %s {v})"', "printf %s `echo {v}`", "cat <<E\n{v}\nE", "printf %s \\{v}", "true # it's\nprintf %s {v}",
         "printf %s $(( {v} ))", "true # {v}"]


class ShellTemplateTests(unittest.TestCase):
    def test_fill_values_stay_data_wherever_they_stand(self):
        with tempfile.TemporaryDirectory() as directory:
            for template, before in TEMPLATES:
                for value in EVIL:
                    command = shell_template.fill(template, {"v": value})
                    result = subprocess.run(["/bin/sh", "-c", command], cwd=directory, stdout=subprocess.PIPE, check=True)
                    self.assertEqual(before + value, result.stdout.decode(), command)
            self.assertEqual([], list(Path(directory).iterdir()))

    def test_fill_where_quotes_cannot_be_followed_only_plain_values(self):
        for template in MURKY:
            with self.subTest(template):
                self.assertIn("0.5", shell_template.fill(template, {"v": "0.5"}))
                with self.assertRaisesRegex(shell_template.TemplateError, "needs quotes"):
                    shell_template.fill(template, {"v": "a b"})

    def test_fill_unknown_names_and_lone_braces(self):
        for template, words in (("{x}", "no parameter; the parameters are: v"), ("a } b", "a single '}'"), ("a ${v}", r"written \$\{\{NAME\}\}"),
                                ("{v", "a single '{'"), ("{}", "no parameter")):
            with self.subTest(template), self.assertRaisesRegex(shell_template.TemplateError, words):
                shell_template.fill(template, {"v": "1"})


class MlProjectTests(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def project(self, text, name="MLproject"):
        (self.directory / name).write_text(text, encoding="utf-8")
        return mlproject.find(self.directory)

    def test_command_defaults_given_and_unknown_parameters(self):
        project = self.project("entry_points:\n  main:\n    parameters:\n      alpha: float\n      l1: {type: float, default: 0.1}\n"
                               "    command: 'python train.py {alpha} {l1}'\n", "mlPROJECT")
        self.assertEqual("python train.py 1.0 0.1", project.command("main", {"alpha": "1.0"}))
        self.assertEqual("python train.py 2 3 --more 'a b' '--x;y' z", project.command("", {"alpha": "2", "l1": "3", "more": "a b", "x;y": "z"}))

    def test_command_all_that_is_wrong_at_once(self):
        (self.directory / "here").mkdir()
        project = self.project("entry_points:\n  main:\n    parameters:\n      alpha: float\n      n: int\n      p: path\n      u: uri\n      q: path\n"
                               "    command: 'run {alpha} {n} {p} {u} {q}'\n")
        with self.assertRaises(TrainingError) as caught:
            project.command("main", {"n": "1.5", "p": "nowhere", "u": "local", "q": "s3://bucket/x"})
        text = str(caught.exception)
        for words in ("the parameter 'alpha' (float) has no value and no default; give it as the hyper-parameter 'alpha' of the training "
                      "(spec.hyperParameters.alpha)", "'n' wants a whole number (int), not '1.5'", "'p' names 'nowhere', which does not exist",
                      "'u' wants a URI with its scheme", "'q' wants a local path"):
            self.assertIn(words, text)
        self.assertEqual(f"run -1 2 {self.directory}/here s3://b {self.directory}",
                         project.command("main", {"alpha": "-1", "n": "2", "p": "here", "u": "s3://b", "q": str(self.directory)}))

    def test_command_entry_point_missing_or_a_script(self):
        project = self.project("entry_points: {main: {command: x}, other: {command: y}}\n")
        with self.assertRaisesRegex(TrainingError, "The entry point 'mian' is missing in .*; it has: 'main', 'other'"):
            project.command("mian", {})
        (self.directory / "a b.py").write_text("", encoding="utf-8")
        self.assertEqual("python 'a b.py' --n 1", project.command("a b.py", {"n": "1"}))

    def test_find_what_is_wrong_with_the_file(self):
        for text, words in (("a: [1", r"MLproject:1: "), ("- a", "a mapping is wanted"), ("entry_points: [a]", "must be a mapping from names"),
                            ("entry_points: {main: {}}", "'main' needs a 'command'"), ("docker_env: {image: x}", "docker_env"),
                            ("entry_points: {main: {command: x, parameters: [a]}}", "'parameters' of the entry point 'main'"),
                            ("entry_points: {main: {command: x, parameters: {a: [b]}}}", "the parameter 'a'")):
            with self.subTest(text), self.assertRaisesRegex(TrainingError, words):
                self.project(text)

    def test_find_without_a_file(self):
        with self.assertRaisesRegex(TrainingError, "Can't find a MLProject file in .*spec.workDir"):
            mlproject.find(self.directory)

    def test_find_the_environment_file(self):
        self.assertIsNone(self.project("name: x").environment)
        (self.directory / "conda.yaml").write_text("a: 1", encoding="utf-8")
        self.assertEqual(self.directory / "conda.yaml", self.project("name: x").environment)
        self.assertEqual(self.directory / "env.yaml", self.project("python_env: env.yaml").environment)
