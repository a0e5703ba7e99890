"""General text as packed blocks for a small base model, without what is held out elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import BaseBackend
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from shoplm.corpus.deduplication import find_duplicates
from shoplm.corpus.filtering import clean_records, require_records
from shoplm.corpus.held_out import are_held_out, split_documents
from shoplm.corpus.mixture import Documents, fill, make_documents, take_documents
from shoplm.corpus.ordering import seeded_hash
from shoplm.corpus.packing import PackedBlocks, RecordTokens, pack_documents
from shoplm.corpus.quality_settings import CleaningSettings, DeduplicationSettings
from shoplm.corpus.settings import HeldOutSettings, PackingSettings
from shoplm.corpus.tokenising import Vocabulary, tokenise_records

TRAINED = "general"


def pack_general_text(
    texts: pd.DataFrame,
    vocabulary: Vocabulary,
    cleaning: CleaningSettings,
    deduplication: DeduplicationSettings,
    held_out: HeldOutSettings,
    packing: PackingSettings,
    max_tokens: int | None,
    seed: int,
) -> dict[str, PackedBlocks]:
    """Blocks to pre-train on (`general`), and of held-out texts by language (`general_<language>`).

    What is held out, and all that is a near duplicate of it, is not trained on. `data_mixing`
    holds out the same texts by the same settings, whatever it puts around them, so that a base
    model has seen nothing that models trained from it are measured on.

    Args:
        texts: `text, language`, in any order; nulls and blank texts are passed over.
        vocabulary: of the base model.
        cleaning: as in data_mixing.
        deduplication: as in data_mixing.
        held_out: as in data_mixing, but for `max_tokens`.
        packing: block length.
        max_tokens: most tokens to pre-train on; languages get equal shares of them, and what one
            has not goes to the others. None takes all.
        seed: of the choice among texts and of the blocks' order.

    Raises:
        ValueError: no text is left.
    """
    connection = ibis.duckdb.connect()
    try:
        kept = _clean(texts, connection, cleaning, deduplication)
        kept["held_out"] = are_held_out(kept["text"], held_out)
        groups = kept.groupby("group")["held_out"]
        kept["trained"] = ~groups.transform("any")
        kept = kept[~kept["duplicate"] & (kept["held_out"] | kept["trained"])]
        if not kept["trained"].any():
            raise ValueError("general_text: no text is left to pre-train on, all are held out")
        columns = ["record_id", "text", "language", "trained"]
        reader = tokenise_records(
            connection.create_table(
                "kept", pa.Table.from_pandas(kept[columns], preserve_index=False)
            ),
            vocabulary,
        )
        records = connection.create_table("tokenised", reader.read_all())
        sizes = records.drop("text", "tokens").to_pandas()
        tokens = RecordTokens.from_table(records)
    finally:
        connection.disconnect()
    sizes = sizes.assign(cluster_id=sizes["record_id"], kind=TRAINED)
    trained = make_documents(sizes[sizes["trained"]], "separate", separator_tokens=0)
    chosen = {TRAINED: take_documents(trained, _choose(trained, max_tokens, seed), seed, passing=0)}
    measured = make_documents(sizes[~sizes["trained"]], "separate", separator_tokens=0)
    chosen |= split_documents(measured, measured.kind, held_out)
    return {
        name: pack_documents(rows, tokens, vocabulary, packing, seed)
        for name, rows in chosen.items()
    }


def share_tokens(available: Mapping[str, int], total: int | None) -> dict[str, int]:
    """Divide `total` tokens among languages equally, as far as each has them."""
    if total is None:
        return dict(available)
    shares, left = {}, total
    for place, language in enumerate(sorted(available, key=lambda name: (available[name], name))):
        shares[language] = min(available[language], left // (len(available) - place))
        left -= shares[language]
    return shares


def _clean(
    texts: pd.DataFrame,
    connection: BaseBackend,
    cleaning: CleaningSettings,
    deduplication: DeduplicationSettings,
) -> pd.DataFrame:
    """Texts that no rule refuses: `record_id, text, language, duplicate, group`, where groups are
    of similar texts."""
    texts = texts[["text", "language"]].dropna()
    # a lone surrogate, as broken JSON escapes leave, has no bytes
    plain = [text.encode(errors="replace").decode() for text in texts["text"]]
    rows = sorted({row for row in zip(texts["language"], plain, strict=True) if row[1].strip()})
    languages, plain = zip(*rows, strict=True) if rows else ((), ())
    ids = [md5(f"{language}:{text}".encode()).hexdigest() for language, text in rows]
    records = pa.table(
        {
            "record_id": pa.array(ids, pa.string()),
            "source": pa.array(["general_text"] * len(ids), pa.string()),
            "language": pa.array(languages, pa.string()),
            "keys": pa.array([[]] * len(ids), pa.list_(pa.string())),
            "text": pa.array(plain, pa.string()),
        }
    )
    cleaned = clean_records(connection.create_table("records", records), cleaning)
    cleaned = connection.create_table("cleaned", cleaned)
    require_records(cleaned)
    pairs, duplicates = map(connection.execute, find_duplicates(cleaned, deduplication))
    kept = cleaned.filter(cleaned.reason.isnull()).select("record_id", "text", "language")
    kept = kept.to_pandas().sort_values("record_id", ignore_index=True)
    place = pd.Series(kept.index, kept["record_id"])
    left = place[[*pairs["left_id"], *duplicates["record_id"]]].to_numpy()
    right = place[[*pairs["right_id"], *duplicates["detail"]]].to_numpy()
    similar = coo_array((np.ones(len(left), np.int8), (left, right)), (len(kept),) * 2)
    kept["group"] = connected_components(similar, directed=False)[1]
    kept["duplicate"] = kept["record_id"].isin(duplicates["record_id"])
    return kept


def _choose(documents: Documents, max_tokens: int | None, seed: int) -> np.ndarray:
    """The documents to train on, in seeded order."""
    languages = pd.Series(documents.n_tokens).groupby(documents.language).sum()
    chosen = []
    for language, room in share_tokens(languages.to_dict(), max_tokens).items():
        members = np.flatnonzero(documents.language == language)
        key = seeded_hash(documents.first_record[members], seed, "pre-train")
        chosen.append(fill(members[np.argsort(key)], documents.n_tokens, room))
    return np.concatenate(chosen)
