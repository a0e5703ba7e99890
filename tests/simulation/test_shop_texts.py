"""Listings, reviews and articles: varied, uneven, and consistent about each product."""

import ast
import json
import random
import re
from itertools import pairwise

import numpy as np
import pytest

from shoplm.simulation.catalogue import simulate_catalogue
from shoplm.simulation.listings import write_listings
from shoplm.simulation.properties import SHAPES, property_pairs
from shoplm.simulation.reviews import review_counts, write_reviews
from shoplm.simulation.settings import CatalogueSize

WORDS = re.compile("[\u4e00-\u9fff]|[A-Za-z0-9']+")


def words_of(text):
    return WORDS.findall(text.lower())


def sentences_of(texts):
    for text in texts:
        for sentence in re.split(r"(?<=[.!?])\s|(?<=[。！？～])|\n", text):
            if len(sentence.strip()) > 3:
                yield sentence.strip()


def test_the_same_seed_gives_the_same_tables_and_another_others(build_shop, small_settings):
    first, again = build_shop(small_settings), build_shop(small_settings)
    other = build_shop(small_settings.model_copy(update={"seed": 8}))
    assert first.truth == again.truth != other.truth
    for name, table in first.tables.items():
        assert table.equals(again.tables[name]), name
        assert not table.equals(other.tables[name]), name


def test_rows_are_what_was_asked_for_and_what_was_planted(simulated):
    size, general = simulated.settings.catalogue, simulated.settings.general
    asked = {
        "products": size.products,
        "reviews": size.reviews,
        "articles": size.articles,
        "general_text": general.english + general.chinese,
    }
    repaired = {"markup", "mojibake", "control_characters"}
    for name, rows in asked.items():
        planted = simulated.truth["planted"][name]
        extra = sum(len(ids) for kind, ids in planted.items() if kind not in repaired)
        extra += len(simulated.truth["exact_duplicates"][name])
        if name != "products":  # a copied description is another product's, not another row
            extra += len(simulated.truth["near_duplicates"][name])
        assert len(simulated.tables[name]) == rows + extra


def test_no_settings_are_too_small(build_shop, small_settings):
    none = build_shop(
        small_settings.model_copy(
            update={
                "catalogue": CatalogueSize(products=20, reviews=0, articles=0, queries=0),
                "general": small_settings.general.model_copy(update={"english": 0, "chinese": 0}),
            }
        )
    )
    assert len(none.tables["reviews"]) == len(none.tables["general_text"]) == 0


def parse(shape, text):
    """Read a shape back, by other means than those it was written with."""
    if shape == "delimited":
        return [tuple(pair.split("#:#")) for pair in text.split("#;#")]
    if shape == "starred":
        return [tuple(pair.split("#")) for pair in text.split("*")]
    if shape == "ruby":
        rows = json.loads(text.replace("=>", ":"))["product_specification"]
        return [(row["key"], row["value"]) for row in rows]
    if shape == "python_list":
        return [tuple(entry.split(": ", 1)) for entry in ast.literal_eval(text)]
    merged = json.loads(text)
    values = {key: v if isinstance(v, list) else [v] for key, v in merged.items()}
    return [(key, value) for key, several in values.items() for value in several]


def shape_of(text):
    if text.startswith("{"):
        return "ruby" if "=>" in text else "json"
    if text.startswith("["):
        return "python_list"
    return "delimited" if "#:#" in text else "starred"


def test_properties_come_in_every_shape_and_can_be_read_back(clean):
    seen = set()
    for row in clean.tables["products"].itertuples():
        shape = shape_of(row.properties)
        seen.add(shape)
        true = clean.truth["product_properties"][row.product_id]
        assert sorted(parse(shape, row.properties)) == sorted(map(tuple, true))
    assert seen == set(SHAPES)


def test_sellers_name_and_order_properties_differently():
    product = simulate_catalogue(CatalogueSize(products=20), 1)[0]
    lists = [property_pairs(product, random.Random(seed)) for seed in range(20)]
    assert len({tuple(key for key, _ in pairs) for pairs in lists}) > 10
    assert all(pairs[0][1] == product.brand and pairs[1][1] == product.model for pairs in lists)


def test_titles_and_articles_carry_names(clean):
    names = {p.product_id: p.name for p in clean.shop.products}
    for row in clean.tables["products"].itertuples():
        title = row.title.replace(" ", "").lower()
        assert clean.shop.products[int(row.product_id[1:])].model.replace(" ", "").lower() in title
    found = total = 0
    for row in clean.tables["articles"].itertuples():
        linked = clean.truth["article_links"][row.article_id]
        assert 1 <= len(linked) <= 4
        assert row.product_ids is None or list(row.product_ids) == linked
        total += len(linked)
        found += sum(names[product_id] in row.text for product_id in linked)
    assert 0.85 < found / total < 1  # some mentions are spelt in capitals or full-width characters
    assert clean.tables["articles"]["product_ids"].isna().mean() > 0.6
    counts = [len(linked) for linked in clean.truth["article_links"].values()]
    assert set(counts) == {1, 2, 3, 4}


def test_respelt_mentions_are_the_same_name_after_normalisation(clean):
    import unicodedata

    def normal(text):
        return unicodedata.normalize("NFKC", text).casefold()

    names = {p.product_id: p.name for p in clean.shop.products}
    for row in clean.tables["articles"].itertuples():
        for product_id in clean.truth["article_links"][row.article_id]:
            assert normal(names[product_id]) in normal(row.text)


def test_reviews_are_uneven():
    products = simulate_catalogue(CatalogueSize(products=500), 1)
    counts = review_counts(products, 3000, 0.12, seed=1)
    assert counts.sum() == 3000
    assert 0.12 <= (counts == 0).mean() < 0.4
    top = np.sort(counts)[::-1]
    assert top[:50].sum() > 0.35 * 3000


def test_ratings_follow_quality_and_dates_follow_the_launch():
    products = simulate_catalogue(CatalogueSize(products=200), 1)
    frame = write_reviews(products, 2000, 0.1, days=100, end=10_000_000, seed=1)
    by_id = {p.product_id: p for p in products}
    quality = np.array([by_id[i].quality for i in frame["product_id"]])
    assert np.corrcoef(quality, frame["rating"])[0, 1] > 0.4
    assert set(frame["rating"]) == {1, 2, 3, 4, 5}
    launch = np.array([max(by_id[i].launch, 0) for i in frame["product_id"]])
    start = 10_000_000 - 100 * 86_400
    assert (frame["timestamp"] >= start + launch * 100 * 86_400 - 1).all()
    assert frame["timestamp"].max() <= 10_000_000


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("products", "description"),
        ("reviews", "text"),
        ("articles", "text"),
        ("general_text", "text"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_language_is_varied(clean, table, column, language):
    frame = clean.tables[table]
    texts = frame.loc[frame["language"] == language, column]
    sentences = list(sentences_of(texts))
    assert len(set(sentences)) / len(sentences) > 0.9
    assert texts.nunique() / len(texts) > 0.98
    words = [word for text in texts for word in words_of(text)]
    assert len(set(words)) > (1_300 if language == "en" else 900)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_general_text_speaks_of_other_things_in_other_words(clean, language):
    def vocabulary(table, column):
        frame = clean.tables[table]
        texts = frame.loc[frame["language"] == language, column]
        return {word for text in texts for word in words_of(text)}

    shop = vocabulary("products", "description") | vocabulary("reviews", "text")
    general = vocabulary("general_text", "text")
    # function words, and in Chinese most common characters, are shared; a lot is not
    assert len(general - shop) / len(general) > (0.6 if language == "en" else 0.3)
    assert len(shop - general) / len(shop) > (0.6 if language == "en" else 0.25)


def test_the_sources_of_one_product_share_more_than_those_of_two_alike(clean):
    """What mixing exploits: a review is better foretold by its own product's other texts."""
    listing = clean.tables["products"].set_index("product_id")
    texts = {i: f"{r.title} {r.properties} {r.description}" for i, r in listing.iterrows()}
    kinds = {}
    for product in clean.shop.products:
        kinds.setdefault((product.language, product.kind.key), []).append(product.product_id)
    own_share, other_share = [], []
    rng = random.Random(0)
    for row in clean.tables["reviews"].itertuples():
        product = clean.shop.products[int(row.product_id[1:])]
        alike = [i for i in kinds[product.language, product.kind.key] if i != row.product_id]
        if not alike:
            continue
        words = words_of(row.text)
        said = set(pairwise(words))

        def share(product_id, said=said):
            words = words_of(texts[product_id])
            return len(said & set(pairwise(words))) / max(1, len(said))

        own_share.append(share(row.product_id))
        other_share.append(share(rng.choice(alike)))
    assert np.mean(own_share) > 1.4 * np.mean(other_share)


def test_reviews_of_one_product_name_its_values(clean):
    """Material, colour, size or a feature of the product is named in most of its reviews."""
    hits = 0
    for row in clean.tables["reviews"].itertuples():
        truth = clean.truth["products"][row.product_id]
        values = [truth["material"], truth["colour"], *truth["features"], *truth["specs"].values()]
        hits += any(value.lower() in row.text.lower() for value in values)
    assert hits / len(clean.tables["reviews"]) > 0.6


def test_listings_have_their_columns(clean):
    frame, _ = write_listings(clean.shop.products[:50], seed=1)
    assert list(frame.columns) == [
        "product_id", "department", "category", "language", "name", "title", "properties",
        "description", "price",
    ]  # fmt: skip
    assert frame["category"].str.count(" > ").eq(1).all()
    assert (frame["price"] > 0).all()
