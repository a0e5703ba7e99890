"""An endpoint that answers well, unless it is told otherwise for its next requests."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from synthetic_shop import TABLES, TASKS, stub_examples

from shoplm.tasks.synthesis.local_server import LocalServer


class MisbehavingEndpoint:
    """A context manager; `misbehaviours` are used up one a request, in order of arrival.

    One of them is a name of `Handler`'s methods, or a status, or (status, headers, message).
    """

    def __init__(self, *misbehaviours, then="good", delay=0.0, oracle=None):
        self.misbehaviours, self.then, self.delay = list(misbehaviours), then, delay
        self.oracle = oracle or LocalServer(TASKS, TABLES, make_examples=stub_examples)
        self.lock = threading.Lock()
        self.times, self.keys, self.bodies = [], [], []
        self.paid = Counter()
        self.out = self.most_out = 0
        self.released = threading.Event()

    def __enter__(self):
        class Handler(_Handler):
            endpoint = self

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        return self

    def __exit__(self, *error):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    @property
    def requests(self):
        return len(self.times)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        end = self.endpoint
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with end.lock:
            end.times.append(time.monotonic())
            end.keys.append(self.headers.get("Authorization"))
            end.bodies.append(json.loads(body))
            how = end.misbehaviours.pop(0) if end.misbehaviours else end.then
            end.out += 1
            end.most_out = max(end.most_out, end.out)
        try:
            time.sleep(end.delay)
            self.asked = json.loads(body)
            scores = self.path == "/v1/completions"
            self.text = self.asked["prompt"] if scores else self.asked["messages"][-1]["content"]
            if how == "good" and scores:
                self.send(json.dumps(end.oracle.go_on(self.asked)).encode())
            elif isinstance(how, str):
                getattr(self, how)()
            else:
                self.status(*(how if isinstance(how, tuple) else (how,)))
        finally:
            with end.lock:
                end.out -= 1

    def good(self):
        self.complete(self.answer())

    def answer(self):
        return self.endpoint.oracle.complete(self.text)

    def status(self, number, headers=None, message="no", code=None):
        error = {"error": {"message": message, "code": code, "type": "x"}}
        self.send(json.dumps(error).encode(), number, headers)

    def later(self):
        """429, to be asked again after half a second."""
        self.status(429, {"Retry-After": "0.5"})

    def hang(self):
        self.endpoint.released.wait(30)
        self.close_connection = True

    def drip(self):
        """A byte now and then: no read ever takes long."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        for _ in range(200):
            if self.endpoint.released.wait(0.1):
                break
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                break
        self.close_connection = True

    def truncated(self):
        data = self.completion(self.answer())
        self.send(data[: len(data) // 2])

    def dropped(self):
        data = self.completion(self.answer())
        self.send(data[: len(data) // 2], length=len(data))
        self.close_connection = True

    def page(self):
        self.send(b"<html>Welcome</html>", content_type="text/html")

    def empty_object(self):
        self.send(b"{}")

    def no_usage(self):
        completion = json.loads(self.completion(self.answer()))
        del completion["usage"]
        self.send(json.dumps(completion).encode())

    def cut(self):
        self.complete(self.answer()[: -len("|end|") - 3], finish="length")

    def chat(self):
        self.complete("Sure! What would you like to know?")

    def silent(self):
        self.complete("")

    def lacks_a_field(self):
        lines = self.answer().split("\n")
        del lines[1]
        self.complete("\n".join(lines))

    def outside(self):
        lines = self.answer().split("\n")
        place = max(k for k, line in enumerate(lines) if line.startswith(("|Answer", "|答案")))
        lines[place] = lines[place].rsplit("|", 1)[0] + "| none of these"
        self.complete("\n".join(lines))

    def complete(self, text, finish="stop"):
        self.send(self.completion(text, finish))
        with self.endpoint.lock:
            self.endpoint.paid[self.text, self.asked.get("seed")] += 1

    def completion(self, text, finish="stop"):
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": finish, "message": message}
        usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
        content = {"id": "c", "object": "chat.completion", "created": 0, "model": "test-model"}
        return json.dumps(content | {"choices": [choice], "usage": usage}).encode()

    def send(self, data, status=200, headers=None, length=None, content_type="application/json"):
        self.send_response(status)
        for name, value in {"Content-Type": content_type, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass
