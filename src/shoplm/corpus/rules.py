"""The filter rules, as expressions over measured records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis
from ibis import Table
from ibis.expr.types import BooleanValue, NumericValue, StringValue, Value

from shoplm.corpus.characters import SCRIPTS
from shoplm.corpus.languages import LANGUAGES, SCRIPTS_OF_LANGUAGE
from shoplm.corpus.quality_settings import FilterSettings

_FOREIGN_SCRIPT = {"zh": "kana"}
"""A script that shows another language, where the two share one: Japanese is half Han."""


@dataclass(frozen=True)
class Rule:
    """Why a record is refused."""

    reason: str
    fails: BooleanValue
    """True where a record is refused; null counts as false."""
    detail: StringValue
    """The measured value and the limit."""


def filter_rules(records: Table, filters: FilterSettings) -> list[Rule]:
    """The rules in the order in which they are asked.

    `empty`, `too_long`, `too_short`; `boilerplate`; `symbol_share`, `digit_share`, `repetition`;
    `wrong_language`.

    Args:
        records: records with `characters`, the fields of `measures.MEASURES`, and `n_keys`.
        filters: the limits.
    """
    return [
        *_length_rules(records, filters),
        *_boilerplate_rules(records, filters),
        *_share_rules(records, filters),
        *_language_rules(records, filters),
    ]


def limit_of(records: Table, filters: FilterSettings, name: str) -> NumericValue:
    """The limit that holds for each record: its source's, else its language's, else the default.

    Null, which no value exceeds, where there is none.
    """
    chain: list[Value] = []
    for column, limits in (
        (records.source, filters.sources),
        (_language(records), filters.languages),
    ):
        given = [(key, v) for key, each in limits.items() if (v := getattr(each, name)) is not None]
        if given:
            chain.append(column.cases(*given))
    default = getattr(filters, name)
    chain.append(ibis.null("float64") if default is None else ibis.literal(default))
    return ibis.coalesce(*chain)


def _language(records: Table) -> StringValue:
    """The language without region or script: zh of zh-Hans-CN."""
    return records.language.lower().re_extract("^[a-z]+", 0)


def _length_rules(records: Table, filters: FilterSettings) -> Iterator[Rule]:
    size = records.characters
    shortest = limit_of(records, filters, "min_characters")
    longest = limit_of(records, filters, "max_characters")
    yield Rule("empty", size.fill_null(0) == 0, ibis.literal("no text"))
    yield Rule("too_long", size > longest, _text(size, " characters, at most ", longest))
    yield Rule("too_short", size < shortest, _text(size, " characters, at least ", shortest))


def _boilerplate_rules(records: Table, filters: FilterSettings) -> Iterator[Rule]:
    for pattern in filters.boilerplate_patterns:
        matches = records.text.re_search(rf"(?is)\A(?:{pattern})\z")
        yield Rule("boilerplate", matches, ibis.literal(f"matches {pattern}"))
    limit = limit_of(records, filters, "boilerplate_keys")
    detail = _text("the same words under ", records.n_keys, " keys, at most ", limit - 1)
    yield Rule("boilerplate", records.n_keys >= limit, detail)


def _share_rules(records: Table, filters: FilterSettings) -> Iterator[Rule]:
    for reason, measure, name, what in (
        ("symbol_share", "symbol_share", "max_symbol_share", "symbols"),
        ("digit_share", "digit_share", "max_digit_share", "digits"),
        ("repetition", "run_share", "max_run_share", "one character in a row"),
        ("repetition", "line_repetition", "max_line_repetition", "in repeated lines"),
        ("repetition", "phrase_repetition", "max_phrase_repetition", "repeated phrases"),
    ):
        limit = limit_of(records, filters, name)
        detail = _text(_percent(records[measure]), f" {what}, at most ", _percent(limit))
        yield Rule(reason, records[measure] > limit, detail)


def _language_rules(records: Table, filters: FilterSettings) -> Iterator[Rule]:
    language = _language(records)
    words = records.scripts.sums()
    enough = words >= filters.min_language_words

    def in_scripts(scripts: tuple[str, ...]) -> NumericValue:
        return sum(
            (records.scripts[SCRIPTS.index(s)] for s in scripts[1:]),
            records.scripts[SCRIPTS.index(scripts[0])],
        )

    own = ibis.cases(
        *[
            (
                language.isin([k for k, v in SCRIPTS_OF_LANGUAGE.items() if v == scripts]),
                in_scripts(scripts),
            )
            for scripts in dict.fromkeys(SCRIPTS_OF_LANGUAGE.values())
        ]
    )
    limit = limit_of(records, filters, "min_script_share")
    share = own / words
    detail = _text(
        _percent(share), " of the words in the script of ", language, ", at least ", _percent(limit)
    )
    yield Rule("wrong_language", enough & (share < limit), detail)

    for code, script in _FOREIGN_SCRIPT.items():
        share = records.scripts[SCRIPTS.index(script)] / words
        detail = _text(
            _percent(share), f" {script}, below ", _percent(limit), f" expected in {code}"
        )
        yield Rule("wrong_language", (language == code) & enough & (share >= limit), detail)

    count = {code: records.function_words[place] for place, code in enumerate(LANGUAGES)}
    own = language.cases(*count.items())
    other = ibis.greatest(*[ibis.ifelse(language == code, 0, n) for code, n in count.items()])
    name = ibis.cases(*[((n == other) & (language != code), code) for code, n in count.items()])
    detail = _text(other, " function words of ", name, ", ", own, " of ", language)
    yield Rule("wrong_language", (other >= filters.min_function_words) & (other > 3 * own), detail)


def _percent(share: NumericValue) -> StringValue:
    return _text((share * 100).round().cast("int64"), "%")


def _text(*parts: Value | str) -> StringValue:
    return ibis.literal("").concat(*[p if isinstance(p, str) else p.cast("string") for p in parts])
