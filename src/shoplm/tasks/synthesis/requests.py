"""What is asked of the language model: a request, a product record, and the sample output."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shoplm.tasks.synthesis.form import Cell, sample_output, start
from shoplm.tasks.task import Task

if TYPE_CHECKING:
    from pandas import DataFrame

RECORD = {"en": "Product record:", "zh": "商品记录："}
SAMPLE_OUTPUT = {"en": "Sample output:", "zh": "输出样例："}
FORM = {
    "en": (
        "Write {n} different samples and nothing else, numbered {first} to {last}. Follow the form "
        "of the sample output below: every field with its name between bars, in the same order, "
        "its content in place of …, and |end| after each sample."
    ),
    "zh": (
        "请写出 {n} 个互不相同的样本，编号为 {first} 到 {last}，不要输出其他内容。严格遵循下面输出"
        "样例的格式：每个字段的名称写在竖线之间，顺序不变，用内容替换 …，每个样本以 |end| 结束。"
    ),
}


@dataclass(frozen=True)
class Request:
    """One request for some samples of a task."""

    task: Task
    language: str
    cell: Cell
    """What the samples shall be, by field name: shown in the sample output alone."""
    number: int
    """Place among the requests for this cell, from 0."""
    samples: int
    """So many are asked for."""
    record: Mapping[str, str]
    """The product that grounds it: column to text."""
    product_id: str

    @property
    def text(self) -> str:
        """The whole message."""
        language = self.language
        parts = [self.task.synthetic.request[language].strip()]
        if self.record:
            lines = [f"{column}: {text}" for column, text in self.record.items()]
            parts.append("\n".join([RECORD.get(language, RECORD["en"]), *lines]))
        form = FORM.get(language, FORM["en"])
        parts.append(form.format(n=self.samples, first=start(1), last=start(self.samples)))
        shown = sample_output(self.task, language, dict(self.cell))
        parts.append(SAMPLE_OUTPUT.get(language, SAMPLE_OUTPUT["en"]) + "\n" + shown)
        return "\n\n".join(parts)

    @property
    def messages(self) -> list[dict[str, str]]:
        """As the endpoint takes them."""
        return [{"role": "user", "content": self.text}]

    def seed(self, seed: int) -> int:
        """A number of its own, below 2**31, so that the same text may be asked more than once."""
        name = f"{seed}:request:{self.task.name}:{self.language}:{self.cell}:{self.number}"
        return int(hashlib.md5(name.encode()).hexdigest()[:8], 16) >> 1


class Grounding:
    """Product records for the requests of one task, in an order that no table order changes."""

    def __init__(self, task: Task, products: DataFrame | None, seed: int, characters: int) -> None:
        """`products` has the columns that the task's `grounding` names.

        Raises:
            ValueError: it lacks one.
        """
        self.task, self.seed, self.characters = task, seed, characters
        self.columns = list(task.synthetic.grounding)
        self._records: dict[str, list[tuple[str, dict[str, str]]]] = {}
        self._orders: dict[tuple[str, Cell], list[int]] = {}
        self.products = products
        if not self.columns or products is None:
            return
        for column in ["product_id", *self.columns]:
            if column not in products.columns:
                raise ValueError(
                    f"{task.name}.yml: synthetic.grounding: the products have no column "
                    f"{column!r}, they have {', '.join(map(str, products.columns))}"
                )

    def lacks(self) -> str | None:
        """Why no request can be made, if none can."""
        if not self.columns:
            return None
        if self.products is None:
            return "no table `products`"
        if not any(self._in(language) for language in self.task.languages):
            return f"no product has all of {', '.join(self.columns)}"
        return None

    def record(self, language: str, cell: Cell, number: int) -> tuple[str, dict[str, str]]:
        """Product id and columns for request `number` of a cell; products come round again."""
        if not self.columns:
            return "", {}
        records = self._in(language)
        order = self._orders.get((language, cell))
        if order is None:
            prefix = f"{self.seed}:grounding:{self.task.name}:{language}:{cell}"
            keys = [hashlib.md5(f"{prefix}:{name}".encode()).digest() for name, _ in records]
            order = sorted(range(len(records)), key=keys.__getitem__)
            self._orders[language, cell] = order
        return records[order[number % len(order)]]

    def _in(self, language: str) -> list[tuple[str, dict[str, str]]]:
        """Records in a language, or all where it has none; only those without a gap."""
        if language not in self._records:
            frame = self.products
            if "language" in frame.columns and (frame["language"] == language).any():
                frame = frame[frame["language"] == language]
            rows = zip(
                frame["product_id"].astype(str),
                *(frame[column] for column in self.columns),
                strict=True,
            )
            shown = (
                (
                    name,
                    {
                        c: as_text(v)[: self.characters]
                        for c, v in zip(self.columns, values, strict=True)
                    },
                )
                for name, *values in rows
            )
            whole = {name: record for name, record in shown if all(record.values())}
            self._records[language] = sorted(whole.items())
        return self._records[language]


def as_text(value: Any) -> str:
    """A column's value on one line: `colour: red, blue; size: M` for properties."""
    if isinstance(value, Mapping):
        return "; ".join(f"{as_text(k)}: {as_text(v)}" for k, v in value.items() if as_text(v))
    if isinstance(value, str):
        return " ".join(value.split())
    if hasattr(value, "__iter__"):
        return ", ".join(text for text in map(as_text, value) if text)
    return "" if value is None or value != value else str(value)
