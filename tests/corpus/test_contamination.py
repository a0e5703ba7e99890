"""Records that share long n-grams with a benchmark."""

import random
import re

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.corpus.contamination import find_contaminated
from shoplm.corpus.quality_settings import ContaminationSettings

RECORDS = pa.schema(dict.fromkeys(("record_id", "source", "text"), pa.string()))
BENCHMARKS = pa.schema(dict.fromkeys(("name", "text"), pa.string()))
WORDS = [f"w{n}" for n in range(60)]
CHARACTERS = [chr(0x4E00 + n) for n in range(60)]


def find(texts, benchmarks, threads=1, order=None, **changes):
    """record_id to detail; `benchmarks` are (name, text)."""
    rows = [{"record_id": f"r{n}", "source": "s", "text": text} for n, text in enumerate(texts)]
    if order is not None:
        rows = [rows[n] for n in order]
    engine = ibis.duckdb.connect(threads=threads)
    records = engine.create_table("records", pa.Table.from_pylist(rows, RECORDS))
    known = [dict(zip(("name", "text"), pair, strict=True)) for pair in benchmarks]
    known = engine.create_table("known", pa.Table.from_pylist(known, BENCHMARKS))
    found = find_contaminated(records, known, ContaminationSettings(**changes)).to_pyarrow()
    assert found.column_names == ["record_id", "source", "reason", "detail"]
    assert set(found["reason"].to_pylist()) <= {"contaminated"}
    ids = found["record_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    return dict(zip(ids, found["detail"].to_pylist(), strict=True))


def sentence(first, last):
    return " ".join(f"word{n}" for n in range(first, last))


def test_thirteen_words_in_a_row_are_an_overlap():
    known = [("quiz", sentence(0, 40))]
    texts = [
        "before it, " + sentence(10, 23).upper().replace(" ", ", ") + "! and after",  # 13
        sentence(10, 22) + " other " + sentence(23, 35),  # 12 and 12
        sentence(27, 40),  # the last 13
        sentence(28, 40),
        "",
        None,
    ]
    assert find(texts, known) == {
        "r0": "quiz: " + sentence(10, 23).replace(" ", ", "),
        "r2": "quiz: " + sentence(27, 40),
    }


def test_thirty_characters_in_a_row_are_an_overlap():
    text = "".join(chr(0x4E00 + 7 * n) for n in range(60))
    texts = [
        "前言。" + text[5:20] + "，" + text[20:35] + "后记",
        text[5:34],
        text[:29] + "换" + text[30:59],
    ]
    found = find(texts, [("题库", text)])
    assert found == {"r0": f"题库: {text[5:20]}，{text[20:35]}"}
    assert find(texts, [("题库", text)], character_ngram=29).keys() == {"r0", "r1", "r2"}


def test_mixed_text_counts_words_and_characters_alike():
    characters = "".join(chr(0x4E00 + 7 * n) for n in range(20))
    text = f"iPhone 手机壳 {characters} black case for you"  # 28 words
    assert find([text.lower()], [("mixed", text)], character_ngram=28).keys() == {"r0"}
    whole = {"character_ngram": 29, "min_characters": 28}
    assert find(["see " + text], [("mixed", text)], **whole).keys() == {"r0"}
    assert find([text], [("mixed", text)], **whole | {"min_characters": 29}) == {}


def test_short_benchmark_texts_count_as_a_whole():
    known = [
        ("a", sentence(0, 8)),
        ("b", sentence(50, 57)),
        ("c", "这是一道很短很短的测试题目请作答"),
    ]
    texts = [
        "x " + sentence(0, 8) + " y",
        sentence(0, 7) + " y",
        sentence(0, 7),
        sentence(50, 57),  # seven words are too few to tell anything
        "请看：这是一道很短很短的测试题目，请作答。",
        "这是一道很短很短的测试题目请作",
    ]
    assert find(texts, known).keys() == {"r0", "r4"}
    assert find(texts, known, min_words=7).keys() == {"r0", "r3", "r4"}
    assert find(texts, known, min_characters=17).keys() == {"r0"}


def test_first_overlap_and_first_benchmark_are_named():
    texts = [sentence(100, 113) + " " + sentence(0, 13)]
    known = [("zoo", sentence(100, 113)), ("ant", sentence(100, 113)), ("aaa", sentence(0, 13))]
    assert find(texts, known) == {"r0": "ant: " + sentence(100, 113)}
    long = " ".join(f"{'x' * 30}{n}" for n in range(13))
    assert find([long], [("b", long)])["r0"] == "b: " + long[:200]


@pytest.mark.parametrize("known", [[], [("empty", ""), ("null", None), ("marks", "?!")]])
def test_without_benchmarks_nothing_is_contaminated(known):
    assert find([sentence(0, 40), "", None], known) == {}


def oracle(text, known, words, characters, fewest_words, fewest_characters):
    """Whether a text is contaminated, from lists of strings."""

    def tokens(of):
        return re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]", of.lower())

    def contains(of, run):
        return any(of[i : i + len(run)] == run for i in range(len(of) - len(run) + 1))

    mine = tokens(text)
    for benchmark in map(tokens, known):
        runs = []
        for start in range(len(benchmark)):
            window = benchmark[start : start + words]
            size = words if all(t.isascii() for t in window) else characters
            runs.append(benchmark[start : start + size] if start + size <= len(benchmark) else [])
        if not any(runs):
            fewest = fewest_words if all(t.isascii() for t in benchmark) else fewest_characters
            runs = [benchmark] if len(benchmark) >= fewest else []
        if any(run and contains(mine, run) for run in runs):
            return True
    return False


TOKENS = st.lists(st.sampled_from(["a", "b", "c1", "d", "中", "文", "字"]), max_size=14)
TEXTS = TOKENS.map(lambda tokens: " ".join(tokens))


@settings(max_examples=40)
@given(st.lists(TEXTS, max_size=20), st.lists(TEXTS, max_size=4), st.randoms(use_true_random=False))
def test_agrees_with_lists_of_strings(texts, benchmarks, draw):
    sizes = {"word_ngram": 4, "character_ngram": 6, "min_words": 2, "min_characters": 3}
    known = [(f"b{n}", text) for n, text in enumerate(benchmarks)]
    found = find(texts, known, **sizes)
    expected = {
        f"r{n}" for n, text in enumerate(texts) if oracle(text, benchmarks, *sizes.values())
    }
    assert found.keys() == expected
    order = draw.sample(range(len(texts)), len(texts))
    assert find(texts, known[::-1], threads=2, order=order, **sizes) == found


def test_planted_overlaps_are_found_in_a_large_table():
    draw = random.Random(0)
    known = [
        ("quiz", " ".join(f"k{draw.randint(0, 9_999)}" for _ in range(60))) for _ in range(200)
    ]
    texts, planted = [], set()
    for number in range(6_000):
        words = [f"w{draw.randint(0, 9_999)}" for _ in range(40)]
        if number % 50 == 0:
            start = draw.randint(0, 47)
            words[20:20] = draw.choice(known)[1].split()[start : start + 13]
            planted.add(f"r{number}")
        texts.append(" ".join(words))
    assert find(texts, known, threads=2).keys() == planted


def test_hostile_texts_pass():
    long = sentence(0, 13) + " lamp" * 200_000
    texts = ["\x00\x07 \ufffd", "👍" * 50, "字" * 300_000, "a" * 1_000_000, long]
    known = [("quiz", sentence(0, 13)), ("same", "lamp " * 20)]
    assert find(texts, known) == {"r4": "quiz: " + sentence(0, 13)}
