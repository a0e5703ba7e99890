"""Keys: what two examples about one thing have in common."""

import math
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_tables import simulated_tables

from shoplm.tasks.keys import fold, join_keys, split_keys
from shoplm.tasks.library import load_library
from shoplm.tasks.recipes import make_examples
from shoplm.tasks.recipes.text import readable


def test_keys_are_one_a_line_sorted_and_once():
    assert join_keys(["Q2", "P10", None, "P10", math.nan, " ", 7]) == "7\nP10\nQ2"
    assert join_keys(["a title\nof two  lines"]) == "a title of two lines"
    assert split_keys(" P1 \n\nQ2") == ("P1", "Q2") and split_keys("") == ()


@given(st.lists(st.text(), max_size=5))
def test_keys_come_back_whatever_their_order(keys):
    group = join_keys(keys)
    assert group == join_keys(reversed(keys)) == join_keys(split_keys(group))


def test_texts_fold_to_letters_and_digits():
    assert fold("Ｒed  Lamp-2!") == fold("red lamp 2") == "redlamp2"
    assert fold("红色·台灯") == "红色台灯" and fold(" ?! ") == "?!"


@pytest.fixture(scope="module")
def made():
    """Examples of all tasks with a recipe, from the small simulated shop."""
    tables, _ = simulated_tables()
    library = load_library([Path(__file__).parents[2] / "conf/base/tasks"])
    found = {t.name: make_examples(t, tables, 40, 0)[0] for t in library.values() if t.recipe}
    return tables, library, {name: examples for name, examples in found.items() if examples}


def test_what_a_question_shows_of_the_catalogue_is_among_its_keys(made):
    """Each title and review that stands in a question or its right answer as a whole."""
    tables, library, examples = made
    ids = defaultdict(lambda: defaultdict(set))
    for name, column, key in (
        ("products", "title", "product_id"),
        ("products", "description", "product_id"),
        ("translations", "title", "product_id"),
        ("queries", "query", "query_id"),
        ("reviews", "text", "review_id"),
        ("reviews", "text", "product_id"),
    ):
        for row in tables[name].to_dict("records"):
            ids[readable(row[column])][name, column, key].add(str(row[key]))
    seen = set()
    for name, listed in examples.items():
        for example in listed:
            texts = list(example.fields.values())
            if isinstance(example.gold, int):
                texts.append(example.choices[example.gold])
            elif library[name].type == "retrieval":
                texts += [example.choices[place] for place in example.gold]
            keys = set(split_keys(example.group))
            assert keys, name
            for text in filter(lambda text: len(text) > 11, texts):
                for where, known in ids.get(text, {}).items():
                    if len(known) == 1:  # else two of one text, and either may be meant
                        assert known <= keys, (name, where)
                        seen.add(name)
    assert len(seen) >= 20
