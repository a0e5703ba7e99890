"""Quality gates that look at instructions alone; what fails one keeps its reason.

The order of all gates of the pipeline is `GATES`. The first that an instruction fails is the one
that it is counted under, so that what goes into a gate is what came out of the one before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from shoplm.tasks.answers import parse_answer
from shoplm.tasks.contents import normalise, question_of
from shoplm.tasks.gate_settings import LengthSettings
from shoplm.tasks.records import COLUMNS as INSTRUCTION_COLUMNS
from shoplm.tasks.records import example_of
from shoplm.tasks.scoring import can_be_perfect
from shoplm.tasks.task import Example, Task

GATES = (
    "reading",
    "choices",
    "format",
    "single_answer",
    "length",
    "language",
    "duplicates",
    "benchmarks",
)
"""In the order in which they are asked. `reading` counts the rows and samples from which no
instruction could be made. `choices` comes before `format`, since an answer outside the choices
cannot be read back either."""

GATE_OF_REASON = {
    "answer_outside_choices": "choices",
    "label_outside_set": "choices",
    "value_outside_set": "choices",
    "cannot_be_scored": "format",
    "cut": "format",
    "empty_answer": "format",
    "format": "format",
    "wrong_number_of_items": "format",
    "ambiguous_choices": "single_answer",
    "duplicate_choices": "single_answer",
    "several_correct_answers": "single_answer",
    "duplicate": "duplicates",
    "exact_duplicate": "duplicates",
    "same_question": "duplicates",
}
"""At which gate a row or sample counts that was refused before it became an instruction; any other
reason counts as `reading`."""

REASONS = {"wrong_language": "language", "contaminated": "benchmark_overlap"}
"""What this pipeline calls the reasons that corpora know by other names."""

QUARANTINE_COLUMNS = [
    "instruction_id", "source", "reason", "detail", "task", "origin", "prompt", "answer"
]  # fmt: skip
"""Of the table `quarantined_samples`."""

Verdict = tuple[str, str, str]
"""(gate, reason, detail)."""


@dataclass(frozen=True)
class _Judged:
    """An instruction while it is looked at."""

    task: Task
    example: Example
    prompt: str
    answer: str


def check_instructions(
    instructions: pd.DataFrame, library: Mapping[str, Task], settings: LengthSettings
) -> pd.DataFrame:
    """`instructions` with `gate, reason, detail` of the first gate that each fails, else null.

    The gates are choices, format, single answer and length, and of the duplicates those with the
    same prompt and answer: of several the one from open data stays, then that whose origin comes
    first. Rows come back by id, whatever their order was.

    Raises:
        ValueError: a row names a task that the library has not.
    """
    open_first = instructions.assign(_later=instructions["source"].ne("open_data"))
    rows = open_first.sort_values(
        ["instruction_id", "_later", "origin", "example"], ignore_index=True
    ).drop(columns="_later")
    judged = [_read(row, library) for row in rows.to_dict("records")]
    conflicts = _conflicting_answers(judged)
    verdicts = [
        _check_choices(one.task, one.example)
        or _check_format(one)
        or _check_repeated_choices(one)
        or conflicts.get(place)
        or _check_length(one, settings)
        for place, one in enumerate(judged)
    ]
    first: dict[str, int] = {}
    for place, name in enumerate(rows["instruction_id"]):
        if verdicts[place] is None and first.setdefault(name, place) != place:
            kept = rows["origin"][first[name]]
            verdicts[place] = ("duplicates", "exact_duplicate", f"the same prompt is in {kept}")
    columns = zip(*(verdict or (None,) * 3 for verdict in verdicts), strict=True)
    values = dict(zip(("gate", "reason", "detail"), columns, strict=False))
    return rows.assign(
        **{
            name: pd.Series(values.get(name, ()), index=rows.index, dtype=object)
            for name in ("gate", "reason", "detail")
        }
    )


def _read(row: Mapping[str, Any], library: Mapping[str, Task]) -> _Judged:
    if row["task"] not in library:
        raise ValueError(f"instruction {row['instruction_id']}: there is no task {row['task']!r}")
    return _Judged(library[row["task"]], example_of(row), row["prompt"], row["answer"])


def refused_example(task: Task, example: Example, why: str) -> Verdict:
    """The gate, reason and detail of an example that cannot be rendered at all, which `why` says.

    That is the gate at which it would have failed as an instruction.
    """
    if outside := _check_choices(task, example):
        return outside
    empty = example.gold in ("", None) or (example.gold == [] and task.type != "ranking")
    return "format", "empty_answer" if empty else "format", why


def _check_choices(task: Task, example: Example) -> Verdict | None:
    """The answer is among the choices or labels."""
    gold = example.gold
    if task.type == "classification" and gold not in task.labels:
        expected = ", ".join(map(repr, task.labels))
        return "choices", "answer_outside_choices", f"{gold!r} is none of {expected}"[:300]
    if task.type not in ("multiple_choice", "retrieval", "ranking"):
        return None
    size = len(example.choices)
    if example.prompt is not None and not size:
        return None  # a published prompt keeps its choices to itself
    if size < 2:
        return "choices", "too_few_choices", f"{size} to choose from, at least 2"
    if task.type == "ranking":
        if len(gold) != size:
            return "choices", "answer_outside_choices", f"{len(gold)} relevances, {size} choices"
        return None
    for place in [gold] if isinstance(gold, int) else gold:
        if not 0 <= place < size:
            detail = f"place {place} of {size}, counted from 0"
            return "choices", "answer_outside_choices", detail
    return None


def _check_format(one: _Judged) -> Verdict | None:
    """Prompt and answer have text, and the answer is read back and scores 1."""
    for name, text in (("prompt", one.prompt), ("answer", one.answer)):
        if not text.strip():
            return "format", f"empty_{name}", f"the {name} has no text"
    if parse_answer(one.task, one.answer, one.example) is None:
        return "format", "format", f"the answer cannot be read back: {one.answer[:80]!r}"
    if why := can_be_perfect(one.task, one.example):
        return "format", "cannot_be_scored", why
    return None


def _check_repeated_choices(one: _Judged) -> Verdict | None:
    """No choice stands twice."""
    seen: set[str] = set()
    for choice in one.example.choices:
        words = normalise(choice) or choice.strip()
        if words in seen:
            return "single_answer", "duplicate_choices", f"stands twice: {choice[:80]!r}"
        seen.add(words)
    return None


def _conflicting_answers(judged: Sequence[_Judged]) -> dict[int, Verdict]:
    """By place, questions of one right answer that have another one elsewhere.

    The same question of a classification with two labels refutes both. A multiple choice is refused
    when one of its wrong choices is the right one of the same question about other choices.
    """
    right: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    asked = {}
    for place, one in enumerate(judged):
        answer = _right_answer(one)
        question = question_of(one.example)
        if answer is not None and question:
            asked[place] = (one.task.name, one.example.language, question), answer
            right[asked[place][0]].add(answer)
    found = {}
    for place, (question, answer) in asked.items():
        others = right[question] - {answer}
        if judged[place].task.type == "multiple_choice":
            others &= {normalise(choice) for choice in judged[place].example.choices}
        if others:
            detail = f"elsewhere the right answer is {min(others)[:80]!r}"
            found[place] = ("single_answer", "several_correct_answers", detail)
    return found


def _right_answer(one: _Judged) -> str | None:
    """The one right answer of a closed question, in words; None for other types."""
    example = one.example
    if one.task.type == "classification":
        return str(example.gold)
    if one.task.type == "multiple_choice" and 0 <= example.gold < len(example.choices):
        return normalise(example.choices[example.gold])
    return None


def _check_length(one: _Judged, settings: LengthSettings) -> Verdict | None:
    for name, text in (("prompt", one.prompt), ("answer", one.answer)):
        least = settings.limit(one.task.name, f"min_{name}")
        most = settings.limit(one.task.name, f"max_{name}")
        size = len(text)
        if least is not None and size < least:
            return "length", "too_short", f"{name} of {size} characters, at least {least}"
        if most is not None and size > most:
            return "length", "too_long", f"{name} of {size:,} characters, at most {most:,}"
    return None


def require_instructions(checked: pd.DataFrame) -> pd.DataFrame:
    """The rows of `check_instructions` that passed.

    Raises:
        ValueError: there is none; says what each reason took.
    """
    passed = checked[checked["gate"].isna()]
    if passed.empty:
        reasons = checked["reason"].value_counts()
        told = ", ".join(f"{reason} {number:,}" for reason, number in reasons.items())
        raise ValueError(
            f"no instruction is left of {len(checked):,}"
            + (f": {told}" if told else "; is there a table or file that a task is made from?")
        )
    return passed


def collect_fates(
    checked: pd.DataFrame,
    later: Mapping[str, pd.DataFrame],
    refused: Sequence[pd.DataFrame],
    library: Mapping[str, Task],
) -> pd.DataFrame:
    """Everything that was made or refused, once, with `gate, reason, detail` where it failed.

    Args:
        checked: what `check_instructions` gives.
        later: gate to `record_id, reason, detail` of the instructions that fail it; each gate has
            looked only at what those before it let through.
        refused: rows and samples from which no instruction could be made, with the columns of
            `quarantined_samples`, and others of the result; without a gate the reason tells it.
        library: tasks by name.
    """
    fates = checked.copy()
    for gate, failed in later.items():
        verdict = failed.set_index("record_id")
        place = fates["gate"].isna() & fates["instruction_id"].isin(verdict.index)
        ids = fates.loc[place, "instruction_id"]
        fates.loc[place, "gate"] = gate
        fates.loc[place, "reason"] = ids.map(verdict["reason"].replace(REASONS))
        fates.loc[place, "detail"] = ids.map(verdict["detail"])
    parts = [fates]
    for part in refused:
        part = part.reindex(columns=part.columns.union(["gate", "capability"], sort=False))
        capability = part["task"].map({name: task.capability for name, task in library.items()})
        gate = part["gate"].astype(object).fillna(part["reason"].map(GATE_OF_REASON))
        gate = gate.fillna("reading")
        parts.append(part.assign(gate=gate, capability=capability))
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)


def part_fates(fates: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(instructions, quarantined_samples) of what `collect_fates` gives, each by task and id."""
    kept = fates["gate"].isna()
    instructions = fates[kept].reindex(columns=INSTRUCTION_COLUMNS)
    quarantined = fates.loc[~kept, QUARANTINE_COLUMNS]
    quarantined = quarantined.fillna("").astype(str)
    order = ["task", "instruction_id"]
    return (
        instructions.sort_values(order, ignore_index=True),
        quarantined.sort_values([*order, "reason", "origin"], ignore_index=True),
    )
