import gzip

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError

from shoplm.datasets import JsonLinesDataset


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "rows.jsonl"


def test_writes_one_readable_line_a_row(path):
    frame = pd.DataFrame({"asin": ["007"], "title": ["手机/🙂"], "attributes": [["红", 1]]})
    JsonLinesDataset(filepath=str(path)).save(frame)
    assert path.read_text("utf-8") == '{"asin":"007","title":"手机\\/🙂","attributes":["红",1]}\n'


def test_gzips_by_name(path):
    path = path.with_suffix(".jsonl.gz")
    dataset = JsonLinesDataset(filepath=str(path))
    dataset.save(pd.DataFrame({"a": [1, 2]}))
    assert gzip.decompress(path.read_bytes()) == b'{"a":1}\n{"a":2}\n'
    assert dataset.load().a.tolist() == [1, 2]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e6, 1e6).map(lambda x: round(x, 6) + 0.0),
    lambda inner: st.lists(inner, max_size=3),
)


@given(st.lists(st.fixed_dictionaries({"id": st.text("0123456789-"), "value": json_values})))
def test_round_trip_of_any_values(rows):
    import tempfile

    frame = pd.DataFrame(rows, columns=["id", "value"], dtype=object)
    with tempfile.TemporaryDirectory() as folder:
        dataset = JsonLinesDataset(filepath=f"{folder}/rows.jsonl.gz")
        dataset.save(frame)
        loaded = dataset.load().astype(object)
    loaded = loaded.where(loaded.notna(), None).to_dict("records")
    assert loaded == rows


def test_strings_are_not_guessed_at(path):
    frame = pd.DataFrame({"id": ["0012", "13"], "date": ["2024-01-02", "2024-01-03"]})
    dataset = JsonLinesDataset(filepath=str(path))
    dataset.save(frame)
    pd.testing.assert_frame_equal(dataset.load(), frame)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b'{"a": 1}\n\n{"a": 2\n', r"rows\.jsonl, line 3: Expecting"),
        (b'{"a": 1}\n[1, 2]\n', r"rows\.jsonl, line 2: expected a JSON object, got b'\[1, 2\]'"),
        (b'{"a": 1}\n{"a": "\xff\xfe"}\n', r"rows\.jsonl, line 2: .*utf-8"),
    ],
)
def test_broken_line_is_named(path, content, error):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=error):
        JsonLinesDataset(filepath=str(path)).load()


@pytest.mark.parametrize("cut", [slice(0, -20), slice(5, None)])
def test_damaged_gzip_is_named(path, cut):
    path.parent.mkdir()
    path = path.with_suffix(".jsonl.gz")
    path.write_bytes(gzip.compress(b'{"a": 1}\n' * 1000)[cut])
    with pytest.raises(DatasetError, match=r"rows\.jsonl\.gz: unreadable after line \d+"):
        JsonLinesDataset(filepath=str(path)).load()


def test_missing_file_is_named(path):
    dataset = JsonLinesDataset(filepath=str(path))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"rows\.jsonl: not there"):
        dataset.load()


def test_failed_save_keeps_the_old_file(path):
    dataset = JsonLinesDataset(filepath=str(path))
    dataset.save(pd.DataFrame({"a": [1]}))
    with pytest.raises(DatasetError):
        dataset.save(pd.DataFrame({"a": ["\ud800"]}, dtype=object))
    assert dataset.load().a.tolist() == [1]
    assert [file.name for file in path.parent.iterdir()] == ["rows.jsonl"]


def test_preview_reads_only_the_first_rows(path):
    path.parent.mkdir()
    path.write_text('{"a": 1, "t": "%s"}\n' % ("x" * 999) * 4 + "broken\n")
    preview = JsonLinesDataset(filepath=str(path)).preview(nrows=2)
    assert preview["columns"] == ["a", "t"]
    assert [row[0] for row in preview["data"]] == [1, 1]
    assert all(len(row[1]) == 200 for row in preview["data"])
