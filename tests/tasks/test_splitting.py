"""What is trained on and what is measured: a held-out task never trains, in whatever form."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_instructions import make_instruction, make_instructions, make_library, make_task
from shoplm.tasks.selection_settings import ValidationSettings
from shoplm.tasks.shown import find_wording, read_shown
from shoplm.tasks.splitting import SPLITS, list_answers, split_instructions

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


def test_losses_are_measured_on_some_of_what_is_kept():
    """Fewer losses leave the split as it is; the rest of what is kept stays for benchmarks."""
    every, _ = split_instructions(ROWS, LIBRARY, ["concepts_0"], SETTINGS)
    some = SETTINGS.model_copy(update={"losses_per_task": 3})
    few, _ = split_instructions(ROWS, LIBRARY, ["concepts_0"], some)
    pd.testing.assert_frame_equal(
        every[["instruction_id", "split"]], few[["instruction_id", "split"]]
    )
    assert (every["has_losses"] == (every["split"] != "train")).all()
    table = few.merge(ROWS, on="instruction_id")
    counts = table[table["split"] != "train"].groupby(["split", "task"])["has_losses"]
    assert (counts.sum() == 3).all() and (counts.size() == 10).all()
    assert not (table["has_losses"] & (table["split"] == "train")).any()
    assert table.loc[table["scored_by_choice"], "has_losses"].all()
    listed = list_answers(ROWS, few)
    assert set(listed["instruction_id"]) == set(
        few.loc[few["has_losses"] | (few["split"] == "train"), "instruction_id"]
    )


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
    for nothing in (None, float("nan"), " "):
        none = ROWS.assign(group=nothing)
        again, _ = split(none)
        pd.testing.assert_series_equal(table["split"], again["split"])
        listed = list_answers(none, again[SPLITS])
        assert (listed["group"] == listed["instruction_id"]).all()


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


TEXT = "A folding oak chair with a woven seat and brass hinges"


@pytest.mark.parametrize(
    ("example", "dropped"),
    [
        ({"fields": {"title": f" {TEXT.upper()}! ", "more": "short"}}, True),
        ({"fields": {"history": f"- Something else\n- {TEXT}"}}, True),
        ({"fields": {"text": "x"}, "gold": f"{TEXT}."}, True),
        ({"fields": {"text": "x"}, "gold": "y", "choices": [TEXT]}, False),  # not a right one
        ({"fields": {"text": f"{TEXT} of another kind"}}, False),
    ],
)
def test_a_long_text_that_is_measured_is_not_trained_in_any_task(example, dropped):
    table, _ = split()
    held, free = (table.loc[table["split"] == s, "group"].iloc[0] for s in ("validation", "train"))
    one = make_instruction(LIBRARY["reasoning_0"], 980, group=held,
                           example=json.dumps({"fields": {"a": TEXT, "b": "z"}}))  # fmt: skip
    other = make_instruction(LIBRARY["behaviour_0"], 981, group=free, example=json.dumps(example))
    settings = SETTINGS.model_copy(update={"max_per_task": 100})
    splits, left = split_instructions(add(one, other), LIBRARY, [], settings)
    side = splits.set_index("instruction_id")["split"]
    assert side[one["instruction_id"]] == "validation"
    if not dropped:
        assert side[other["instruction_id"]] == "train"
        return
    told = left.set_index("instruction_id").loc[other["instruction_id"]]
    assert told["reason"] == "validation_text" and one["instruction_id"] in told["detail"]


def test_wording_is_what_stands_beside_many_different_things():
    texts = [{"wording"}] * 20 + [{"title"}] * 30 + [{"seldom"}] * 19
    keys = [{f"P{n}"} for n in range(20)] + [{"P1", f"Q{n}"} for n in range(30)] + [{"P2"}] * 19
    assert find_wording(texts, keys) == {"wording"}


def shown(kind="multiple_choice", prompt="Which?", **example):
    return read_shown({"prompt": prompt, "example": json.dumps(example)}, kind)


def test_choices_count_for_what_is_shown_only_beside_one_short_field():
    def key(choices, prompt="Which?", **more):
        return shown(prompt=prompt, fields={"query": "a lamp", **more}, choices=choices).content

    assert key(["red", "blue"]) == key(["Blue", "red"], "Which one of these?")
    assert key(["red", "blue"]) != key(["red", "green"])
    assert key(["red", "blue"], other="a vase") == key(["red", "green"], other="A  vase")
    assert key(["red"], query=TEXT) == key(["green"], query=TEXT) != key(["red"], query=TEXT[:-5])
    bare = read_shown({"prompt": "A b", "example": None}, "generation")
    assert bare.content == shown(prompt="a B.", fields={}).content


@pytest.mark.parametrize(
    ("kind", "gold", "right"),
    [
        ("multiple_choice", 1, "b"),
        ("retrieval", [0, 2], "ac"),
        ("ranking", [0.1, 1, 1], "bc"),
        ("ner", [["brand", "d" * 40]], "d"),
        ("generation", "d" * 40, "de"),
        ("classification", "d" * 40, ""),
    ],
)
def test_right_answers_are_shown_and_wrong_ones_are_not(kind, gold, right):
    choices = [letter * 40 for letter in "abc"] if kind in (
        "multiple_choice", "retrieval", "ranking") else []  # fmt: skip
    found = shown(kind, gold=gold, choices=choices, references=["e" * 40], fields={"text": "x"})
    assert found.long == {letter * 40 for letter in right}
    assert shown(fields={"text": "光栈梧桐田园风聚碳酸酯键盘"}).long == set()  # 13 Han characters
    assert shown("generation", gold="", fields={"text": "光栈梧桐田园风聚碳酸酯键盘灯"}).long


def test_no_key_of_what_is_measured_is_trained_on():
    """Pairs, of which one half may be held out: then the other half is not trained on either."""
    rows = ROWS.assign(group=[f"p{n % 60}\np{n * 7 % 60}\nq{n % 9}" for n in range(len(ROWS))])
    table, left = split(rows, settings=ValidationSettings(share=0.05, max_per_task=3))
    check_keys(table)
    assert (left["reason"] == "validation_key").sum() > 0
    assert (table["split"] == "train").sum() > 0


def check_keys(table):
    keys = table.assign(key=table["group"].str.split("\n")).explode("key")
    trained, measured = (set(keys.loc[keys["split"] == s, "key"]) for s in ("train", "validation"))
    assert trained.isdisjoint(measured)


@settings(max_examples=15, deadline=None)
@given(st.data(), st.integers(0, 3), st.floats(0.05, 0.5), st.floats(0, 0.4))
def test_a_split_is_whole_and_a_larger_share_holds_out_more(data, seed, share, more):
    keys = st.lists(st.integers(0, 25).map("p{}".format), max_size=4).map("\n".join)
    groups = data.draw(st.lists(keys | st.none(), min_size=10, max_size=40))
    rows = ROWS.sample(len(groups), random_state=seed).assign(group=groups)
    order = data.draw(st.permutations(range(len(rows))))
    sides = []
    for wanted in (share, share + more):
        chosen = ValidationSettings(share=wanted, max_per_task=100, seed=seed)
        table, _ = split(rows, settings=chosen)
        check_keys(table[table["group"].fillna("") != ""])
        again, _ = split(rows.iloc[order], settings=chosen)
        pd.testing.assert_frame_equal(table, again)
        sides.append(table.groupby("split")["instruction_id"].agg(set))
    less, larger = (side.reindex(["train", "validation"]) for side in sides)
    less, larger = (side.map(lambda ids: ids if isinstance(ids, set) else set())
                    for side in (less, larger))  # fmt: skip
    assert less["validation"] <= larger["validation"] and less["train"] >= larger["train"]
    small, _ = split(rows, settings=ValidationSettings(share=share, max_per_task=1, seed=seed))
    check_keys(small[small["group"].fillna("") != ""])


def test_texts_without_an_id_are_keys_by_their_letters():
    rows = ROWS.assign(group=["A title, of 1 thing", "a TITLE of 1 thing!"] * (len(ROWS) // 2))
    splits, _ = split_instructions(rows, LIBRARY, [], SETTINGS)
    assert splits["split"].nunique() == 1


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
    trained = rows.merge(splits[splits["split"] == "train"])
    flipped = rows.assign(answer=rows["answer"].where(
        rows["instruction_id"].isin(trained["instruction_id"]) | rows["choices"].isna(), "yes"
    ))  # fmt: skip
    again = list_answers(flipped, splits)
    several = again[(again["choice"] >= 0)]
    common = several.groupby("task").apply(lambda t: set(t.loc[t["is_common"], "answer"]))
    assert common.pop("concepts_1") == {"yes"}  # it is not trained: all there is counts
    assert all(answers == {"no"} for answers in common)
    several = listed[listed["choice"] >= 0]
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
