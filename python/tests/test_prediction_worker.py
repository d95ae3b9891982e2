import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import textwrap
import unittest

import support

RUNTIME = support.ROOT / "python" / "odin_runtime"
MODEL = textwrap.dedent("""
    import os, sys
    def init():
        return "matrix"
    def info():
        return [{"name": "a", "type": "number", "example": float("nan"), "required": True}, {"name": "b"}], []
    def predict_on_matrix(rows, provided_columns_names=None):
        print("on standard output")
        if rows[0][0] == "throw":
            raise ValueError("no such row")
        if rows[0][0] == "exit":
            sys.exit(5)
        if rows[0][0] == "nan":
            return [[float("nan"), 1.5], (float("-inf"), {"k": float("nan")})], None
        return [["\\u00e9", row, provided_columns_names] for row in rows], ("x",)
    """)


class Lane:
    """The server's end of a connection of a worker."""

    def __init__(self, connection):
        connection.settimeout(support.LIMIT)
        self.connection = connection

    def receive(self):
        length = struct.unpack("<I", self._exactly(4))[0]
        frame = self._exactly(length)
        return frame[:1], frame[1:]

    def call(self, document):
        content = json.dumps(document).encode()
        self.connection.sendall(struct.pack("<I", 1 + len(content)) + b"C" + content)
        return self.receive()

    def predict(self, document):
        letter, content = self.call(document)
        assert letter == b"P", content
        rows, length = struct.unpack_from("<II", content)
        return rows, json.loads(content[8:8 + length]), json.loads(content[8 + length:])

    def _exactly(self, count):
        result = b""
        while len(result) < count:
            part = self.connection.recv(count - len(result))
            if not part:
                raise EOFError
            result += part
        return result


class WorkerTests(support.WorkspaceTest):
    def start(self, model=MODEL, threads=1):
        """Starts a worker; its lanes by number."""
        self.write("model/entrypoint.py", model)
        self.token = secrets.token_hex(8)
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        name = "odin-test-" + secrets.token_hex(8)
        self.listener.bind("\0" + name)
        self.listener.listen()
        self.listener.settimeout(support.LIMIT)
        environ = {**self.environ, "ODIN_WORKER_SOCKET": name, "ODIN_WORKER_TOKEN": self.token, "ODIN_WORKER_THREADS": str(threads),
                   "MODEL_LOCATION": str(self.workspace / "model"), "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen([sys.executable, str(RUNTIME), "worker", str(os.getpid())], env=environ, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(self.stop)
        # The first, and that which only ends; the others come when the model is loaded.
        return dict(self.accept() for _ in range(2))

    def accept(self):
        connection, _ = self.listener.accept()
        self.addCleanup(connection.close)
        lane = Lane(connection)
        letter, content = lane.receive()
        self.assertEqual((b"H", self.token), (letter, content[:-2].decode()))
        return struct.unpack("<H", content[-2:])[0], lane

    def stop(self):
        self.process.kill()
        self.process.communicate()

    def test_calls_are_answered_in_every_thread(self):
        lanes = self.start(threads=3)
        lanes.update(self.accept() for _ in range(2))
        self.assertEqual({0, 1, 2, 65535}, set(lanes))
        letter, content = lanes[0].receive()
        self.assertEqual(b"R", letter)
        facts = json.loads(content)
        self.assertEqual([{"name": "a", "type": "number", "example": None, "required": True}, {"name": "b", "type": None, "example": None, "required": True}],
                         facts["inputs"])
        for number in (2, 0, 1):
            self.assertEqual((2, [["\u00e9", [1], ["a"]], ["\u00e9", ["\U0001f377"], ["a"]]], ["x"]),
                             lanes[number].predict({"columns": ["a"], "data": [[1], ["\U0001f377"]]}))
        self.assertEqual((1, [["\u00e9", [1.5], None]], ["x"]), lanes[0].predict({"data": [[1.5]]}))

    def test_errors_of_the_model_fail_only_the_call(self):
        lane = self.start()[0]
        lane.receive()
        letter, content = lane.call({"data": [["throw"]]})
        self.assertEqual((b"E", {"message": "ValueError: no such row", "input": True}), (letter, json.loads(content)))
        letter, content = lane.call({"data": [["exit"]]})
        self.assertEqual((b"E", {"message": "SystemExit: 5", "input": False}), (letter, json.loads(content)))
        self.assertEqual(1, lane.predict({"data": [[1]]})[0])

    def test_numbers_that_json_does_not_know_are_null(self):
        lane = self.start()[0]
        lane.receive()
        self.assertEqual((2, [[None, 1.5], [None, {"k": None}]], []), lane.predict({"data": [["nan"], ["nan"]]}))

    def test_large_calls_and_answers(self):
        lane = self.start()[0]
        lane.receive()
        text = "x" * 300000
        self.assertEqual((3, text), (lambda answer: (answer[0], answer[1][2][1][0]))(lane.predict({"data": [[text]] * 3})))

    def test_model_that_cannot_be_loaded_is_told(self):
        letter, content = self.start("import no_such_package_at_all\n")[0].receive()
        self.assertEqual(b"F", letter)
        self.assertIn("no_such_package_at_all", json.loads(content)["message"])
        self.process.wait(support.LIMIT)

    def test_end_of_the_server_ends_the_worker(self):
        lanes = self.start()
        lanes[0].receive()
        for lane in lanes.values():
            lane.connection.close()
        self.assertEqual(0, self.process.wait(support.LIMIT))

    def test_signals_for_the_group_do_not_end_it(self):
        lane = self.start()[0]
        lane.receive()
        self.process.terminate()
        self.assertEqual(1, lane.predict({"data": [[1]]})[0])

    def test_other_parent_than_told_ends_it(self):
        result = self.run_program([sys.executable, RUNTIME, "worker", "1"], {"ODIN_WORKER_SOCKET": "none", "ODIN_WORKER_TOKEN": "none"})
        self.assertEqual(1, result.returncode)


if __name__ == "__main__":
    unittest.main()
