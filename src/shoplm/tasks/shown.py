"""What an instruction shows beside its wording, so that two of them can be compared."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from shoplm.tasks.keys import fold
from shoplm.tasks.task import TaskType

LONG = 40
"""Letters and digits of a text that says by itself what it is about; a Han character, which says
as much as a short word, counts as three."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")

WORDING = 20
"""Instructions about different things that a text stands in, if it is wording."""


@dataclass(frozen=True)
class Shown:
    """What one instruction shows; all texts are folded (see `fold`)."""

    content: str
    """Digest of its fields in any order; of its choices too, where it has one short field or none;
    of the whole prompt, where it was published as it is or there is no example."""
    prompt: str
    long: frozenset[str]
    """Fields, lines of fields and right answers that are long. Wrong choices and
    the lines of a published prompt are none."""


def read_shown(row: Mapping[str, Any], kind: TaskType) -> Shown:
    """What a row of the table `instructions` shows; `kind` is the type of its task."""
    example = json.loads(row["example"]) if isinstance(row.get("example"), str) else {}
    prompt, fields = fold(row["prompt"]), list((example.get("fields") or {}).values())
    choices = example.get("choices") or []
    texts = [*fields, *(line for text in fields for line in str(text).splitlines())]
    texts += _right(example, kind) if "gold" in example else [row.get("answer") or ""]
    if example.get("prompt") or not (fields or choices):
        compared = [row["prompt"]]
        texts.append(row["prompt"])
    else:
        alone = len(fields) > 1 or any(is_long(fold(text)) for text in fields)
        compared = fields if alone else [*fields, *choices]
    return Shown(
        content=md5("\0".join(sorted(filter(None, map(fold, compared)))).encode()).hexdigest(),
        prompt=prompt,
        long=frozenset(text for text in map(fold, texts) if is_long(text)),
    )


def is_long(folded: str) -> bool:
    """Whether a folded text has `LONG` letters or more."""
    return len(folded) + 2 * len(_HAN.findall(folded)) >= LONG


def find_wording(texts: Sequence[Iterable[str]], keys: Sequence[Iterable[str]]) -> set[str]:
    """Long texts that are the wording of a task, or boilerplate, and so about nothing.

    They stand in `WORDING` instructions or more, of which no key is in half or more.

    Args:
        texts: of each instruction.
        keys: of each instruction.
    """
    counts = Counter(text for one in texts for text in one)
    often = {text for text, count in counts.items() if count >= WORDING}
    about: dict[str, Counter[str]] = {text: Counter() for text in often}
    for one, own in zip(texts, keys, strict=True):
        for text in often.intersection(one):
            about[text].update(own)
    return {text for text in often if 2 * max(about[text].values(), default=0) < counts[text]}


def _right(example: Mapping[str, Any], kind: TaskType) -> Iterator[Any]:
    """Texts of a right answer; the labels of a classification are none."""
    gold, choices = example["gold"], example.get("choices") or []
    if kind == "multiple_choice":
        yield choices[gold]
    elif kind == "retrieval":
        yield from (choices[place] for place in gold)
    elif kind == "ranking":
        yield from (text for text, gain in zip(choices, gold, strict=True) if gain == max(gold))
    elif kind == "generation":
        yield from (gold, *(example.get("references") or ()))
    elif kind in ("ner", "extraction"):
        yield from (text for _, text in gold)
