"""Which examples are measured and which are shown first: no key of the ones is one of the others.

Everything is ordered by md5 of seed, purpose and id, never by the order of rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import md5
from operator import itemgetter

from shoplm.tasks.evaluation.candidates import Candidates, Refused
from shoplm.tasks.keys import fold, split_keys
from shoplm.tasks.records import example_json
from shoplm.tasks.rendering import render_answer
from shoplm.tasks.task import Example, Task

ANSWER_END = "\n\n"
"""Between the answer of a shot and what follows it."""


@dataclass
class Selection:
    """What of a task is measured and what is shown."""

    measured: list[Example]
    shots: dict[str, list[Example]]
    """By language of the question."""
    refused: list[Refused] = field(default_factory=list)
    """Examples that could be measured, were they not repeats, or had not a shot one of their
    keys."""
    from_measurable: set[str] = field(default_factory=set)
    """Ids of the shots that could have been measured."""


def draw_examples(
    task: Task, candidates: Candidates, n_shots: int, per_task: int, seed: int
) -> Selection:
    """Shots for each language, and at most `per_task` examples to measure.

    Shots come from `candidates.training`, none with a key of what may be measured. Where those are
    too few, from what may be measured: at most half of it is lost to them, itself or by its keys.

    Right answers of a closed set are shown in turn: each label, or each place of a choice, once
    before one is shown again, as far as there are examples. An answer with an empty line in it is
    not shown, since that is where answers end.
    """
    measurable, refused = _distinct(candidates.measured)
    training, _ = _distinct(candidates.training)
    keys = {example.example_id: example_keys(example) for example in measurable}
    taken = set().union(*keys.values())
    shots: dict[str, list[Example]] = {}
    inside: list[Example] = []
    for language in sorted({example.language for example in measurable}):
        others = (e for e in training if e.language == language)
        outside = [e for e in others if taken.isdisjoint(example_keys(e))]
        shots[language] = _in_turn(task, outside, seed)[:n_shots]
        if missing := n_shots - len(shots[language]):
            own = [example for example in measurable if example.language == language]
            picked = _from_measurable(task, own, keys, missing, seed)
            shots[language] += picked
            inside += picked
    shown = {key: shot.example_id for shot in inside for key in keys[shot.example_id]}
    shot_ids = {shot.example_id for shot in inside}
    measured = []
    for example in measurable:
        if example.example_id in shot_ids:
            continue
        if same := sorted(key for key in keys[example.example_id] if key in shown):
            told = f"is about the same as the shot {shown[same[0]]}"
            refused.append(Refused(example.example_id, "key_of_a_shot", told))
        else:
            measured.append(example)
    measured.sort(key=lambda example: hashed(seed, "measured", example.example_id))
    return Selection(measured[:per_task], shots, refused, shot_ids)


def example_keys(example: Example) -> set[str]:
    """What an example is about, and what it shows; two with one in common stay together."""
    shown = [example.prompt, sorted(example.fields.items()), sorted(example.choices)]
    content = md5(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()
    about = {fold(key) for key in split_keys(example.group)}
    return {content} | (about or {fold(example.example_id)})


def commonest_answers(task: Task, examples: Iterable[Example], seed: int) -> dict[str, str]:
    """The right answer that is most frequent, by language; of several, one by the seed."""
    counts: dict[str, Counter[str]] = {}
    for example in examples:
        counts.setdefault(example.language, Counter())[render_answer(task, example)] += 1
    return {
        language: min(of, key=lambda answer: (-of[answer], hashed(seed, "majority", answer)))
        for language, of in sorted(counts.items())
    }


def hashed(seed: int, purpose: str, name: str) -> str:
    """What things are ordered by."""
    return md5(f"{seed}:{purpose}:{name}".encode()).hexdigest()


def _distinct(examples: Iterable[Example]) -> tuple[list[Example], list[Refused]]:
    """Those that ask and answer something new, and the repeats; the smallest id is kept."""
    by_id: dict[str, Example] = {}
    for example in examples:
        by_id.setdefault(example.example_id, example)
    kept: dict[str, str] = {}
    repeats = []
    for name, example in sorted(by_id.items()):
        blank = replace(example, example_id="", group="", difficulty=None, origin="")
        first = kept.setdefault(example_json(blank), name)
        if first != name:
            repeats.append(Refused(name, "repeated", f"is the same as {first}"))
    return [example for name, example in by_id.items() if name in set(kept.values())], repeats


def _in_turn(task: Task, examples: Sequence[Example], seed: int) -> list[Example]:
    """Those that can be shown, by hash; where answers are of a closed set, each in its turn."""
    shown = [example for example in examples if ANSWER_END not in render_answer(task, example)]
    ordered = sorted(shown, key=lambda example: hashed(seed, "shot", example.example_id))
    if task.type not in ("classification", "multiple_choice"):
        return ordered
    seen: Counter[object] = Counter()
    turns = []
    for example in ordered:
        turns.append(seen[example.gold])
        seen[example.gold] += 1
    return [example for _, example in sorted(zip(turns, ordered, strict=True), key=itemgetter(0))]


def _from_measurable(
    task: Task, examples: Sequence[Example], keys: dict[str, set[str]], n: int, seed: int
) -> list[Example]:
    """At most `n` that leave half of the examples without any of their keys."""
    holders: dict[str, set[str]] = {}
    for example in examples:
        for key in keys[example.example_id]:
            holders.setdefault(key, set()).add(example.example_id)
    lost: set[str] = set()
    picked: list[Example] = []
    for example in _in_turn(task, examples, seed):
        if len(picked) == n:
            break
        with_it = lost.union(*(holders[key] for key in keys[example.example_id]))
        if 2 * len(with_it) <= len(examples):
            lost = with_it
            picked.append(example)
    return picked
