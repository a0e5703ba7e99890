import csv
import gzip
import io
import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.corpus.reading import read_rows
from shoplm.corpus.rows import Unreadable
from shoplm.corpus.sources import ReadingSettings, TextSource

ROWS = [{"id": "1", "text": 'red, "soft"\nshirt'}, {"id": "2", "text": "蓝色衬衫 😀"}]


def read(file, settings=None, **fields):
    spec = {"file": file.name, "fields": ["text"], "language": "en"} | fields
    return list(read_rows(file, TextSource(**spec), settings or ReadingSettings()))


def write(path, data):
    data = data.encode() if isinstance(data, str) else data
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def as_csv(rows, delimiter=","):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def as_jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        ("jsonl", as_jsonl(ROWS)),
        ("jsonl", "\ufeff" + as_jsonl(ROWS).rstrip()),
        ("json", json.dumps(ROWS, indent=2)),
        ("json", as_jsonl(ROWS)),
        ("csv", as_csv(ROWS)),
        ("csv", "\ufeff" + as_csv(ROWS)),
    ],
)
def test_every_format_gives_the_same_rows(tmp_path, suffix, data, packed):
    file = write(tmp_path / f"a.{suffix}{packed}", data)
    assert read(file) == [(1, ROWS[0]), (2, ROWS[1])]


def test_parquet_gives_the_rows_with_the_columns_that_are_used(tmp_path):
    file = tmp_path / "a.parquet"
    nested = [row | {"info": {"brand": "b"}, "unused": 1} for row in ROWS]
    pq.write_table(pa.Table.from_pylist(nested), file)
    fields = {"text": "text", "brand": "info.brand"}
    assert read(file, fields=fields, keys="id") == [
        (n, row | {"info": {"brand": "b"}}) for n, row in enumerate(ROWS, 1)
    ]
    assert "unused" in read(file, fields=fields, row_key=True)[0][1]


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"), max_size=20)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=8))
def test_csv_reads_what_the_csv_module_writes(tmp_path_factory, pairs):
    rows = [{"id": first, "text": second} for first, second in pairs]
    file = write(tmp_path_factory.mktemp("csv") / "a.csv", as_csv(rows))
    assert [row for _, row in read(file)] == rows


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=5), st.text() | st.integers(-(2**63), 2**64 - 1), max_size=3
        ),
        min_size=1,
        max_size=5,
    )
)
def test_json_lines_reads_what_json_writes(tmp_path_factory, rows):
    """Also lone surrogates, which a later step refuses."""
    file = write(tmp_path_factory.mktemp("json") / "a.jsonl", as_jsonl(rows))
    assert read(file) == list(enumerate(rows, 1))


def test_line_numbers_count_blank_lines(tmp_path):
    file = write(tmp_path / "a.jsonl", '{"text": "a"}\n\n  \n{"text": "b"}\n')
    assert read(file) == [(1, {"text": "a"}), (4, {"text": "b"})]


def test_json_that_python_writes_but_the_standard_forbids(tmp_path):
    file = write(
        tmp_path / "a.jsonl", '{"text": "a\tb", "price": NaN, "n": 123456789012345678901}\n'
    )
    assert read(file) == [(1, {"text": "a\tb", "price": None, "n": 123456789012345678901})]


def test_rows_of_nested_json_are_found_by_path(tmp_path):
    chapters = [[{"text": "a"}, {"text": "b"}], [], [{"text": "c"}]]
    data = {"version": 1, "data": [{"paragraphs": paragraphs} for paragraphs in chapters]}
    file = write(tmp_path / "a.json", json.dumps(data))
    rows = read(file, rows="data.paragraphs")
    assert rows == [(1, {"text": "a"}), (2, {"text": "b"}), (3, {"text": "c"})]


def test_csv_without_header_and_with_another_delimiter(tmp_path):
    file = write(tmp_path / "a.csv", "1;red\n2;blue\n")
    rows = read(file, columns=["id", "text"], delimiter=";")
    assert rows == [(1, {"id": "1", "text": "red"}), (2, {"id": "2", "text": "blue"})]


def test_tsv_has_no_quotes_unless_asked(tmp_path):
    file = write(tmp_path / "a.tsv", 'id\ttext\n1\ta "small" one\n2\t"open\n')
    assert [row["text"] for _, row in read(file)] == ['a "small" one', '"open']
    file = write(tmp_path / "b.tsv", 'id\ttext\n1\t"a\tb"\n')
    assert read(file, quote='"') == [(1, {"id": "1", "text": "a\tb"})]


def test_other_encodings(tmp_path):
    file = write(tmp_path / "a.csv", as_csv(ROWS[1:]).replace(" 😀", "").encode("gb18030"))
    assert read(file, encoding="gb18030") == [(1, {"id": "2", "text": "蓝色衬衫"})]
    file = write(tmp_path / "a.jsonl", '{"text": "é"}'.encode("latin-1"))
    assert read(file, encoding="latin-1") == [(1, {"text": "é"})]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("line", [(1, "one"), (2, "two"), (5, "three")]),
        ("paragraph", [(1, "one\ntwo"), (2, "three")]),
        ("file", [(1, "one\ntwo\n\n \nthree")]),
    ],
)
def test_plain_text_by_line_paragraph_or_file(tmp_path, document, expected):
    file = write(tmp_path / "a.txt", "one\ntwo\n\n \nthree\n")
    found = read(file, document=document, fields={})
    assert [(number, row["text"].strip()) for number, row in found] == expected


def test_a_huge_record_is_passed_over_without_being_held(tmp_path):
    """50 MB in one line, one quoted field, one paragraph."""
    huge = b"x" * 50_000_000
    small = [b'{"text": "a"}\n', b'{"text": "b"}\n']
    files = {
        write(tmp_path / "a.jsonl", small[0] + b'{"text": "' + huge + b'"}\n' + small[1]): {},
        write(tmp_path / "a.csv", b'text\na\n"' + huge[:-100] + b'\nrest"\nb\n'): {},
        write(tmp_path / "a.txt", b"a\n\n" + huge + b"\n\nb\n"): {"document": "paragraph"},
    }
    settings = ReadingSettings(max_unreadable_share=0.8)
    for file, fields in files.items():
        tracemalloc.start()
        rows = read(file, settings, **fields)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        good = [row["text"].strip() for _, row in rows if not isinstance(row, Unreadable)]
        bad = [row.reason for _, row in rows if isinstance(row, Unreadable)]
        assert good[0] == "a"
        assert good[-1] == "b"
        assert bad[0] == "too_large"
        assert peak < 3 * settings.max_record_bytes


def test_a_quote_that_is_never_closed_costs_one_row_not_the_file(tmp_path):
    lines = ["id,text", "1,fine", '2,"open'] + [f"{n},row" for n in range(3, 3000)]
    file = write(tmp_path / "a.csv", "\n".join(lines))
    rows = read(file, ReadingSettings(max_record_bytes=2000))
    assert rows[0] == (1, {"id": "1", "text": "fine"})
    assert rows[1][1].reason == "too_large"
    assert rows[-1][1] == {"id": "2999", "text": "row"}


def test_lines_are_streamed(tmp_path):
    file = write(tmp_path / "a.jsonl.gz", '{"text": "%s"}\n' % ("word " * 200) * 50_000)
    tracemalloc.start()
    source = TextSource(file="a.jsonl.gz", fields=["text"], language="en")
    assert sum(1 for _ in read_rows(file, source, ReadingSettings())) == 50_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000
