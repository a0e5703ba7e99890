"""Which instructions may be trained on, and which models are measured on.

Held in: tasks that are trained; of those, whole groups (a product, a title, a passage) are kept for
measuring. Held out: tasks that no model is ever trained on. Such a task stays out of training by
name; by recipe, since a task made from the same tables by asking for the same thing is the same
task in other words; and by text, since an instruction that shows what a held-out one shows is it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any

import pandas as pd
from pydantic import ValidationError

from shoplm.tasks.recipes import RECIPES
from shoplm.tasks.selection import check_tasks
from shoplm.tasks.selection_settings import ValidationSettings
from shoplm.tasks.task import Task

TRAIN, VALIDATION, HELD_OUT = "train", "validation", "held_out"
REJECTED = ["instruction_id", "source", "reason", "detail"]
ANSWERED = frozenset({"table", "text", "answer", "choice", "ask", "value", "to", "next", "product"})
"""Options of recipes that decide what the right answer to a row is."""


def split_instructions(
    instructions: pd.DataFrame,
    library: Mapping[str, Task],
    held_out_tasks: Sequence[str],
    settings: ValidationSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The side of every instruction, or the reason why it is on none.

    Args:
        instructions: the table `instructions`.
        library: tasks by name.
        held_out_tasks: never trained on, by name.
        settings: how much of the other tasks is kept for measuring.

    Returns:
        `instruction_id, split, by_choice` (train, validation or held_out; is it measured on each
        possible answer?) and REJECTED, by instruction id: together, every row of `instructions`.

    Raises:
        ValueError: a held-out task is unknown, or an instruction is of no task of the library.
    """
    check_tasks(held_out_tasks, library, "held_out_tasks")
    check_tasks(dict.fromkeys(instructions["task"]), library, "instructions")
    rows = instructions.sort_values("instruction_id", kind="stable", ignore_index=True)
    rows = rows.assign(reason=None, detail="", split=TRAIN, words=rows["prompt"].map(_fold))
    rows["content"] = [content_key(row) for row in rows.to_dict("records")]
    _reject(rows, rows["instruction_id"].duplicated(), "repeated", "the same instruction again")
    unknown = [not _is_a_choice(a, c) for a, c in zip(rows["answer"], rows["choices"], strict=True)]
    _reject(rows, pd.Series(unknown), "answer_outside_choices",
            "the answer is not one of the choices, once")  # fmt: skip

    rows.loc[rows["task"].isin(held_out_tasks), "split"] = HELD_OUT
    groups = rows["group"].fillna("").where(lambda g: g != "", rows["instruction_id"])
    in_share = groups.map(lambda g: _share(settings.seed, "validation", g)) < settings.share
    rows.loc[in_share & (rows["split"] == TRAIN), "split"] = VALIDATION

    for name, twin in same_questions(library, held_out_tasks).items():
        told = f"asks by recipe what the held-out task {twin} asks"
        _reject(rows, rows["task"] == name, "held_out_recipe", told)
    # validation too is measured on what no held-out instruction shows
    for side, reason, of_sides in (
        (HELD_OUT, "held_out_text", [TRAIN, VALIDATION]),
        (VALIDATION, "validation_text", [TRAIN]),
    ):
        for key in ("content", "words"):
            first = rows[rows["split"] == side].drop_duplicates(key).set_index(key)
            shown = rows[key].map(first["instruction_id"]).astype(object)
            seen = shown.notna() & rows["split"].isin(of_sides)
            _reject(rows, seen, reason, "shows the same text as " + shown.fillna("").astype(str))

    key = rows["instruction_id"].map(lambda i: _digest(settings.seed, "measure", i))
    order = rows.assign(key=key)[(rows["split"] != TRAIN) & rows["reason"].isna()]
    rank = order.sort_values("key").groupby(["split", "task"]).cumcount()
    rank = rank.reindex(rows.index)
    _reject(rows, rank >= settings.max_per_task, "not_measured",
            f"the task has {settings.max_per_task} to measure without it")  # fmt: skip
    kept = rows["reason"].isna()
    has_choices = rows["choices"].map(lambda c: not _is_nothing(c) and len(c) > 1)
    rows["by_choice"] = has_choices & (rank < settings.choices_per_task)
    return (
        rows.loc[kept, ["instruction_id", "split", "by_choice"]].reset_index(drop=True),
        rows.loc[~kept, REJECTED].reset_index(drop=True),
    )


def list_answers(instructions: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """One row an instruction that has a side, and one more a possible answer of those `by_choice`.

    Args:
        instructions: the table `instructions`.
        splits: see `split_instructions`.

    Returns:
        document_id, instruction_id, source, task, capability, split, group, choice (-1: the answer
        by itself), is_right, is_common (the answer that is right most often among all instructions
        of the task), n_characters, prompt, answer.
    """
    once = instructions.drop_duplicates("instruction_id")
    rows = splits.merge(once, on="instruction_id", how="left", validate="one_to_one")
    rows["common"] = rows["task"].map(_commonest(once))
    rows["group"] = rows["group"].fillna("").where(rows["group"] != "", rows["instruction_id"])
    alone = rows.assign(document_id=rows["instruction_id"], choice=-1, is_right=True)
    several = rows[rows["by_choice"]].explode("choices")
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


def same_questions(library: Mapping[str, Task], held_out_tasks: Sequence[str]) -> dict[str, str]:
    """Tasks that by recipe ask what a held-out one asks (see `question`), each with its name."""
    asked = {question(library[name]): name for name in held_out_tasks if library[name].recipe}
    return {
        name: asked[question(task)]
        for name, task in library.items()
        if task.recipe and name not in held_out_tasks and question(task) in asked
    }


def question(task: Task) -> str:
    """What a task's recipe asks, as text: its kind, the task's type, and what the answer is.

    Two tasks with the same one are the same task in other words. Options that say what an answer
    is (`ANSWERED`) count, with their defaults; those that say what is shown beside it, how many
    choices there are or how hard they are do not.
    """
    recipe = RECIPES.get(task.recipe.kind)
    options = task.recipe.options
    if recipe is not None:
        try:
            options = recipe.settings(**options).model_dump(mode="json")
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ValueError(f"task {task.name}: recipe.options.{where}: {first['msg']}") from None
    asked = {name: value for name, value in options.items() if name in ANSWERED}
    return json.dumps([task.recipe.kind, task.type, asked], sort_keys=True, default=str)


def content_key(row: Mapping[str, Any]) -> str:
    """A digest of what an instruction shows beside its wording: letters and digits, without case.

    That is the example's fields and its choices in any order; or the whole prompt, where it was
    published as it is or where there is no example.
    """
    example = json.loads(row["example"]) if isinstance(row.get("example"), str) else {}
    shown = [*example.get("fields", {}).values(), *(example.get("choices") or [])]
    if example.get("prompt") or not shown:
        shown = [row["prompt"]]
    folded = sorted(filter(None, map(_fold, shown)))
    return md5("\0".join(folded).encode()).hexdigest()


def _fold(text: Any) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", str(text)).casefold()))


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
    rows.loc[new & (reason != "not_measured"), "split"] = "none"


def _share(seed: int, purpose: str, name: str) -> float:
    return int(_digest(seed, purpose, name)[:13], 16) / 16**13


def _digest(seed: int, purpose: str, name: str) -> str:
    return md5(f"{seed}:{purpose}:{name}".encode()).hexdigest()
