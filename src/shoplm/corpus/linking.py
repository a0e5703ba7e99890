"""Records without product ids, linked to the products whose names their texts mention."""

from __future__ import annotations

import html
import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

import ahocorasick_rs
import ibis
import pyarrow as pa
from ibis import Table, _

from shoplm.corpus.sources import LinkingSettings

logger = logging.getLogger(__name__)

BATCH_RECORDS = 2_000

# scripts that put no space between words, and Korean, whose particles stick to the noun
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_is_unspaced = re.compile(f"[{_UNSPACED}]").match
_find_unspaced = re.compile(f"[{_UNSPACED}]").search
_find_words = re.compile(r"[^\W_]+").findall
_NEEDLESS_SPACE = re.compile(f"(?<=[{_UNSPACED}]) | (?=[{_UNSPACED}])")
_ASCII_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}


def link_mentions(
    records: Table, product_names: Table, sources: Sequence[str], settings: LinkingSettings
) -> Table:
    """`records` where those of `sources` have the keys of the products they mention added.

    A mention is an exact match of the whole normalised name; of overlapping matches the longest
    counts. `record_id` and all other columns stay. The texts are searched at once, in chunks; only
    the links found are held in memory.

    Args:
        records: with `record_id, source, keys, text`.
        product_names: `key, name`; further columns are ignored.
        sources: names of the sources to link; with none, `records` come back as they are.
        settings: which names count.
    """
    if not sources:
        return records
    names = product_names.select("key", "name").to_pyarrow()
    index = NameIndex(
        zip(names["key"].to_pylist(), names["name"].to_pylist(), strict=True), settings
    )
    asked = records.filter(records.source.isin(list(sources)))
    total = 0
    ids: list[str] = []
    linked_keys: list[list[str]] = []
    texts = asked.select("record_id", "keys", "text")
    for batch in texts.to_pyarrow_batches(chunk_size=BATCH_RECORDS):
        total += len(batch)
        for record_id, keys, text in zip(*(c.to_pylist() for c in batch.columns), strict=True):
            if mentioned := index.find(text):
                ids.append(record_id)
                linked_keys.append(sorted({*keys, *mentioned}))
    logger.info(
        "%s of %s records mention a product by name; of %s names %s are too short, and more than "
        "%s products share each of another %s",
        f"{len(ids):,}", f"{total:,}", f"{index.total:,}", f"{index.too_short:,}",
        settings.max_products_per_name, f"{index.shared:,}",
    )  # fmt: skip
    if not ids:
        return records
    found = pa.table({"record_id": ids, "linked": pa.array(linked_keys, pa.list_(pa.string()))})
    linked = records.left_join(ibis.memtable(found), "record_id")
    return linked.mutate(keys=ibis.coalesce(_.linked, _.keys)).select(*records.columns)


class NameIndex:
    """Product names, normalised, to search texts for.

    Attributes:
        total: distinct normalised names.
        too_short: of them, ignored for their length.
        shared: of them, ignored because too many products have them.
    """

    def __init__(
        self, names: Iterable[tuple[str, str]], settings: LinkingSettings | None = None
    ) -> None:
        settings = settings or LinkingSettings()
        owners: dict[str, set[str]] = defaultdict(set)
        for key, name in names:
            if name and (normal := normalise_name(name)):
                owners[normal].add(key)
        long = {
            name: keys for name, keys in owners.items() if width(name) >= settings.min_name_length
        }
        kept = {
            name: sorted(keys)
            for name, keys in sorted(long.items())
            if len(keys) <= settings.max_products_per_name
        }
        self.total = len(owners)
        self.too_short = len(owners) - len(long)
        self.shared = len(long) - len(kept)
        self._names = list(kept)
        self._keys = list(kept.values())
        self._search = ahocorasick_rs.AhoCorasick(self._names) if kept else None

    def find(self, text: str) -> list[str]:
        """Keys of the products that `text` mentions, sorted and distinct."""
        if self._search is None:
            return []
        text = normalise_name(text)
        # all matches, since a longer one may turn out not to end where a word does
        matches = [
            (start - end, start, end, name)
            for name, start, end in self._search.find_matches_as_indexes(text, overlapping=True)
            if _is_edge(text, start) and _is_edge(text, end)
        ]
        taken: list[tuple[int, int]] = []
        keys: set[str] = set()
        for _length, start, end, name in sorted(matches):  # the longest first, then from the left
            if all(end <= first or last <= start for first, last in taken):
                taken.append((start, end))
                keys.update(self._keys[name])
        return sorted(keys)


def normalise_name(text: str) -> str:
    """NFKC, case folded, punctuation and white space as one space, none beside scripts without."""
    if "&" in text:
        text = html.unescape(text)
    if text.isascii():  # most English texts; ten times as fast
        return " ".join(text.lower().translate(_ASCII_WORDS).split())
    text = unicodedata.normalize("NFKC", text).casefold()
    text = unicodedata.normalize("NFKC", text)  # folding may undo the first
    text = " ".join(_find_words(text))
    return _NEEDLESS_SPACE.sub("", text) if _find_unspaced(text) else text


def width(name: str) -> int:
    """Length of a normalised name; a character of a script without spaces counts twice."""
    return len(name) + sum(1 for character in name if _is_unspaced(character))


def _is_edge(text: str, at: int) -> bool:
    """Whether a word may begin or end between the characters before and at `at`."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    return before == " " or after == " " or bool(_is_unspaced(before) or _is_unspaced(after))
