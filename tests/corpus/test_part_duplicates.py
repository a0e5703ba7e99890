import random

import ibis
import pyarrow as pa
import pytest

from shoplm.corpus.part_duplicates import find_part_duplicates, similar_parts
from shoplm.corpus.quality_settings import DeduplicationSettings

SCHEMA = pa.schema(
    [*((name, pa.string()) for name in ("record_id", "source", "language", "text")),
     ("parts", pa.list_(pa.string()))]
)  # fmt: skip
SETTINGS = DeduplicationSettings(threshold=0.7)
WORDS = [f"word{n}" for n in range(400)]


def passage(start, size=60):
    return " ".join(WORDS[start : start + size])


def duplicates(*rows, using=SETTINGS):
    columns = list(
        zip(*((i, source, "en", "\n".join(parts), parts) for i, source, *parts in rows),
            strict=True)
    )  # fmt: skip
    table = pa.table(columns or [[]] * len(SCHEMA), schema=SCHEMA)
    found = find_part_duplicates(ibis.memtable(table), using)
    return {r.record_id: (r.reason, r.detail) for r in found.itertuples()}


def test_two_questions_about_one_passage_are_no_duplicates():
    one, other = passage(0), passage(0).replace("word7 ", "wordx ")
    assert duplicates(("a", "qa", one, "how heavy is it"), ("b", "qa", one, "how long")) == {}
    found = duplicates(("a", "qa", one, "how heavy is it"), ("b", "qa", other, "How heavy is it?"))
    assert found == {"a": ("near_duplicate", "b")}  # the longer text stays


def test_the_same_words_are_an_exact_duplicate_only_in_the_same_parts():
    assert duplicates(("a", "qa", "red", "blue shirt"), ("b", "qa", "Red!", "blue shirt")) == {
        "a": ("exact_duplicate", "b")  # the longer text stays
    }
    assert duplicates(("a", "qa", "red", "blue shirt"), ("b", "qa", "red blue", "shirt")) == {}


def test_another_task_may_ask_about_the_same():
    rows = ("a", "qa", passage(0)), ("b", "title", passage(0))
    assert duplicates(*rows) == {}
    everywhere = SETTINGS.model_copy(update={"within": "all"})
    assert set(duplicates(*rows, using=everywhere)) == {"b"}


def test_nothing_gives_nothing():
    assert duplicates() == {}
    assert list(similar_parts([], [], SETTINGS)) == []


def test_a_short_part_must_have_the_same_words():
    long = passage(0)
    pairs = [
        ([long, "red"], [long, "Red."]), ([long, "red"], [long, "blue"]), ([long], [long, "red"]),
        ([long, "x"], [passage(300), "x"]), ([], []),
    ]  # fmt: skip
    left, right = (list(side) for side in zip(*pairs, strict=True))
    assert list(similar_parts(left, right, SETTINGS)) == [True, False, False, False, True]


@pytest.mark.parametrize("seed", [0, 1])
def test_each_that_goes_has_one_like_it_that_stays_whatever_the_order(seed):
    rng = random.Random(seed)
    drawn = [(rng.choice("qt"), rng.randrange(4), rng.randrange(3)) for _ in range(24)]
    rows = [
        (f"r{n}", source, passage(100 * text), f"asks {asked}")
        for n, (source, text, asked) in enumerate(drawn)
    ]
    found = duplicates(*rows)
    content = {r[0]: r[1:] for r in rows}
    kept = {content[i] for i in content if i not in found}
    assert kept == set(content.values()) and len(content) - len(found) == len(kept)
    assert all(content[i] == content[stays] for i, (_, stays) in found.items())
    assert duplicates(*rng.sample(rows, len(rows))) == found


@pytest.mark.parametrize("linkage", ["direct", "component"])
def test_the_survivor_is_the_longest(linkage):
    base = passage(0)
    rows = [("a", "qa", base), ("b", "qa", f"{base} more"), ("c", "qa", f"{base} and yet more")]
    linked = SETTINGS.model_copy(update={"linkage": linkage})
    assert {i: stays for i, (_, stays) in duplicates(*rows, using=linked).items()} == {
        "a": "c", "b": "c",
    }  # fmt: skip
