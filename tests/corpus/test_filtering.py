"""Repair of texts, and the rules by which records are refused."""

import gzip
import json
import random
import sys
import unicodedata
from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shoplm.corpus.filtering import clean_records, collect_rejected, require_records
from shoplm.corpus.quality_settings import CleaningSettings, FilterSettings, RuleLimits
from shoplm.corpus.repair import repair_text

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SCHEMA = pa.schema(
    {
        **dict.fromkeys(("record_id", "source", "language"), pa.string()),
        "keys": pa.list_(pa.string()),
        "text": pa.string(),
    }
)
ENGLISH = "A sturdy lamp with a warm light for the desk."


def make_records(rows, threads=1):
    """Records from dicts of what differs from an English text of one source."""
    base = {"source": "shop", "language": "en", "keys": [], "text": ENGLISH}
    rows = [{"record_id": f"r{n:04d}"} | base | row for n, row in enumerate(rows)]
    return ibis.duckdb.connect(threads=threads).create_table(
        "records", pa.Table.from_pylist(rows, SCHEMA)
    )


def clean(rows, threads=1, **filters):
    """`record_id` to the cleaned row."""
    cleaned = clean_records(
        make_records(rows, threads), CleaningSettings(filters=FilterSettings(**filters))
    )
    return {row["record_id"]: row for row in cleaned.to_pyarrow().to_pylist()}


def judge(text, language="en", **filters):
    """(reason, detail) of one text."""
    row = clean([{"text": text, "language": language}], **filters)["r0000"]
    return row["reason"], row["detail"]


@pytest.mark.parametrize(
    ("raw", "repaired"),
    [
        ("<p>Soft &amp; warm</p><p>100% <b>cotton</b></p>", "Soft & warm\n\n100% cotton"),
        ("line one<br/>line two<BR>line three", "line one\nline two\nline three"),
        ("<td>Size</td><td>M</td>", "Size M"),
        ("a<!-- hidden <b> -->b<script>var x = '<i>';</script>c<style>p{}</style>d", "abcd"),
        ("&lt;b&gt;escaped&lt;/b&gt; &amp;amp;amp; twice", "escaped & twice"),
        ("&nbsp no semicolon &#39;quoted&#x27; &copy;", "no semicolon 'quoted' ©"),
        ("x < y and y <3 z, AT&T, a<5", "x < y and y <3 z, AT&T, a<5"),
        ("an unclosed <!-- comment stays", "an unclosed comment stays"),
        ("itâ€™s a cafÃ©", "it’s a café"),
        ("ä¸­æ–‡", "中文"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen \u202abidi\u202c", "zerowidth softhyphen bidi"),
        ("bell\x07 and \x1b[31mred\x1b[0m \x00null", "bell and red null"),
        ("tab\tand\u00a0nbsp\u3000wide  double", "tab and nbsp wide double"),
        ("a\r\nb\rc\u2028d\x0be", "a\nb\nc\nd\ne"),
        (" a \n\n\n\n b \n", "a\n\nb"),
        ("e\u0301 \u212b \ufb01ne", "é Å fine"),
        ("全角，标点！“引号”——保留", "全角，标点！“引号”——保留"),
        ("👨\u200d👩\u200d👧 joined, x\u200dy not", "👨\u200d👩\u200d👧 joined, xy not"),
        ("a pair \ud83d\ude00, a half \ud83d.", "a pair 😀, a half ."),
        ("", ""),
    ],
)
def test_text_is_repaired(raw, repaired):
    assert repair_text(raw) == repaired


def test_repairs_can_be_switched_off():
    text = "<b>itâ€™s</b>"
    assert repair_text(text, markup=False) == "<b>it’s</b>"
    assert repair_text(text, encoding=False) == "itâ€™s"
    row = clean_records(
        make_records([{"text": text + ENGLISH}]),
        CleaningSettings(strip_html=False, repair_encoding=False),
    )
    assert row.to_pyarrow()["text"].to_pylist() == [text + ENGLISH]


def test_engine_sends_every_text_that_needs_it_to_repair():
    # the engine looks at each text with one cheap expression first: it must not overlook any
    draw = random.Random(0)
    plain = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    assigned = [code for code in plain if unicodedata.category(chr(code)) not in ("Cn", "Co")]
    codes = [c for c in assigned if c < 0x3400] + draw.sample(assigned, 4_000)
    texts = [f"a{chr(code)}b" for code in codes] + [chr(code) + "x " for code in codes[::9]]
    for encoding in ("latin-1", "cp1252", "cp1251", "cp437", "macroman"):
        for word in ("café – naïve", "“好” 评价", "it’s 5€", "Привет", "½ cup™"):
            texts.append(word.encode().decode(encoding, "replace"))
    rows = clean([{"text": text} for text in texts])
    assert [row["text"] for row in rows.values()] == [repair_text(text) for text in texts]


@settings(max_examples=8)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), max_size=40))
def test_engine_repairs_what_repair_text_repairs(texts):
    rows = clean([{"text": text} for text in texts])
    assert [row["text"] for row in rows.values()] == [repair_text(text) for text in texts]


JUDGED = {
    ("en", None): ("empty", "no text"),
    ("en", " \u200b\n<br>"): ("empty", "no text"),
    ("en", "good one"): ("too_short", "8 characters, at least 10"),
    ("zh", "手感好"): ("too_short", "3 characters, at least 4"),
    ("zh", "质量很好"): (None, None),
    ("en", "x1" * 50 + "y"): ("too_long", "101 characters, at most 100"),
    ("zh", "系统默认好评！"): ("boilerplate", "matches (系统)?默认(好评|评价).{0,10}"),
    # 12 of 20 visible characters, none of them twice in a row
    ("en", "ab?!?!?!cd ?!?!?!efgh"): ("symbol_share", "60% symbols, at most 50%"),
    ("en", "really good!!!!!!!"): (None, None),
    # 15 of 20
    ("en", "12345 67890 12345 abcde"): ("digit_share", "75% digits, at most 70%"),
    ("en", "38.25 x 10.5 x 26.5 cm"): (None, None),
    # 12 of 20
    ("en", "so good" + "!" * 12 + "x"): (
        "repetition",
        "60% one character in a row, at most 50%",
    ),
    # three of four lines
    ("en", "Add it now\nAdd it now\nadd it, now!\n\nAdd it now"): (
        "repetition",
        "75% in repeated lines, at most 50%",
    ),
    # 40 characters make 31 phrases of 10, of which 4 differ
    ("zh", "质量不错" * 10): ("repetition", "87% repeated phrases, at most 50%"),
    ("zh", "this is plainly not Chinese"): (
        "wrong_language",
        "0% of the words in the script of zh, at least 20%",
    ),
    ("en", "这不是英语，而是中文的评价"): (
        "wrong_language",
        "0% of the words in the script of en, at least 20%",
    ),
    # 14 of 15 characters; the mark in the middle is a separator
    ("zh-CN", "とてもよい品でした、ありがとう"): (
        "wrong_language",
        "7% of the words in the script of zh, at least 20%",
    ),
    ("zh", "日本の本とお茶の本と花の本"): ("wrong_language", "46% kana, below 20% expected in zh"),
    ("en", "Отличный товар, спасибо вам всем"): (
        "wrong_language",
        "0% of the words in the script of en, at least 20%",
    ),
    ("zh", "Apple iPhone 手机壳"): (None, None),
    ("en", "Die Lampe ist sehr gut und das Licht ist warm"): (
        "wrong_language",
        "5 function words of de, 0 of en",
    ),
    ("de", "Die Lampe ist sehr gut und das Licht ist warm"): (None, None),
    ("en", "La lampe est très belle pour nous et la lumière est douce"): (
        "wrong_language",
        "6 function words of fr, 0 of en",
    ),
    ("xx", "a text of a language that is not known at all"): (None, None),
}
TITLES = [
    "USB 3.0 A/M to B/F cable, 2m (6.5ft) black",
    "Maison de la Rose Eau de Parfum 50ml pour Femme",
    "Casa Nova El Toro La Linda Wall Clock 30 cm",
    "Die Cast 1:24 Der Hund Toy Car",
    "canon toner cartridge 416 black",
    "Watch\nAlarm: No\nCompass: No\nCalendar: No\nLuminous: No\nDate: No\nBarometer: No",
]


def test_first_rule_that_fails_is_the_reason():
    rows = [{"text": text, "language": language} for language, text in JUDGED]
    found = clean(rows, max_characters=100).values()
    judged = [(row["reason"], row["detail"]) for row in found]
    assert dict(zip(JUDGED, judged, strict=True)) == JUDGED


def test_english_titles_survive():
    found = clean([{"text": title} for title in TITLES])
    assert {row["text"]: row["detail"] for row in found.values()} == dict.fromkeys(TITLES)


def test_limits_of_source_come_before_language_and_default():
    rows = [
        {"text": "five!", "source": "titles", "language": "zh-Hant"},
        {"text": "five!", "source": "titles"},
        {"text": "five!", "language": "ZH"},
        {"text": "five!"},
    ]
    found = clean(
        rows,
        min_characters=8,
        languages={"zh": RuleLimits(min_characters=6)},
        sources={"titles": RuleLimits(min_characters=5), "other": RuleLimits(min_characters=1)},
    )
    assert [row["detail"] for row in found.values()] == [
        None, None, "5 characters, at least 6", "5 characters, at least 8",
    ]  # fmt: skip


def test_boilerplate_is_the_same_words_under_many_keys():
    rows = [
        *({"text": "Default good review!", "keys": [f"k{n}"]} for n in range(3)),
        {"text": "default GOOD  review", "keys": ["k0", "k9"]},
        *({"text": "The same key again.", "keys": ["k1"]} for _ in range(9)),
        *({"text": "Three keys, not four.", "keys": [f"k{n}"]} for n in range(3)),
        *({"text": "No keys are no products", "keys": []} for _ in range(9)),
    ]
    found = list(clean(rows, boilerplate_keys=4).values())
    assert {row["reason"] for row in found[4:]} == {None}
    assert {(row["reason"], row["detail"]) for row in found[:4]} == {
        ("boilerplate", "the same words under 4 keys, at most 3")
    }


def test_a_rule_that_is_off_refuses_nothing():
    off = dict.fromkeys(RuleLimits.model_fields)
    off |= {"boilerplate_patterns": (), "languages": {}, "min_function_words": 99}
    texts = ["", "x", "!?!?!", "1" * 30, "ab " * 50, "中文" * 5, ENGLISH]
    rows = clean([{"text": text, "keys": ["a", "b"]} for text in texts * 30], **off)
    assert {row["text"]: row["reason"] for row in rows.values()} == {
        repair_text(text): None if text else "empty" for text in texts
    }


def test_settings_refuse_nonsense():
    with pytest.raises(ValidationError, match="not a regular expression"):
        FilterSettings(boilerplate_patterns=("(",))
    with pytest.raises(ValidationError, match="max_symbol_shares"):
        FilterSettings(sources={"x": {"max_symbol_shares": 1}})


ANY_TEXT = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=30),
    st.sampled_from([ENGLISH, "质量很好，值得购买", "👍👍👍", "\x00\x07", "&lt;p&gt;", "no " * 40]),
)


@settings(max_examples=8)
@given(
    st.lists(st.tuples(ANY_TEXT, st.sampled_from(["en", "zh", "xx"]), st.integers(0, 3))),
    st.randoms(use_true_random=False),
)
def test_every_record_comes_out_once_whatever_order_and_threads(drawn, shuffler):
    rows = [
        {"record_id": f"r{n}", "text": text, "language": language, "keys": [f"k{key}"]}
        for n, (text, language, key) in enumerate(drawn)
    ]
    first = clean(rows, boilerplate_keys=2)
    assert sorted(first) == sorted(row["record_id"] for row in rows)
    assert all((row["reason"] is None) == (row["detail"] is None) for row in first.values())
    shuffler.shuffle(rows)
    assert clean(rows, threads=2, boilerplate_keys=2) == first


def test_a_megabyte_is_repaired_and_measured():
    text = "<p>" + "a fine lamp with “warm” light &amp; a shade\n" * 25_000
    row = clean([{"text": text}], max_phrase_repetition=None, max_line_repetition=None)["r0000"]
    assert row["reason"] is None
    assert len(row["text"]) == 25_000 * 40 - 1
    hostile = "<" * 300_000 + "<!--" * 100_000 + "<script>" * 50_000 + "&" * 100_000
    assert judge(hostile)[0] is not None


def test_a_text_far_beyond_the_limit_is_refused_unrepaired():
    row = clean([{"text": "<b>x</b> " * 100}], max_characters=20)["r0000"]
    assert (row["reason"], row["text"]) == ("too_long", "<b>x</b> " * 100)


def test_refusals_are_collected_from_all_stages():
    cleaned = clean_records(make_records([{}, {"text": "x"}]), CleaningSettings())
    refusal = {"record_id": "s:row-1", "source": "s", "reason": "broken_json", "detail": "line 1"}
    unreadable = ibis.memtable(pa.Table.from_pylist([refusal]))
    collected = collect_rejected(unreadable, cleaned).to_pyarrow().to_pylist()
    assert sorted(collected, key=lambda row: row["reason"]) == [
        refusal,
        {
            "record_id": "r0001",
            "source": "shop",
            "reason": "too_short",
            "detail": "1 characters, at least 10",
        },
    ]


def test_nothing_left_is_one_clear_error():
    def cleaned(*reasons):
        ids = [f"r{n}" for n in range(len(reasons))]
        table = {"record_id": ids, "reason": pa.array(reasons, pa.string())}
        return ibis.memtable(pa.table(table))

    message = r"^none of 3 records is left: too_short removed 2, empty removed 1$"
    with pytest.raises(ValueError, match=message):
        require_records(cleaned("too_short", "empty", "too_short"))
    with pytest.raises(ValueError, match=r"^none of 0 records is left$"):
        require_records(make_records([]))
    require_records(cleaned(None, "empty"))
    message = r"^none of 2 records is left: contaminated removed 1, empty removed 1$"
    with pytest.raises(ValueError, match=message):
        require_records(cleaned(None, "empty"), cleaned("contaminated"))


@pytest.mark.skipif(not DATA.exists(), reason="needs the public samples in ../shared/data")
def test_real_texts_survive():
    with gzip.open(DATA / "ecom/intentionqa/pairs.jsonl.gz", "rt") as lines:
        names = [json.loads(line)["item_a_name"] for line in lines]
    with gzip.open(DATA / "corpora/web_zh/csl.jsonl.gz", "rt") as lines:
        abstracts = [json.loads(line)["abst"] for line in lines]
    rows = [{"text": name, "source": "names"} for name in names]
    rows += [{"text": text, "source": "csl", "language": "zh"} for text in abstracts]
    assert {row["reason"] for row in clean(rows).values()} == {None}
