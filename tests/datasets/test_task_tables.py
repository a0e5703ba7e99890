import gzip
import json

import pandas as pd
import pytest
from kedro.io import DatasetError

from shoplm.datasets import FolderDataset, TaskTablesDataset


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))


def load(root, **tables):
    return TaskTablesDataset(path=str(root), tables=tables).load()


def test_columns_are_renamed_and_parsed_and_an_absent_file_is_no_table(tmp_path):
    rows = [
        "sku,label,specs,price,tree",
        'S1, Kettle ,"Material: steel\nVolume: 1 l","1,299","[""A >> B >> C...""]"',
        'S2,,"{""key""=>""Colour"", ""value""=>""red""}",19.5,A > B > D',
    ]
    (tmp_path / "shop.csv").write_text("\n".join(rows))
    tables = load(
        tmp_path,
        products={
            "file": "shop.csv",
            "columns": {
                "product_id": "sku", "name": "label", "properties": "specs", "price": "price",
                "category": "tree",
            },
            "parse": {"properties": "properties", "price": "number", "category": "path"},
            "values": {"language": "en"},
            "depth": 2,
        },
        reviews={"file": "reviews.jsonl", "columns": ["text"]},
    )  # fmt: skip
    assert set(tables) == {"products", "unreadable_rows"} and tables["unreadable_rows"].empty
    first, second = tables["products"].to_dict("records")
    assert first == {
        "product_id": "S1", "name": "Kettle", "price": 1299, "category": "A > B", "language": "en",
        "properties": {"Material": ["steel"], "Volume": ["1 l"]},
    }  # fmt: skip
    assert pd.isna(second["name"]) and second["price"] == 19.5
    assert second["properties"] == {"Colour": ["red"]} and second["category"] == "A > B"


def test_a_table_may_come_from_several_files_and_a_list_give_a_row_an_element(tmp_path):
    write(tmp_path / "a/one.jsonl.gz", {"id": 1, "qa": [{"q": "why", "a": "so"}, {"q": "how"}]})
    write(tmp_path / "b.jsonl.gz", {"ask": "when", "lines": ["at", " once"]})
    asked = {"columns": {"question": "item.q", "answer": "item.a", "of": "id"}, "each": "qa"}
    tables = load(
        tmp_path,
        questions=[
            {"file": "a/*.jsonl.gz"} | asked,
            {"file": "b.jsonl.gz", "columns": {"question": "ask", "answer": "lines"}},
        ],
    )
    found = tables["questions"].astype(object).where(tables["questions"].notna(), None)
    assert found[["question", "answer", "of"]].to_numpy().tolist() == [
        ["why", "so", 1], ["how", None, 1], ["when", "at\nonce", None],
    ]  # fmt: skip


def test_rows_that_cannot_be_read_are_listed(tmp_path):
    rows = ({"x": "3"}, '{"x": ', {"x": "three"}, {"x": None}, {"x": 4})
    write(tmp_path / "t.jsonl.gz", *rows)
    tables = load(tmp_path, t={"file": "t.jsonl.gz", "columns": ["x"], "parse": {"x": "number"}})
    assert tables["t"]["x"].dropna().tolist() == [3, 4] and len(tables["t"]) == 3
    listed = tables["unreadable_rows"]
    assert list(listed["id"]) == ["t:t.jsonl.gz:row-2", "t:t.jsonl.gz:row-3"]
    assert list(listed["reason"]) == ["invalid_json", "unreadable"]
    assert listed["detail"][1] == "column 'x': expected a number, found 'three'"


def test_a_limit_reads_no_further(tmp_path):
    write(tmp_path / "t.jsonl.gz", *({"x": n} for n in range(9)))
    table = load(tmp_path, t={"file": "t.jsonl.gz", "columns": ["x"], "limit": 4})["t"]
    assert list(table["x"]) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": ["sku"]}, r"table 't': .*t.jsonl.gz: has no column 'sku'; it has x"),
        ({"parse": {"xx": "list"}}, r"parse: 'xx' is not one of the columns; did you mean 'x'"),
        ({"parse": {"x": "date"}}, r"table 't': field 'parse.x'"),
        ({"values": {"x": "1"}}, r"values: 'x' is a column of the file too"),
        ({"colums": {}}, r"field 'colums'"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path, changes, message):
    write(tmp_path / "t.jsonl.gz", {"x": 1})
    with pytest.raises(DatasetError, match=message):
        load(tmp_path, t={"file": "t.jsonl.gz", "columns": ["x"]} | changes)


def test_saving_takes_note_of_files_that_are_read(tmp_path):
    write(tmp_path / "t.jsonl.gz", {"x": 1})
    tables = TaskTablesDataset(
        path=str(tmp_path),
        tables={name: {"file": f"{name}.jsonl.gz", "columns": ["x"]} for name in "tu"},
    )
    tables.save(["t.jsonl.gz"])
    with pytest.raises(DatasetError, match=r"u\.jsonl\.gz: was not written"):
        tables.save(["u.jsonl.gz"])
    with pytest.raises(DatasetError, match="no table reads this file; they read t"):
        tables.save(["v.jsonl.gz"])
    assert tables.exists()


def test_a_folder_is_its_path_and_must_be_there(tmp_path):
    assert FolderDataset(path=str(tmp_path)).load() == tmp_path
    with pytest.raises(DatasetError, match="there is no such folder"):
        FolderDataset(path=str(tmp_path / "none")).load()
    with pytest.raises(DatasetError, match="can only be read"):
        FolderDataset(path=str(tmp_path)).save("x")
