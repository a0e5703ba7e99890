"""Which tasks are twins of a held-out one: the same task in other words.

A twin is made by the same kind of recipe and asks the same of the same rows, whatever the type of
its answer and whatever is shown beside it: choosing a product for a query and ranking products for
it, naming one attribute of a title and listing several. Which options decide what is asked stands
in each recipe's settings (`ASKS`). Tasks of two kinds of recipe are never twins, though they may
read one table; what they have in common is found by text alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from shoplm.tasks.recipes import RECIPES
from shoplm.tasks.task import Task


def find_twins(library: Mapping[str, Task], held_out_tasks: Sequence[str]) -> dict[str, str]:
    """Tasks that are not held out and ask what a held-out one asks, each with its name.

    Raises:
        ValueError: a recipe has an option that it does not take.
    """
    asked = {question(library[name]): name for name in held_out_tasks if library[name].recipe}
    return {
        name: asked[question(task)]
        for name, task in library.items()
        if task.recipe and name not in held_out_tasks and question(task) in asked
    }


def question(task: Task) -> str:
    """What a task's recipe asks, as text; defaults count as if they were written.

    Raises:
        ValueError: the recipe has an option that it does not take.
    """
    kind, options = task.recipe.kind, task.recipe.options
    if kind in RECIPES:
        try:
            options = RECIPES[kind].settings(**options).asks()
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ValueError(f"task {task.name}: recipe.options.{where}: {first['msg']}") from None
    return json.dumps([kind, options], sort_keys=True, default=str)
