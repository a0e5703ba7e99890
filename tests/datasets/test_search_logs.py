"""Search logs of several formats by name, none of which is read before it is asked for."""

from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from shoplm.datasets import SearchLogsDataset

EVENTS = """user_id,ga_session_id,country,device,type,item_id,date
u,s,US,mobile,add_to_cart,2,2021-01-01 10:00:00
u,s,US,mobile,add_to_cart,1,2021-01-01 10:00:00
u,s,US,mobile,purchase,1,2021-01-01 10:05:00
"""
ITEMS = "id,name,brand,variant,category,price_in_usd\n1,Mug,G,,Home,5\n2,Pen,G,,Office,2\n"


@pytest.fixture
def folder(tmp_path):
    rows = pd.DataFrame({"list_id": ["a", "a", "b"], "click": [0, 1, 1]})
    rows.to_parquet(tmp_path / "log.parquet")
    rows.to_csv(tmp_path / "log.csv.gz", index=False)
    (tmp_path / "ga4").mkdir()
    (tmp_path / "ga4/events.csv").write_text(EVENTS)
    (tmp_path / "ga4/items.csv").write_text(ITEMS)
    return tmp_path


def logs_of(folder, **logs):
    return SearchLogsDataset(path=str(folder), logs=logs)


def test_tables_are_read_as_they_are_in_the_order_of_their_file(folder):
    files = {"parquet": "log.parquet", "csv": "log.csv.gz"}
    logs = {name: {"format": "table", "files": file} for name, file in files.items()}
    for name, read in logs_of(folder, **logs).load().items():
        found = read().to_pandas()
        assert found["list_id"].tolist() == ["a", "a", "b"], name
        assert found["click"].tolist() == [0, 1, 1], name


def test_events_of_the_merchandise_store_become_lists(folder):
    files = {"events": "ga4/events.csv", "items": "ga4/items.csv"}
    shop = logs_of(folder, ga4={"format": "merchandise", "files": files}).load()["ga4"]()
    rows = shop.order_by("position").to_pandas()
    assert rows["name"].tolist() == ["Pen", "Mug"]
    assert rows["purchase"].tolist() == [0, 1]


def test_nothing_is_read_before_it_is_asked_for(folder):
    table = {"format": "table", "files": "absent.parquet"}
    goods = {"format": "merchandise", "files": {"events": "ga4/no.csv", "items": "ga4/items.csv"}}
    logs = logs_of(folder, shop=table, ga4=goods).load()
    assert list(logs) == ["shop", "ga4"]
    with pytest.raises(DatasetError, match=r"absent\.parquet: not there"):
        logs["shop"]()
    with pytest.raises(DatasetError, match=r"search_logs, ga4: .*no\.csv: there is no such file"):
        logs["ga4"]()


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ({"format": "tabel", "files": "a"}, "shop: no format 'tabel'; did you mean 'table'"),
        ({"format": "table", "file": "a"}, "shop: found format, file; expected format and files"),
    ],
)
def test_wrong_entries_are_refused_at_once(folder, log, words):
    with pytest.raises(DatasetError, match=words):
        logs_of(folder, shop=log)


def test_parts_that_a_format_has_not_are_refused(folder):
    files = {"events": "ga4/events.csv", "goods": "ga4/items.csv"}
    log = logs_of(folder, ga4={"format": "merchandise", "files": files}).load()["ga4"]
    with pytest.raises(DatasetError, match=r"search_logs, ga4: .*goods"):
        log()


def test_who_writes_the_files_says_so(folder):
    logs = logs_of(folder, shop={"format": "table", "files": "log.parquet"})
    logs.save(["log.parquet"])
    with pytest.raises(DatasetError, match=r"watch\.parquet: was not written"):
        logs.save(["log.parquet", "watch.parquet"])
    assert logs.exists() and not logs_of(Path("nowhere"), shop=logs._logs["shop"]).exists()
