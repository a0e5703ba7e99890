"""The grammar's notation."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.simulation.grammar import Deck, Grammar


def write(text, context=None, seed=0, **rules):
    return Grammar(rules).write(text, context or {}, random.Random(seed))


def outcomes(text, context=None, **rules):
    return Counter(write(text, context, seed, **rules) for seed in range(300))


@given(st.text().filter(lambda text: not set(text) & set("(){}|\\")))
def test_plain_text_stays_as_it_is(text):
    assert write(text) == text


def test_special_characters_are_escaped():
    assert write(r"a \(b\) \{c\} d\|e") == "a (b) {c} d|e"


def test_alternatives_nest_and_may_be_empty():
    assert set(outcomes("a(b|c(d|)|)")) == {"ab", "acd", "ac", "a"}


def test_alternatives_are_equally_likely():
    counts = outcomes("(x|y|z)")
    assert set(counts) == {"x", "y", "z"} and min(counts.values()) > 60


def test_rules_expand_rules():
    assert set(outcomes("{np} sleeps", np=["the {noun}", "a {noun}"], noun=["cat"])) == {
        "the cat sleeps",
        "a cat sleeps",
    }


def test_the_context_comes_before_rules_and_may_hold_templates():
    assert write("{noun}", {"noun": "dog"}, noun=["cat"]) == "dog"
    assert set(outcomes("{noun}", {"noun": ("(big|small) dog",)})) == {"big dog", "small dog"}


def test_a_bound_name_says_the_same_again():
    for text in outcomes("{who=name} and {who}", name=["Ann", "Bob", "Cy"]):
        first, second = text.split(" and ")
        assert first == second


def test_binding_leaves_the_callers_context_alone():
    context = {}
    write("{who=name}", context, name=["Ann"])
    assert context == {}


def test_a_deck_repeats_nothing_before_all_was_said():
    deck = Deck("abcd")
    uniform = random.Random(1).random
    drawn = [deck.draw(uniform) for _ in range(8)]
    assert sorted(drawn[:4]) == sorted(drawn[4:]) == list("abcd")


def test_the_same_seed_writes_the_same_text():
    text = "{a} {a} {a} {a}"
    rules = {"a": list("abcdefgh")}
    assert write(text, seed=3, **rules) == write(text, seed=3, **rules)
    assert len(outcomes(text, **rules)) > 100


def test_mistakes_are_named():
    with pytest.raises(KeyError, match="missing"):
        write("{missing}")
    with pytest.raises(ValueError, match="never closes"):
        write("a (b|c")
    with pytest.raises(ValueError, match="'a' is defined twice"):
        Grammar({"a": ["x"]}, {"a": ["y"]})
    with pytest.raises(ValueError, match="at least one"):
        Deck([])
