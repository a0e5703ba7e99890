"""Repair texts, and give each record that a rule refuses its reason."""

from __future__ import annotations

from functools import cache
from typing import Any

import ibis
import pyarrow as pa
from ibis import Schema, Table, _
from ibis.expr.types import StringValue

from shoplm.corpus.measures import MEASURES, measure_texts
from shoplm.corpus.quality_settings import CleaningSettings, FilterSettings, RuleLimits
from shoplm.corpus.repair import repair_text, suspicious_pattern
from shoplm.corpus.rules import filter_rules, limit_of

_LONGEST_REPAIR = 4
"""A raw text so many times longer than allowed is refused unrepaired."""


def clean_records(records: Table, settings: CleaningSettings) -> Table:
    """`records` with their text repaired, and `reason` and `detail` where a rule refuses them.

    The rules and their order are those of `filter_rules`; the first that a text fails is its
    reason.

    Args:
        records: `record_id, source, language, keys, text` and any other columns; text may be null.
        settings: what is repaired, and the limits.

    Returns:
        All rows and columns of `records`; `reason` is null where a record is kept.
    """
    filters = settings.filters
    longest = limit_of(records, filters, "max_characters")
    repaired = records.mutate(text=_repaired(records, longest * _LONGEST_REPAIR, settings))
    repaired = repaired.mutate(characters=repaired.text.length())
    too_long = repaired.characters > limit_of(repaired, filters, "max_characters")
    measured = repaired.mutate(measures=_measure(ibis.ifelse(too_long, "", repaired.text)))
    measured = measured.select(
        *repaired.columns, **{name: measured.measures[name] for name in MEASURES.names}
    )
    measured = _count_keys(measured, filters)
    rules = list(enumerate(filter_rules(measured, filters)))
    judged = measured.mutate(failed=ibis.cases(*[(rule.fails, n) for n, rule in rules]))
    return judged.select(
        *records.columns,
        reason=judged.failed.cases(*[(n, rule.reason) for n, rule in rules]),
        detail=judged.failed.cases(*[(n, rule.detail) for n, rule in rules]),
    )


def find_wrong_language(
    records: Table, min_script_share: float, min_words: int, min_function_words: int
) -> Table:
    """`record_id, source, reason, detail` of records that are not in the language they state.

    The rule of `clean_records` alone, on texts as they are.

    Args:
        records: `record_id, source, language, text`.
        min_script_share: see `FilterSettings`, as for the others.
        min_words: `min_language_words` there.
        min_function_words: as there.
    """
    off = dict.fromkeys(FilterSettings.model_fields.keys() & RuleLimits.model_fields.keys())
    limits = {
        "min_script_share": min_script_share,
        "min_language_words": min_words,
        "min_function_words": min_function_words,
    }
    none = {"boilerplate_patterns": (), "languages": {}, "sources": {}}
    settings = CleaningSettings(
        repair_encoding=False, strip_html=False, filters=FilterSettings(**off | none | limits)
    )
    judged = clean_records(records, settings)
    wrong = judged.filter(judged.reason == "wrong_language")
    return wrong.select("record_id", "source", "reason", "detail")


def collect_rejected(*stages: Table) -> Table:
    """What several stages refused: `record_id, source, reason, detail`.

    A stage may list all its records, with a null reason for those that it kept.
    """
    refused = [
        stage.filter(stage.reason.notnull()).select("record_id", "source", "reason", "detail")
        for stage in stages
    ]
    return ibis.union(*refused) if len(refused) > 1 else refused[0]


def require_records(records: Table, *removals: Table) -> None:
    """Make sure that something is left.

    Args:
        records: what came in; where it has a column `reason`, rows with a reason are refused.
        removals: `record_id, reason` of records that later stages removed.

    Raises:
        ValueError: nothing is left; says how many each rule removed.
    """
    kept = records.filter(records.reason.isnull()) if "reason" in records.columns else records
    for removal in removals:
        kept = kept.anti_join(removal, "record_id")
    if kept.count().to_pyarrow().as_py():
        return
    removed: dict[str, int] = {}
    for stage in (records, *removals):
        if "reason" in stage.columns:
            refused = stage.filter(_.reason.notnull()).group_by("reason").agg(number=_.count())
            for row in refused.to_pyarrow().to_pylist():
                removed[row["reason"]] = removed.get(row["reason"], 0) + row["number"]
    told = [
        f"{reason} removed {number:,}"
        for reason, number in sorted(removed.items(), key=lambda item: (-item[1], item[0]))
    ]
    total = records.count().to_pyarrow().as_py()
    raise ValueError(f"none of {total:,} records is left" + ": " * bool(told) + ", ".join(told))


def _repaired(records: Table, longest: Any, settings: CleaningSettings) -> StringValue:
    switches = {"encoding": settings.repair_encoding, "markup": settings.strip_html}
    suspicious = records.text.re_search(suspicious_pattern(**switches))
    worth_it = (records.text.length() <= longest).fill_null(True)
    return ibis.ifelse(suspicious & worth_it, _repair(**switches)(records.text), records.text)


@cache  # a function of the engine for each choice of switches
def _repair(encoding: bool, markup: bool) -> Any:
    @ibis.udf.scalar.pyarrow
    def repair_texts(texts: str) -> str:
        return pa.array(
            [repair_text(text, encoding=encoding, markup=markup) for text in texts.to_pylist()],
            pa.string(),
        )

    return repair_texts


@ibis.udf.scalar.pyarrow(
    signature=((ibis.dtype("string"),), Schema.from_pyarrow(pa.schema(MEASURES)).as_struct())
)
def _measure(texts):
    return measure_texts(texts)


def _count_keys(measured: Table, filters: FilterSettings) -> Table:
    """Add `n_keys`, under how many keys the same words stand; null where too few to matter."""
    limits = [
        each.boilerplate_keys
        for each in (filters, *filters.languages.values(), *filters.sources.values())
        if each.boilerplate_keys is not None
    ]
    if not limits:
        return measured.mutate(n_keys=ibis.null("int64"))
    frequent = (
        measured.group_by("fingerprint")
        .agg(named=measured["keys"].length().sum())
        .filter(_.named >= min(limits))
    )
    keys = measured.semi_join(frequent, "fingerprint")
    keys = keys.select("fingerprint", key=keys["keys"].unnest())
    counted = keys.group_by("fingerprint").agg(n_keys=_.key.nunique())
    return measured.left_join(counted, "fingerprint").drop("fingerprint_right")
