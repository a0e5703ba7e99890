"""Twins of held-out tasks, and their texts, over the library and its recipes."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from simulated_tables import simulated_tables

from shoplm.tasks.library import load_library
from shoplm.tasks.recipes import RECIPES, make_examples
from shoplm.tasks.records import instruction_row
from shoplm.tasks.selection_settings import ValidationSettings
from shoplm.tasks.splitting import split_instructions
from shoplm.tasks.twins import find_twins

CONF = Path(__file__).parents[2] / "conf"
LIBRARY = load_library([CONF / "base" / "tasks"])


@pytest.mark.parametrize(
    ("held_out", "twins"),
    [
        ("query_product_choice", {"query_product_ranking"}),
        ("attribute_value_detection", {"attribute_value_extraction"}),
        ("entity_typing", {"named_entity_detection", "named_entity_recognition"}),
        ("copurchase_explanation", {"intent_understanding"}),
        ("product_relation", set()),
        ("description_translation", {"multilingual_description_matching"}),
        ("query_product_relevance", {"multilingual_query_product_matching"}),
        ("review_rating", set()),
        ("next_query_selection", set()),
        ("title_generation", set()),
    ],
)
def test_a_twin_asks_the_same_of_the_same_rows(held_out, twins):
    assert find_twins(LIBRARY, [held_out]) == dict.fromkeys(twins, held_out)
    for twin in twins:
        assert held_out in find_twins(LIBRARY, [twin])


def test_what_decides_the_answer_is_an_option():
    for kind, recipe in RECIPES.items():
        assert set(recipe.settings.model_fields) >= recipe.settings.ASKS, kind


@pytest.mark.parametrize(
    ("environment", "twins"),
    [
        ("base", set()),
        # the rows of EcomSFT's held-out tasks, asked otherwise, and queries with their products
        (
            "public",
            {
                "copurchase_explanation",
                "entity_typing",
                "named_entity_detection",
                "query_product_ranking",
            },
        ),
    ],
)
def test_a_configuration_leaves_other_tasks_to_train(environment, twins):
    params = yaml.safe_load((CONF / environment / "parameters_sft.yml").read_text())["sft"]
    held_out = params["held_out_tasks"]
    assert len(held_out) >= 2 and set(held_out) <= set(LIBRARY)
    assert set(find_twins(LIBRARY, held_out)) == twins


def test_what_a_held_out_task_shows_is_in_no_other_task():
    tables, _ = simulated_tables()
    rows = []
    for name in ("product_relation", "copurchase_explanation", "intent_understanding",
                 "title_generation"):  # fmt: skip
        task = LIBRARY[name]
        examples, _ = make_examples(task, tables, 400, 0)
        rows += [instruction_row(task, example, "open_data") for example in examples]
    rows = pd.DataFrame(rows)
    splits, left = split_instructions(
        rows, LIBRARY, ["product_relation"], ValidationSettings(share=0.1)
    )
    rows = rows.assign(fields=[json.loads(example)["fields"] for example in rows["example"]])
    pairs = rows[rows["fields"].map(len) == 2]
    pairs = pairs.assign(pair=[frozenset(fields.values()) for fields in pairs["fields"]])
    hidden = set(pairs.loc[pairs["task"] == "product_relation", "pair"])
    common = pairs[pairs["pair"].isin(hidden) & (pairs["task"] != "product_relation")]
    assert len(common) >= 2  # the relation of a pair, and the reason for it
    reasons = left.set_index("instruction_id")["reason"]
    assert (reasons[common["instruction_id"]] == "held_out_text").all()
    sides = splits.merge(rows, on="instruction_id").groupby("split")["task"].agg(set)
    assert sides["held_out"] == {"product_relation"} and len(sides["train"]) == 3


def test_half_of_ecom_sft_is_only_measured_by_what_is_tuned_on_it():
    """from_* are tuned on four of the eight tasks, none of which is another's twin."""
    every = {name for name, task in LIBRARY.items() if "ecom_sft" in task.benchmarks}
    assert len(every) == 8
    sft = yaml.safe_load((CONF / "base" / "parameters_sft.yml").read_text())["sft"]
    held_in = set(sft["selections"]["ecom_sft_held_in"]["tasks"])
    assert len(held_in) == 4 and held_in < every
    assert held_in.isdisjoint(find_twins(LIBRARY, sorted(every - held_in)))
    assert sft["variants"]["from_base"]["selection"] == "ecom_sft_held_in"
    for env in ("study", "paper", "test"):
        path = CONF / env / "parameters_sft.yml"
        other = yaml.safe_load(path.read_text())["sft"]["selections"]["ecom_sft_held_in"]
        assert set(other) == {"samples_per_task"}, env  # the tasks stay those of base
