"""The word lists: complete, rich enough, and usable by every rule of every grammar."""

import random
import re

import pytest

from shoplm.simulation import articles, general_text, listings, reviews
from shoplm.simulation.catalogue import simulate_catalogue
from shoplm.simulation.english import base_form
from shoplm.simulation.grammars import (
    chinese_articles,
    chinese_listings,
    chinese_reviews,
    english_articles,
    english_listings,
    english_reviews,
    general_chinese_asides,
    general_english_asides,
    review_asides,
)
from shoplm.simulation.lexicon import DEPARTMENTS, KINDS
from shoplm.simulation.lexicon.materials import MATERIALS
from shoplm.simulation.lexicon.notation import Term, spec, term, traits
from shoplm.simulation.settings import CatalogueSize
from shoplm.simulation.voice import as_other, context_of, with_decks

ADVERBS = {"never", "hardly", "still", "barely", "also", "cannot", "can", "copy"}


def test_seven_departments_of_which_two_are_held_back():
    assert len(DEPARTMENTS) == 7
    assert sum(department.zero_shot for department in DEPARTMENTS) == 2
    assert all(len(department.kinds) >= 8 for department in DEPARTMENTS)
    groups = {(kind.department, kind.group) for kind in KINDS.values()}
    assert all(sum(g[0] == d.key for g in groups) >= 3 for d in DEPARTMENTS)


@pytest.mark.parametrize("department", DEPARTMENTS, ids=lambda d: d.key)
def test_each_department_has_hundreds_of_words_in_each_language(department):
    def texts(language):
        for kind in department.kinds:
            yield from kind.names(language)
            yield from (part[language] for part in kind.parts + kind.uses)
            for saying in kind.sayings:
                yield saying.text[language]
            for feature in kind.features:
                yield feature.name[language]
                yield from (saying.text[language] for saying in feature.sayings)

    words = set(re.findall("[a-z']+", " ".join(texts("en")).lower()))
    characters = set(re.findall("[\u4e00-\u9fff]", "".join(texts("zh"))))
    assert len(words) > 350 and len(characters) > 350


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda k: k.key)
def test_a_kind_is_complete(kind):
    assert set(kind.materials) <= set(MATERIALS)
    assert set(kind.goes_with) <= set(KINDS) - {kind.key}
    assert len(kind.uses) >= 5 and len(kind.parts) >= 3 and len(kind.features) >= 4
    assert all(any(saying.good for saying in feature.sayings) for feature in kind.features)
    assert {saying.good for saying in kind.sayings} == {True, False}
    assert kind.price[0] < kind.price[1]


def test_english_sayings_start_with_a_verb_and_are_not_chinese():
    for kind in KINDS.values():
        for saying in kind.sayings + tuple(s for f in kind.features for s in f.sayings):
            first = saying.text.en.split()[0]
            finite = base_form(first) != first or first.endswith("ed") or first in ADVERBS
            irregular = first in {"kept", "took", "held", "fell", "broke", "came", "got", "stood"}
            plural = any(s is saying for f in kind.features for s in f.sayings)
            assert finite or irregular or plural or first in {"went", "became", "lost"}, saying
            assert not re.search("[\u4e00-\u9fff]", saying.text.en)
            assert re.search("[\u4e00-\u9fff]", saying.text.zh)


@pytest.fixture(scope="module")
def products():
    made = simulate_catalogue(CatalogueSize(products=400), seed=1)
    plural = next(p for p in made if p.language == "en" and p.kind.plural)
    singular = next(p for p in made if p.language == "en" and not p.kind.plural)
    chinese = next(p for p in made if p.language == "zh")
    return {"en": (singular, plural), "zh": (chinese,)}


SHOP_RULES = [
    (reviews.GRAMMARS, {"en": english_reviews.RULES, "zh": chinese_reviews.RULES}),
    (listings.GRAMMARS, {"en": english_listings.RULES, "zh": chinese_listings.RULES}),
    (articles.GRAMMARS, {"en": english_articles.RULES, "zh": chinese_articles.RULES}),
    (reviews.GRAMMARS, review_asides.MANNERS),
]


@pytest.mark.parametrize(("grammars", "rules"), SHOP_RULES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_about_products_can_be_written(grammars, rules, language, products):
    rng = random.Random(0)
    for product in products[language]:
        words = with_decks(context_of(product)) | as_other(context_of(product))
        for name, texts in rules[language].items():
            for text in texts:
                for _ in range(5):
                    written = grammars[language].write(text, words, rng)
                    assert not set("{}|") & set(written), (name, text, written)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_of_the_general_text_can_be_written(language):
    rng = random.Random(0)
    grammar = general_text.GRAMMARS[language]
    for genre in general_text.GENRES[language].values():
        for _ in range(3):
            own = general_text.cast_names(language, genre, rng)
            for part in ("title", "open", "body", "end"):
                for text in genre[part]:
                    assert not set("{}|") & set(grammar.write(text, own, rng)), text
    manners = {"en": general_english_asides, "zh": general_chinese_asides}[language].MANNERS
    for manner in manners.values():
        for text in (*manner["before"], *manner["after"]):
            assert not set("{}|") & set(grammar.write(text, {}, rng)), text


def test_the_notation():
    assert term("oak | 橡木") == Term("oak", "橡木")
    assert spec("width | 宽度 = 30 45 cm").values == (
        Term("30 cm", "30厘米"),
        Term("45 cm", "45厘米"),
    )
    assert spec("nib | 笔尖 = F nib | F尖, B nib | B尖").values[1] == Term("B nib", "B尖")
    assert spec("size | 尺码 = S, M").values == (Term("S", "S"), Term("M", "M"))
    (trait,) = traits("""
        oak: solid oak | 橡木
        + lasts | 耐用
        - weighs a lot | 很重
    """)
    assert (trait.key, trait.name.zh) == ("oak", "橡木")
    assert [saying.good for saying in trait.sayings] == [True, False]


@pytest.mark.parametrize("text", ["oak", "oak | ", "a | b | c", "oak|橡木"])
def test_a_broken_pair_is_refused(text):
    with pytest.raises(ValueError, match="expected 'english"):
        term(text)
