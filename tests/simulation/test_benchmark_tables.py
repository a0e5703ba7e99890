"""The small tables of benchmark tasks: what stands in them is true by construction."""

import random
import re
from collections import Counter

import pytest

from shoplm.simulation.addresses import write_address_pair
from shoplm.simulation.benchmark_tables import write_benchmark_tables
from shoplm.simulation.grammars import everyday_events, inference_scenes, news_items
from shoplm.simulation.settings import BenchmarkSize, ShopSettings
from shoplm.simulation.shop import open_shop
from shoplm.simulation.texts import write_texts


@pytest.fixture(scope="module")
def tables():
    return write_benchmark_tables(BenchmarkSize(news=240, premises=120, addresses=150), 7)


def test_only_size_and_seed_decide_them(tables):
    size = BenchmarkSize(news=240, premises=120, addresses=150)
    again, other = (write_benchmark_tables(size, seed) for seed in (7, 8))
    assert all(again[name].equals(table) for name, table in tables.items())
    assert not any(other[name].equals(table) for name, table in tables.items())
    # a larger table starts with a smaller one, and its size moves no other
    fewer = write_benchmark_tables(BenchmarkSize(news=10, premises=120, addresses=20), 7)
    assert fewer["news"].equals(tables["news"].head(10))
    assert fewer["addresses"].equals(tables["addresses"].head(20))
    assert fewer["sentence_pairs"].equals(tables["sentence_pairs"])


def test_no_other_text_of_the_shop_knows_of_them(small_settings):
    larger = small_settings.model_copy(update={"benchmarks": BenchmarkSize(news=400, premises=9)})
    one, two = (write_texts(open_shop(s), s)[0] for s in (small_settings, larger))
    assert all(table.equals(two[name]) for name, table in one.items())


def test_news_are_of_all_topics_equally_and_never_twice(tables):
    news = tables["news"]
    assert news["text"].is_unique and news["news_id"].is_unique
    for language, of in news.groupby("language"):
        counts = of["topic"].value_counts()
        assert set(counts.index) == set(news_items.TOPICS[language])
        assert counts.max() - counts.min() <= 1
        assert of["text"].str.contains(r"[{}|]").sum() == 0
    stories = news.loc[news["language"] == "en", "text"].str.split("\n")
    assert (stories.map(len) == 2).all()


def test_each_premise_has_one_hypothesis_of_each_relation(tables):
    pairs = tables["sentence_pairs"]
    assert pairs["pair_id"].is_unique
    for _, of in pairs.groupby("premise_id"):
        assert sorted(of["relation"]) == ["contradiction", "entailment", "neutral"]
        assert of["premise"].nunique() == 1 and of["hypothesis"].is_unique
    assert pairs["premise"].nunique() == pairs["premise_id"].nunique() == 120


def test_what_follows_is_never_what_is_ruled_out():
    """Of one activity no wording stands for two relations; and forms are English."""
    for language in ("en", "zh"):
        for _, *states in inference_scenes.DOING[language]:
            wordings = [text for state in states for text in state.split("|")]
            assert len(set(wordings)) == len(wordings) == 6
        places = inference_scenes.PLACES[language]
        insides, elsewheres = {p[1] for p in places}, {p[2] for p in places}
        assert insides.isdisjoint(elsewheres)


def test_verbs_agree_with_their_subjects(tables):
    english = tables["sentence_pairs"].query("language == 'en'")
    these = "The boys|The students|The neighbours|The tourists"
    plural = rf"^(?:Two|Three|Four|Some|Several|A group|My two|{these})\b"
    for column in ("premise", "hypothesis"):
        many = english[column].str.contains(plural)
        verbs = english[column].str.extract(r" (is|are) ")[0]
        assert 0 < many.sum() < len(many)
        assert (verbs == many.map({True: "are", False: "is"})).all()


def place_of(address):
    """What an address says, by another road than it was written: numbers, names, in order."""
    spelled = {"十": "10", "十一": "11", "二十": "20"}
    spelled |= {c: str(n) for n, c in enumerate("零一二三四五六七八九")}
    spelled |= {f"十{c}": f"1{n}" for n, c in enumerate("零一二三四五六七八九") if n}
    found = re.fullmatch(
        r"(?:..省)?(..)市?(..区)(.*?)(\d+)号院?(\D+?)"
        r"(?:(\d+|[一二三四五六七八九十]+)(?:栋|幢|号楼)(?:(.+)单元(\d+)(?:室|房)?)?)?",
        address,
    )
    assert found, address
    return [spelled.get(part, part) for part in found.groups()]


def test_addresses_match_as_their_degree_says(tables):
    table = tables["addresses"]
    assert set(table["match"].value_counts()) == {50}
    for row in table.itertuples():
        assert row.first != row.second
        one, two = place_of(row.first), place_of(row.second)
        if row.match == "yes":
            assert one == two
        elif row.match == "partial":
            assert one[:5] == two[:5] and one != two
        else:
            assert one[1] != two[1] or (one[2] != two[2] and one[4] != two[4])


def test_an_address_is_written_in_many_ways():
    rng = random.Random(0)
    pairs = {write_address_pair("yes", rng) for _ in range(50)}
    assert len(pairs) == 50


def test_each_category_is_explained_in_both_languages(tables):
    notes = tables["category_notes"]
    assert notes.groupby("category_id")["language"].agg(set).map(len).eq(2).all()
    assert notes["explanation"].is_unique
    for row in notes.itertuples():
        assert row.category.split(" > ")[1].lower() in row.explanation.lower()
        assert row.category.split(" > ")[0].lower() in row.explanation.lower()


def test_an_answer_belongs_to_one_event_and_relation(tables):
    questions = tables["event_questions"]
    for _, of in questions.groupby("language"):
        assert of["answer"].is_unique
        assert (
            of.groupby("event_id")["relation"]
            .agg(Counter)
            .map(lambda found: found == Counter(["obstacle", "need", "effect"]))
            .all()
        )
    assert set(everyday_events.FRAMES["en"]) == set(everyday_events.FRAMES["zh"])


def test_more_than_there_are_is_refused():
    with pytest.raises(ValueError, match=r"benchmarks\.sentence_pairs: no more different texts"):
        write_benchmark_tables(BenchmarkSize(premises=20_000), 1)
    assert ShopSettings().benchmarks == BenchmarkSize()
