"""The held-out benchmark, and the passages that leaked from it."""

import re

import pytest

SOURCES = {
    "general_text": ("general_text", "doc_id", "text"),
    "descriptions": ("products", "product_id", "description"),
    "reviews": ("reviews", "review_id", "text"),
    "articles": ("articles", "article_id", "text"),
}


def grams(text, size=13):
    """Runs of 13 words, where a Chinese character is a word: found by looking, not by the truth."""
    words = re.findall("[\u4e00-\u9fff]|[a-z0-9]+", text.lower())
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


@pytest.fixture(scope="module")
def forbidden(simulated):
    found = {}
    for row in simulated.tables["benchmark_passages"].itertuples():
        for gram in grams(row.passage) | grams(row.question):
            found.setdefault(gram, set()).add(row.example_id)
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_exactly_the_listed_records_share_a_long_run_with_the_benchmark(
    simulated, forbidden, source
):
    table, key, column = SOURCES[source]
    listed = simulated.truth["contaminated"].get(source, {})
    found = {}
    for identifier, text in simulated.tables[table].set_index(key)[column].items():
        hits = [forbidden[gram] for gram in grams(text or "") if gram in forbidden]
        if hits:
            found[identifier] = set.union(*hits)
    assert set(found) == set(listed)
    assert all(listed[identifier] in examples for identifier, examples in found.items())
    assert source == "articles" or len(listed) >= 4


def test_all_leaks_are_planted_half_of_them_in_general_text(simulated):
    listed = {source: len(ids) for source, ids in simulated.truth["contaminated"].items()}
    assert sum(listed.values()) == simulated.settings.general.leaks == 18
    assert listed["general_text"] == 9 and listed["descriptions"] + listed["reviews"] == 9


def test_answers_stand_in_their_passages(simulated):
    table = simulated.tables["benchmark_passages"]
    assert table["example_id"].is_unique and table["passage"].is_unique
    assert set(table["language"]) == {"en", "zh"}
    for row in table.itertuples():
        assert row.answer in row.passage and row.question[-1] in "?？"
