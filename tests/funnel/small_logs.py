"""Logs small enough to work out by hand, and random ones."""

import ibis
import numpy as np
import pandas as pd

from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.log.history import build_features
from shoplm.funnel.log.writing import write_log
from shoplm.funnel.settings import LogSettings

DAY = 86_400


def table_of(frame):
    return ibis.duckdb.connect().create_table("search_log", frame)


def settings_of(**changes):
    given = {"tasks": ["click", "purchase"], "numeric": ["price"]}
    return LogSettings(**(given | changes))


def random_log(rows=240, lists=60, seed=0, regions=3):
    """Lists of four over ten days; the price is on another scale in every region."""
    rng = np.random.default_rng(seed)
    of = np.arange(rows) % lists
    region = rng.integers(0, regions, lists)[of]
    click = rng.random(rows) < 0.5
    return pd.DataFrame(
        {
            "list_id": [f"L{n:03d}" for n in of],
            "user_id": [f"U{n % 7}" for n in of],
            "region": [f"R{n}" for n in region],
            "platform": np.where(of % 2, "app", "web"),
            "timestamp": of * (10 * DAY // lists),
            "position": np.arange(rows) // lists,
            "product_id": [f"P{n}" for n in rng.integers(0, 9, rows)],
            "price": np.exp(rng.normal(size=rows)) * 4.0**region,
            "quality": rng.normal(size=rows),
            "kind": [f"K{n}" for n in rng.integers(0, 4, rows)],
            "tags": [[f"T{n}" for n in rng.integers(0, 5, k)] for k in rng.integers(0, 4, rows)],
            "click": click.astype(int),
            "purchase": (click & (rng.random(rows) < 0.5)).astype(int),
        }
    )


def write(frame, folder, settings):
    return FunnelLog.open(write_log(build_features(table_of(frame), settings), settings, folder))


def features_of(frame, settings):
    """Rows by list and position, as pandas."""
    made = build_features(table_of(frame), settings).to_pandas()
    return made.sort_values(["list_id", "position"], ignore_index=True)
