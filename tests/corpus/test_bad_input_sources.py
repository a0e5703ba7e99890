"""Every kind of broken input ends in one clear error, or in a rejected row with its reason."""

import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoplm.corpus.reformulation import reformulate_sources
from shoplm.corpus.sources import ReadingSettings, parse_text_sources

SPEC = {"fields": ["text"], "keys": "id", "language": "en"}
GOOD = {"id": "k", "text": "fine"}
LINE = json.dumps(GOOD).encode() + b"\n"


def reformulate(folder, settings=None, **spec):
    return reformulate_sources(parse_text_sources(folder, {"shop": SPEC | spec}), settings)


def excel():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return stream.getvalue()


def parquet(rows):
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


MANY = b"".join(b'{"id": "%d", "text": "t"}\n' % n for n in range(9))

ERRORS = {
    "missing file": ("a.jsonl", None, {}, "source 'shop': file .* does not exist"),
    "no file matches": ("a.jsonl", LINE, {"file": "b*.jsonl"}, r"file .*b\*.jsonl does not exist"),
    "empty": ("a.jsonl", b"", {}, "is empty; expected jsonl"),
    "empty inside gzip": ("a.csv.gz", gzip.compress(b""), {}, "is empty; expected csv"),
    "only blank lines": ("a.jsonl", b"\n\n  \n", {}, "has no rows; expected jsonl"),
    "csv of a header": ("a.csv", b"id,text\n", {}, "has no rows; expected csv"),
    "empty array": ("a.json", b"[]", {}, "has no rows; expected json"),
    "missing column in parquet": (
        "a.parquet", parquet([{"id": "1"}]), {}, "has no column 'text'; it has id$",
    ),
    "gzip by name only": ("a.jsonl.gz", LINE, {}, "is not gzip, which its suffix says"),
    "gzip without saying so": ("a.jsonl", gzip.compress(LINE), {}, "is gzip; expected jsonl"),
    "gzip cut short": ("a.jsonl.gz", gzip.compress(MANY)[:-12], {}, "damaged gzip file"),
    "gzip with a flipped byte": (
        "a.jsonl.gz", gzip.compress(MANY)[:-6] + b"!!" + gzip.compress(MANY)[-4:], {},
        "damaged gzip file",
    ),
    "excel as csv": ("a.csv", excel(), {}, "is a ZIP archive .*Excel.*; expected csv"),
    "parquet as csv": ("a.csv", parquet([GOOD]), {}, "is parquet; expected csv"),
    "csv as parquet": ("a.parquet", b"id,text\n1,a\n", {}, "is not parquet"),
    "parquet cut short": ("a.parquet", parquet([GOOD])[:-20], {}, "is not parquet"),
    "utf-16": ("a.csv", "id,text\n1,a\n".encode("utf-16"), {}, "is UTF-16 text; expected csv"),
    "binary": ("a.jsonl", b"\x01\x02\0\x03" * 50, {}, "is binary; expected jsonl"),
    "web page": ("a.jsonl", b"<!DOCTYPE html><html>404</html>", {}, "is an HTML or XML page"),
    "json as csv": ("a.csv", b"[" + LINE + b"]", {}, "is JSON by the look of it; expected csv"),
    "array as json lines": ("a.jsonl", b"[" + LINE + b"]", {}, "is a JSON array .*format: json"),
    "json lines as array": (
        "a.json", MANY, {"format": "json"}, "looks like JSON lines; expected json .*format: jsonl",
    ),
    "broken json": ("a.json", b'[{"id": 1', {}, "is not JSON; .*line 1 column"),
    "pretty json as json lines": (
        "a.jsonl", json.dumps([GOOD], indent=1)[2:].encode(), {}, "unreadable as jsonl.*row 1",
    ),
    "csv as json lines": (
        "a.jsonl", b"id,text\n1,a\n", {}, "2 of 2 rows .* as jsonl.*row 1: invalid_json",
    ),
    "no list in json": (
        "a.json", b'{"meta": 1, "data": [{"id": "1"}]}', {},
        r"expected a list of rows at 'the top' \(`rows`\); it has meta, data",
    ),
    "no list at the path": (
        "a.json", b'{"data": [{"id": "1"}]}', {"rows": "dta"}, "list of rows at 'dta'.*it has data",
    ),
    "array of numbers": ("a.json", b"[1, 2]", {}, "2 of 2 rows .*not_an_object.*found '1'"),
    "too large a json file": ("a.json", b"[" + LINE * 50, {}, "more than max_json_bytes = 999"),
    "missing column in csv": ("a.csv", b"id,txt\n1,a\n", {}, "no column 'text'; it has id, txt"),
    "another delimiter": ("a.csv", b"id;text\n1;a\n", {}, "no column 'text'; it has id;text"),
    "missing column in json lines": (
        "a.jsonl", b'{"id": "1", "txt": "a"}\n' * 3, {}, "has no column 'text'; it has id, txt",
    ),
    "missing key column": (
        "a.jsonl", b'{"asin": "1", "text": "a"}\n', {}, "has no column 'id'; it has asin, text",
    ),
    "missing nested column": (
        "a.jsonl", b'{"id": "1", "text": "a", "info": {"x": 1}}\n',
        {"fields": {"text": "text", "brand": "info.brand"}}, "no column 'info.brand'; it has x",
    ),
    "missing column of elements": (
        "a.jsonl", b'{"id": "1", "qa": [{"q": "?", "answer": "!"}]}\n',
        {"each": "qa", "fields": {"q": "item.q", "a": "item.a"}},
        "no column 'item.a'; it has answer, q",
    ),
    "missing list": (
        "a.jsonl", LINE, {"each": "reviews", "fields": "item"}, "'reviews'; it has id, text",
    ),
    "missing language column": (
        "a.jsonl", LINE, {"language": {"column": "lang"}}, "no column 'lang'; it has id, text",
    ),
    "column named twice": ("a.csv", b"id,text,text\n1,a,b\n", {}, "names column 'text' twice"),
    "wrong columns everywhere": (
        "a.csv", b"id,text\n1,a,b\n2,a,b\n3,c\n", {},
        "2 of 3 rows .*row 1: wrong_columns, expected 2 columns, found 3 in line 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data", "spec", "message"), ERRORS.values(), ids=ERRORS)
def test_ends_in_one_clear_error(tmp_path, name, data, spec, message):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    settings = ReadingSettings(max_json_bytes=999)
    with pytest.raises((ValueError, FileNotFoundError), match=message) as raised:
        reformulate(tmp_path, settings, **({"file": name} | spec))
    assert "\n" not in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def line(**values):
    return json.dumps(GOOD | values).encode()


REJECTED = {
    "broken line": (b'{"id": "1", "text": "cut', {}, "invalid_json", "column"),
    "array in a line": (b"[1]", {}, "not_an_object", r"found '\[1\]"),
    "undecodable": (b'{"id": "1", "text": "\xff"}', {}, "undecodable", "not utf-8 at byte 21"),
    "lone surrogate": (b'{"id": "1", "text": "a\\ud800b"}', {}, "lone_surrogate", "surrogate"),
    "lone surrogate in a key": (b'{"id": "\\udfff", "text": "a"}', {}, "lone_surrogate", ""),
    "large row": (line(text="x" * 3000), {}, "too_large", "more than 2,000 bytes"),
    "null key": (line(id=None), {}, "missing_key", "id is empty"),
    "empty key": (line(id="  "), {}, "missing_key", "id is empty"),
    "absent key": (b'{"text": "a"}', {}, "missing_key", "id is empty"),
    "key that is no number": (b'{"id": NaN, "text": "a"}', {}, "missing_key", "id is empty"),
    "key spelt null": (line(id="None"), {}, "missing_key", "id is empty"),
    "no keys in a list": (line(id=[None, ""]), {}, "missing_key", "id is empty"),
    "one of two keys": (
        line(other=None), {"keys": ["id", "other"]}, "missing_key", "other is empty",
    ),
    "null text": (line(text=None), {}, "empty_text", "text"),
    "blank text": (line(text=" \n "), {}, "empty_text", "text"),
    "absent text": (b'{"id": "1"}', {}, "empty_text", "text"),
    "lone surrogate in a language": (
        b'{"id": "1", "text": "a", "lang": "\\ud800"}', {"language": {"column": "lang"}},
        "lone_surrogate", "",
    ),
    "lone surrogate in a hashed row": (
        b'{"id": "1", "text": "\\ud800"}', {"row_key": True, "keys": []}, "lone_surrogate", "",
    ),
    "no language": (
        line(lang=None), {"language": {"column": "lang"}}, "missing_language", "lang is empty",
    ),
    "deep nesting": (b'{"text": ' + b"[" * 900 + b"]" * 900, {}, "invalid_json", ""),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "spec", "reason", "detail"), REJECTED.values(), ids=REJECTED)
def test_rejects_the_row_with_a_reason(tmp_path, bad, spec, reason, detail):
    """The bad row stands between good ones, which are kept."""
    good = line(other="o", lang="en") + b"\n"
    (tmp_path / "a.jsonl").write_bytes(good + bad + b"\n" + good)
    settings = ReadingSettings(max_record_bytes=2000)
    records, unreadable, _ = reformulate(tmp_path, settings, file="a.jsonl", **spec)
    assert records.count().execute() == 2
    rows = unreadable.execute()
    assert rows[["record_id", "source", "reason"]].values.tolist() == [
        ["shop:row-2", "shop", reason]
    ]
    assert rows.detail.str.contains(detail).all()


CSV_REJECTED = {
    "too few columns": (b"2", "wrong_columns", "expected 2 columns, found 1 in line 3"),
    "too many columns": (b"2,a,b", "wrong_columns", "found 3"),
    "undecodable": (b"2,\xff\xfe", "undecodable", "line 3 is not utf-8"),
    "text after a quote": (b'2,"a"b', "invalid_csv", "lines 3 to 3"),
}


@pytest.mark.parametrize(("bad", "reason", "detail"), CSV_REJECTED.values(), ids=CSV_REJECTED)
def test_rejects_the_csv_row_with_a_reason(tmp_path, bad, reason, detail):
    (tmp_path / "a.csv").write_bytes(b"id,text\n1,a\n" + bad + b"\n3,c\n")
    records, unreadable, _ = reformulate(tmp_path, file="a.csv")
    assert sorted(records.execute().text) == ["a", "c"]
    rows = unreadable.execute()
    assert rows[["record_id", "reason"]].values.tolist() == [["shop:row-2", reason]]
    assert rows.detail.str.contains(detail).all()


def test_undecodable_text_in_parquet_is_rejected(tmp_path):
    data = pa.array([b"a", b"\xff", b"c"]).cast(pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, data.buffers())
    pq.write_table(pa.table({"id": ["1", "2", "3"], "text": text}), tmp_path / "a.parquet")
    records, unreadable, _ = reformulate(tmp_path, file="a.parquet")
    assert sorted(records.execute().text) == ["a", "c"]
    assert unreadable.execute().reason.tolist() == ["undecodable"]


def test_a_50_mb_record_is_rejected(tmp_path):
    with (tmp_path / "a.jsonl").open("wb") as file:
        file.write(LINE + b'{"id": "1", "text": "' + b"x" * 50_000_000 + b'"}\n' + LINE)
    records, unreadable, _ = reformulate(tmp_path, file="a.jsonl")
    assert records.count().execute() == 2
    assert unreadable.execute().reason.tolist() == ["too_large"]


def test_control_characters_are_kept_for_cleaning(tmp_path):
    text = "a\0b\x07c\x1bd"
    (tmp_path / "a.jsonl").write_bytes(line(text=text))
    records, _, _ = reformulate(tmp_path, file="a.jsonl")
    assert records.execute().text.tolist() == [text]


def test_a_file_that_starts_badly_stops_early(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"not json\n" * 1000 + LINE * 5000)
    with pytest.raises(ValueError, match="1000 of 1000 rows are unreadable"):
        reformulate(tmp_path, file="a.jsonl")


def test_the_share_of_unreadable_rows_is_a_setting(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"not json\n" * 3 + LINE)
    with pytest.raises(ValueError, match=r"3 of 4 rows .* share of 0.5"):
        reformulate(tmp_path, file="a.jsonl")
    _, unreadable, _ = reformulate(
        tmp_path, ReadingSettings(max_unreadable_share=0.75), file="a.jsonl"
    )
    assert unreadable.count().execute() == 3


def test_a_name_that_cannot_be_stored_is_no_name(tmp_path):
    rows = [
        b'{"id": "1", "text": "a", "name": "\\ud800"}',
        b'{"id": "2", "text": "b", "name": "B"}',
    ]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(rows))
    fields = {"text": "text", "name": "name"}
    records, _, names = reformulate(
        tmp_path, file="a.jsonl", fields=fields, template="{text}", names="name"
    )
    assert records.count().execute() == 2
    assert names.execute().name.tolist() == ["B"]


def test_no_room_to_write_is_one_clear_error(tmp_path, monkeypatch):
    def full(self, batch):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", full)
    (tmp_path / "a.jsonl").write_bytes(LINE)
    with pytest.raises(
        OSError, match=r"records.parquet: temporary rows cannot be written; .*No space"
    ):
        reformulate(tmp_path, file="a.jsonl")
