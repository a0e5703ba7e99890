"""Benchmark examples of a shop: kept from training, and shown what is trained on."""

import json

import pandas as pd
import pytest
from example_tasks import make_task
from measured_shop import LABELS, classify, instructions_of, keys_in, of_role, sides

from shoplm.tasks.evaluation.examples import gather_examples
from shoplm.tasks.evaluation.settings import BenchmarkSettings, ExampleSettings

SHOP = ExampleSettings(source="shop", per_task=10)


def from_shop(instructions, splits, *tasks, tables=None, settings=SHOP):
    library = {task.name: task for task in tasks}
    names = {"exam": BenchmarkSettings(tasks=list(library))}
    return gather_examples(library, names, settings, instructions, splits, tables)


def test_a_shop_measures_what_is_kept_from_training_and_shows_what_is_trained():
    task = classify()
    rows = instructions_of(task, [LABELS[n % 3] for n in range(30)])
    examples, rejected, sources = from_shop(rows, sides(rows, range(0, 30, 5)), task)
    assert keys_in(of_role(examples, "measured")) == {f"product {n}" for n in range(0, 30, 5)}
    trained = {f"product {n}" for n in range(30) if n % 5}
    assert keys_in(of_role(examples, "shot")) < trained
    assert rejected.empty and sources["n_shots"].tolist() == [3]
    assert sources["shots_from"].tolist() == ["instructions"]


def test_shots_of_a_held_out_task_are_held_out_too():
    task = classify()
    rows = instructions_of(task, [LABELS[n % 3] for n in range(9)])
    examples, _, _ = from_shop(rows, sides(rows, range(9), "held_out"), task)
    measured, shots = of_role(examples, "measured"), of_role(examples, "shot")
    assert (len(measured), len(shots)) == (6, 3)
    assert keys_in(measured).isdisjoint(keys_in(shots))


def test_what_other_tasks_train_on_is_shown_by_a_held_out_task_and_not_measured():
    task, other = classify(few_shot=2), classify("other")
    held = instructions_of(task, [LABELS[n % 3] for n in range(9)])
    rows = pd.concat([held, instructions_of(other, ["fits"] * 4)], ignore_index=True)
    splits = sides(rows, range(9), "held_out")
    splits.loc[rows["task"] == "other", "split"] = "train"
    examples, rejected, _ = from_shop(rows, splits, task)
    assert keys_in(of_role(examples, "measured")) == {f"product {n}" for n in range(4, 9)}
    assert keys_in(of_role(examples, "shot")) < {f"product {n}" for n in range(4)}
    assert rejected["reason"].tolist() == ["trained_key"] * 4


def test_what_a_language_model_wrote_is_measured_only_where_there_is_nothing_else():
    task = classify(few_shot=0)
    ours = instructions_of(task, LABELS)
    theirs = instructions_of(task, LABELS, first=3, source="language_model")
    both = pd.concat([ours, theirs], ignore_index=True)
    examples, rejected, _ = from_shop(both, sides(both, range(6)), task)
    assert len(examples) == 3 and set(rejected["reason"]) == {"written_by_a_model"}
    examples, _, sources = from_shop(theirs, sides(theirs, range(6)), task)
    assert len(examples) == 3
    assert "language model's own" in sources["detail"].item()


def test_shots_are_a_language_model_s_only_where_there_is_nothing_else():
    task = classify(few_shot=2)
    ours = instructions_of(task, ["fits"] * 6)
    theirs = instructions_of(task, ["differs"] * 12, first=6, source="language_model")
    rows = pd.concat([ours, theirs], ignore_index=True)
    examples, _, sources = from_shop(rows, sides(rows, range(3)), task)
    shots = of_role(examples, "shot")
    assert keys_in(shots) < {"product 3", "product 4", "product 5"}
    assert json.loads(sources["majority"].item()) == {"en": "yes"}  # which is fits
    assert sources["detail"].item() == ""
    examples, _, sources = from_shop(rows, sides(rows, range(6)), task)
    assert keys_in(of_role(examples, "shot")) < {f"product {n}" for n in range(6, 18)}
    assert sources["detail"].item() == "answers of shots are a language model's own"


PRODUCTS = pd.DataFrame(
    {
        "product_id": [f"p{n}" for n in range(40)],
        "language": "en",
        "title": [f"A shirt called {n}" for n in range(40)],
        "category": ["Shirts", "Coats"] * 20,
    }
)
RECIPE = {"kind": "columns", "options": {"table": "products", "fields": {"text": "title"},
                                         "answer": "category"}}  # fmt: skip


def test_a_task_that_is_only_measured_comes_from_its_recipe_without_trained_keys():
    task = make_task("generation", name="measured_alone", recipe=RECIPE, few_shot=2)
    other = classify()
    rows = instructions_of(other, ["fits"] * 30)
    rows["group"] = [f"p{n}" for n in range(30)]  # half of these products are trained on
    splits = pd.DataFrame({"instruction_id": rows["instruction_id"],
                           "split": ["train", "validation"] * 15})  # fmt: skip
    examples, rejected, sources = from_shop(rows, splits, task, tables={"products": PRODUCTS})
    about = keys_in(examples)
    assert len(of_role(examples, "measured")) == 10 and len(of_role(examples, "shot")) == 2
    assert about <= {f"p{n}" for n in range(1, 30, 2)} | {f"p{n}" for n in range(30, 40)}
    assert set(rejected["reason"]) == {"trained_key"}
    assert sources["origin"].tolist() == ["recipe columns"]
    _, _, sources = from_shop(rows, splits, task, tables={})
    assert sources["status"].tolist() == ["absent"]
    assert "needs the table products" in sources["detail"].item()


def test_instructions_without_splits_are_refused():
    with pytest.raises(ValueError, match="instructions without splits"):
        from_shop(instructions_of(classify(), LABELS), None, classify())
