import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DataCatalog, DatasetError

from shoplm.datasets import TableDataset


@pytest.fixture
def dataset(tmp_path):
    return TableDataset(filepath=str(tmp_path / "folder" / "table.parquet"))


FRAME = pd.DataFrame(
    {"id": ["a", "b"], "n": [1, 2], "keys": [["x", "y"], []], "zh": ["手机", None]}
)


def as_stream(frame):
    table = pa.Table.from_pandas(frame)
    return pa.RecordBatchReader.from_batches(table.schema, iter(table.to_batches(1)))


@pytest.mark.parametrize("convert", [lambda f: f, pa.Table.from_pandas, as_stream, ibis.memtable])
def test_round_trip(dataset, convert):
    dataset.save(convert(FRAME))
    loaded = dataset.load()
    assert isinstance(loaded, ibis.Table)
    rows = loaded.order_by("id").to_pyarrow().to_pylist()
    assert rows == [
        {"id": "a", "n": 1, "keys": ["x", "y"], "zh": "手机"},
        {"id": "b", "n": 2, "keys": [], "zh": None},
    ]
    assert dataset.row_count() == 2


def test_expression_is_run_by_its_own_engine(dataset):
    engine = ibis.duckdb.connect()
    here = engine.create_table("numbers", pa.table({"n": [3, 4]}))
    dataset.save(here.mutate(square=here.n**2))
    assert sorted(dataset.load().square.to_list()) == [9, 16]


def test_result_may_replace_its_own_source(dataset):
    dataset.save(FRAME)
    table = dataset.load()
    dataset.save(table.filter(table.n > 1))
    assert dataset.load().id.to_list() == ["b"]


def test_replaced_file_is_read_anew(dataset):
    for n in (1, 2, 3):  # of equal size and, on a coarse clock, of equal time
        dataset.save(pd.DataFrame({"n": [n]}))
        assert dataset.load().n.to_list() == [n]


def test_entries_with_one_connection_join(tmp_path):
    entry = {
        "type": "shoplm.datasets.TableDataset",
        "connection": {"backend": "duckdb", "memory_limit": "500MB", "threads": 1},
    }
    names = ("left", "right")
    catalog = DataCatalog.from_config(
        {name: {**entry, "filepath": str(tmp_path / f"{name}.parquet")} for name in names}
    )
    for name in names:
        catalog.save(name, pd.DataFrame({"id": [1, 2], name: ["x", "y"]}))
    joined = catalog.load("left").join(catalog.load("right"), "id").order_by("id").to_pyarrow()
    assert joined.to_pylist() == [
        {"id": 1, "left": "x", "right": "x"},
        {"id": 2, "left": "y", "right": "y"},
    ]
    settings = catalog["left"].connection.raw_sql("select current_setting('threads')").fetchall()
    assert settings == [(1,)]


def test_failed_save_keeps_the_old_file(dataset, tmp_path):
    dataset.save(FRAME)
    table = dataset.load()
    with pytest.raises(DatasetError, match=r"table\.parquet: cannot be written.*Could not convert"):
        dataset.save(table.mutate(n=table.id.cast("int64")))
    assert dataset.row_count() == 2
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["table.parquet"]


def test_failed_stream_keeps_the_old_file(dataset, tmp_path):
    def batches():
        yield pa.RecordBatch.from_pylist([{"n": 1}])
        raise ValueError("products.jsonl, line 9: expected a JSON object")

    dataset.save(FRAME)
    with pytest.raises(DatasetError, match=r"products\.jsonl, line 9"):
        dataset.save(pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), batches()))
    assert dataset.row_count() == 2
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["table.parquet"]


def test_missing_file_is_named(dataset):
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"table\.parquet: not there"):
        dataset.load()


def test_file_that_is_no_parquet_is_named(dataset, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "table.parquet").write_text("id,n\n1,2\n")
    with pytest.raises(DatasetError, match=r"table\.parquet: cannot be read as parquet"):
        dataset.load()


def test_preview_is_plain_and_short(dataset):
    frame = pd.DataFrame(
        {
            "text": ["x" * 5000] * 9,
            "keys": [["a", "b"]] * 9,
            "when": pd.Timestamp("2024-01-02"),
            "none": [None] * 9,
        }
    )
    dataset.save(frame)
    preview = dataset.preview(nrows=3)
    assert preview["columns"] == ["text", "keys", "when", "none"]
    assert len(preview["data"]) == 3
    text, keys, when, none = preview["data"][0]
    assert len(text) == 200 and text.endswith("…")
    assert (keys, when[:10], none) == ('["a", "b"]', "2024-01-02", None)


def test_preview_of_no_rows(dataset):
    dataset.save(pa.table({"a": pa.array([], pa.string())}))
    assert dataset.preview() == {"columns": ["a"], "index": [], "data": []}
    assert dataset.load().count().to_pyarrow().as_py() == 0


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(rows=st.lists(st.tuples(texts, st.integers(-(2**63), 2**63 - 1), st.lists(texts))))
def test_any_rows_round_trip(rows, tmp_path_factory):
    schema = pa.schema({"t": pa.string(), "n": pa.int64(), "k": pa.list_(pa.string())})
    table = pa.Table.from_pylist([dict(zip("tnk", row, strict=True)) for row in rows], schema)
    dataset = TableDataset(filepath=str(tmp_path_factory.mktemp("t") / "t.parquet"))
    dataset.save(ibis.memtable(table))
    loaded = dataset.load().to_pyarrow().to_pylist()
    assert sorted(map(str, loaded)) == sorted(map(str, table.to_pylist()))
