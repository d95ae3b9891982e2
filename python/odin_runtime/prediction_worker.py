"""A process that holds a model and answers calls of the model server (docs/reference/model-server.md). Runs in the model's own Python.

The server starts it with the name of its socket. Each thread has a connection of its own, on which one call at a time is asked and
answered, so no thread waits for another and nothing that the model prints gets in between. A frame is its length (4 bytes, little
endian), a letter that says what it is, and its content; the frames are listed below. Imports only the standard library and its
neighbours, and is written for Python 3.6, as a model may need an older Python than we do.
"""

import faulthandler
import json
import os
import signal
import socket
import struct
import sys
import threading
import traceback

from odin_runtime import mlflow_shim
from odin_runtime.model_calls import Model, describe

# From here: who we are (token, then the number of the connection, 2 bytes); the model is loaded (JSON); it is not (JSON); the rows of
# a prediction (how many, the length of their text, their text, the names of the columns as JSON); a call failed (JSON).
HELLO, READY, FAILED, PREDICTION, ERROR = b"H", b"R", b"F", b"P", b"E"
# From the server: a JSON document {columns, data}.
CALL = b"C"

# The connection on which nothing is said: it ends when the server does.
WATCH = 65535
_END_LIMIT = 5
_MOST_TRACES = 100
_PR_SET_PDEATHSIG = 1


def main(arguments=None):
    """`arguments`: the pid of the server. The rest is in the environment, where other users do not see it."""
    _end_with(int((arguments or sys.argv[1:])[0]))
    # They are meant for the server, which tells us when to end; not ignored, because programs of the model would inherit that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    try:
        faulthandler.enable()
        # The server asks where a call hangs before it kills us.
        faulthandler.register(signal.SIGUSR1)
    except (OSError, ValueError, AttributeError):
        pass
    address, token = os.environ.pop("ODIN_WORKER_SOCKET"), os.environ.pop("ODIN_WORKER_TOKEN")
    threads = int(os.environ.pop("ODIN_WORKER_THREADS", "1"))
    first = Connection(address, token, 0)
    threading.Thread(target=_watch, args=(Connection(address, token, WATCH),), daemon=True).start()
    try:
        model = ServedModel(os.environ.get("MODEL_LOCATION") or ".", os.environ.get("MODEL_ENTRYPOINT") or "entrypoint")
        facts = model.load()
    except BaseException as problem:  # the model is anybody's code
        traceback.print_exc()
        first.send(FAILED, _json({"message": describe(problem)}))
        return 1
    for number in range(1, threads):
        threading.Thread(target=serve, args=(Connection(address, token, number), model), daemon=True).start()
    first.send(READY, _json(facts))
    # Some models work only in the thread that has loaded them.
    serve(first, model)
    return 0


class ServedModel:
    """A model as the server asks it: bytes in, bytes out."""

    def __init__(self, directory, entry_point):
        self._directory, self._entry_point = directory, entry_point
        self._model = self._encoder = None
        self._seen = set()

    def load(self):
        """Loads the model and says what the server has to know of it. The sample is predicted, so that the first call is quick."""
        mlflow_shim.activate()
        self._model = Model(self._directory, self._entry_point)
        inputs, outputs = self._model.info()
        kind = self._model.encoder() or json.JSONEncoder
        self._encoder = kind(allow_nan=False, separators=(",", ":"))
        try:
            self._model.self_check()
        except BaseException as problem:  # without a prediction it is still a model
            print("The model cannot predict its own sample: {}".format(describe(problem)), file=sys.stderr, flush=True)
        return {"inputs": _columns(inputs), "outputs": _columns(outputs), "python": sys.version.split()[0]}

    def answer(self, content):
        """The letter and the parts of the frame that answers a call."""
        try:
            document = json.loads(str(content, "utf-8"))
            prediction, names = self._model.evaluate(document["data"], document.get("columns"))
            rows = self._encode(prediction).encode("utf-8", "surrogatepass")
            return PREDICTION, struct.pack("<II", len(prediction), len(rows)), rows, self._encode(names).encode("utf-8", "surrogatepass")
        except BaseException as problem:  # sys.exit() of a model, too, fails the call and not the others
            self._trace(problem)
            return ERROR, _json({"message": describe(problem), "input": isinstance(problem, (ValueError, TypeError))})

    def _encode(self, value):
        try:
            return self._encoder.encode(value)
        except ValueError:
            # JSON has no word for NaN and infinity.
            return self._encoder.encode(_without_nan(value))

    def _trace(self, problem):
        place = traceback.extract_tb(problem.__traceback__)[-1]
        key = (type(problem), place.filename, place.lineno)
        # Once is enough: a client may repeat its mistake a thousand times a second.
        if key not in self._seen and len(self._seen) < _MOST_TRACES:
            self._seen.add(key)
            traceback.print_exc()


class Connection:
    """One of the connections to the server."""

    def __init__(self, address, token, number):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Not a name of the file system, so that nothing is left behind and no directory need be writable.
        self._socket.connect("\0" + address)
        self.send(HELLO, token.encode("ascii"), struct.pack("<H", number))

    def send(self, letter, *parts):
        head = struct.pack("<I", 1 + sum(map(len, parts))) + letter
        if sum(map(len, parts)) < 65536:
            self._socket.sendall(b"".join((head,) + parts))
            return
        for part in (head,) + parts:
            self._socket.sendall(part)

    def receive(self):
        """The letter and the content of the next frame; None when the server has ended or wants us to."""
        try:
            start = self._socket.recv(65536)
            while 0 < len(start) < 5:
                more = self._socket.recv(65536)
                start = start + more if more else b""
            if not start:
                return None
            length = struct.unpack_from("<I", start)[0] + 4
            if len(start) == length:
                return start[4:5], memoryview(start)[5:]
            # One call is asked at a time, so nothing of another frame comes with it.
            buffer = bytearray(length)
            buffer[:len(start)] = start
            view, done = memoryview(buffer), len(start)
            while done < length:
                count = self._socket.recv_into(view[done:])
                if not count:
                    return None
                done += count
            return bytes(view[4:5]), view[5:]
        except OSError:
            return None


def serve(connection, model):
    """Answers the calls of one connection until it ends."""
    while True:
        frame = connection.receive()
        if frame is None:
            return
        try:
            connection.send(*model.answer(frame[1]))
        except OSError:
            return


def _watch(connection):
    connection.receive()
    # The main thread ends by itself, unless the model holds it.
    threading.Event().wait(_END_LIMIT)
    os._exit(1)


def _end_with(parent):
    """Has the system kill us when the server dies, however that happens and whatever the model is doing."""
    try:
        # Some builds of Python lack it; then the end of the connection has to do.
        import ctypes
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass
    if os.getppid() != parent:
        os._exit(1)


def _columns(columns):
    """Names and types as JSON knows them; what else a model says of its columns stays in the model."""
    result = []
    for column in columns:
        column = column if isinstance(column, dict) else {"name": column}
        example = column.get("example")
        example = _without_nan(example.tolist() if hasattr(example, "tolist") else example)
        result.append({
            "name": str(column.get("name")),
            "type": column.get("type") if isinstance(column.get("type"), str) else None,
            "example": example if isinstance(example, (str, int, float, bool)) else None,
            "required": column.get("required") is not False})
    return result


def _without_nan(value):
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return value


def _json(value):
    return json.dumps(value).encode("ascii")


if __name__ == "__main__":
    sys.exit(main())
