"""Tasks of a small benchmark with published files, and instructions of a shop."""

import json

import pandas as pd
from example_tasks import choices, make_task

from shoplm.tasks.evaluation.benchmarks import task_version
from shoplm.tasks.evaluation.settings import AskingSettings, PromptFrame
from shoplm.tasks.keys import split_keys
from shoplm.tasks.records import example_json, instruction_row
from shoplm.tasks.records import example_of as row_example
from shoplm.tasks.task import Example, SourceFile

ASKING = AskingSettings()
FRAME = PromptFrame(head="<ask>", tail="<tell>")
LABELS = ("fits", "differs", "unclear")


def published(file):
    """A JSON-lines file of classified texts."""
    return SourceFile(file=file, reader="records", fields={"text": "text"},
                      options={"gold": "label", "no_gold": ["-"]}, language="en")  # fmt: skip


def write_rows(root, file, rows):
    """`rows` are texts with labels."""
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    (root / file).write_text("\n".join(lines))


def texts(name, n):
    """Texts that share no word with each other's key, with labels in turn."""
    return [(f"{name} thing number {place}", LABELS[place % 3]) for place in range(n)]


def classify(name="judge", **changes):
    """A classification with a benchmark file of its name."""
    given = {"name": name, "few_shot": 3, "benchmarks": ["exam"],
             "benchmark": published(f"{name}.jsonl")}  # fmt: skip
    return make_task("classification", **given | changes)


def example_of(task, number, gold, **changes):
    """An example of any type, about a product of its own."""
    many = task.type in ("multiple_choice", "retrieval", "ranking")
    given = {
        "example_id": f"{task.name}-{number}",
        "task": task.name,
        "language": "en",
        "gold": gold,
        "fields": {"text": f"{task.name} text {number}"},
        "choices": choices(5) if many else (),
        "group": f"product {number}",
    }
    return Example(**given | changes)


def instructions_of(task, golds, first=0, **row):
    """Rows of the table `instructions`, numbered from `first`."""
    made = [example_of(task, number, gold) for number, gold in enumerate(golds, start=first)]
    return pd.DataFrame([instruction_row(task, one, "open_data") | row for one in made])


def sides(instructions, kept, side="validation"):
    """Splits that keep the examples of some numbers from training."""
    about = instructions["group"].str.removeprefix("product ").astype(int)
    split = about.isin(list(kept)).map({True: side, False: "train"})
    return pd.DataFrame({"instruction_id": instructions["instruction_id"], "split": split})


def table(task, measured, shots=(), benchmark="exam"):
    """Examples as `gather_examples` gives them."""
    listed = [("measured", n, one) for n, one in enumerate(measured)]
    listed += [("shot", n, one) for n, one in enumerate(shots)]
    return pd.DataFrame(
        [
            {
                "benchmark": benchmark,
                "task": task.name,
                "example_id": one.example_id,
                "role": role,
                "position": position,
                "language": one.language,
                "version": task_version(task),
                "example": example_json(one),
            }
            for role, position, one in listed
        ]
    )


def of_role(examples, role):
    return examples[examples["role"] == role]


def keys_in(rows):
    return {key for row in rows.to_dict("records") for key in split_keys(row_example(row).group)}
