"""Documents of a mixture, chosen to token ratios on one budget (EcomGPT-CT, section 3.3)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import Table

from shoplm.corpus.clusters import positions
from shoplm.corpus.ordering import seeded_hash
from shoplm.corpus.settings import MixtureSettings

logger = logging.getLogger(__name__)

Group = tuple[str, str | None]


@dataclass(frozen=True)
class Documents:
    """The documents that a strategy makes of all records; `record_*` arrays are by record."""

    record_id: np.ndarray
    """(n,) str."""
    record_document: np.ndarray
    """(n,) int: the document of each record."""
    record_n_tokens: np.ndarray
    """(n,) int."""
    document_id: np.ndarray
    """(d,) str."""
    first_record: np.ndarray
    """(d,) str: the smallest id of its records. It decides the place in the seeded order, so a
    record that stands alone has the same place under every strategy."""
    kind: np.ndarray
    """(d,) str."""
    language: np.ndarray
    """(d,) str: the language of most of the document's tokens."""
    n_tokens: np.ndarray
    """(d,) int: with separators and the end mark."""


def make_documents(records: pd.DataFrame, strategy: str, separator_tokens: int) -> Documents:
    """Documents of `records` (record_id, cluster_id, kind, language, n_tokens).

    `clusters`: one document a cluster. `separate`: one a record.
    """
    records = records.sort_values("record_id", ignore_index=True)
    ids = records["record_id"].to_numpy()
    names = records["cluster_id"].to_numpy() if strategy == "clusters" else ids
    document_id, first, document = np.unique(names, return_index=True, return_inverse=True)
    by_language = (
        pd.DataFrame(
            {
                "document": document,
                "kind": records["kind"],
                "language": records["language"],
                "n_tokens": records["n_tokens"],
            }
        )
        .groupby(["document", "kind", "language"], observed=True)["n_tokens"]
        .sum()
        .reset_index()
        .sort_values(["document", "n_tokens", "language"], ascending=[True, False, True])
        .drop_duplicates("document")
    )
    size = np.bincount(document, minlength=len(document_id))
    tokens = np.bincount(document, records["n_tokens"], len(document_id)).astype(np.int64)
    return Documents(
        record_id=ids,
        record_document=document,
        record_n_tokens=records["n_tokens"].to_numpy(),
        document_id=document_id,
        first_record=ids[first],
        kind=by_language["kind"].to_numpy(),
        language=by_language["language"].to_numpy(),
        n_tokens=tokens + (size - 1) * separator_tokens + 1,
    )


def build_mixtures(
    clusters: Table,
    records: Table,
    mixtures: Mapping[str, MixtureSettings],
    token_budget: int | None,
    separator_tokens: int,
    seed: int,
) -> tuple[dict[str, pa.Table], pd.DataFrame]:
    """All named mixtures of one set of records on one token budget.

    Args:
        clusters: `cluster_id, record_id`.
        records: `record_id, kind, language, n_tokens` of all kept records.
        mixtures: the settings of each mixture.
        token_budget: see `plan_budget`.
        separator_tokens: tokens between two records of a document.
        seed: of the choice and order of documents.

    Returns:
        The mixtures by name, and one account with a column `mixture` (see `mix_documents`).
    """
    columns = ["record_id", "cluster_id", "kind", "language", "n_tokens"]
    joined = clusters.inner_join(records, "record_id").select(columns).to_pandas()
    made = {
        strategy: make_documents(joined, strategy, separator_tokens)
        for strategy in {settings.strategy for settings in mixtures.values()}
    }
    documents = {name: made[settings.strategy] for name, settings in mixtures.items()}
    available = {name: available_tokens(documents[name], mixtures[name]) for name in mixtures}
    budget = plan_budget(available, mixtures, token_budget)
    mixed, accounts = {}, []
    for name, settings in mixtures.items():
        mixed[name], account = mix_documents(documents[name], settings, budget, seed)
        accounts.append(account.assign(mixture=name))
    return mixed, pd.concat(accounts, ignore_index=True)


def available_tokens(documents: Documents, settings: MixtureSettings) -> dict[Group, int]:
    """Tokens of one pass for each (kind, language) that `settings` asks for."""
    return {
        group: int(documents.n_tokens[_members(documents, group)].sum())
        for group in settings.shares()
    }


def plan_budget(
    available: Mapping[str, Mapping[Group, int]],
    mixtures: Mapping[str, MixtureSettings],
    token_budget: int | None,
) -> int:
    """The token budget that all mixtures share.

    Args:
        available: `available_tokens` by mixture.
        mixtures: the settings of each.
        token_budget: what was asked; None asks for the most that one pass over every side gives.

    Raises:
        ValueError: a side has no text at all, or is short and its mixture may not shrink; the
            message names mixture, side, tokens wanted and tokens there.
    """
    limit = token_budget
    for name, settings in mixtures.items():
        repeats = settings.on_shortage == "repeat" and token_budget is not None
        passes = settings.max_passes if repeats else 1
        for group, share in settings.shares().items():
            there = available[name][group]
            side = " ".join(filter(None, group))
            if not there:
                raise ValueError(
                    f"mixture {name!r} asks for {share:.1%} {side} text, of which no record is "
                    "left: change ratio or languages, or add a source"
                )
            most = int(there * passes / share + 1e-6)
            wanted = round(share * (token_budget or 0))
            if wanted > there * passes and settings.on_shortage != "shrink":
                raise ValueError(
                    f"mixture {name!r} is short of {side} text: token_budget {token_budget:,} "
                    f"asks for {wanted:,} tokens, {there:,} are there "
                    f"({passes} pass(es) allowed); lower token_budget to {most:,}, or set "
                    "on_shortage to 'repeat' with more max_passes, or to 'shrink'"
                )
            if not wanted or wanted > there * passes:
                limit = min(limit or most, most)
    return limit


def mix_documents(
    documents: Documents, settings: MixtureSettings, budget: int, seed: int
) -> tuple[pa.Table, pd.DataFrame]:
    """Choose documents so that each (kind, language) reaches its share of `budget`.

    Documents are taken in seeded order; one that would overshoot the share is passed over.

    Returns:
        The mixture, one row a record of a chosen document in reading order: `document_id,
        position, record_id, kind, language, passing, n_tokens` (the record's; kind and language
        are the document's). And the account, one row a side: `kind, language, share` (asked),
        `available, target, taken` (tokens), `documents, passes`.

    Raises:
        ValueError: a side has no document that fits its share.
    """
    parts, account = [], []
    for (kind, language), share in settings.shares().items():
        members = _members(documents, (kind, language))
        there = int(documents.n_tokens[members].sum())
        side = " ".join(filter(None, (kind, language)))
        target = remaining = round(share * budget)
        taken_documents = passes = 0
        while remaining > 0:
            key = seeded_hash(documents.first_record[members], seed, f"mix {passes}")
            order = members[np.argsort(key)]
            chosen = order if there <= remaining else fill(order, documents.n_tokens, remaining)
            if not len(chosen):
                break  # every document is longer than what is left
            parts.append(take_documents(documents, chosen, seed, passes))
            remaining -= int(documents.n_tokens[chosen].sum())
            taken_documents += len(chosen)
            passes += 1
            if len(chosen) < len(order):
                break
        if target and not taken_documents:
            raise ValueError(
                f"no {side} document fits its share of {target:,} tokens: raise token_budget"
            )
        if remaining > 0.01 * target:
            logger.warning(
                "%s text: %s of %s tokens, no document is short enough for the rest",
                side, f"{target - remaining:,}", f"{target:,}",
            )  # fmt: skip
        taken = target - remaining
        account.append(
            (kind, language or "all", share, there, target, taken, taken_documents, passes)
        )
    columns = ["kind", "language", "share", "available", "target", "taken", "documents", "passes"]
    return pa.concat_tables(parts), pd.DataFrame(account, columns=columns)


def _members(documents: Documents, group: Group) -> np.ndarray:
    kind, language = group
    mask = documents.kind == kind
    return np.flatnonzero(mask if language is None else mask & (documents.language == language))


def fill(order: np.ndarray, n_tokens: np.ndarray, room: int) -> np.ndarray:
    """Of the documents in `order`, those that still fit `room` tokens when their turn comes."""
    chosen = []
    for document, length in zip(order.tolist(), n_tokens[order].tolist(), strict=True):
        if length <= room:
            chosen.append(document)
            room -= length
    return np.array(chosen, dtype=np.int64)


def take_documents(documents: Documents, chosen: np.ndarray, seed: int, passing: int) -> pa.Table:
    """The records of the chosen documents as rows of a mixture (see `mix_documents`)."""
    is_chosen = np.zeros(len(documents.document_id), dtype=bool)
    is_chosen[chosen] = True
    rows = np.flatnonzero(is_chosen[documents.record_document])
    order, position = positions(
        documents.record_id[rows], documents.record_document[rows], seed, passing
    )
    rows = rows[order]
    document = documents.record_document[rows]
    suffix = f"#{passing}" if passing else ""
    return pa.table(
        {
            "document_id": pa.array([f"{documents.document_id[d]}{suffix}" for d in document]),
            "position": pa.array(position),
            "record_id": pa.array(documents.record_id[rows], pa.string()),
            "kind": pa.array(documents.kind[document], pa.string()),
            "language": pa.array(documents.language[document], pa.string()),
            "passing": pa.array(np.full(len(rows), passing)),
            "n_tokens": pa.array(documents.record_n_tokens[rows]),
        }
    )
