import tempfile
import unittest
from pathlib import Path

import support  # noqa: F401
from odin_runtime import yaml_subset, yaml_writer
from odin_runtime.errors import YamlError

# Some of it as PyYAML writes it: MLmodel and meta.yaml of real mlflow.
GOOD = [
    ("a: 1\nb: 0.1\nc: ~\nd: yes\ne: 'yes'\nf: 1e3\ng: 0x10\nh: -2.5e-03\ni: 2021-01-01", {
        "a": 1, "b": 0.1, "c": None, "d": True, "e": "yes", "f": "1e3", "g": 16, "h": -0.0025, "i": "2021-01-01"}),
    ("---\nlist:\n- a\n- b: 1\n  c: 2\n-\n  - x\n-   - y\n    - z\n...\n", {"list": ["a", {"b": 1, "c": 2}, ["x"], ["y", "z"]]}),
    ("a: [1, 'two', {b: 3}, []] # comment\nc: {}\n", {"a": [1, "two", {"b": 3}, []], "c": {}}),
    ("inputs: '[{\"type\": \"double\", \"name\":\n    \"it''s\"}]'\n", {"inputs": '[{"type": "double", "name": "it\'s"}]'}),
    ('a: "one\\\n  \\ two\\n\\xe4"\n', {"a": "one two\nä"}),
    ("a: plain text\n  goes on\n\n  here\nb: x#y\n", {"a": "plain text goes on\nhere", "b": "x#y"}),
    ("a: |\n  x\n    y\n\nb: >-\n  one\n  two\n\n  three\n", {"a": "x\n  y\n", "b": "one two\nthree"}),
    ("a: >\n  one\n   deeper\n  two\nb: |+\n  x\n\nc: 1\n", {"a": "one\n deeper\ntwo\n", "b": "x\n\n", "c": 1}),
    ("file:///a b: c:d\n'q: r': url:port\n", {"file:///a b": "c:d", "q: r": "url:port"}),
    ("", None), ("# nothing\n", None), ("just text", "just text"), ("- \n- ~\n", [None, None]), ("a:\nb:\n", {"a": None, "b": None}),
]
BAD = [
    ("a: b: c", 1, "': ' cannot stand in a value without quotes"), ("a: 1\nb: &x 2", 2, "anchors"), ("a: *x", 1, "aliases"),
    ("a: !!python/object:os.system x", 1, "tags"), ("<<: {a: 1}", 1, "merge keys"), ("? a\n: b", 1, "complex keys"),
    ("a: [1,\n  2]", 1, "must end on the line"), ("a:\n\t- b", 2, "a tab"), ("a: 1\n  b: 2", 2, "is its indentation right?"),
    ("a: 1\na: 2", 2, "for the second time"), ("- a\nb: 1", 2, "does not belong"), ("x: 1\ny: 'open\nz: 2", 2, "never closed"),
    ('a: "\\q"', 1, "no escape sequence"), ("a:\n  b: 1\n c: 2", 3, "indented deeper"), ("a: 1\n---\nb: 2", 2, "a second document"),
    ("a: - b", 1, "a list cannot begin"), ("a: 'b' c", 1, "unexpected text"), ("a: [b: c]", 1, "a pair inside"), ("%YAML 1.2\n---\na: 1", 1, ""),
    ("a: {b: 1, b: 2}", 1, "for the second time"), ("a: [1 2, ", 1, "must end on the line"), ("[" * 100, 1, "nested deeper"),
    ("\n".join(" " * n + "a:" for n in range(80)), 51, "nested deeper"), ("a: |x\n  b", 1, "behind | or >"), ("a\nb: 1", 2, "': ' cannot stand"),
]


class YamlTests(unittest.TestCase):
    def test_parse_good_texts(self):
        for text, value in GOOD:
            with self.subTest(text):
                self.assertEqual(value, yaml_subset.parse(text))

    def test_parse_bad_texts_name_file_and_line(self):
        for text, line, words in BAD:
            with self.subTest(text), self.assertRaises(YamlError) as caught:
                yaml_subset.parse(text, "dir/MLproject")
            self.assertIn(f"dir/MLproject:{line}: ", str(caught.exception))
            self.assertIn(words, str(caught.exception))

    def test_load_other_than_text_and_large_files(self):
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "x.yaml")
            file.write_bytes(b"a: 1\nb: \xff\n")
            with self.assertRaisesRegex(YamlError, r"x\.yaml:2: the file is not UTF-8"):
                yaml_subset.load(file)
            file.write_bytes(b"# " + b"x" * (1 << 20))
            with self.assertRaisesRegex(YamlError, "larger than 1 MiB"):
                yaml_subset.load(file)
            file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
            self.assertEqual({"a": 1, "b": 2}, yaml_subset.load(file))

    def test_dump_is_read_back(self):
        values = {"a": 1, "b": [1, "2", {"c": [], "d": {"e": None}}, ["x", ["y"]]], "f": ["yes", "y", "null", "~", "", " x", "a: b", "it's",
                  "line\nbreak", "#c", "- x", "0x1", "12e03", "1_0", "=", "<<", "2021-01-01", "ünï", "\\", "[x]", "a:", "\x07"],
                  "g": [1e-07, 1e22, float("inf"), -0.5, True, False], "1": "file:///a%20b"}
        self.assertEqual(values, yaml_subset.parse(yaml_writer.dump(values)))

    def test_dump_texts_stay_texts(self):
        self.assertEqual("version: '1.0'\n'y': 'on'\nname: python=3.11.2\n", yaml_writer.dump({"version": "1.0", "y": "on", "name": "python=3.11.2"}))
