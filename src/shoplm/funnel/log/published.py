"""Readers of logs published in parts without times: AliExpress, Ali-CCP, KuaiRand.

AliExpress (Li et al., HMoE, 2020; Tianchi 74690): a pair of files a country, `search_id,
categorical_1..16, numerical_1..63, click, conversion`. Ali-CCP (Ma et al., ESMM, 2018), as
torch-rechub cuts it: files of train, validation and test; column 301 is the scenario, 101 the
user. KuaiRand (Gao et al., 2022), as Scenario-Wise-Rec cuts it: one file; `tab` is the scenario.

Where no validation part is published, a tenth of the training lists is, drawn by a hash of their
names.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from shoplm.funnel.log.columns import SIDES
from shoplm.funnel.log.files import open_csv
from shoplm.funnel.settings import LogSettings

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

TENTHS = 10
LONG_VIEW = 18_000
"""Milliseconds after which a longer video counts as viewed long, as KuaiRand defines it."""

ALIEXPRESS = LogSettings(
    user=None, platform=None, time=None, position=None, item=None, side="side",
    tasks=["click", "conversion"],
    numeric=[f"numerical_{n}" for n in range(1, 64)],
    categorical=[f"categorical_{n}" for n in range(1, 17)],
)  # fmt: skip
ALICCP = LogSettings(
    platform=None, time=None, position=None, item=None, side="side",
    tasks=["click", "purchase"],
    numeric=["D109_14", "D110_14", "D127_14", "D150_14", "D508", "D509", "D702", "D853"],
    categorical=[
        "101", "121", "122", "124", "125", "126", "127", "128", "129", "205", "206", "207", "210",
        "216", "508", "509", "702", "853", "109_14", "110_14", "127_14", "150_14",
    ],
)  # fmt: skip
KUAIRAND = LogSettings(
    platform=None, time=None, position=None, item="video_id", side="side",
    tasks=["click", "long_view"],
    numeric=["duration_ms", "follow_user_num", "fans_user_num", "friend_user_num", "register_days"],
    categorical=["user_id", "video_id", "user_active_degree", "is_lowactive_period",
                 "is_live_streamer", "is_video_author", "video_type"],
    logarithm=["follow_user_num", "fans_user_num", "friend_user_num", "register_days"],
)  # fmt: skip


def read_aliexpress(
    files: Mapping[str, Mapping[str, Path]], engine: BaseBackend | None = None
) -> Table:
    """The published columns with list_id, region and side.

    Args:
        files: by region (the files do not say theirs), and side: train, test, and validation if
            there is one.
        engine: DuckDB; null: a new one.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a column is missing, or a value is no number.
    """
    columns = {"search_id": "string"} | dict.fromkeys(ALIEXPRESS.categorical, "string")
    columns |= dict.fromkeys(ALIEXPRESS.numeric, "float64")
    columns |= dict.fromkeys(ALIEXPRESS.tasks, "int8")
    import ibis

    engine = engine or ibis.duckdb.connect()
    parts = []
    for region, sides in files.items():
        for side, file in _ordered(sides):
            rows = open_csv(file, columns, engine)
            lists = ibis.literal(f"{region}-{side}-") + rows["search_id"]
            side = _side(side, lists, "validation" in sides)
            parts.append(rows.mutate(list_id=lists, region=ibis.literal(region), side=side))
    return reduce(lambda a, b: a.union(b), parts).drop("_row", "search_id")


def read_aliccp(files: Mapping[str, Path], engine: BaseBackend | None = None) -> Table:
    """The published columns with list_id (a user's rows in a scenario of a part), user_id, region
    and side.

    Args:
        files: by side: train, test, and validation if there is one.
        engine: DuckDB; null: a new one.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a column is missing, or a value is no number.
    """
    import ibis

    engine = engine or ibis.duckdb.connect()
    columns = dict.fromkeys([*ALICCP.categorical, "301"], "string")
    columns |= dict.fromkeys(ALICCP.numeric, "float64") | dict.fromkeys(ALICCP.tasks, "int8")
    parts = []
    for side, file in _ordered(files):
        rows = open_csv(file, columns, engine)
        lists = ibis.literal(f"{side}-") + rows["101"] + "-" + rows["301"]
        side = _side(side, lists, "validation" in files)
        parts.append(rows.mutate(list_id=lists, user_id=rows["101"], region=rows["301"], side=side))
    return reduce(lambda a, b: a.union(b), parts).drop("_row", "301")


def read_kuairand(file: Path, engine: BaseBackend | None = None) -> Table:
    """list_id (a user's rows in a scenario), user_id, video_id, region (scenario), features, side.

    Labels: click, and long_view: clicked, and played for 18 s or, if shorter, to the end.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: a column is missing, or a value is no number.
    """
    import ibis

    engine = engine or ibis.duckdb.connect()
    columns = dict.fromkeys(["tab", *KUAIRAND.categorical], "string")
    columns |= dict.fromkeys([*KUAIRAND.numeric, "play_time_ms"], "float64")
    columns |= {"is_click": "int8"}
    rows = open_csv(file, columns, engine)
    enough = rows["play_time_ms"] >= ibis.least(rows["duration_ms"], LONG_VIEW)
    lists = rows["user_id"] + "-" + rows["tab"]
    tenth = _tenth(rows["user_id"])
    side = ibis.cases((tenth == 0, "test"), (tenth == 1, "validation"), else_="train")
    rows = rows.mutate(
        list_id=lists,
        region=rows["tab"],
        side=side,
        click=rows["is_click"],
        long_view=(enough & (rows["is_click"] == 1)).cast("int8"),
    )
    return rows.drop("_row", "tab", "is_click", "play_time_ms")


def _ordered(files: Mapping[str, Path]) -> list[tuple[str, Path]]:
    for side in files:
        if side not in SIDES:
            raise ValueError(f"files: {side!r} is no side; expected {', '.join(SIDES)}")
    return [(side, files[side]) for side in SIDES if side in files]


def _side(side: str, lists: Column, has_validation: bool) -> Column:
    import ibis

    if side != "train" or has_validation:
        return ibis.literal(side)
    return ibis.ifelse(_tenth(lists) == 0, "validation", "train")


def _tenth(text: Column) -> Column:
    from shoplm.funnel.log.vocabularies import hashed

    return hashed(text, TENTHS) - 1
