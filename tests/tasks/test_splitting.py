"""What is trained on and what is measured: a held-out task never trains, in whatever form."""

import json

import numpy as np
import pandas as pd
import pytest

from made_instructions import make_instruction, make_instructions, make_library, make_task
from shoplm.tasks.selection_settings import ValidationSettings
from shoplm.tasks.splitting import content_key, list_answers, split_instructions

LIBRARY = make_library()
ROWS = make_instructions(LIBRARY, 60)
SETTINGS = ValidationSettings(share=0.25, max_per_task=10, choices_per_task=4)


def split(rows=ROWS, library=LIBRARY, held_out=("concepts_0",), settings=SETTINGS):
    splits, left = split_instructions(rows, library, held_out, settings)
    known = set(rows["instruction_id"])
    assert set(splits["instruction_id"]) | set(left["instruction_id"]) == known
    assert len(splits) + len(left) == len(rows)
    return splits.merge(rows, on="instruction_id"), left


def add(*rows):
    return pd.concat([ROWS, pd.DataFrame(rows)], ignore_index=True)


def test_no_group_is_on_both_sides_of_any_task():
    table, left = split()
    of_side = table.groupby("split")["group"].agg(set)
    assert of_side["train"].isdisjoint(of_side["validation"])
    assert 5 <= len(of_side["validation"]) <= 25  # a quarter of 60 products
    assert set(table.loc[table["split"] == "held_out", "task"]) == {"concepts_0"}
    # what is held out beyond the limit is neither trained on nor measured
    spare = ROWS.merge(left[left["reason"] == "not_measured"], on="instruction_id")
    assert set(spare["group"]) - of_side["validation"] <= set(
        ROWS.loc[ROWS["task"] == "concepts_0", "group"]
    )
    assert (table.groupby(["split", "task"]).size().drop("train") <= 10).all()


def test_another_seed_holds_out_others_and_row_order_changes_nothing():
    first, _ = split()
    again, _ = split(ROWS.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first, again)
    other, _ = split(settings=SETTINGS.model_copy(update={"seed": 1}))
    groups = [set(t.loc[t["split"] == "validation", "group"]) for t in (first, other)]
    assert groups[0] != groups[1]


def test_an_instruction_without_a_group_is_one_of_its_own():
    table, _ = split(ROWS.assign(group=""))
    shares = table[table["task"] != "concepts_0"]["split"].value_counts()
    assert set(shares.index) == {"train", "validation"}


def test_a_held_out_task_is_never_trained_by_name():
    table, left = split(held_out=("concepts_0", "reasoning_1"))
    trained = set(table.loc[table["split"] == "train", "task"])
    assert trained == set(LIBRARY) - {"concepts_0", "reasoning_1"}
    assert set(left["reason"]) == {"not_measured"}


COLUMNS = {"table": "products", "fields": {"text": "title"}, "answer": "category"}


@pytest.mark.parametrize(
    ("recipe", "same"),
    [
        ({"kind": "columns", "options": COLUMNS | {"hide": ["type"], "shown_characters": 9}}, True),
        ({"kind": "columns", "options": COLUMNS | {"fields": {"text": "description"}}}, True),
        ({"kind": "columns", "options": {k: v for k, v in COLUMNS.items() if k != "table"}}, True),
        ({"kind": "columns", "options": COLUMNS | {"answer": "title"}}, False),
        ({"kind": "columns", "options": COLUMNS | {"table": "articles"}}, False),
        ({"kind": "choice", "options": {"fields": {"text": "title"}, "choice": "category"}}, False),
        (None, False),
    ],
)
def test_a_held_out_task_is_never_trained_by_recipe(recipe, same):
    hidden = make_task("concepts_0", "concepts", recipe={"kind": "columns", "options": COLUMNS})
    twin = make_task("reasoning_0", "reasoning", recipe=recipe)
    table, left = split(library=LIBRARY | {"concepts_0": hidden, "reasoning_0": twin})
    told = left[left["reason"] == "held_out_recipe"]
    assert ("reasoning_0" not in set(table["task"])) == same
    assert len(told) == 60 * same
    assert not same or told["detail"].str.contains("concepts_0").all()


def test_a_held_out_task_is_never_trained_by_text():
    hidden = ROWS[ROWS["task"] == "concepts_0"].iloc[3]
    shown = json.loads(hidden["example"])["fields"]["text"]
    rows = add(  # in other words, in other writing, or published as it is; of another task
        make_instruction(
            LIBRARY["reasoning_0"], 900, prompt=f"Another wish.\n{shown}", group="elsewhere",
            example=json.dumps({"fields": {"title": f" {shown.upper()}! "}, "choices": []}),
        ),
        make_instruction(
            LIBRARY["reasoning_0"], 901, prompt=hidden["prompt"].replace(" ", "  "), group="far",
            example=json.dumps({"fields": {}, "prompt": hidden["prompt"].replace(" ", "  ")}),
        ),
    )  # fmt: skip
    table, left = split(rows)
    told = left.set_index("instruction_id").loc[["reasoning_0-0900", "reasoning_0-0901"]]
    assert set(told["reason"]) == {"held_out_text"}
    assert told["detail"].str.contains(hidden["instruction_id"]).all()
    held = table[table["split"] == "held_out"]["example"].map(lambda e: json.loads(e)["fields"])
    trained = table[table["split"] == "train"]["example"].map(lambda e: json.loads(e)["fields"])
    assert not {f["text"] for f in held} & {f["text"] for f in trained}


def test_what_is_measured_is_never_trained_in_another_group():
    table, _ = split()
    measured = table[(table["split"] == "validation")].iloc[0]
    free = table[table["split"] == "train"]["group"].iloc[0]
    twin = make_instruction(LIBRARY[measured["task"]], 990, prompt=measured["prompt"],
                            example=measured["example"], group=free, answer="another")  # fmt: skip
    twin["choices"] = None
    _, left = split(add(twin))
    reasons = left.set_index("instruction_id")["reason"]
    assert reasons[twin["instruction_id"]] == "validation_text"


def test_choices_count_for_what_is_shown_in_any_order():
    def key(choices, prompt="Which?"):
        example = json.dumps({"fields": {"query": "a lamp"}, "choices": choices})
        return content_key({"prompt": prompt, "example": example})

    assert key(["red", "blue"]) == key(["Blue", "red"], "Which one of these?")
    assert key(["red", "blue"]) != key(["red", "green"])
    assert content_key({"prompt": "A b", "example": None}) == content_key(
        {"prompt": "a B.", "example": json.dumps({"fields": {}})}
    )


def test_wrong_rows_are_left_out_with_their_reason():
    wrong = make_instruction(LIBRARY["reasoning_1"], 700, answer="maybe")
    twice = make_instruction(LIBRARY["reasoning_1"], 701, choices=["yes", "no", "no"], answer="no")
    again = ROWS.iloc[5].to_dict()
    _, left = split_instructions(add(wrong, twice, again), LIBRARY, [], SETTINGS)
    reasons = left[left["reason"] != "not_measured"].set_index("instruction_id")["reason"]
    assert reasons.to_dict() == {
        wrong["instruction_id"]: "answer_outside_choices",
        twice["instruction_id"]: "answer_outside_choices",
        again["instruction_id"]: "repeated",
    }


def test_possible_answers_are_listed_beside_the_answer(tmp_path):
    ROWS.to_parquet(tmp_path / "rows.parquet")  # lists come back as arrays, nothing as nothing
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    splits, _ = split_instructions(rows, LIBRARY, ["concepts_1"], SETTINGS)
    listed = list_answers(rows, splits)
    assert not listed["document_id"].duplicated().any()
    alone, several = listed[listed["choice"] < 0], listed[listed["choice"] >= 0]
    assert set(alone["instruction_id"]) == set(splits["instruction_id"]) and alone["is_right"].all()
    assert set(several["split"]) == {"validation", "held_out"}
    by_task = several.groupby("task")["instruction_id"].nunique()
    assert set(by_task.index) == {name for name, t in LIBRARY.items() if t.labels}
    assert by_task.max() == 4
    per = several.groupby("instruction_id")
    assert (per.size() == 2).all() and (per["is_right"].sum() == 1).all()
    right = several[several["is_right"]].set_index("instruction_id")["answer"]
    assert (right == rows.set_index("instruction_id")["answer"][right.index]).all()
    assert (several["n_characters"] == several["answer"].str.len()).all()
    assert np.array_equal(np.sort(several["choice"].unique()), [0, 1])
    # a third of the shirts is red, so "no", the second answer, is right most often
    assert (several["is_common"] == (several["choice"] == 1)).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"held_out": ["concepts_O"]},
            "held_out_tasks: unknown task 'concepts_O'; did you mean 'concepts_",
        ),
        ({"rows": ROWS.assign(task="concept_0")}, "instructions: unknown task 'concept_0'"),
    ],
)
def test_unknown_tasks_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        split(**changes)


def test_a_wrong_option_of_a_recipe_is_told_with_its_task():
    recipe = {"kind": "columns", "options": COLUMNS | {"anser": "title"}}
    wrong = make_task("concepts_0", "concepts", recipe=recipe)
    with pytest.raises(ValueError, match=r"task concepts_0: recipe\.options\.anser"):
        split(library=LIBRARY | {"concepts_0": wrong})
