#!/usr/bin/env python3
"""A model server for tests: it speaks what the gateway needs of one, and does what requests ask it to do."""
import json
import os
import signal
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

NAME, VERSION, CONTROL = os.environ["MODEL"], os.environ["VERSION"], os.environ["CONTROL"]
SOCKET = sys.argv[sys.argv.index("--socket") + 1]
running = threading.Semaphore(0)
lock = threading.Lock()
requests = 0
refused = set()
draining = False


def told(word):
    """Whether the test has left a file of that name."""
    return os.path.exists(os.path.join(CONTROL, word))


def wait_for(word):
    """Waits until the test has left a file of that name, for a minute at most."""
    for _ in range(6000):
        if told(word):
            return
        time.sleep(0.01)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                part = self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return b"".join(parts)
                parts.append(part)
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def answer(self, code, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if not told("modest"):
            self.send_header("Model-Name", NAME)
            self.send_header("Model-Version", VERSION)
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/readyz":
            if told("unready-" + VERSION):
                self.answer(503, {"message": "still loading"})
            else:
                self.answer(200, {"ready": True})
        elif path == "/api/model/info":
            self.answer(200, {"swagger": "2.0", "info": {"title": NAME, "version": VERSION}, "paths": {}})
        elif path == "/download":
            self.download()
        elif path == "/die-once":
            if not told("died"):
                open(os.path.join(CONTROL, "died"), "w").close()
                os._exit(9)
            self.answer(200, {"pid": os.getpid()})
        else:
            self.answer(200, {"path": self.path, "pid": os.getpid(), "headers": dict(self.headers.items())})

    def do_POST(self):
        global requests
        path = self.path.split("?")[0]
        if path == "/upload":
            return self.upload()
        body = self.read_body()
        with lock:
            requests += 1
            if draining:
                return self.answer(503, {"message": "going away"}, [("Retry-After", "1")])
        if path == "/die":
            os._exit(9)
        if path == "/say":
            print(body.decode(), flush=True)
        if path == "/refuse-once" and body not in refused:
            refused.add(body)
            return self.answer(503, {"message": "full"}, [("Retry-After", "1")])
        if path == "/wait":
            open(os.path.join(CONTROL, "waiting-%d" % os.getpid()), "w").close()
            wait_for("go")
        if told("log"):
            with open(os.path.join(CONTROL, "log"), "a") as file:
                file.write("%s %s\n" % (NAME, self.headers.get("Request-Id")))
        self.answer(200, {
            "prediction": [[NAME]], "columns": ["model"], "version": VERSION, "pid": os.getpid(), "path": self.path,
            "headers": dict(self.headers.items()), "length": len(body), "body": body[:200].decode("latin-1")})

    def upload(self):
        """Says of each short piece that it is here."""
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            piece = self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return self.answer(200, {})
            if piece.isalpha() and len(piece) < 20:
                open(os.path.join(CONTROL, "got-" + piece.decode()), "w").close()

    def download(self):
        """Sends each word when it is told to."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for word in ("one", "two"):
            wait_for("send-" + word)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(word), word.encode()))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass


def drain(*_):
    global draining
    draining = True
    threading.Thread(target=server.shutdown).start()


if told("crash-" + VERSION):
    print("the model cannot be read: weights are missing", flush=True)
    sys.exit(3)
if os.path.exists(SOCKET):
    os.unlink(SOCKET)
server = Server(SOCKET, Handler)
signal.signal(signal.SIGTERM, drain)
print("%s %s serves" % (NAME, VERSION), flush=True)
server.serve_forever(poll_interval=0.05)
