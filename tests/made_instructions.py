"""A small task library and instructions of its tasks, for tests of what is tuned on them."""

import json

import pandas as pd

from shoplm.tasks.task import Task

CAPABILITIES = ("concepts", "reasoning", "behaviour", "multilingual")


def make_task(name: str, capability: str, type: str = "generation", **more) -> Task:
    values = {
        "name": name, "title": name, "capability": capability, "type": type, "languages": ["en"],
        "instructions": {"en": ["Say it.", "Tell it."]}, "template": "{instruction}\n{text}",
        "metric": "rouge_l" if type == "generation" else "accuracy",
    }  # fmt: skip
    if type == "classification":
        values["labels"] = {"yes": {"en": "yes"}, "no": {"en": "no"}}
    return Task.model_validate(values | more)


def make_library(tasks_per_capability: int = 2) -> dict[str, Task]:
    """A generation and a classification for each of ShopBench's capabilities, or more."""
    tasks = [
        make_task(f"{capability}_{n}", capability, ("generation", "classification")[n % 2])
        for capability in CAPABILITIES
        for n in range(tasks_per_capability)
    ]
    return {task.name: task for task in sorted(tasks, key=lambda task: task.name)}


def make_instruction(task: Task, number: int, **more) -> dict:
    """One row of the table `instructions`: a product's colour, or whether it is red."""
    closed = task.type == "classification"
    colour = ("red", "green", "blue")[number % 3]
    text = f"{task.name} shirt {number} of {colour} cotton"
    answer = ("no", "yes")[colour == "red"] if closed else f"colour {colour}, number {number}"
    row = {
        "instruction_id": f"{task.name}-{number:04d}", "task": task.name,
        "capability": task.capability, "language": "en", "source": "open_data",
        "difficulty": None, "prompt": f"Say it.\n{text}", "answer": answer,
        "choices": ["yes", "no"] if closed else None, "group": f"product {number}",
        "origin": "made", "example": json.dumps({"fields": {"text": text}, "choices": []}),
    }  # fmt: skip
    return row | more


def make_instructions(library: dict[str, Task], n: int = 30) -> pd.DataFrame:
    """`n` instructions of each task; the same numbers are of the same product."""
    return pd.DataFrame(
        [make_instruction(task, number) for task in library.values() for number in range(n)]
    )
