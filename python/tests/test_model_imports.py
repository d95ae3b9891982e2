import collections
import pickle
import tempfile
import unittest
from pathlib import Path

import support  # the path of the runtime
from odin_runtime import capture, model_imports

assert support.ROOT


class ModelImportsTests(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="odin test ")
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)

    def test_modules_of_sources_and_pickles(self):
        (self.root / "inner").mkdir()
        (self.root / "entrypoint.py").write_text("import os.path, numpy as np\nfrom sklearn.linear_model import Ridge\nfrom . import near\n\ndef f():\n    import lazy\n")
        (self.root / "inner" / "broken.py").write_text("import this is no Python")
        (self.root / "model.pkl").write_bytes(pickle.dumps({"order": collections.OrderedDict(a=1)}))
        (self.root / "old.pkl").write_bytes(pickle.dumps(collections.Counter("ab"), protocol=0))
        (self.root / "bomb.pkl").write_bytes(b"cos\nsystem\n(S'touch " + str(self.root).encode() + b"/ran'\ntR.")
        (self.root / "none.joblib").write_bytes(b"\x80\x04 no pickle at all")
        (self.root / "image.png").write_bytes(b"import nothing")
        found = model_imports.modules_of(self.root)
        self.assertLessEqual({"os", "numpy", "sklearn", "lazy", "collections"}, found)
        self.assertNotIn("near", found)
        self.assertNotIn("nothing", found)
        self.assertFalse((self.root / "ran").exists(), "a pickle was run")

    def test_wanted_packages(self):
        site = self.root / "site"
        for name in ("sklearn", "flask"):
            (site / name).mkdir(parents=True)
        (site / "six.py").write_text("")
        packages = {"scikit-learn": _package(site / "sklearn", needs=["joblib"]), "flask": _package(site / "flask"), "six": _package(site / "six.py"),
                    "joblib": _package(site / "joblib"), "numpy": _package(site / "numpy")}
        self.assertEqual({"numpy"}, capture._wanted(None, set(), packages))
        self.assertEqual({"numpy", "scikit-learn", "joblib", "six"}, capture._wanted(None, {"sklearn", "six", "os"}, packages))


def _package(root, needs=()):
    return {"roots": [str(root)], "needs": list(needs)}


if __name__ == "__main__":
    unittest.main()
