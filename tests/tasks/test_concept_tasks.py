"""The tasks of concepts and general text, as shipped, made from a small simulated shop."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from shoplm.simulation.benchmark_tables import write_benchmark_tables
from shoplm.simulation.queries import write_queries
from shoplm.simulation.settings import CatalogueSize, DefectRates, GeneralTextSize, ShopSettings
from shoplm.simulation.shop import open_shop
from shoplm.simulation.texts import write_texts
from shoplm.tasks.answers import parse_answer
from shoplm.tasks.library import load_library
from shoplm.tasks.recipes import make_examples
from shoplm.tasks.recipes.text import readable
from shoplm.tasks.recipes.vocabulary import contains
from shoplm.tasks.rendering import render_answer, render_prompt
from shoplm.tasks.scoring import can_be_perfect, score

LIBRARY = load_library([Path(__file__).parents[2] / "conf" / "base" / "tasks"])
WITH_RECIPE = (
    "address_matching", "attribute_value_detection", "attribute_value_extraction",
    "category_explanation", "category_of_attribute",
    "category_product_retrieval", "category_recommendation", "description_generation",
    "description_summarization", "entity_typing", "named_entity_detection",
    "named_entity_recognition", "natural_language_inference", "natural_language_inference_zh",
    "news_classification", "product_attribute_question", "product_classification",
    "query_entity_extraction", "reading_comprehension", "reading_comprehension_zh",
    "review_aspect_selection", "review_keyphrase_extraction", "review_snippet_selection",
    "short_news_classification", "short_title_generation", "title_attribute_matching",
    "title_generation",
)  # fmt: skip
WITHOUT_RECIPE = ("arithmetic_word_problem", "commonsense_question", "keyword_generation")
EVERY = 10**6
SEED = 5


@pytest.fixture(scope="module")
def shop():
    settings = ShopSettings(
        seed=3,
        catalogue=CatalogueSize(products=320, reviews=700, articles=0, queries=60),
        general=GeneralTextSize(english=8, chinese=8, benchmark_passages=40, leaks=0),
        defects=DefectRates(garbage=0.05, markup=0.1),
    )
    opened = open_shop(settings)
    texts, truth = write_texts(opened, settings)
    products = texts["products"].copy()
    products["properties"] = [
        _merged(opened.properties[key]) if isinstance(kept, str) else None
        for key, kept in zip(products["product_id"], products["properties"], strict=True)
    ]
    tables = write_benchmark_tables(settings.benchmarks, settings.seed) | {
        "passages": texts["benchmark_passages"],
        "products": products,
        "reviews": texts["reviews"],
        "queries": write_queries(opened.products, settings.catalogue, settings.seed),
    }
    return SimpleNamespace(tables=tables, truth=truth, products=opened.products)


def _merged(pairs):
    merged = {}
    for key, value in pairs:
        merged.setdefault(key, []).append(value)
    return merged


@pytest.fixture(scope="module")
def made(shop):
    """Everything that each task makes of the shop, by task; the shop stays as it is."""
    before = {name: table.copy(deep=True) for name, table in shop.tables.items()}
    found = {n: make_examples(LIBRARY[n], shop.tables, EVERY, SEED)[0] for n in WITH_RECIPE}
    for name, table in before.items():
        pd.testing.assert_frame_equal(table, shop.tables[name])
    return found


def test_which_tasks_have_a_recipe():
    assert all(LIBRARY[name].recipe for name in WITH_RECIPE)
    assert not any(LIBRARY[name].recipe for name in WITHOUT_RECIPE)


def test_no_recipe_makes_nothing_and_rejects_nothing(shop):
    assert all(
        make_examples(LIBRARY[name], shop.tables, 9, SEED) == ([], []) for name in WITHOUT_RECIPE
    )


@pytest.mark.parametrize("name", WITH_RECIPE)
def test_the_right_answer_rendered_and_read_back_scores_1(name, made):
    task = LIBRARY[name]
    assert {example.language for example in made[name]} == set(task.languages)
    for example in made[name]:
        text = render_answer(task, example)
        assert can_be_perfect(task, example) is None
        assert parse_answer(task, text, example) is not None
        assert score(task, example, text).value == 1.0, text


@pytest.mark.parametrize("name", WITH_RECIPE)
def test_prompts_and_ids_are_distinct(name, made):
    prompts = Counter(render_prompt(LIBRARY[name], example) for example in made[name])
    assert prompts.most_common(1)[0][1] == 1
    assert len({example.example_id for example in made[name]}) == len(made[name])


@pytest.mark.parametrize("name", WITH_RECIPE)
def test_no_defect_of_the_data_is_shown(name, made):
    for example in made[name]:
        shown = [*example.fields.values(), *example.choices]
        assert [readable(text) for text in shown] == shown


def test_the_same_seed_makes_the_same_of_rows_in_any_order(shop, made):
    """And the first of all are what is made where fewer are asked for."""
    shuffled = {
        name: table.sample(frac=1, random_state=1).reset_index(drop=True)
        for name, table in shop.tables.items()
    }
    for name in WITH_RECIPE:
        first = made[name][:12]
        again, _ = make_examples(LIBRARY[name], shuffled, 12, SEED)
        assert first == again, name
        assert first != make_examples(LIBRARY[name], shop.tables, 12, SEED + 1)[0], name


@pytest.mark.parametrize(
    ("name", "table"), [("entity_typing", "products"), ("review_aspect_selection", "reviews")]
)
def test_nothing_is_lost_silently(name, table, shop):
    """A row is told of as an example or as rejected, and not as both."""
    examples, rejected = make_examples(LIBRARY[name], shop.tables, EVERY, SEED)
    used = Counter(example.origin.split(":")[1] for example in examples)
    lost = Counter(row["id"] for row in rejected if row["source"] == table)
    rows = shop.tables[table]
    assert set(used + lost) == set(rows[f"{table[:-1]}_id"])
    assert not used & lost


def facets(shop):
    return {product.product_id: product for product in shop.products}


def test_spans_are_what_the_product_is(shop, made):
    """The simulation knows each product's true material and colour."""
    known = facets(shop)
    of = {"material": "material", "材质": "material", "colour": "colour", "颜色": "colour"}
    n = 0
    for example in made["attribute_value_extraction"]:
        product = known[example.group]
        truth = {
            "material": product.material.name[product.language],
            "colour": product.colour[product.language],
        }
        asked = example.fields["attributes"].replace("、", ", ").split(", ")
        found = dict(example.gold)
        for name in set(asked) & set(of):
            stated = contains(example.fields["text"], truth[of[name]])
            assert stated is (name in found), (example.fields, example.gold)
            assert not stated or found[name].lower() == truth[of[name]].lower()
            n += 1
    assert n > 200


def test_answers_about_a_title_are_true(shop, made):
    known = facets(shop)
    attribute = {"made of": "material", "材质": "material", "colour": "colour", "颜色": "colour"}
    unknown = set(LIBRARY["product_attribute_question"].recipe.options["unknown"].values())
    seen = Counter()
    for example in made["product_attribute_question"]:
        asked = next((a for a in attribute if a in example.fields["question"]), None)
        if asked is None:
            continue
        product = known[example.group]
        truth = (
            product.colour[product.language]
            if attribute[asked] == "colour"
            else product.material.name[product.language]
        )
        right = example.choices[example.gold]
        stated = contains(example.fields["title"], truth)
        assert right == truth if stated else right in unknown
        seen[stated] += 1
    assert seen[True] > 20
    assert seen[False] > 5


def test_one_category_is_right(shop, made):
    category = shop.tables["products"].set_index("product_id")["category"]
    near = 0
    for example in made["product_classification"]:
        right = category[example.group]
        assert example.choices[example.gold] == right
        assert example.choices.count(right) == 1
        near += any(
            c.split(" > ")[0] == right.split(" > ")[0] for c in set(example.choices) - {right}
        )
    assert near > 0.6 * len(made["product_classification"])


def test_only_products_of_the_category_are_right(shop, made):
    rows = shop.tables["products"].dropna(subset=["title"])
    leaf = {
        readable(t): c.split(" > ")[-1]
        for t, c in zip(rows["title"], rows["category"], strict=True)
    }
    for example in made["category_product_retrieval"]:
        wanted = [
            place for place, title in enumerate(example.choices)
            if leaf[title] == example.fields["category"]
        ]  # fmt: skip
        assert wanted == example.gold
        assert 1 <= len(wanted) <= 3


def test_matching_pairs_agree_with_the_truth(shop, made):
    known = facets(shop)
    counts = Counter()
    for example in made["title_attribute_matching"]:
        product = known[example.origin.split(":")[1]]
        counts[example.gold] += 1
        if example.gold == "match":
            assert product.brand in example.fields["properties"]
            assert product.model in example.fields["properties"]
    assert 0.35 < counts["match"] / counts.total() < 0.65


def test_keyphrases_stand_in_their_review(made):
    for example in made["review_keyphrase_extraction"]:
        ((label, phrase),) = example.gold
        assert label == ""
        assert phrase in example.fields["review"]


def test_snippets_that_are_right_come_from_good_reviews(shop, made):
    rating = shop.tables["reviews"].assign(text=lambda t: t["text"].map(readable))
    ratings = rating.groupby("text")["rating"].agg(list)
    for example in made["review_snippet_selection"]:
        for place in example.gold:
            assert max(ratings[example.choices[place]]) >= 4
            assert contains(example.choices[place], example.fields["aspect"])


@pytest.mark.parametrize(
    "name", ["description_generation", "description_summarization", "title_generation"]
)
def test_no_true_colour_or_material_is_told_that_is_not_shown(name, shop, made):
    """Against what the simulation knows of each product, as far as any seller fills it in."""
    known, told = facets(shop), 0
    filled = {
        value
        for properties in shop.tables["products"]["properties"].dropna()
        for values in properties.values()
        for value in values
    }
    for example in made[name]:
        product = known[example.group]
        for term in (product.colour, product.material.name):
            value = term[product.language]
            if value in filled and contains(example.gold, value):
                told += 1
                assert contains("\n".join(example.fields.values()), value), example
    assert told > 10


def test_a_shop_without_reviews_still_has_the_other_tasks(shop):
    tables = {name: table for name, table in shop.tables.items() if name != "reviews"}
    examples, rejected = make_examples(LIBRARY["review_aspect_selection"], tables, 5, SEED)
    assert (examples, rejected[0]["reason"]) == ([], "table_missing")
    assert make_examples(LIBRARY["title_generation"], tables, 5, SEED)[0]
