import hashlib
import json
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplm.corpus.reformulation import reformulate_sources
from shoplm.corpus.sources import ReadingSettings, parse_text_sources

SPEC = {"file": "a.jsonl", "fields": ["text"], "language": "en"}


def write(folder, rows, name="a.jsonl"):
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def reformulate(folder, sources, batch_rows=3):
    tables = reformulate_sources(
        parse_text_sources(folder, sources), ReadingSettings(batch_rows=batch_rows)
    )
    return [table.execute() for table in tables]


def reformulate_one(folder, rows, **spec):
    records, unreadable, names = reformulate(write(folder, rows), {"shop": SPEC | spec})
    return records.sort_values(["row", "text"], ignore_index=True), unreadable, names


def texts(folder, rows, **spec):
    return reformulate_one(folder, rows, **spec)[0].text.tolist()


def test_columns_are_the_contract(tmp_path):
    records, unreadable, names = reformulate_one(tmp_path, [{"text": "a"}])
    assert list(records) == ["record_id", "source", "language", "kind", "keys", "text", "row"]
    assert list(unreadable) == ["record_id", "source", "reason", "detail"]
    assert list(names) == ["key", "name", "language"]


def test_no_sources_give_empty_tables(tmp_path):
    assert [len(table) for table in reformulate(tmp_path, {})] == [0, 0, 0]


def test_lines_and_bracketed_parts_vanish_with_their_fields(tmp_path):
    rows = [
        {"title": "Mug", "brand": "Acme", "size": "S", "info": "a: b"},
        {"title": "Mug", "brand": "", "size": None, "info": " "},
        {"title": None, "brand": "Acme", "size": "S"},
    ]
    fields = ["title", "brand", "size", "info"]
    template = "{title}[[ ({brand})]]\nBrand {brand}, size {size}\n[[Details:\n{info}]]"
    assert texts(tmp_path, rows, fields=fields, template=template) == [
        "Mug (Acme)\nBrand Acme, size S\nDetails:\na: b",
        "Mug",
        "(Acme)\nBrand Acme, size S",
    ]


def test_braces_can_be_written(tmp_path):
    assert texts(tmp_path, [{"text": "a"}], template="{{{text}}}") == ["{a}"]


def test_nested_columns_lists_and_properties(tmp_path):
    row = {
        "info": {"brand": "Acme", "sizes": ["S", None, "M"]},
        "qa": [{"q": "A?", "a": ["1", "2"]}, {"q": "B?"}],
        "tree": "['Home', 'Mugs']",
        "properties": "Material#:#Clay#;#Use#:#Tea#;#Use#:#Milk",
        "price": 3.0,
        "dotted.name": True,
    }
    fields = {
        "brand": "info.brand",
        "sizes": {"column": "info.sizes", "join": "/"},
        "questions": {"column": "qa.q", "join": " "},
        "answers": {"column": "qa.a", "join": " "},
        "tree": {"column": "tree", "parse": "list", "join": " > "},
        "properties": {"column": "properties", "parse": "properties"},
        "price": "price",
        "dotted": "dotted.name",
    }
    assert texts(tmp_path, [row], fields=fields) == [
        "Acme\nS/M\nA? B?\n1 2\nHome > Mugs\nMaterial: Clay\nUse: Tea, Milk\n3\ntrue"
    ]


def test_each_element_of_a_list_is_a_record_of_its_own(tmp_path):
    rows = [
        {"id": "1", "qa": [{"q": "A?", "a": "1"}, {"q": "", "a": None}, {"q": "B?", "a": "2"}]},
        {"id": "2", "qa": []},
        {"id": "3", "qa": None},
        {"id": "4", "qa": {"q": "C?", "a": "3"}},
    ]
    spec = {"each": "qa", "keys": "id", "fields": {"q": "item.q", "a": "item.a"}}
    records, unreadable, _ = reformulate_one(tmp_path, rows, **spec)
    assert records[["row", "text"]].values.tolist() == [[1, "A?\n1"], [1, "B?\n2"], [4, "C?\n3"]]
    assert [list(keys) for keys in records["keys"]] == [["1"], ["1"], ["4"]]
    assert unreadable[["record_id", "reason"]].values.tolist() == [["shop:row-1[2]", "empty_text"]]


def test_elements_that_are_texts(tmp_path):
    rows = [{"text": ["a", "b"]}, {"text": '["c", "d"]'}, {"text": "e"}]
    assert texts(tmp_path, rows, each="text", fields="item") == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        ({"a": "x", "b": "y"}, ["x", "y"]),
        ({"a": "y", "b": ["x", "y", None, " "]}, ["x", "y"]),
        ({"a": 7, "b": 8.0}, ["7", "8"]),
        ({"a": [{"id": "p"}], "b": "q"}, ["q"]),
        ({"a": 12345678901234567890123, "b": 1234567890123456789}, ["1234567890123456789"]),
    ],
)
def test_keys_are_sorted_distinct_text(tmp_path, row, keys):
    records, _, _ = reformulate_one(
        tmp_path, [row | {"text": "t"}], keys=["a", "b"], keys_optional=True
    )
    assert list(records["keys"][0]) == keys


def test_key_prefix_and_nested_keys(tmp_path):
    row = {"text": "t", "items": [{"id": 1}, {"id": 2}]}
    records, _, _ = reformulate_one(tmp_path, [row], keys="items.id", key_prefix="shop-")
    assert list(records["keys"][0]) == ["shop-1", "shop-2"]


def test_a_missing_key_is_kept_where_keys_are_optional_or_mentions_linked(tmp_path):
    rows = [{"id": None, "text": "a"}]
    for setting in ("keys_optional", "link_mentions"):
        records, unreadable, _ = reformulate_one(tmp_path, rows, keys="id", **{setting: True})
        assert [list(keys) for keys in records["keys"]] == [[]]
        assert unreadable.empty


def test_the_sources_of_one_row_share_a_row_key_whatever_its_place(tmp_path):
    rows = [{"content": "a#1", "text": "one"}, {"content": "b#2", "text": "two"}]
    sources = {
        "properties": SPEC | {"fields": {"p": {"column": "content", "parse": "properties"}},
                              "row_key": True},
        "articles": SPEC | {"row_key": True},
    }  # fmt: skip
    keys = []
    for order in (rows, rows[::-1]):
        records, _, _ = reformulate(write(tmp_path, order), sources)
        by_text = {text: list(key) for text, key in zip(records.text, records["keys"], strict=True)}
        assert by_text["A: 1"] == by_text["one"] != by_text["B: 2"] == by_text["two"]
        keys.append(by_text)
    assert keys[0] == keys[1]


def test_languages_are_mapped_and_have_a_default(tmp_path):
    rows = [{"lang": lang, "text": "t"} for lang in ("english", "ZH", None, "")]
    language = {"column": "lang", "map": {"english": "en"}, "default": "und"}
    records, _, _ = reformulate_one(tmp_path, rows, language=language)
    assert records.language.tolist() == ["en", "zh", "und", "und"]


def test_names_of_products(tmp_path):
    rows = [
        {"id": "1", "title": "Mug", "alias": ["Cup", ""]},
        {"id": "1", "title": "Mug", "alias": None},
        {"id": "2", "title": "", "alias": "Jar"},
    ]
    fields = ["title", "alias"]
    _, _, names = reformulate_one(tmp_path, rows, fields=fields, keys="id", names=fields)
    assert sorted(names.values.tolist()) == [
        ["1", "Cup", "en"],
        ["1", "Mug", "en"],
        ["2", "Jar", "en"],
    ]


def test_kind_and_limit(tmp_path):
    rows = [{"text": str(n)} for n in range(9)]
    records, _, _ = reformulate_one(tmp_path, rows, kind="general", limit=4)
    assert set(records.kind) == {"general"}
    assert records.text.tolist() == ["0", "1", "2", "3"]


def test_files_of_a_pattern_are_one_source_and_their_bad_rows_are_told_apart(tmp_path):
    for name in ("b.jsonl", "a.jsonl"):
        (tmp_path / name).write_text(f'{{"text": "same"}}\nbroken\n{{"text": "{name}"}}\n')
    records, unreadable, _ = reformulate(tmp_path, {"shop": SPEC | {"file": "*.jsonl"}})
    assert sorted(records.text) == ["a.jsonl", "b.jsonl", "same", "same"]
    assert records.record_id.is_unique
    assert sorted(unreadable.record_id) == ["shop:a.jsonl:row-2", "shop:b.jsonl:row-2"]


def test_record_ids_are_made_of_the_content(tmp_path):
    rows = [
        {"id": ["b", "a"], "text": "t"},
        {"id": ["a", "b"], "text": "t"},
        {"id": "a", "text": "t"},
    ]
    records, _, _ = reformulate_one(tmp_path, rows, keys="id")
    digest = hashlib.md5("\x1f".join(["shop", "a\x1eb", "t"]).encode()).hexdigest()[:16]
    assert records.record_id.tolist()[:2] == [f"shop-{digest}", f"shop-{digest}-2"]
    assert records.record_id.is_unique


raw_rows = st.lists(
    st.fixed_dictionaries({
        "id": st.sampled_from([None, "", "k1", "k2"]),
        "text": st.sampled_from([None, "", "a", "b", "\ud800"]) | st.text(max_size=4),
        "items": st.none() | st.lists(st.sampled_from([None, "", "a", "b"]), max_size=3),
    }),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=25)
@given(raw_rows, st.integers(0, 4), st.randoms(use_true_random=False))
def test_every_row_is_a_record_or_rejected_once_and_order_does_not_matter(
    tmp_path_factory, rows, broken, rng
):
    sources = {
        "rows": SPEC | {"keys": "id"},
        "elements": SPEC | {"each": "items", "fields": "item", "keys": "id", "keys_optional": True},
    }
    lines = [json.dumps(row) for row in rows] + ["broken"] * min(broken, len(rows))
    contents = []
    for _ in range(2):
        rng.shuffle(lines)
        folder = tmp_path_factory.mktemp("rows")
        (folder / "a.jsonl").write_text("\n".join(lines))
        records, unreadable, _ = reformulate(folder, sources, batch_rows=rng.randint(1, 5))
        assert records.record_id.is_unique
        assert unreadable.record_id.is_unique
        total = Counter(records.source) + Counter(unreadable.source)
        bad = len(lines) - len(rows)
        assert total["rows"] == len(lines)
        assert total["elements"] == sum(len(row["items"] or []) for row in rows) + bad
        contents.append(sorted(map(str, records.drop(columns="row").values.tolist())))
    assert contents[0] == contents[1]


def test_many_rows_in_many_batches_stay_in_order_of_repeats(tmp_path):
    rows = [{"text": random.Random(n % 50).random()} for n in range(1000)]
    records, _, _ = reformulate_one(tmp_path, rows)
    repeats = records.groupby("text").record_id.apply(list)
    for ids in repeats:
        assert ids == [ids[0], *(f"{ids[0]}-{n}" for n in range(2, 21))]


def test_tables_outlive_the_call_and_their_files_do_not_outlive_them(tmp_path, monkeypatch):
    import gc
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    source = parse_text_sources(write(tmp_path, [{"text": "a"}]), {"shop": SPEC})
    tables = reformulate_sources(source)
    gc.collect()
    assert tables[0].count().execute() == 1
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    del tables
    gc.collect()
    assert not list((tmp_path / "temporary").iterdir())


def test_nothing_is_left_behind_when_reading_fails(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with pytest.raises(ValueError, match="has no column"):
        reformulate_one(tmp_path, [{"txt": "a"}])
    assert not list((tmp_path / "temporary").iterdir())
