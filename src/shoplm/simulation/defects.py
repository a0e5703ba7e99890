"""What is wrong with raw data, planted where the truth knows of it."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from shoplm.simulation.settings import DefectRates

BOILERPLATE = {
    "en": (
        "The customer did not write a comment. Default positive rating.",
        "Good product, fast delivery, thank you seller, will buy again, five stars.",
        "Item as described. Good communication. Recommended seller A+++.",
    ),
    "zh": (
        "此用户没有填写评价，系统默认好评。",
        "宝贝收到了，很满意，卖家发货快，服务态度好，下次还会光顾，全五分好评。",
        "非常好的宝贝，物美价廉，跟描述的一样，很喜欢，推荐购买。",
    ),
}
GARBAGE_KINDS = ("symbols", "empty", "digits", "repeated", "spam", "wrong_language", "null_key")

_CONTROL = ("\x01", "\x07", "\x08", "\x0b", "\x1b", "\u200b", "\ufeff", "\u202e", "\u00ad")
_SYNONYMS = {
    "really": "truly", "good": "fine", "nice": "lovely", "great": "excellent", "bought": "ordered",
    "ordered": "bought", "very": "really", "quite": "rather", "said": "remarked", "small": "little",
    "made": "built", "also": "too", "but": "yet", "whole": "entire", "begins": "starts",
}  # fmt: skip
_SYNONYMS_ZH = {
    "很": "挺", "非常": "十分", "特别": "格外", "但是": "不过", "不过": "但是", "觉得": "感觉",
    "已经": "早已", "一直": "始终", "可以": "能够", "如今": "现在", "没有": "没",
}  # fmt: skip

_FILLERS = {"en": ("indeed", "well", "again", "certainly"), "zh": ("其实", "真的", "反正")}
_ZH_PIECES = re.compile(f"({'|'.join(_SYNONYMS_ZH)}|(?<=[，。]))")


@dataclass
class Planted:
    """Ids of what was planted in one source, by kind, and the originals of some repaired texts."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    exact_pairs: list[list[str]] = field(default_factory=list)
    near_pairs: list[list[str]] = field(default_factory=list)
    originals: dict[str, str] = field(default_factory=dict)


def edit_slightly(text: str, language: str, rng: random.Random) -> str:
    """The text with one word in about forty replaced or put in; never the same text."""
    synonyms, joint = (_SYNONYMS_ZH, "") if language == "zh" else (_SYNONYMS, " ")
    # Chinese is cut at its known words and behind its marks, English at its spaces
    words = _ZH_PIECES.split(text) if language == "zh" else text.split(" ")
    places = rng.sample(range(len(words)), len(words))
    known = [at for at in places if words[at] in synonyms]
    for at in known[: max(1, len(text) // (80 if language == "zh" else 220))]:
        words[at] = synonyms[words[at]]
    if not known:
        at = rng.randrange(1, max(2, len(words)))
        words.insert(at, rng.choice(_FILLERS[language]))
    return joint.join(words)


def to_markup(text: str, rng: random.Random) -> str:
    """The text as a careless export of a web page shows it."""
    text = html.escape(text, quote=rng.random() < 0.5)
    stop = "。" if "。" in text else ". "
    sentences = text.split(stop)
    if len(sentences) > 2:
        text = f"{stop.strip()}{rng.choice(('<br>', '<br/>', '<br /> '))}".join(sentences)
    words = text.split(" ")
    if len(words) > 4:
        at = rng.randrange(len(words))
        if "<" not in words[at]:
            words[at] = rng.choice(("<b>{}</b>", "<i>{}</i>", "{}&nbsp;")).format(words[at])
        text = " ".join(words)
    return rng.choice(
        ("<p>{}</p>", '<div class="desc">{}</div>', '<span style="color:#333">{}</span>', "{}<br>")
    ).format(text)


def to_mojibake(text: str) -> str | None:
    """The text's UTF-8 bytes read as Windows-1252 or, where that fails, as Latin-1.

    None when nothing in the text is outside ASCII, so that nothing would change.
    """
    text = text.replace("'", "’").replace(" - ", " – ")
    if text.isascii():
        return None
    raw = text.encode("utf-8")
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def with_control_characters(text: str, rng: random.Random) -> str:
    """The text with one to three control or invisible characters in it."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(_CONTROL) + text[at:]
    return text


def garbage_text(kind: str, rng: random.Random) -> str:
    """A text of no use; empty for the kinds whose text is not what is wrong with them."""
    if kind == "symbols":
        return "".join(
            rng.choice("#@!$%^&*~=+|/?<>{}[]_;:,.▲★☆■→¤") for _ in range(rng.randint(12, 90))
        )
    if kind == "empty":
        return rng.choice(("", " ", "\n", "\u3000", "  \t "))
    if kind == "digits":
        return " ".join(str(rng.randint(0, 10**6)) for _ in range(rng.randint(3, 14)))
    if kind == "repeated":
        return rng.choice(("好", "哈", "asdf", "ok ", "!!!", "very ", "赞")) * rng.randint(15, 60)
    if kind == "spam":
        code = rng.randint(1000, 99999)
        return rng.choice((
            f"CLICK >>> http://win-{code}.example/?id={code} <<< FREE FREE FREE COUPON {code}!!!",
            f"加V信{code}领券，兼职日结{code}元，http://t{code}.example/{code}，名额有限速来！！！",
            f"Visit www.deal{code}.example now!!! $$$ {code} $$$ limited offer",
        ))  # fmt: skip
    return rng.choice(
        ("It arrived on time and works as it should.", "收到了，用着还可以，先这样吧。")
    )


def plant_defects(
    table: pd.DataFrame,
    *,
    key: str,
    prefix: str,
    columns: tuple[str, ...],
    rates: DefectRates,
    protected: set[str],
    fresh_text: Callable[[str, random.Random], str],
    owner: str | None = None,
    blank: tuple[str, ...] = (),
    duplicates: bool = True,
    seed: int,
) -> tuple[pd.DataFrame, Planted]:
    """The table with defects in it, rows in another order, and what was planted where.

    Corrupted texts stay in their rows; duplicates and garbage are rows of their own with ids that
    go on from the last. No row has two defects, and `protected` ids have none.

    Args:
        table: has `key`, `language` and `columns`; the last of `columns` is the main text.
        prefix: of new ids.
        columns: texts that may be corrupted.
        fresh_text: writes an ordinary text in a language, for rows in the wrong one or without key.
        owner: the column that is null in rows of the kind "null_key"; without it there are none.
        blank: columns that are null in garbage rows, since they would copy another row's.
        duplicates: whether exact and near duplicates are added.
    """
    rng = random.Random(f"{seed}:defects:{prefix}")
    planted = Planted()
    if table.empty:
        return table, planted
    text = columns[-1]
    width = len(str(table[key].iloc[0])) - len(prefix)
    serial = len(table)
    cells = {column: table[column].tolist() for column in table.columns}
    values = {column: list(cells[column]) for column in columns}
    ids, languages = cells[key], cells["language"]
    free = [index for index, id_ in enumerate(ids) if id_ not in protected]
    rng.shuffle(free)
    added: list[dict] = []

    def copy_of(index: int) -> dict:
        return {column: column_cells[index] for column, column_cells in cells.items()}

    def take(share: float, suits=lambda index: True) -> list[int]:
        wanted, chosen = round(share * len(table)), []
        for position in range(len(free) - 1, -1, -1):
            if len(chosen) == wanted:
                break
            if suits(free[position]):
                chosen.append(free.pop(position))
        return chosen

    def add(row: dict) -> str:
        nonlocal serial
        row[key] = f"{prefix}{serial:0{width}d}"
        serial += 1
        added.append(row)
        return row[key]

    def long_enough(index: int) -> bool:
        length = len(values[text][index])
        return length >= (60 if languages[index] == "zh" else 160)

    if duplicates:
        for index in take(rates.exact_duplicates, long_enough):
            planted.exact_pairs.append([ids[index], add(copy_of(index))])
        for index in take(rates.near_duplicates, long_enough):
            edited = edit_slightly(values[text][index], languages[index], rng)
            planted.near_pairs.append([ids[index], add(copy_of(index) | {text: edited})])
    corruptions = {
        "markup": lambda value: to_markup(value, rng),
        "mojibake": to_mojibake,
        "control_characters": lambda value: with_control_characters(value, rng),
    }
    for kind, corrupt in corruptions.items():
        planted.ids[kind] = []
        for index in take(
            getattr(rates, kind), lambda i, c=corrupt: c(values[text][i]) is not None
        ):
            planted.ids[kind].append(ids[index])
            planted.originals[ids[index]] = values[text][index]
            for column in columns:
                value = values[column][index]
                values[column][index] = (corrupt(value) if value else value) or value
    kinds = [kind for kind in GARBAGE_KINDS if kind != "null_key" or owner]
    for number in range(round(rates.garbage * len(table))):
        kind = kinds[number % len(kinds)]
        row = copy_of(rng.randrange(len(table)))
        row |= dict.fromkeys(blank) | {text: garbage_text(kind, rng)}
        if kind == "wrong_language":
            row[text] = fresh_text("en" if row["language"] == "zh" else "zh", rng)
        elif kind == "null_key":
            row[text] = fresh_text(row["language"], rng)
            row[owner] = None
        planted.ids.setdefault(kind, []).append(add(row))
    damaged = table.assign(**values)
    if added:
        damaged = pd.concat(
            [damaged, pd.DataFrame(added, columns=table.columns)], ignore_index=True
        )
    order = np.random.default_rng([seed, serial]).permutation(len(damaged))
    return damaged.iloc[order].reset_index(drop=True), planted
