"""The tasks of reasoning, behaviour and languages, on a small simulated shop."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from simulated_tables import simulated_tables

from shoplm.tasks.library import load_library
from shoplm.tasks.recipes import make_examples
from shoplm.tasks.rendering import render_answer, render_prompt
from shoplm.tasks.scoring import can_be_perfect, score
from shoplm.tasks.synthesis.checks import check_synthetic
from shoplm.tasks.synthesis.form import write_sample
from shoplm.tasks.synthesis.responses import parse_response
from shoplm.tasks.synthesis.samples import to_example, to_sample

FOLDER = Path(__file__).parents[2] / "conf/base/tasks"
NAMES = {
    "reasoning": (
        "numeric_product_question", "event_obstruction", "complementary_category",
        "intent_understanding", "product_relation", "copurchase_explanation",
        "product_question_answering",
    ),
    "behaviour": (
        "query_relation", "query_product_ranking", "next_query_selection",
        "next_purchase_selection", "review_rating", "query_product_relevance",
        "query_product_choice", "review_title_generation",
    ),
    "multilingual": (
        "multilingual_keyword_selection", "title_translation", "multilingual_description_matching",
        "description_translation", "multilingual_query_product_matching",
    ),
}  # fmt: skip
ALL = [name for names in NAMES.values() for name in names]
WITHOUT_RECIPE = {"review_title_generation"}
WITH_RECIPE = [name for name in ALL if name not in WITHOUT_RECIPE]
SHOPBENCH = {f"task{number}" for number in range(8, 19)}


@pytest.fixture(scope="module")
def library():
    return load_library([FOLDER])


@pytest.fixture(scope="module")
def tables():
    return simulated_tables()[0]


@pytest.fixture(scope="module")
def truth():
    return simulated_tables()[1]


@pytest.fixture(scope="module")
def made(library, tables):
    return {name: make_examples(library[name], tables, 300, seed=3)[0] for name in WITH_RECIPE}


def test_every_task_stands_under_its_capability(library):
    for capability, names in NAMES.items():
        assert {library[name].capability for name in names} == {capability}
        assert sum(library[name].synthetic is not None for name in names) >= 4
    assert all(set(library[name].languages) >= {"en", "zh"} for name in ALL)
    assert {b for name in ALL for b in library[name].shopbench} == SHOPBENCH
    assert "ecom_sft" in library["intent_understanding"].benchmarks
    assert {name for name in ALL if library[name].recipe is None} == WITHOUT_RECIPE


@pytest.mark.parametrize("name", WITH_RECIPE)
def test_the_right_answer_written_and_read_back_scores_one(library, made, name):
    task, examples = library[name], made[name]
    assert len(examples) >= 30
    assert {example.language for example in examples} == {"en", "zh"}
    assert len({example.example_id for example in examples}) == len(examples)
    for example in examples:
        assert can_be_perfect(task, example) is None
        value = score(task, example, render_answer(task, example)).value
        assert value is None or value == pytest.approx(1)
        prompt = render_prompt(task, example)
        assert "{" not in prompt and "<" not in prompt
        assert example.group and example.origin


@pytest.mark.parametrize("name", WITH_RECIPE)
def test_no_choice_stands_twice_and_no_place_is_preferred(library, made, name):
    examples = [example for example in made[name] if example.choices]
    for example in examples:
        assert len(set(example.choices)) == len(example.choices)
    if library[name].type == "multiple_choice" and name != "review_rating" and len(examples) > 100:
        places = Counter(example.gold for example in examples)
        assert max(places.values()) < 0.6 * len(examples)


@pytest.fixture(scope="module")
def turned(tables):
    return {
        key: table.sample(frac=1, random_state=5).reset_index(drop=True)
        for key, table in tables.items()
    }


@pytest.mark.parametrize("name", WITH_RECIPE)
def test_the_same_seed_makes_the_same_examples_whatever_the_order_of_rows(
    library, turned, made, name
):
    assert make_examples(library[name], turned, 300, seed=3)[0] == made[name]


def test_another_seed_makes_others(library, tables, made):
    for name in ("numeric_product_question", "query_relation", "next_purchase_selection"):
        assert make_examples(library[name], tables, 300, seed=4)[0] != made[name]


@pytest.mark.parametrize("name", WITH_RECIPE)
def test_a_recipe_without_its_tables_says_which_it_lacks(library, name):
    examples, rejected = make_examples(library[name], {}, 10, seed=3)
    assert examples == []
    assert [row["reason"] for row in rejected] == ["table_missing"]


@pytest.mark.parametrize("name", ALL)
def test_a_sample_of_a_language_model_is_read_as_the_example_it_states(library, made, name):
    task = library[name]
    if task.synthetic is None:
        assert name in {"product_relation", "next_query_selection", "next_purchase_selection"}
        return
    check_synthetic(task)
    for example in made.get(name, [])[:30]:
        known = to_sample(task, example)
        values = {f.name: known.get(f.name) or f.values[0] for f in task.synthetic.fields}
        text = write_sample(task, example.language, 1, values)
        (sample,) = parse_response(text, task, example.language, samples=1)
        read = to_example(task, example.language, sample, example.fields, "", "")
        assert (read.gold, read.choices) == (example.gold, example.choices)
        assert read.fields.items() >= example.fields.items()


def test_labels_take_turns(library, tables):
    for name in ("review_rating", "query_product_relevance", "query_relation"):
        examples, _ = make_examples(library[name], tables, 40, seed=3)
        if name == "query_relation":
            counts = Counter(example.origin for example in examples)
        else:
            counts = Counter(example.gold for example in examples)
        assert max(counts.values()) <= 2 * min(counts.values()) + 4, (name, counts)


def test_a_complement_is_one_that_was_planted(made, truth, tables):
    kinds = {}
    for row in tables["products"].itertuples():
        category = str(row.category).split(" > ")[-1]
        if row.product_id in truth["products"]:  # not a copy that was planted
            kinds[row.language, category] = truth["products"][row.product_id]["kind"]
    goes_with = truth["goes_with"]

    def go_together(language, one, two):
        a, b = kinds[language, one], kinds[language, two]
        return b in goes_with[a] or a in goes_with[b]

    right, wrong = [], []
    for example in made["complementary_category"]:
        for place, choice in enumerate(example.choices):
            found = go_together(example.language, example.fields["category"], choice)
            (right if place == example.gold else wrong).append(found)
    assert sum(right) / len(right) > 0.9
    assert sum(wrong) / len(wrong) < 0.02


def test_few_pairs_of_categories_are_of_both_languages(library, tables):
    examples, _ = make_examples(library["complementary_category"], tables, 40, seed=3)
    counts = Counter(example.language for example in examples)
    assert min(counts["en"], counts["zh"]) >= 8


def test_a_pair_of_categories_turned_round_is_of_the_same_group(made):
    groups = {}
    for example in made["complementary_category"]:
        pair = {example.fields["category"], example.choices[example.gold]}
        groups.setdefault((example.language, frozenset(pair)), set()).add(example.group)
    assert all(len(found) == 1 for found in groups.values())
    assert len(groups) == len({group for found in groups.values() for group in found})


def test_no_place_is_an_answer(library):
    """A text names places of many things: of a designer, of the customer service."""
    options = library["product_question_answering"].recipe.options
    assert "origin" not in options["questions"]


def test_only_the_right_choice_was_judged_exact(made, tables):
    titles = dict(zip(tables["products"]["product_id"], tables["products"]["title"], strict=True))
    graded = {}
    for row in tables["queries"].itertuples():
        graded.setdefault((row.query_id, titles.get(row.product_id)), set()).add(row.relevance)
    for example in made["query_product_choice"]:
        for place, choice in enumerate(example.choices):
            grades = graded.get((example.origin.split(":")[1], choice))
            if grades:  # a title that was repaired is not found again
                assert (grades == {"E"}) == (place == example.gold)


def test_the_next_items_are_later_than_all_that_is_shown(made, tables):
    """Against the raw table: what is right was bought after the last purchase shown, what is wrong
    never."""
    titles = dict(zip(tables["items"]["item_id"], tables["items"]["title"], strict=True))
    events = tables["interactions"].assign(title=tables["interactions"]["item_id"].map(titles))
    by_user = dict(list(events.groupby("user_id")))
    for example in made["next_purchase_selection"]:
        own = by_user[example.origin.split(":")[1]]
        shown = [line.removeprefix("- ") for line in example.fields["history"].splitlines()]
        cut = own.loc[own["title"] == shown[-1], "timestamp"].min()
        assert own.loc[own["title"].isin(shown), "timestamp"].min() <= cut
        shown_at = [own.loc[own["title"] == title, "timestamp"].min() for title in shown]
        assert all(a < b for a, b in pairwise(shown_at)) and shown_at[-1] == cut
        future = set(own.loc[own["timestamp"] > cut, "title"])
        for place, choice in enumerate(example.choices):
            if place in example.gold:
                assert choice in future and choice not in shown
            else:
                assert choice not in set(own["title"])


def test_a_wrong_next_query_answers_nothing_that_the_user_bought(made, tables):
    queries = tables["queries"]
    queries = queries.assign(query=queries["query"].str.split().str.join(" "))
    useful = queries[queries["relevance"] != "I"].groupby("query")["product_id"].agg(set)
    bought = tables["interactions"].groupby("user_id")["item_id"].agg(set)
    for example in made["next_query_selection"]:
        (right,) = example.gold
        for place, choice in enumerate(example.choices):
            answered = useful[choice] & bought[example.origin.split(":")[1]]
            assert bool(answered) == (place == right)


def test_a_reason_holds_for_both_products_and_the_others_for_neither(made, tables):
    names = tables["products"].set_index("title")["properties"].to_dict()
    checked = 0
    for example in made["intent_understanding"]:
        products = [names.get(example.fields[key]) for key in ("product_1", "product_2")]
        if None in products:
            continue
        checked += 1
        for place, reason in enumerate(example.choices):
            holds = [
                any(reason.lower().endswith((v.lower(), f"{v} look".lower(), f"{v}材质"))
                    for values in own.values() for v in values)
                for own in products
            ]  # fmt: skip
            assert all(holds) if place == example.gold else not all(holds)
    assert checked > 20


def test_a_translation_is_asked_for_in_the_language_of_its_answer(made, tables):
    translated = tables["translations"].set_index("product_id")
    for example in made["title_translation"]:
        if example.gold == translated.loc[example.group, "title"]:
            assert example.language == translated.loc[example.group, "language"]
        else:
            assert example.fields["text"] == translated.loc[example.group, "title"]
            assert example.language != translated.loc[example.group, "language"]


def test_keywords_cannot_be_told_apart_by_counting(made):
    for example in made["multilingual_keyword_selection"]:
        joint = "、" if example.language == "zh" else ", "
        sets = [choice.split(joint) for choice in example.choices]
        counts = Counter(word for words in sets for word in words)
        assert set(counts.values()) == {2}
