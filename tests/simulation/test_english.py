"""English morphology and punctuation."""

import pytest

from shoplm.simulation import chinese
from shoplm.simulation.english import agree, is_plural, pluralise, tidy, title_case


@pytest.mark.parametrize(
    ("predicate", "plural"),
    [
        ("holds heat", "hold heat"),
        ("never rusts", "never rust"),
        ("is heavy to lift", "are heavy to lift"),
        ("was occupied", "were occupied"),
        ("does not fit", "do not fit"),
        ("goes flat", "go flat"),
        ("dries quickly", "dry quickly"),
        ("catches every drop", "catch every drop"),
        ("presses on the ears", "press on the ears"),
        ("loses its shape", "lose its shape"),
        ("stays dry", "stay dry"),
        ("kept me warm", "kept me warm"),
        ("keep the wind out", "keep the wind out"),
    ],
)
def test_predicates_agree_with_plural_subjects(predicate, plural):
    assert agree(predicate, plural=True) == plural
    assert agree(predicate, plural=False) == predicate


@pytest.mark.parametrize("noun", ["ribbed cuffs", "deep pockets on the sheet", "wide feet"])
def test_plural_nouns(noun):
    assert is_plural(noun)


@pytest.mark.parametrize("noun", ["juice groove", "built-in GPS", "canvas", "glass lid", "lens"])
def test_singular_nouns(noun):
    assert not is_plural(noun)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("frying pan", "frying pans"),
        ("chef's knife", "chef's knives"),
        ("arctic fox", "arctic foxes"),
        ("wolf", "wolves"),
        ("dragonfly", "dragonflies"),
        ("bookshelf", "bookshelves"),
        ("toy", "toys"),
    ],
)
def test_plurals(one, many):
    assert pluralise(one) == many


def test_tidying_capitals_spaces_and_articles():
    assert tidy("a  oak shelf , and a unusual one. it is a useful hour") == (
        "An oak shelf, and an unusual one. It is a useful hour"
    )
    assert tidy("a one-off, a European, a hour, a uniform.") == (
        "A one-off, a European, an hour, a uniform."
    )
    assert tidy("my sister, who knows,, agrees,.") == "My sister, who knows, agrees."


def test_titles_keep_units_small():
    assert title_case("oak shelf with feet, 30 cm") == "Oak Shelf with Feet, 30 cm"


def test_chinese_punctuation_is_not_doubled():
    assert chinese.tidy("，很好，。真的，，不错。。") == "很好。真的，不错。"
