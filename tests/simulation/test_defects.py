"""Planted defects: really there, listed in the truth, and repairable where they should be."""

import difflib
import html
import random
import re
import unicodedata

import ftfy
import pytest

from shoplm.simulation.defects import (
    GARBAGE_KINDS,
    edit_slightly,
    garbage_text,
    to_markup,
    to_mojibake,
    with_control_characters,
)

KEYS = {
    "products": ("product_id", "description"),
    "reviews": ("review_id", "text"),
    "articles": ("article_id", "text"),
    "general_text": ("doc_id", "text"),
}


@pytest.fixture(scope="module")
def text_of(simulated):
    found = {}
    for table, (key, column) in KEYS.items():
        found[table] = simulated.tables[table].set_index(key)[column].to_dict()
    return found


def bare(text):
    return re.sub(r"\W", "", unicodedata.normalize("NFKC", text))


def test_ids_are_unique_and_every_planted_id_is_in_its_table(simulated, text_of):
    for table, (key, _) in KEYS.items():
        assert simulated.tables[table][key].is_unique
        for ids in simulated.truth["planted"][table].values():
            assert set(ids) <= set(text_of[table])


def test_no_row_has_two_defects(simulated):
    for table in KEYS:
        seen = [i for ids in simulated.truth["planted"][table].values() for i in ids]
        seen += [pair[1] for pair in simulated.truth["exact_duplicates"][table]]
        seen += [pair[1] for pair in simulated.truth["near_duplicates"][table]]
        assert len(seen) == len(set(seen))


def test_exact_duplicates_are_equal(simulated, text_of):
    for table in ("reviews", "general_text"):
        pairs = simulated.truth["exact_duplicates"][table]
        assert len(pairs) > 10
        assert all(text_of[table][a] == text_of[table][b] for a, b in pairs)


@pytest.mark.parametrize("table", ["reviews", "general_text", "products"])
def test_near_duplicates_are_alike_and_not_equal(simulated, text_of, table):
    pairs = simulated.truth["near_duplicates"][table]
    assert len(pairs) >= 10
    for first, second in pairs:
        one, two = text_of[table][first], text_of[table][second]
        assert one != two
        assert difflib.SequenceMatcher(None, one, two, autojunk=False).ratio() > 0.85


def test_ordinary_texts_are_no_near_duplicates(clean):
    """What is not planted is not there: few reviews share most of their word triples by chance."""
    texts = clean.tables["reviews"]["text"]
    shingles = [
        frozenset(zip(*(words[i:] for i in range(3)), strict=False))
        for words in (re.findall("[\u4e00-\u9fff]|[A-Za-z]+", text) for text in texts)
        if len(words) > 25
    ]
    where = {}
    for index, triples in enumerate(shingles):
        for triple in triples:
            where.setdefault(triple, []).append(index)
    near = 0
    for index, triples in enumerate(shingles):
        others = {}
        for triple in triples:
            for other in where[triple]:
                if other > index:
                    others[other] = others.get(other, 0) + 1
        near += any(
            shared / (len(triples) + len(shingles[other]) - shared) > 0.7
            for other, shared in others.items()
        )
    assert near / len(shingles) < 0.005


def test_boilerplate_is_the_same_for_many_products(simulated, text_of):
    ids = simulated.truth["planted"]["reviews"]["boilerplate"]
    reviews = simulated.tables["reviews"].set_index("review_id").loc[ids]
    assert 2 <= reviews["text"].nunique() <= 6 < reviews["product_id"].nunique()
    assert set(reviews["language"]) == {"en", "zh"}


@pytest.mark.parametrize("table", KEYS)
def test_markup_mojibake_and_control_characters_can_be_undone(simulated, text_of, table):
    planted, originals = simulated.truth["planted"][table], simulated.truth["originals"][table]
    for identifier in planted["markup"]:
        damaged = text_of[table][identifier]
        assert "<" in damaged and ">" in damaged
        plain = html.unescape(re.sub("<[^>]+>", " ", damaged))
        assert bare(plain) == bare(originals[identifier])
    for identifier in planted["mojibake"]:
        damaged = text_of[table][identifier]
        assert damaged != originals[identifier]
        repaired = ftfy.fix_text(damaged)
        ratio = difflib.SequenceMatcher(None, bare(repaired), bare(originals[identifier])).ratio()
        assert ratio > 0.95, damaged
    for identifier in planted["control_characters"]:
        damaged = text_of[table][identifier]
        assert any(unicodedata.category(c) in ("Cc", "Cf") and c != "\n" for c in damaged)
        assert bare(damaged) == bare(originals[identifier])


def test_garbage_is_what_it_says(simulated, text_of):
    planted = simulated.truth["planted"]["reviews"]
    texts = text_of["reviews"]
    assert set(GARBAGE_KINDS) <= set(planted)
    assert all(not re.search("[A-Za-z\u4e00-\u9fff]", texts[i]) for i in planted["symbols"])
    assert all(not texts[i].strip() for i in planted["empty"])
    assert all(re.fullmatch(r"[\d ]+", texts[i]) for i in planted["digits"])
    assert all(len(set(texts[i])) <= 6 for i in planted["repeated"])
    reviews = simulated.tables["reviews"].set_index("review_id")
    for identifier in planted["wrong_language"]:
        chinese = len(re.findall("[\u4e00-\u9fff]", texts[identifier])) / len(texts[identifier])
        assert (chinese > 0.3) != (reviews.at[identifier, "language"] == "zh")
    assert reviews.loc[planted["null_key"], "product_id"].isna().all()
    others = reviews.drop(index=planted["null_key"])
    assert others["product_id"].notna().all()


def test_garbage_listings_do_not_pose_as_products(simulated):
    listings = simulated.tables["products"].set_index("product_id")
    garbage = [
        i for kind in GARBAGE_KINDS for i in simulated.truth["planted"]["products"].get(kind, [])
    ]
    assert garbage and listings.loc[garbage, ["name", "title", "properties"]].isna().all(axis=None)
    assert not set(garbage) & set(simulated.tables["items"]["item_id"])


def test_an_edit_changes_something_small():
    rng = random.Random(0)
    for language, text in (
        ("en", "The pan sits flat on the hob and it is easy to clean afterwards."),
        ("zh", "这口锅放在灶上平稳，热水冲一下就干净。"),
    ):
        for _ in range(30):
            edited = edit_slightly(text, language, rng)
            assert edited != text and abs(len(edited) - len(text)) < 12


def test_each_kind_of_garbage_is_made():
    rng = random.Random(0)
    for kind in set(GARBAGE_KINDS) - {"wrong_language", "null_key", "empty"}:
        assert garbage_text(kind, rng).strip()
    assert to_mojibake("plain") is None
    assert to_mojibake("don't") == "donâ€™t"
    assert to_markup("a & b", rng).count("&amp;") == 1
    assert len(with_control_characters("abc", rng)) > 3
