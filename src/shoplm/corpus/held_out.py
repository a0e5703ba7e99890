"""Records that are never trained on, and the documents of them that losses are measured on.

Shop records are held out by whole components of the record graph, so that no product of theirs
is trained on; lines that a shop puts under many products remain. General texts are held out by
their content alone, so that every step that reads them, in whatever form, leaves the same ones
out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import Table, _

from shoplm.corpus.mixture import Documents, fill, make_documents, take_documents
from shoplm.corpus.ordering import seeded_hash
from shoplm.corpus.settings import HeldOutSettings

KEY_CHARACTERS = 200
"""Letters and digits that tell one general text from another."""
PURPOSE = "hold out"


def content_key(text: str) -> str:
    """The end of the longest line: its last letters and digits, in NFKC without case.

    A title put before the text, other white space or other quotation marks do not change it,
    unless the title is longer than every line of the text.
    """
    longest = max(text.splitlines(), key=len, default="")
    folded = unicodedata.normalize("NFKC", longest[-4 * KEY_CHARACTERS :]).casefold()
    return "".join(filter(str.isalnum, folded))[-KEY_CHARACTERS:]


def are_held_out(texts: Iterable[str], settings: HeldOutSettings) -> np.ndarray:
    """(n,) bool: which general texts are held out, by `content_key` and seed alone."""
    key = seeded_hash(map(content_key, texts), settings.seed, PURPOSE)
    return key < np.uint64(int(settings.share * 2**64))


def hold_out_records(records: Table, clusters: Table, settings: HeldOutSettings) -> pa.Table:
    """Choose the records that no mixture may have.

    General records: see `are_held_out`. Shop records: of each language, components in seeded
    order, as long as they fit the share of its tokens. Never chosen is a component that is too
    large, holds general text, or has a text that another component has word for word.

    Args:
        records: `record_id, kind, language, text, n_tokens` of all kept records.
        clusters: `record_id, component`, one row a record.
        settings: how many.

    Returns:
        `record_id, split, component`, by record id; the split is `<kind>_<language>`.
    """
    parts = [_general(records, clusters, settings), _shop(records, clusters, settings)]
    chosen = pd.concat(parts).sort_values("record_id", ignore_index=True)
    chosen["split"] = [split_name(*side) for side in zip(chosen.kind, chosen.language, strict=True)]
    return pa.table(
        {
            "record_id": pa.array(chosen["record_id"], pa.string()),
            "split": pa.array(chosen["split"], pa.string()),
            "component": pa.array(chosen["component"], pa.int64()),
        }
    )


def split_name(kind: str, language: str) -> str:
    """`general_en`, `shop_zh`; a name that a folder can have."""
    return re.sub(r"[^\w.-]", "-", f"{kind}_{language}")


def measured_documents(
    held_out: Table,
    clusters: Table,
    records: Table,
    settings: HeldOutSettings,
    separator_tokens: int,
) -> dict[str, pa.Table]:
    """The documents of each split, in seeded order up to `max_tokens`.

    `general_<language>` and `shop_<language>` have a record a document. `clusters_<language>` has
    the clusters of held-out shop records, as a mixture would have them, that join two records or
    more; its language is that of most of a cluster's tokens. A split without a document is absent.

    Args:
        held_out: see `hold_out_records`.
        clusters: `cluster_id, record_id`, one row a record.
        records: `record_id, kind, language, n_tokens` of all kept records.
        settings: most tokens of a split.
        separator_tokens: tokens between two records of a document.

    Returns:
        Tables as `mix_documents` makes them, by split.
    """
    columns = ["record_id", "cluster_id", "kind", "language", "n_tokens"]
    rows = (
        clusters.semi_join(held_out, "record_id")
        .inner_join(records, "record_id")
        .select(columns)
        .to_pandas()
    )
    if rows.empty:
        return {}
    alone = make_documents(rows, "separate", separator_tokens)
    shop = rows[rows["kind"] == "shop"]
    joined = shop[shop.groupby("cluster_id")["record_id"].transform("size") > 1]
    made = split_documents(alone, alone.kind, settings)
    if not joined.empty:
        together = make_documents(joined, "clusters", separator_tokens)
        made |= split_documents(together, np.full(len(together.kind), "clusters"), settings)
    return dict(sorted(made.items()))


def list_documents(splits: Mapping[str, pa.Table], held_out: Table) -> pd.DataFrame:
    """Which component of the record graph each measured document is of.

    Losses of documents of one component, in any split, go together: they are about the same
    products.

    Args:
        splits: see `measured_documents`.
        held_out: see `hold_out_records`.

    Returns:
        `split, document, document_id, component`; `document` is the number that packed blocks
        have for it.
    """
    component = held_out.select("record_id", "component").to_pandas()
    parts = [pd.DataFrame(columns=["split", "document", "document_id", "component"])]
    for split, rows in splits.items():
        of_record = rows.select(["document_id", "record_id"]).to_pandas().merge(component)
        documents = of_record.groupby("document_id", as_index=False)["component"].first()
        documents["document"] = np.arange(len(documents))  # by sorted id, as when packed
        parts.append(documents.assign(split=split)[parts[0].columns])
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def _general(records: Table, clusters: Table, settings: HeldOutSettings) -> pd.DataFrame:
    general = records.filter(_.kind == "general").select("record_id", "kind", "language", "text")
    parts = []
    for batch in general.to_pyarrow_batches(chunk_size=100_000):
        chosen = are_held_out(batch["text"].to_pylist(), settings)
        parts.append(batch.drop_columns("text").filter(pa.array(chosen)).to_pandas())
    columns = ["record_id", "kind", "language"]
    chosen = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    components = clusters.select("record_id", "component").to_pandas()
    return chosen.merge(components, on="record_id")


def _shop(records: Table, clusters: Table, settings: HeldOutSettings) -> pd.DataFrame:
    words = records.text.lower().re_replace(r"[\s\p{P}]+", "").hexdigest("md5")
    side = records.mutate(words=words).select("record_id", "kind", "language", "n_tokens", "words")
    side = side.inner_join(clusters.select("record_id", "component"), "record_id")
    side = side.semi_join(side.filter(_.kind == "shop"), "component")
    shared = side.group_by("words").having(_.component.nunique() > 1).agg()
    unfit = side.semi_join(shared, "words").union(side.filter(_.kind != "shop"))
    rows = side.drop("words").to_pandas()
    fits = rows.groupby("component")["record_id"].transform("size") <= settings.max_records
    fits &= ~rows["component"].isin(unfit.select("component").to_pandas()["component"])
    possible = rows[fits]
    components = make_documents(
        possible.assign(cluster_id=possible["component"]), "clusters", separator_tokens=0
    )
    room = rows[rows["kind"] == "shop"].groupby("language")["n_tokens"].sum() * settings.share
    chosen: list[int] = []
    for language, tokens in room.items():
        members = np.flatnonzero(components.language == language)
        key = seeded_hash(components.first_record[members], settings.seed, PURPOSE)
        chosen += fill(members[np.argsort(key)], components.n_tokens, int(tokens)).tolist()
    held = possible["component"].isin(components.document_id[chosen])
    return possible.loc[held, ["record_id", "kind", "language", "component"]]


def split_documents(
    documents: Documents, kinds: np.ndarray, settings: HeldOutSettings
) -> dict[str, pa.Table]:
    """Documents in seeded order up to `max_tokens`, by split.

    Args:
        documents: those held out.
        kinds: (d,) str: the first part of the name of each one's split.
        settings: most tokens of a split, and the seed.

    Returns:
        Tables as `mix_documents` makes them; a split in which no document fits is absent.
    """
    names = np.array([split_name(*s) for s in zip(kinds, documents.language, strict=True)], object)
    made = {}
    for name in sorted(set(names)):
        members = np.flatnonzero(names == name)
        key = seeded_hash(documents.first_record[members], settings.seed, "measure")
        chosen = fill(members[np.argsort(key)], documents.n_tokens, settings.max_tokens)
        if len(chosen):
            made[name] = take_documents(documents, chosen, settings.seed, passing=0)
    return made
