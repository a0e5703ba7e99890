"""Tokenising against raw `tokenizers`; padding and cuts against two common ways to make blocks.

    python tests/benchmarks/packing.py [tokenised_records.parquet ...]

Without arguments the documents are the texts of a simulated shop.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import ibis
import numpy as np
import pandas as pd

from shoplm.corpus.packing import best_fit_decreasing
from shoplm.corpus.tokenising import BATCH, Vocabulary, tokenise_records
from shoplm.lm.settings import TokenizerSettings
from shoplm.lm.tokenizer import train_tokenizer

WIDTHS = (512, 2048)


def simulated_texts() -> pd.DataFrame:
    """`text, language` of a simulated shop's descriptions, reviews, articles and general text."""
    from shoplm.simulation.settings import ShopSettings
    from shoplm.simulation.shop import open_shop
    from shoplm.simulation.texts import write_texts

    settings = ShopSettings(catalogue={"products": 2_000, "reviews": 20_000, "articles": 2_000})
    tables, _ = write_texts(open_shop(settings), settings)
    columns = {"products": "description"} | dict.fromkeys(
        ("reviews", "articles", "general_text"), "text"
    )
    parts = [
        tables[name][[column, "language"]].set_axis(["text", "language"], axis=1)
        for name, column in columns.items()
    ]
    return pd.concat(parts, ignore_index=True).dropna()


def bench_tokenising(texts: pd.DataFrame) -> np.ndarray:
    """Print the ratio; return the length of each text in tokens."""
    seconds: dict[str, list[float]] = {"raw": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder:
        sample = texts.sample(3_000, random_state=0)
        train_tokenizer(sample, TokenizerSettings()).save_pretrained(folder)
        vocabulary = Vocabulary.open(Path(folder))
        file = Path(folder) / "texts.parquet"
        texts.to_parquet(file)
        for _ in range(5):
            started = time.perf_counter()
            column = pd.read_parquet(file, columns=["text"])["text"].tolist()
            for first in range(0, len(column), BATCH):
                encodings = vocabulary.tokenizer.encode_batch_fast(
                    column[first : first + BATCH], add_special_tokens=False
                )
                _ = [encoding.ids for encoding in encodings]
            seconds["raw"].append(time.perf_counter() - started)
            started = time.perf_counter()
            table = ibis.duckdb.connect().read_parquet(file)
            lengths = [
                batch["n_tokens"].to_numpy() for batch in tokenise_records(table, vocabulary)
            ]
            seconds["ours"].append(time.perf_counter() - started)
    tokens = np.concatenate(lengths)
    raw, ours = (tokens.sum() / median(seconds[name]) for name in ("raw", "ours"))
    print(f"tokenising {len(texts):,} texts, {tokens.sum():,} tokens, reading parquet included")
    print(f"  raw tokenizers {raw:12,.0f} tokens/s")
    print(f"  ours           {ours:12,.0f} tokens/s   {ours / raw:.2f} of raw")
    return tokens


def bench_packing(name: str, lengths: np.ndarray) -> None:
    """Print padding and cut documents of three ways to fill blocks; an end mark counts."""
    lengths = lengths + 1
    total = lengths.sum()
    for width in WIDTHS:
        print(f"packing {len(lengths):,} documents of {name}, blocks of {width}")
        ends = np.cumsum(lengths)
        crossing = (ends - 1) // width != (ends - lengths) // width
        blocks = -(-total // width)
        report("concatenate and chunk", total, blocks, width, crossing)
        report("pad or cut to length", total, (-(-lengths // width)).sum(), width, lengths > width)
        pieces = np.concatenate(
            [np.full((lengths // width).sum(), width), (lengths % width)[lengths % width > 0]]
        )
        started = time.perf_counter()
        _, n_bins = best_fit_decreasing(pieces, width)
        taken = time.perf_counter() - started
        report("best fit decreasing (ours)", total, n_bins, width, lengths > width)
        print(f"  {len(pieces) / taken:,.0f} documents/s")


def report(name: str, tokens: int, blocks: int, width: int, cut: np.ndarray) -> None:
    """One line of the table."""
    print(f"  {name:28} padding {1 - tokens / (blocks * width):8.3%}   cut {cut.mean():7.2%}")


if __name__ == "__main__":
    if sys.argv[1:]:
        for path in sys.argv[1:]:
            bench_packing(path, pd.read_parquet(path, columns=["n_tokens"])["n_tokens"].to_numpy())
    else:
        bench_packing("the simulated shop", bench_tokenising(simulated_texts()))
