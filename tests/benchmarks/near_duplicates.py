"""Near-duplicate search against datasketch: rate, recall, precision and memory.

    python tests/benchmarks/near_duplicates.py
    python tests/benchmarks/near_duplicates.py --documents 1_000_000 --peer 0

Documents are made here: about 50 words of English or 80 characters of Chinese, and for one in ten a
copy with some words replaced. A planted pair counts when its similarity, computed from sets of
strings without any of the code under test, reaches the threshold. Every run is a process of its
own on the cores named, from the parquet file to pairs and survivors in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from itertools import accumulate
from pathlib import Path

THRESHOLD, PERMUTATIONS = 0.8, 128
WORDS, CHARACTERS = 2, 4
"""Sizes of a shingle."""


def write_documents(path: Path, number: int, seed: int = 0) -> None:
    """`record_id, source, language, keys, text` and `copy_of`, null but for copies."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    english = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(20_000)]
    chinese = [chr(code) for code in draw.sample(range(0x4E00, 0x9FA5), 3_000)]
    weights = {
        words: list(accumulate(1 / (rank + 10) for rank in range(len(vocabulary))))
        for words, vocabulary in (("en", english), ("zh", chinese))
    }

    def sample(language: str, size: int) -> list[str]:
        vocabulary = english if language == "en" else chinese
        return draw.choices(vocabulary, cum_weights=weights[language], k=size)

    rows: list[tuple[str, str, str, list[str], str, str | None]] = []
    while len(rows) < number:
        language = draw.choice(("en", "zh"))
        words = sample(
            language, draw.randint(35, 65) if language == "en" else draw.randint(60, 100)
        )
        space = " " if language == "en" else ""
        name = f"r{len(rows):08d}"
        rows.append((name, language, language, [f"p{len(rows)}"], space.join(words), None))
        if draw.random() < 0.1 and len(rows) < number:
            changed = list(words)
            for place in draw.sample(range(len(words)), draw.randint(0, 5)):
                changed[place] = sample(language, 1)[0]
            copy = f"r{len(rows):08d}"
            rows.append((copy, language, language, [f"p{len(rows)}"], space.join(changed), name))
    draw.shuffle(rows)
    columns = ("record_id", "source", "language", "keys", "text", "copy_of")
    table = pa.table(dict(zip(columns, zip(*rows, strict=True), strict=True)))
    pq.write_table(table, path, row_group_size=25_000)  # the engine shares groups out among cores


def shingle_strings(language: str, text: str) -> set[str]:
    """Shingles as strings: what datasketch is given, and what similarity is judged by."""
    if language == "zh":
        return {text[i : i + CHARACTERS] for i in range(len(text) - CHARACTERS + 1)}
    words = text.split()
    return {" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}


def run_shoplm(path: Path, threads: int, memory: str, folder: str) -> tuple[float, list]:
    """Seconds and pairs of ids."""
    import ibis

    from shoplm.corpus.deduplication import find_duplicates
    from shoplm.corpus.quality_settings import DeduplicationSettings

    settings = DeduplicationSettings(
        threshold=THRESHOLD,
        permutations=PERMUTATIONS,
        word_shingle=WORDS,
        character_shingle=CHARACTERS,
        within="all",
    )
    started = time.perf_counter()
    engine = ibis.duckdb.connect(threads=threads, memory_limit=memory, temp_directory=folder)
    records = engine.read_parquet(path).drop("copy_of")
    pairs, _ = find_duplicates(records, settings)
    found = pairs.to_pyarrow()
    seconds = time.perf_counter() - started
    return seconds, list(zip(*(found[c].to_pylist() for c in ("left_id", "right_id")), strict=True))


def run_datasketch(path: Path) -> tuple[float, list]:
    """Seconds and pairs of ids, as its documentation does it."""
    import pyarrow.parquet as pq
    from datasketch import MinHash, MinHashLSH

    started = time.perf_counter()
    rows = pq.read_table(path, columns=["record_id", "language", "text"]).to_pylist()
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    pairs = []
    sets = ([s.encode() for s in shingle_strings(r["language"], r["text"])] for r in rows)
    for row, signature in zip(rows, MinHash.generator(sets, num_perm=PERMUTATIONS), strict=True):
        pairs += [(row["record_id"], other) for other in index.query(signature)]
        index.insert(row["record_id"], signature, check_duplication=False)
    return time.perf_counter() - started, pairs


def judge(path: Path, pairs: list) -> dict[str, float]:
    """Recall of the planted pairs at or above the threshold, and precision of what was found.

    Verbatim copies are left out: shoplm lists them apart.
    """
    import pyarrow.parquet as pq

    shingles, planted = {}, []
    for row in pq.read_table(path).to_pylist():
        shingles[row["record_id"]] = row["language"], row["text"]
        if row["copy_of"]:
            planted.append((row["record_id"], row["copy_of"]))

    def similarity(one: str, other: str) -> float:
        left, right = shingle_strings(*shingles[one]), shingle_strings(*shingles[other])
        return len(left & right) / len(left | right)

    found = {frozenset(pair) for pair in pairs if shingles[pair[0]] != shingles[pair[1]]}
    wanted = {
        frozenset(pair)
        for pair in planted
        if shingles[pair[0]] != shingles[pair[1]] and similarity(*pair) >= THRESHOLD
    }
    true = sum(similarity(*pair) >= THRESHOLD for pair in found)
    return {
        "planted": len(wanted),
        "recall": len(found & wanted) / len(wanted),
        "precision": true / len(found),
    }


def measure(what: str, path: Path, threads: int, memory: str) -> dict[str, float]:
    """One run in a process of its own."""
    command = [sys.executable, __file__, "--run", what, "--file", str(path)]
    command += ["--threads", str(threads), "--memory", memory]
    environment = os.environ | {"RAYON_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def run(what: str, path: Path, threads: int, memory: str) -> dict[str, float]:
    """In the child: keep to as many cores as named, run, and judge."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    with tempfile.TemporaryDirectory() as folder:
        seconds, pairs = (
            run_shoplm(path, threads, memory, folder) if what == "shoplm" else run_datasketch(path)
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": seconds, "peak_gib": peak} | judge(path, pairs)


def main() -> None:
    """Print one line a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, nargs="*", default=[200_000])
    parser.add_argument("--peer", type=int, default=50_000, help="documents for both; 0 for none")
    parser.add_argument("--cores", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--memory", default="1GB", help="memory limit of the engine")
    parser.add_argument("--run", choices=["shoplm", "datasketch"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run(options.run, options.file, options.threads, options.memory)))
        return
    print(
        f"near duplicates at {THRESHOLD} with {PERMUTATIONS} permutations; engine limited to "
        f"{options.memory}\n"
        f"{'':12}{'documents':>10}{'cores':>6}{'documents/s':>13}{'recall':>9}{'precision':>11}"
        f"{'peak GiB':>10}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.parquet"

        def show(what: str, number: int, cores: int) -> float:
            result = measure(what, path, cores, options.memory)
            rate = number / result["seconds"]
            print(
                f"{what:12}{number:>10,}{cores:>6}{rate:>13,.0f}{result['recall']:>9.4f}"
                f"{result['precision']:>11.4f}{result['peak_gib']:>10.2f}",
                flush=True,
            )
            return rate

        if options.peer:
            write_documents(path, options.peer)
            ratio = show("shoplm", options.peer, 1) / show("datasketch", options.peer, 1)
            print(f"ratio on one core: {ratio:.1f}")
        for number in options.documents:
            write_documents(path, number)
            for cores in options.cores:
                show("shoplm", number, cores)


if __name__ == "__main__":
    main()
