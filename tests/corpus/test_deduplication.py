"""Exact and near duplicates, and which record stays."""

import random
import re
import unicodedata

import ibis
import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shoplm.corpus.characters import Characters
from shoplm.corpus.deduplication import choose_survivors, find_duplicates
from shoplm.corpus.minhash import band_shape, jaccard_similarity, lsh_bands
from shoplm.corpus.quality_settings import DeduplicationSettings
from shoplm.corpus.shingling import fingerprint_texts, hash_shingles, hash_words

SCHEMA = pa.schema(
    {
        **dict.fromkeys(("record_id", "source", "language"), pa.string()),
        "keys": pa.list_(pa.string()),
        "text": pa.string(),
        "reason": pa.string(),
    }
)
DRAW = random.Random(0)
ENGLISH = [
    "".join(DRAW.choices("abcdefghijklmnopqrstuvwxyz", k=DRAW.randint(3, 9))) for _ in range(4_000)
]
CHINESE = [chr(code) for code in range(0x4E00, 0x4E00 + 2_000)]


def find(rows, threads=1, order=None, exempt_sources=(), **changes):
    """(pairs, duplicates) of dicts that say what differs from one record, as sorted lists."""
    base = {"source": "shop", "language": "en", "keys": [], "reason": None}
    rows = [{"record_id": f"r{n:04d}"} | base | row for n, row in enumerate(rows)]
    if order is not None:
        rows = [rows[n] for n in order]
    engine = ibis.duckdb.connect(threads=threads)
    records = engine.create_table("records", pa.Table.from_pylist(rows, SCHEMA))
    found = find_duplicates(records, DeduplicationSettings(**changes), exempt_sources)
    assert engine.con.execute("SELECT count(*) FROM duckdb_tables()").fetchone() == (1,)
    return tuple(sorted(map(tuple, t.to_pandas().itertuples(index=False))) for t in found)


def removed(rows, **changes):
    """Removed id to (reason, id that stays)."""
    return {row[0]: (row[2], row[3]) for row in find(rows, **changes)[1]}


def plain_similarity(left, right, language, words=2, characters=4):
    """Jaccard similarity of shingles as strings: the oracle."""
    sets = []
    for text in (left, right):
        tokens = text.split() if language == "en" else list(text)
        size = words if language == "en" else characters
        sets.append({tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def draw_document(draw, language):
    words = draw.choices(ENGLISH, k=50) if language == "en" else draw.choices(CHINESE, k=80)
    return words, (" " if language == "en" else "").join


def draw_corpus(draw, number):
    """Records, each second one a copy with some words replaced, and which with what similarity."""
    rows, planted = [], []
    for _ in range(number):
        language = draw.choice(("en", "zh"))
        words, join = draw_document(draw, language)
        copy = list(words)
        for place in draw.sample(range(len(words)), draw.randint(1, 5)):
            copy[place] = draw.choice(ENGLISH if language == "en" else CHINESE)
        planted.append(
            (len(rows), len(rows) + 1, plain_similarity(join(words), join(copy), language))
        )
        rows += [
            {"text": join(words), "language": language},
            {"text": join(copy), "language": language},
        ]
    return rows, planted


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("Hello,  World!", "hello world", True),
        ("ＨＥＬＬＯ　ｗｏｒｌｄ", "hello world", True),
        ("Straße ½ ﬁt", "STRASSE 1/2 FIT", True),
        ("e\u0301te\u0301", "Été", True),
        ("Lego™ set®", "lego set", True),
        ("好评，推荐！", "好评 推荐", True),
        ("C++ primer", "C primer", False),
        ("1.5 m", "15 m", False),
        ("ab c", "a bc", False),
        ("good 👍", "good 👎", False),
        ("word", "words", False),
        ("one two one two", "one two", False),
        ("!!!", "???", False),
        ("", "", True),
    ],
)  # fmt: skip
def test_same_words_have_the_same_fingerprint(left, right, same):
    characters = Characters.folded(pa.array([left, right], pa.large_string()))
    one, other = fingerprint_texts(characters, hash_words(characters)).to_pylist()
    assert (one == other) is same


@settings(max_examples=300)
@given(st.text(st.characters(categories=("L", "M", "Nd", "Nl", "P", "Zs")), max_size=30))
def test_case_form_and_punctuation_do_not_count(text):
    variants = [
        text,
        unicodedata.normalize("NFD", text),
        unicodedata.normalize("NFC", text),
        unicodedata.normalize("NFC", text).casefold(),
        f"  «{text}».\n",
    ]
    characters = Characters.folded(pa.array(variants, pa.large_string()))
    words = hash_words(characters)
    if words.offsets[1]:  # else punctuation itself is compared
        assert len(set(fingerprint_texts(characters, words).to_pylist())) == 1


@given(st.lists(st.text(st.characters(codec="ascii"), max_size=40)))
def test_words_are_runs_of_letters_and_digits(texts):
    words = hash_words(Characters.folded(pa.array(texts, pa.large_string())))
    expected = [re.findall(r"[a-z0-9+#]+", text.lower()) for text in texts]
    assert np.diff(words.offsets).tolist() == [len(found) for found in expected]
    flat = [word for found in expected for word in found]
    assert len(set(zip(flat, words.hash.tolist(), strict=True))) == len(set(flat))
    assert len(set(words.hash.tolist())) == len(set(flat))


def test_shingles_of_mixed_text_follow_the_script():
    text = pa.array(["Big red 手机壳子 for you"], pa.large_string())
    shingles = hash_shingles(hash_words(Characters.folded(text)), 2, 3)
    # words: Big red 手 机 壳 子 for you; `red 手 机` starts at a word but a character is among them
    assert shingles.length.tolist() == [2, 3, 3, 3, 3, 3, 2]
    assert shingles.word.tolist() == [0, 1, 2, 3, 4, 5, 6]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["en", "zh"]), st.randoms(use_true_random=False)),
        min_size=1,
        max_size=12,
    )
)
def test_similarity_is_exact(drawn):
    pairs = []
    for language, draw in drawn:
        words, join = draw_document(draw, language)
        other = [w if draw.random() < 0.8 else draw.choice(words) for w in words]
        pairs.append((join(words), join(other), language))
    left, right, _ = (pa.array(column) for column in zip(*pairs, strict=True))
    found = jaccard_similarity(left, right, DeduplicationSettings())
    assert found.tolist() == pytest.approx([plain_similarity(*pair) for pair in pairs])


def test_bands_follow_the_threshold():
    assert lsh_bands(0.8, 128) == (16, 8)
    assert band_shape(DeduplicationSettings(bands=9)) == (9, 14)
    for threshold in (0.5, 0.7, 0.9):
        bands, rows = lsh_bands(threshold, 128)
        assert bands * rows <= 128
        assert 1 - (1 - threshold**rows) ** bands > 0.85
    with pytest.raises(ValidationError, match="must not exceed permutations"):
        DeduplicationSettings(bands=129)


def test_planted_near_duplicates_are_found_and_nothing_else():
    rows, planted = draw_corpus(random.Random(1), 400)
    pairs, duplicates = find(rows, within="all")
    ids = {f"r{n:04d}": n for n in range(len(rows))}
    found = {frozenset((ids[left], ids[right])): similarity for left, right, similarity in pairs}
    true = {frozenset(pair[:2]): pair[2] for pair in planted if pair[2] >= 0.8}
    assert len(true) > 140
    assert {pair: pytest.approx(true[pair]) for pair in found} == found  # so all of them are true
    assert len(found) >= 0.97 * len(true)
    assert len(duplicates) == len(found)


def test_recall_is_at_least_datasketchs():
    datasketch = pytest.importorskip("datasketch")
    rows, planted = draw_corpus(random.Random(2), 300)
    index = datasketch.MinHashLSH(threshold=0.8, num_perm=128)
    theirs = set()
    for number, row in enumerate(rows):
        tokens = row["text"].split() if row["language"] == "en" else list(row["text"])
        size = 2 if row["language"] == "en" else 4
        signature = datasketch.MinHash(num_perm=128)
        signature.update_batch(
            [repr(tokens[i : i + size]).encode() for i in range(len(tokens) - size + 1)]
        )
        theirs |= {frozenset((number, other)) for other in index.query(signature)}
        index.insert(number, signature)
    true = {frozenset(pair[:2]) for pair in planted if pair[2] >= 0.8}
    ours = {frozenset((int(a[1:]), int(b[1:]))) for a, b, _ in find(rows, within="all")[0]}
    assert len(ours & true) >= len(theirs & true)


def test_different_documents_are_never_linked():
    draw = random.Random(3)
    rows = []
    for _ in range(500):
        words, join = draw_document(draw, "en")
        rows.append(
            {
                "text": "Key features of this product: "
                + join(words)
                + ". Buy it now at the best price!"
            }
        )
    assert find(rows) == ([], [])


def test_best_record_stays():
    words = " ".join(ENGLISH[:40])
    rows = [
        {"text": words + " x", "keys": ["a"]},
        {"text": words, "keys": ["a", "b"]},  # the most keys
        {"text": words + " yy zz", "keys": ["c"]},
        {"text": words.upper() + "!", "keys": ["d", "e"]},  # as many, but longer
        {"text": "short and the same", "keys": ["a"]},
        {"text": "Short, and the same", "keys": ["b"]},  # longer
        {"text": "no reason to differ at all"},
        {"text": "no reason to differ at all"},  # the larger id
    ]
    assert removed(rows) == {
        "r0001": ("exact_duplicate", "r0003"),
        "r0000": ("near_duplicate", "r0003"),
        "r0002": ("near_duplicate", "r0003"),
        "r0004": ("exact_duplicate", "r0005"),
        "r0007": ("exact_duplicate", "r0006"),
    }


def test_survivor_of_an_exact_duplicate_is_a_record_that_stays():
    words = " ".join(ENGLISH[:40])
    rows = [{"text": words}, {"text": words}, {"text": words + " more", "keys": ["a", "b"]}]
    assert removed(rows) == {
        "r0000": ("near_duplicate", "r0002"),
        "r0001": ("exact_duplicate", "r0002"),
    }


def test_same_words_in_another_language_are_no_duplicate():
    text = "Radio Hotel Taxi Bank"
    assert removed([{"text": text}, {"text": text, "language": "de"}]) == {}
    assert len(removed([{"text": text}, {"text": text, "source": "other"}])) == 1


def test_scope_of_near_duplicates():
    text = " ".join(ENGLISH[:30])
    rows = [{"text": text, "source": "a"}, {"text": text + " more", "source": "b"}]
    assert removed(rows) == {}
    assert removed(rows, within="all") == {"r0000": ("near_duplicate", "r0001")}


def test_short_texts_are_only_compared_exactly():
    # 8 words make 7 shingles, of which 6 are shared by all
    rows = [
        {"text": f"cotton shirt with long sleeves and collar {size}"}
        for size in ("S", "M", "L", "L")
    ]
    assert removed(rows) == {"r0003": ("exact_duplicate", "r0002")}
    assert removed(rows, min_shingles=7, threshold=0.7).keys() == {"r0001", "r0002", "r0003"}


def test_exempt_sources_are_compared_inside_one_product():
    text = " ".join(ENGLISH[:30])
    rows = [
        {"text": text, "source": "titles", "keys": ["a"]},
        {"text": text, "source": "titles", "keys": ["b"]},
        {"text": text, "source": "titles", "keys": ["b"]},
        {"text": text + " more", "source": "titles", "keys": ["b"]},
        {"text": text, "source": "reviews", "keys": ["b"]},
        {"text": text + " more", "source": "reviews", "keys": ["c"]},
    ]
    assert removed(rows, exempt_sources=("titles",)) == {
        "r0002": ("exact_duplicate", "r0001"),
        "r0004": ("near_duplicate", "r0005"),
    }


def test_refused_records_are_not_compared():
    rows = [{"text": "the very same text"}, {"text": "the very same text", "reason": "too_short"}]
    assert removed(rows) == {}


def test_a_chain_is_cut_where_records_are_not_similar_themselves():
    # each shares 4 of 5 parts with the next
    left, right = np.array([0, 1, 2]), np.array([1, 2, 3])
    direct = choose_survivors(left, right, "direct").to_pydict()
    assert direct == {"rank": [1, 3], "survivor": [0, 2]}
    component = choose_survivors(left, right, "component").to_pydict()
    assert component == {"rank": [1, 2, 3], "survivor": [0, 0, 0]}


@given(st.sets(st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda e: e[0] < e[1])))
def test_survivors_are_those_of_the_graph(edges):
    graph = nx.Graph(edges)
    left, right = np.array(sorted(edges), np.int64).reshape(-1, 2).T
    component = choose_survivors(left, right, "component").to_pydict()
    expected = {n: min(nodes) for nodes in nx.connected_components(graph) for n in nodes}
    assert dict(zip(*component.values(), strict=True)) == {
        n: s for n, s in expected.items() if n != s
    }

    direct = dict(zip(*choose_survivors(left, right, "direct").to_pydict().values(), strict=True))
    stay = set(graph) - set(direct)
    assert all(graph.has_edge(*pair) and pair[1] in stay for pair in direct.items())
    assert not any(graph.has_edge(a, b) for a in stay for b in stay)


@settings(max_examples=5)
@given(st.randoms(use_true_random=False), st.sampled_from(["direct", "component"]))
def test_result_depends_on_neither_order_nor_threads(draw, linkage):
    rows, _ = draw_corpus(draw, 20)
    template = " ".join(draw.choices(ENGLISH, k=40))
    rows += [
        {"text": f"{template} {draw.choice(ENGLISH)}", "keys": ["k"] * draw.randint(0, 2)}
        for _ in range(60)
    ]
    rows += [dict(draw.choice(rows), source=draw.choice(["shop", "other"])) for _ in range(10)]
    order = draw.sample(range(len(rows)), len(rows))
    pairs, duplicates = find(rows, linkage=linkage)
    assert find(rows, threads=2, order=order, linkage=linkage) == (pairs, duplicates)

    gone = [row[0] for row in duplicates]
    assert len(set(gone)) == len(gone)
    assert not {row[3] for row in duplicates} & set(gone)
    assert {*gone, *(row[3] for row in duplicates)} <= {f"r{n:04d}" for n in range(len(rows))}
    texts = {f"r{n:04d}": row["text"] for n, row in enumerate(rows)}
    if linkage == "direct":
        for name, _, reason, stays in duplicates:
            language = "en" if " " in texts[name] else "zh"
            if reason == "near_duplicate":
                assert plain_similarity(texts[name], texts[stays], language) >= 0.8


def test_seed_decides_nothing_but_chance():
    rows, _ = draw_corpus(random.Random(5), 30)
    rows += [{"text": " ".join(ENGLISH[:40])}, {"text": " ".join(ENGLISH[:41])}]
    assert all("r0060" in removed(rows, seed=seed) for seed in (0, 1, 2**32 - 1))


def test_a_large_bucket_costs_a_linear_number_of_pairs():
    template = " ".join(ENGLISH[:60])
    rows = [{"text": f"{template} {ENGLISH[100 + n]}"} for n in range(1_500)]
    pairs, duplicates = find(rows)
    assert len(duplicates) == 1_499
    assert len(pairs) < 60 * 1_500


def test_hostile_texts_pass():
    rows = [
        {"text": None},
        {"text": None},
        {"text": ""},
        {"text": "\x00\x07 \ufffd"},
        {"text": "👍" * 30},
        {"text": "👍" * 30},
        {"text": "lamp " * 200_000},
        {"text": "lamp " * 200_000 + "x"},
        {"text": "字" * 300_000},
        {"text": "a" * 1_000_000},
    ]
    found = removed(rows)
    assert found["r0005"] == ("exact_duplicate", "r0004")
    assert found.keys() == {"r0005"}
    pairs, duplicates = find([])
    assert (pairs, duplicates) == ([], [])
