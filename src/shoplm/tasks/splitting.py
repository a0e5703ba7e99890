"""Which instructions may be trained on, and which models are measured on.

Held in: tasks that are trained; of those, all that is about some keys (products, queries, reviews,
users, or texts where there are no ids: see `Example.group`) is kept from training. What is measured
of it has no key in common with an instruction that may be trained on, nor a long text.

Held out: tasks that no model is ever trained on. Such a task stays out of training by name; by
recipe, since a task made from the same tables by asking for the same thing is the same task in
other words (see `twins`); and by text, since an instruction that shows what a held-out one shows
is it. Products that it asks about may be trained on in other questions.

Not kept from training: what a measured instruction shows only as a wrong choice or a candidate
that is not right; names of brands, categories and attributes; and texts that are wording or
boilerplate (see `find_wording`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any

import pandas as pd

from shoplm.tasks.keys import fold, split_keys
from shoplm.tasks.selection import check_tasks
from shoplm.tasks.selection_settings import ValidationSettings
from shoplm.tasks.shown import find_wording, read_shown
from shoplm.tasks.task import Task
from shoplm.tasks.twins import find_twins

TRAIN, VALIDATION, HELD_OUT = "train", "validation", "held_out"
SPLITS = ["instruction_id", "split", "has_losses", "scored_by_choice"]
REJECTED = ["instruction_id", "source", "reason", "detail"]


def split_instructions(
    instructions: pd.DataFrame,
    library: Mapping[str, Task],
    held_out_tasks: Sequence[str],
    settings: ValidationSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The side of every instruction, or the reason why it is on none.

    Keys are held out by a hash of the seed, so those of a larger share are those of a smaller one
    and more. An instruction with a held-out key is never trained on. Of each task those with the
    fewest other keys are measured; what has one of their other keys is not trained on either.

    Args:
        instructions: the table `instructions`.
        library: tasks by name.
        held_out_tasks: never trained on, by name.
        settings: how much of the other tasks is kept for measuring.

    Returns:
        `instruction_id, split, has_losses, scored_by_choice` (train, validation or held_out; is its
        answer's loss measured during training; is it on each possible answer?) and REJECTED, by
        instruction id: together, every row of `instructions`.

    Raises:
        ValueError: a held-out task is unknown, or an instruction is of no task of the library.
    """
    check_tasks(held_out_tasks, library, "held_out_tasks")
    check_tasks(dict.fromkeys(instructions["task"]), library, "instructions")
    rows = _side_by_key(_describe(instructions, library), held_out_tasks, settings)
    _reject_unfit(rows)
    for name, twin in find_twins(library, held_out_tasks).items():
        told = f"asks by recipe what the held-out task {twin} asks"
        _reject(rows, rows["task"] == name, "held_out_recipe", told)
    # validation too is measured on what no held-out instruction shows
    _reject_same(rows, HELD_OUT, [TRAIN, VALIDATION], "held_out_text")
    rank = _choose_measured(rows, settings)
    _reject_about_measured(rows)

    kept = rows["reason"].isna()
    has_choices = rows["choices"].map(lambda c: not _is_nothing(c) and len(c) > 1)
    limit = settings.losses_per_task
    rows["has_losses"] = rank.notna() if limit is None else rank < limit
    rows["scored_by_choice"] = has_choices & rows["has_losses"] & (rank < settings.choices_per_task)
    return (
        rows.loc[kept, SPLITS].reset_index(drop=True),
        rows.loc[~kept, REJECTED].reset_index(drop=True),
    )


def list_answers(instructions: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """One row an instruction that is trained on or `has_losses`, and one for each answer of those
    `scored_by_choice`.

    Args:
        instructions: the table `instructions`.
        splits: see `split_instructions`.

    Returns:
        document_id, instruction_id, source, task, capability, split, group, choice (-1: the answer
        by itself), is_right, is_common (the answer that is right most often among what may be
        trained on; of a task that is not trained, among all that is measured), n_characters,
        prompt, answer.
    """
    once = instructions.drop_duplicates("instruction_id")
    rows = splits.merge(once, on="instruction_id", how="left", validate="one_to_one")
    trained = rows["task"].isin(rows.loc[rows["split"] == TRAIN, "task"])
    rows["common"] = rows["task"].map(_commonest(rows[~trained | (rows["split"] == TRAIN)]))
    rows["group"] = _groups(rows)
    rows = rows[(rows["split"] == TRAIN) | rows["has_losses"]]
    alone = rows.assign(document_id=rows["instruction_id"], choice=-1, is_right=True)
    several = rows[rows["scored_by_choice"]].explode("choices")
    several = several.assign(
        choice=several.groupby("instruction_id").cumcount(),
        is_right=several["choices"] == several["answer"],
        answer=several["choices"],
    )
    several["document_id"] = (
        several["instruction_id"] + "." + several["choice"].map("{:04d}".format)
    )
    several["is_common"] = several["choice"] == several["common"]
    alone["is_common"] = False
    listed = pd.concat([alone, several], ignore_index=True)
    listed["n_characters"] = listed["answer"].str.len()
    columns = ["document_id", "instruction_id", "source", "task", "capability", "split", "group",
               "choice", "is_right", "is_common", "n_characters", "prompt", "answer"]  # fmt: skip
    return listed[columns]


def _describe(instructions: pd.DataFrame, library: Mapping[str, Task]) -> pd.DataFrame:
    """The rows in the order of their ids, with their keys and what they show.

    An instruction that comes several times has the keys of all.
    """
    rows = instructions.assign(group=_groups(instructions))
    order = ["instruction_id", "group", "prompt", "answer"]
    rows = rows.sort_values(order, kind="stable", ignore_index=True)
    keys: dict[str, set[str]] = {}
    for instruction_id, group in zip(rows["instruction_id"], rows["group"], strict=True):
        keys.setdefault(instruction_id, set()).update(map(fold, split_keys(group)))
    shown = [read_shown(row, library[row["task"]].type) for row in rows.to_dict("records")]
    return rows.assign(
        keys=rows["instruction_id"].map(keys),
        content=[one.content for one in shown],
        words=[one.prompt for one in shown],
        long=[one.long for one in shown],
        reason=None,
        detail="",
        split=TRAIN,
    )


def _side_by_key(
    rows: pd.DataFrame, held_out_tasks: Sequence[str], settings: ValidationSettings
) -> pd.DataFrame:
    """`split` by name and by key, and `n_open`: how many of a row's keys are not held out."""
    every = set().union(*rows["keys"])
    held = {key for key in every if _share(settings.seed, "validation", key) < settings.share}
    is_held = [not held.isdisjoint(keys) for keys in rows["keys"]]
    n_open = [len(keys - held) for keys in rows["keys"]]
    split = rows["split"].mask(pd.Series(is_held, rows.index, dtype=bool), VALIDATION)
    return rows.assign(split=split.mask(rows["task"].isin(held_out_tasks), HELD_OUT), n_open=n_open)


def _reject_unfit(rows: pd.DataFrame) -> None:
    _reject(rows, rows["instruction_id"].duplicated(), "repeated", "the same instruction again")
    unknown = [not _is_a_choice(a, c) for a, c in zip(rows["answer"], rows["choices"], strict=True)]
    _reject(rows, pd.Series(unknown, rows.index, dtype=bool), "answer_outside_choices",
            "the answer is not one of the choices, once")  # fmt: skip


def _reject_same(rows: pd.DataFrame, side: str, of_sides: list[str], reason: str) -> None:
    """Reject what shows the same content or prompt as a row of `side`."""
    for column in ("content", "words"):
        first = rows[rows["split"] == side].drop_duplicates(column).set_index(column)
        shown = rows[column].map(first["instruction_id"]).astype(object)
        seen = shown.notna() & rows["split"].isin(of_sides)
        _reject(rows, seen, reason, "shows the same text as " + shown.fillna("").astype(str))


def _choose_measured(rows: pd.DataFrame, settings: ValidationSettings) -> pd.Series:
    """The place of a row in its side and task, and no side for those beyond the limit.

    First come those with the fewest keys that are not held out, in the order of a hash.
    """
    hashed = rows["instruction_id"].map(lambda i: _digest(settings.seed, "measure", i))
    left = rows.assign(hashed=hashed)[rows["split"].isin([VALIDATION, HELD_OUT])]
    rank = left.sort_values(["n_open", "hashed"]).groupby(["split", "task"]).cumcount()
    rank = rank.reindex(rows.index)
    _reject(rows, rank >= settings.max_per_task, "not_measured",
            f"the task has {settings.max_per_task} to measure without it")  # fmt: skip
    return rank


def _reject_about_measured(rows: pd.DataFrame) -> None:
    """Reject what is about the same things as a measured row, or shows the same texts."""
    _reject_common(rows, rows["keys"], "validation_key", "is about the same as ")
    _reject_same(rows, VALIDATION, [TRAIN], "validation_text")
    wording = find_wording(list(rows["long"]), list(rows["keys"]))
    texts = rows["long"].map(lambda one: one - wording)
    _reject_common(rows, texts, "validation_text", "shows a text of ")


def _reject_common(rows: pd.DataFrame, things: pd.Series, reason: str, detail: str) -> None:
    """Reject what may be trained on and has one of the things of a measured row."""
    of: dict[str, str] = {}
    measured = rows["split"] == VALIDATION
    for instruction_id, own in zip(rows.loc[measured, "instruction_id"], things[measured],
                                   strict=True):  # fmt: skip
        for thing in own:
            of.setdefault(thing, instruction_id)
    same = things.map(lambda own: min((of[one] for one in own if one in of), default=""))
    _reject(rows, (same != "") & (rows["split"] == TRAIN), reason, detail + same)


def _groups(rows: pd.DataFrame) -> pd.Series:
    """The group of each row; where there is none, the row is one of its own."""
    named = rows["group"].astype(object).fillna("").astype(str).str.strip()
    return named.mask(named == "", rows["instruction_id"])


def _commonest(instructions: pd.DataFrame) -> dict[str, int]:
    """The place of the choice that is right most often, the first of several, by task."""
    closed = instructions[~instructions["choices"].map(_is_nothing)]
    right = [
        list(choices).index(answer) if answer in list(choices) else -1
        for choices, answer in zip(closed["choices"], closed["answer"], strict=True)
    ]
    places = pd.Series(right, closed.index, dtype=int).groupby(closed["task"])
    return places.agg(lambda place: place.mode().min()).to_dict()


def _is_a_choice(answer: str, choices: Any) -> bool:
    return _is_nothing(choices) or list(choices).count(answer) == 1


def _is_nothing(choices: Any) -> bool:
    return choices is None or isinstance(choices, float)  # pandas reads nothing as nan


def _reject(rows: pd.DataFrame, where: pd.Series, reason: str, detail: Any) -> None:
    """Note the first reason against a row, and take it from its side."""
    new = where & rows["reason"].isna()
    rows.loc[new, "reason"] = reason
    rows.loc[new, "detail"] = detail[new] if isinstance(detail, pd.Series) else detail
    rows.loc[new, "split"] = "none"


def _share(seed: int, purpose: str, name: str) -> float:
    return int(_digest(seed, purpose, name)[:13], 16) / 16**13


def _digest(seed: int, purpose: str, name: str) -> str:
    return md5(f"{seed}:{purpose}:{name}".encode()).hexdigest()
