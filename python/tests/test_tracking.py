import tempfile
import unittest
from pathlib import Path

import support  # noqa: F401
from odin_runtime import tracking, yaml_subset


class FileStoreTests(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="a b")
        self.addCleanup(directory.cleanup)
        self.store = tracking.FileStore(Path(directory.name, "mlruns"))

    def test_create_run_the_layout_of_mlflow(self):
        experiment = self.store.experiment("wine")
        run = self.store.create_run(experiment, "first", {"a.b": "c"})
        self.assertRegex(experiment, r"\A[1-9][0-9]{17}\Z")
        meta = yaml_subset.load(self.store.root / experiment / "meta.yaml")
        self.assertEqual(["artifact_location", "creation_time", "experiment_id", "last_update_time", "lifecycle_stage", "name"], list(meta))
        self.assertEqual((experiment, "active", "wine"), (meta["experiment_id"], meta["lifecycle_stage"], meta["name"]))
        facts = yaml_subset.load(run.directory / "meta.yaml")
        self.assertEqual((run.id, run.id, experiment, 1, 4, None), tuple(facts[key] for key in (
            "run_id", "run_uuid", "experiment_id", "status", "source_type", "end_time")))
        self.assertEqual((run.directory / "artifacts").as_uri(), facts["artifact_uri"])
        self.assertEqual({"0", experiment, ".trash"}, {entry.name for entry in self.store.root.iterdir()})
        self.assertEqual("c", run.tags()["a.b"])
        run.finish(tracking.FINISHED)
        facts = yaml_subset.load(run.directory / "meta.yaml")
        self.assertEqual((3, int), (facts["status"], type(facts["end_time"])))

    def test_experiment_the_same_name_is_the_same(self):
        self.assertEqual(self.store.experiment("wine"), self.store.experiment("wine"))
        self.assertEqual("0", self.store.experiment("Default"))

    def test_metrics_the_last_step_counts(self):
        run = self.store.create_run("0", "r")
        for value, step, time in ((1, 0, 5), (3, 2, 1), (2, 1, 9)):
            run.log_metric("loss", value, step, time)
        run.log_metric("deep/er", float("nan"), timestamp=7)
        self.assertEqual("5 1.0 0\n1 3.0 2\n9 2.0 1\n", (run.directory / "metrics" / "loss").read_text(encoding="utf-8"))
        self.assertEqual(3.0, run.metrics()["loss"])
        self.assertNotEqual(run.metrics()["deep/er"], run.metrics()["deep/er"])

    def test_log_param_does_not_change(self):
        run = self.store.create_run("0", "r")
        run.log_param("a", 1)
        run.log_param("a", "1")
        with self.assertRaisesRegex(tracking.StoreError, "'a' .* has the value '1' already"):
            run.log_param("a", 2)
        self.assertEqual({"a": "1"}, run.params())

    def test_log_names_cannot_leave_the_directory(self):
        run = self.store.create_run("0", "r")
        for name in ("../x", "/etc/x", "a/../../x", "", "a//b", "..", "a\nb", "a/."):
            with self.subTest(name), self.assertRaises(tracking.StoreError):
                run.log_param(name, 1)
        with self.assertRaisesRegex(tracking.StoreError, "must be a number"):
            run.log_metric("m", "much")

    def test_run_of_an_unknown_id(self):
        for name in ("0" * 32, "../x", "*"):
            with self.subTest(name), self.assertRaisesRegex(tracking.StoreError, "is not in"):
                self.store.run(name)

    def test_local_path_of_uris(self):
        self.assertEqual(Path("/a b"), tracking.local_path("file:///a%20b"))
        self.assertEqual(Path("/a"), tracking.local_path("/a"))
        self.assertIsNone(tracking.local_path("http://localhost:5000"))
