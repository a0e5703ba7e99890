"""The folder that models are trained on, written from streamed batches, whole or not at all."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.expr.operations import PhysicalTable

from shoplm.funnel.log.columns import LIST, LIST_TIME, POPULARITY
from shoplm.funnel.log.facts import (
    count_late_labels,
    count_sides,
    warn_of_labels,
    warn_of_split,
)
from shoplm.funnel.log.folder import FORMAT, META, REJECTED
from shoplm.funnel.log.regions import describe_regions
from shoplm.funnel.log.scaling import Scale, fit_scale, is_missing
from shoplm.funnel.log.sides import limit_training_rows, split_log
from shoplm.funnel.log.vocabularies import as_json, fit_vocabulary, hashed, numbered, size_of
from shoplm.funnel.settings import LogSettings
from shoplm.launch.checkpoints import appearing
from shoplm.variants import fingerprint

if TYPE_CHECKING:
    from ibis import Table

BATCH = 65_536
"""Rows in memory at a time."""
MOST = int(np.iinfo(np.int16).max)
"""Regions, and platforms, that can be told apart."""
MEMORY = "500MB"
"""Of the engine that reads the sorted rows; what it needs beyond lies on disk."""
_FEATURES, _ROWS, _SPILLED = "features.parquet", "rows.parquet", "spilled"


@dataclass(frozen=True)
class _Encoding:
    """How a row becomes numbers."""

    scales: list[Scale]
    vocabularies: dict[str, pa.Array | None]
    regions: list[str]
    platforms: list[str]

    @property
    def numeric(self) -> list[str]:
        flags = [f"{scale.name}_missing" for scale in self.scales if scale.missing]
        return [scale.name for scale in self.scales] + flags


def write_log(features: Table, settings: LogSettings, folder: Path) -> Path:
    """Write the folder that `FunnelLog.open` reads, whole or not at all.

    Rows are sorted by time of their list, list and place. Scales and vocabularies are of training
    rows alone. A feature that cannot be used is left out, with a row in `rejected_features`.

    Args:
        features: as `build_features` gives them.
        settings: the same.
        folder: replaced if it is there.

    Raises:
        ValueError: a side is without rows, a region has two values of a feature that describes
            it, `training_rows` names a region that there is not, a feature looks like a task, or
            there are more regions or platforms than can be told apart.
        OSError: the folder cannot be written.
    """
    if LIST not in features.columns:
        raise ValueError(f"features: there is no column {LIST!r}; expected those of build_features")
    with appearing(Path(folder)) as aside:
        features = _stored(features, aside / _FEATURES)
        warnings = warn_of_labels(features, settings)
        sided, facts = split_log(features, settings)
        sided, left_out = limit_training_rows(sided, settings)
        facts |= left_out
        warnings += warn_of_split(facts)
        facts["late_labels"] = count_late_labels(sided, settings, facts["cuts"], warnings)
        _sorted(sided, settings).to_parquet(aside / _ROWS)
        # an engine of its own: the order of rows has to be that of the file
        engine = ibis.duckdb.connect(memory_limit=MEMORY, temp_directory=str(aside / _SPILLED))
        rows = engine.read_parquet(str(aside / _ROWS))
        encoding, rejected = _fit(rows, aside / _ROWS, settings, warnings)
        sides = count_sides(rows, settings, warnings)
        described = describe_regions(rows, encoding.regions, settings, warnings)
        sizes = _write_arrays(rows, encoding, settings, aside)
        np.save(aside / "region_numeric.npy", described.values)
        rejected = pd.DataFrame(rejected, columns=["feature", "reason", "detail"], dtype="str")
        rejected.to_parquet(aside / REJECTED, index=False)
        engine.disconnect()
        shutil.rmtree(aside / _SPILLED, ignore_errors=True)
        for name in (_ROWS, _FEATURES):
            (aside / name).unlink(missing_ok=True)
        meta = {
            "format": FORMAT,
            "tasks": settings.tasks,
            "regions": encoding.regions,
            "platforms": encoding.platforms,
            "numeric": encoding.numeric,
            "categorical": settings.categorical,
            "multivalued": settings.multivalued,
            "region_numeric": described.names,
            "categories": {
                name: size_of(vocabulary, settings.hash_buckets.get(name))
                for name, vocabulary in encoding.vocabularies.items()
            },
            "scaling": [scale.as_dict() for scale in encoding.scales],
            "history": bool(settings.history.keys),
            **facts,
            **sides,
            **sizes,
            "warnings": warnings,
            "settings": settings.model_dump(mode="json"),
        }
        vocabularies = json.dumps(as_json(encoding.vocabularies), ensure_ascii=False)
        (aside / "vocabularies.json").write_text(vocabularies + "\n", "utf-8")
        meta["fingerprint"] = fingerprint(meta, *sorted(aside.glob("*.npy")))
        (aside / META).write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return Path(folder)


def _stored(features: Table, file: Path) -> Table:
    """The features as a table that is only read: several questions are asked of them."""
    if isinstance(features.op(), PhysicalTable):
        return features
    features.to_parquet(file)
    return features.get_backend().read_parquet(str(file))


def _sorted(log: Table, settings: LogSettings) -> Table:
    """The columns that are written, in the order of rows that follows from the rows alone."""
    chosen: dict[str, Any] = {name: log[name] for name in ("_side", LIST_TIME, LIST)}
    order = list(chosen)
    for name, role in (("_position", settings.position), ("_item", settings.item)):
        if role is not None:
            chosen[name] = log[role]
            order.append(name)
    chosen["_region"] = log[settings.region].cast("string")
    if settings.platform is not None:
        chosen["_platform"] = log[settings.platform].cast("string").fill_null("")
    chosen |= {f"_task_{t}": log[t] for t in settings.tasks} | {POPULARITY: log[POPULARITY]}
    for name in [*settings.numeric, *settings.prior_columns()]:
        chosen[f"n_{name}"] = log[name].cast("float64")
    for name in settings.region_features:
        chosen[f"r_{name}"] = log[name].cast("float64")
    for name in (*settings.categorical, *settings.multivalued):
        many = name in settings.multivalued
        text = log[name].cast("array<string>" if many else "string")
        if name in settings.hash_buckets:
            text = hashed(text, settings.hash_buckets[name])
        chosen[f"c_{name}"] = text
    # the other columns too, so that rows that differ at all never swap places
    order += [name for name in chosen if name not in order]
    return log.select(**chosen).order_by(order)


def _fit(
    rows: Table, file: Path, settings: LogSettings, warnings: list[str]
) -> tuple[_Encoding, list[tuple[str, str, str]]]:
    """Scales and vocabularies, and the features that cannot be used.

    Exact quantiles need all values of a feature: they are read one feature at a time.
    """
    prior = settings.prior_columns()
    scales, rejected = [], []
    train = pq.read_table(file, columns=["_side"])[0].to_numpy() == 0
    for name in (*settings.numeric, *prior):
        logarithm = name in settings.logarithm or prior.get(name, False)
        values = pq.read_table(file, columns=[f"n_{name}"])[0].to_numpy()
        values = values.astype(np.float64, copy=False)
        fitted = fit_scale(values, train, name, logarithm, warnings)
        if isinstance(fitted, Scale):
            scales.append(fitted)
        else:
            rejected.append((name, *fitted))
    vocabularies: dict[str, pa.Array | None] = {}
    for name in (*settings.categorical, *settings.multivalued):
        least = settings.vocabulary_min_count
        hashed_already = name in settings.hash_buckets
        vocabularies[name] = None if hashed_already else fit_vocabulary(rows, f"c_{name}", least)
    regions = _distinct(rows, "_region", settings.region)
    platforms = ["all"]
    if settings.platform is not None:
        platforms = _distinct(rows, "_platform", settings.platform)
    return _Encoding(scales, vocabularies, regions, platforms), rejected


def _distinct(rows: Table, name: str, column: str) -> list[str]:
    found = rows.select(name).distinct().order_by(name).to_pyarrow()[name].to_pylist()
    if len(found) > MOST:
        raise ValueError(
            f"search log, {column}: found {len(found):,} different values; expected {MOST:,} at "
            "most"
        )
    return found


def _write_arrays(
    rows: Table, encoding: _Encoding, settings: LogSettings, aside: Path
) -> dict[str, int]:
    """Fill memory-mapped arrays batch by batch; numbers of rows and lists."""
    count = int(rows.count().to_pandas())
    shapes = {
        "list": (np.int64, ()), "region": (np.int16, ()), "platform": (np.int16, ()),
        "time": (np.int64, ()), "side": (np.int8, ()), "popularity": (np.float32, ()),
        "numeric": (np.float32, (len(encoding.numeric),)),
        "categorical": (np.int32, (len(settings.categorical),)),
        "labels": (np.int8, (len(settings.tasks),)),
    }  # fmt: skip
    arrays = {n: _made(aside, n, kind, (count, *shape)) for n, (kind, shape) in shapes.items()}
    for name in settings.multivalued:
        held = int(rows[f"c_{name}"].length().sum().to_pandas() or 0)
        arrays[f"{name}_starts"] = _made(aside, f"{name}_starts", np.int64, (count + 1,))
        arrays[f"{name}_ids"] = _made(aside, f"{name}_ids", np.int32, (held,))
    done, lists, last = 0, -1, None
    for batch in rows.to_pyarrow_batches(chunk_size=BATCH):
        n = len(batch)
        if not n:
            continue
        place = slice(done, done + n)
        ids = batch[LIST]
        fresh = np.ones(n, dtype=bool)
        fresh[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        fresh[0] = last is None or ids[0].as_py() != last
        arrays["list"][place] = lists + np.cumsum(fresh)
        lists, last = int(arrays["list"][done + n - 1]), ids[-1].as_py()
        _encode(batch, place, arrays, encoding, settings)
        done += n
    for array in arrays.values():
        if isinstance(array, np.memmap):
            array.flush()
    return {"n_rows": count, "n_lists": lists + 1}


def _encode(
    batch: pa.RecordBatch,
    place: slice,
    arrays: dict[str, np.ndarray],
    encoding: _Encoding,
    settings: LogSettings,
) -> None:
    """Write a batch's rows at `place`."""

    def plain(name: str) -> np.ndarray:
        return batch[name].to_numpy(zero_copy_only=False)

    def place_in(name: str, names: list[str]) -> np.ndarray:
        return numbered(batch[name], pa.array(names, pa.large_string())) - 1

    arrays["time"][place] = plain(LIST_TIME)
    arrays["side"][place] = plain("_side")
    arrays["popularity"][place] = plain(POPULARITY)
    arrays["region"][place] = place_in("_region", encoding.regions)
    arrays["platform"][place] = 0
    if settings.platform is not None:
        arrays["platform"][place] = place_in("_platform", encoding.platforms)
    for column, task in enumerate(settings.tasks):
        arrays["labels"][place, column] = plain(f"_task_{task}")
    flag = len(encoding.scales)
    for column, scale in enumerate(encoding.scales):
        values = plain(f"n_{scale.name}").astype(np.float64)
        arrays["numeric"][place, column] = scale.apply(values, settings.clip)
        if scale.missing:
            arrays["numeric"][place, flag] = is_missing(values)
            flag += 1
    for column, name in enumerate(settings.categorical):
        values = numbered(batch[f"c_{name}"], encoding.vocabularies[name])
        arrays["categorical"][place, column] = values
    for name in settings.multivalued:
        held = batch[f"c_{name}"]
        sizes = pc.fill_null(pc.list_value_length(held), 0).to_numpy(zero_copy_only=False)
        starts = arrays[f"{name}_starts"]
        first = int(starts[place.start])
        starts[place.start + 1 : place.stop + 1] = first + np.cumsum(sizes)
        ids = numbered(pc.list_flatten(held), encoding.vocabularies[name])
        arrays[f"{name}_ids"][first : first + len(ids)] = ids


def _made(aside: Path, name: str, kind: type, shape: tuple[int, ...]) -> np.ndarray:
    if 0 in shape:  # nothing can be mapped of an empty file
        np.save(aside / f"{name}.npy", np.zeros(shape, kind))
        return np.zeros(shape, kind)
    return np.lib.format.open_memmap(aside / f"{name}.npy", "w+", kind, shape)
