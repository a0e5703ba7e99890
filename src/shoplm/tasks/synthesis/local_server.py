"""A small server on this machine that speaks the protocol and answers from the recipes."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from shoplm.tasks.keys import split_keys
from shoplm.tasks.synthesis.endpoint import LOCAL_MODEL
from shoplm.tasks.synthesis.form import heading, shown_value, values_of, write_sample
from shoplm.tasks.synthesis.requests import RECORD, as_text
from shoplm.tasks.synthesis.samples import to_sample
from shoplm.tasks.task import Example, Task

if TYPE_CHECKING:
    from pandas import DataFrame

BEGINNING = 100
"""Characters of a record's columns that tell products apart: requests may cut them."""

MakeExamples = Callable[
    [Task, Mapping[str, "DataFrame"], int, int], tuple[list[Example], list[dict[str, Any]]]
]


class LocalServer:
    """Answers requests for samples with examples that the recipes make from `tables`.

    What it answers depends on the request alone. Questions, choices and answers are the recipes';
    of a characteristic that no recipe knows, such as the difficulty, it says what it was asked for,
    which is true of nothing: samples from here show the road, and no difficulty is recorded.

    Use it as a context manager: it serves in a thread on a free port of this machine until the
    block ends.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        tables: Mapping[str, DataFrame],
        seed: int = 0,
        pool: int = 2000,
        make_examples: MakeExamples | None = None,
    ) -> None:
        """Examples are made when a task is first asked for.

        Args:
            tasks: the library.
            tables: what the recipes read.
            seed: of the recipes.
            pool: examples made of a task, from which answers are taken; as many as there are
                products where only one about the product shown will do.
            make_examples: in place of the recipes'.
        """
        self.tasks = {name: task for name, task in tasks.items() if task.synthetic is not None}
        self.tables, self.seed, self.pool, self.make = tables, seed, pool, make_examples
        self._examples: dict[str, list[Example]] = {}
        self._products: dict[tuple[str, ...], dict[tuple[str, ...], str]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> LocalServer:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="local server", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def complete(self, text: str) -> str:
        """The answer to a message.

        Raises:
            ValueError: the message asks for no task that is known here, or one without a recipe.
        """
        task, language, cell = self._asked(text)
        if lack := self.lacks(task):
            raise ValueError(f"task {task.name}: {lack}")
        number = max(map(int, re.findall(r"\|#(\d+)\|", text)))
        chosen = self._choose(task, language, cell, text)[:number]
        samples = (self._filled(task, example, cell) for example in chosen)
        written = (
            write_sample(task, language, place, values)
            for place, values in enumerate(samples, start=1)
        )
        return "\n\n".join(written)

    def lacks(self, task: Task) -> str | None:
        """Why a task cannot be answered, if it cannot."""
        made = self._made(task)
        if not made:
            return "no recipe makes examples from these tables"
        known = {field.name for field in task.synthetic.fields} | set(task.synthetic.grounding)
        if unknown := sorted((task.fields() & known) - set(made[0].fields)):
            return f"the recipe makes no field {unknown[0]!r}"
        return None

    def _asked(self, text: str) -> tuple[Task, str, dict[str, str]]:
        """The task, language and wanted values that a message shows."""
        for task in self.tasks.values():
            for language, request in task.synthetic.request.items():
                if text.startswith(request.strip() + "\n"):
                    cell = self._cell(task, language, text)
                    if cell is not None:
                        return task, language, cell
        raise ValueError("the message asks for no task of the library")

    def _cell(self, task: Task, language: str, text: str) -> dict[str, str] | None:
        """The values filled in in the sample output; None if a heading is missing."""
        lines, cell = text.splitlines(), {}
        for field in task.synthetic.fields:
            head = heading(task, field, language)
            shown = next((line for line in lines if line.startswith(head)), None)
            if shown is None:
                return None
            for value in values_of(task, field):
                if shown == f"{head} {shown_value(task, field, value, language)}":
                    cell[field.name] = value
        return cell

    def _choose(
        self, task: Task, language: str, cell: Mapping[str, str], text: str
    ) -> list[Example]:
        """Examples that fit, those about the record shown first, then in an order of the text's."""
        record = _record(text, language)
        product = self._product(task, record)
        grounded = _grounded(task)

        def fits(example: Example) -> bool:
            known = self._known(task, example)
            return (
                example.language == language
                and all(known.get(name, value) == value for name, value in cell.items())
                and all(
                    " ".join(example.fields.get(name, "").split()) == record.get(name)
                    for name in grounded
                )
            )

        def order(example: Example) -> tuple[bool, str]:
            drawn = hashlib.md5(f"{text}:{example.example_id}".encode()).hexdigest()
            return (product is None or product not in split_keys(example.group), drawn)

        return sorted(filter(fits, self._made(task)), key=order)

    def _product(self, task: Task, record: Mapping[str, str]) -> str | None:
        """Id of the product whose record a message shows, by how its columns begin."""
        columns = tuple(task.synthetic.grounding)
        if not record or "products" not in self.tables:
            return None
        with self._lock:
            if columns not in self._products:
                products = self.tables["products"]
                rows = zip(*(products[column] for column in columns), strict=True)
                self._products[columns] = dict(
                    zip(map(_beginnings, rows), products["product_id"].astype(str), strict=True)
                )
        return self._products[columns].get(_beginnings(record[column] for column in columns))

    def _known(self, task: Task, example: Example) -> dict[str, Any]:
        """Balanced values that an example has of itself."""
        known = dict(example.fields)
        if task.type == "classification":
            known["answer"] = example.gold
        if example.difficulty is not None:
            known["difficulty"] = example.difficulty
        return known

    def _filled(
        self, task: Task, example: Example, cell: Mapping[str, str]
    ) -> dict[str, str | tuple[str, ...]]:
        """A value for every field; a characteristic that a recipe does not know is as asked."""
        known = to_sample(task, example)
        filled = {}
        for field in task.synthetic.fields:
            asked = cell.get(field.name) or next(iter(values_of(task, field)), "-")
            filled[field.name] = known.get(field.name, asked)
            if field.many and isinstance(filled[field.name], str):
                filled[field.name] = (filled[field.name],)
        return filled

    def _made(self, task: Task) -> list[Example]:
        with self._lock:
            if task.name not in self._examples:
                make = self.make
                if make is None:
                    from shoplm.tasks.recipes import make_examples as make
                pool = self.pool
                if _grounded(task):  # only an example about the very product answers
                    pool = max(pool, len(self.tables.get("products", ())))
                self._examples[task.name] = make(task, self.tables, pool, self.seed)[0]
        return self._examples[task.name]


def _record(text: str, language: str) -> dict[str, str]:
    """Columns of the product record that a message shows."""
    _, found, rest = text.partition("\n" + RECORD.get(language, RECORD["en"]) + "\n")
    if not found:
        return {}
    lines = rest.split("\n\n", 1)[0].splitlines()
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def _grounded(task: Task) -> frozenset[str]:
    """Placeholders of the template that the product record fills."""
    return task.fields() - {field.name for field in task.synthetic.fields}


def _beginnings(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(as_text(value)[:BEGINNING] for value in values)


def _handler(server: LocalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.rstrip("/") != "/v1/chat/completions":
                self._send(404, _error(f"no such address: {self.path}"))
                return
            try:
                asked = json.loads(body)
                text = asked["messages"][-1]["content"]
                self._send(
                    200, _completion(asked.get("model", LOCAL_MODEL), text, server.complete(text))
                )
            except (ValueError, LookupError, TypeError) as error:
                self._send(400, _error(str(error)))

        def _send(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": None}}


def _completion(model: str, asked: str, text: str) -> dict[str, Any]:
    """Tokens are counted as four bytes each."""
    prompt, completion = len(asked.encode()) // 4, len(text.encode()) // 4
    digest = hashlib.md5(asked.encode()).hexdigest()
    return {
        "id": f"chatcmpl-{digest}",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    }
