"""data_mixing without tokenising against a plain pandas and networkx version of the same steps.

    python tests/benchmarks/mixing.py [records ...]

Both read the same JSON lines: titles, properties, descriptions, reviews and articles of made-up
products plus general text, with exact and near duplicates, boilerplate and garbage. Each version
runs in a process of its own, so that peak memory is its own. The length of a text stands for its
tokens. "Plain" is what one writes first: pandas rows, datasketch, networkx, which use one core;
ours uses the cores that there are.
"""

from __future__ import annotations

import html
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from pathlib import Path

SHOP = ["titles", "properties", "descriptions", "reviews", "articles"]
THRESHOLD, PERMUTATIONS, SHINGLE, NGRAM, BUDGET = 0.8, 128, 3, 13, 0.3


def write_corpus(root: Path, n: int) -> None:
    """Write `n` records over the five shop sources and general text, one file a source."""
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(30_000)]
    products = n // 7
    files = {name: (root / f"{name}.jsonl").open("w") for name in [*SHOP, "general"]}
    made: list[str] = []
    for i in range(n):
        draw = rng.random()
        source = rng.choices([*SHOP, "general"], [1, 1, 1, 3, 0.2, 1])[0]
        if made and draw < 0.03:  # near duplicate: one word in twenty changed
            parts = rng.choice(made).split()
            for _ in range(max(1, len(parts) // 40)):
                parts[rng.randrange(len(parts))] = rng.choice(words)
            text = " ".join(parts)
        elif made and draw < 0.05:
            text = rng.choice(made)
        elif draw < 0.06:
            text = "the buyer left no words so here is the default good review"
        elif draw < 0.07:
            text = "#@!%" * rng.randint(1, 20)
        else:
            text = " ".join(rng.choices(words, k=rng.randint(30, 70)))
            if draw < 0.10:
                text = f"<p>{text}</p>&nbsp;"
            if len(made) < 50_000:
                made.append(text)
        keys = [f"p{rng.randrange(products)}" for _ in range(2 if rng.random() < 0.02 else 1)]
        row = {"id": i, "text": text} | ({} if source == "general" else {"product": keys})
        files[source].write(json.dumps(row) + "\n")
    with (root / "benchmark.jsonl").open("w") as file:
        for text in made[:200] + [" ".join(rng.choices(words, k=40)) for _ in range(2_000)]:
            file.write(json.dumps({"text": text}) + "\n")
    for file in files.values():
        file.close()


def run_plain(root: Path) -> dict[str, float]:
    """Seconds of each step, written the obvious way."""
    import networkx as nx
    import pandas as pd
    from datasketch import MinHash, MinHashLSH

    clock = Clock()
    frames = []
    for source in [*SHOP, "general"]:
        frame = pd.read_json(root / f"{source}.jsonl", lines=True)
        frame["source"] = source
        frame["record_id"] = source + "-" + frame["id"].astype(str)
        if "product" not in frame:
            frame["product"] = [[] for _ in range(len(frame))]
        frames.append(frame)
    records = pd.concat(frames, ignore_index=True)
    clock.lap("reformulate")

    def repair(text: str) -> str:
        text = unicodedata.normalize("NFC", html.unescape(re.sub(r"<[^>]+>", " ", text)))
        return re.sub(r"\s+", " ", text).strip()

    def refused(text: str) -> str | None:
        if len(text) < 10:
            return "too_short"
        if sum(not c.isalnum() and not c.isspace() for c in text) / len(text) > 0.3:
            return "symbol_share"
        if sum(c.isdigit() for c in text) / len(text) > 0.5:
            return "digit_share"
        words = text.split()
        if len(words) > 10 and len(set(words)) / len(words) < 0.2:
            return "repetition"
        return None

    records["text"] = records["text"].map(repair)
    records = records[records["text"].map(refused).isna()]
    clock.lap("clean")

    def normalised(text: str) -> str:
        return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))

    records = records[~records["text"].map(normalised).duplicated()]
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    pairs = nx.Graph()
    for record_id, text in zip(records["record_id"], records["text"], strict=True):
        words = normalised(text).split()
        sketch = MinHash(num_perm=PERMUTATIONS)
        shingles = {" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}
        sketch.update_batch([shingle.encode() for shingle in shingles])
        pairs.add_edges_from((record_id, other) for other in lsh.query(sketch))
        lsh.insert(record_id, sketch)
    drop = {name for group in nx.connected_components(pairs) for name in sorted(group)[1:]}
    records = records[~records["record_id"].isin(drop)]
    clock.lap("deduplicate")

    def ngrams(text: str) -> set[str]:
        words = normalised(text).split()
        return {" ".join(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1)}

    benchmark = pd.read_json(root / "benchmark.jsonl", lines=True)["text"]
    known = set().union(*map(ngrams, benchmark))
    records = records[[not (ngrams(text) & known) for text in records["text"]]]
    clock.lap("contamination")

    graph = nx.Graph()
    source_of = dict(zip(records["record_id"], records["source"], strict=True))
    length_of = dict(zip(records["record_id"], records["text"].str.len() // 4, strict=True))
    for record_id, keys in zip(records["record_id"], records["product"], strict=True):
        graph.add_node(record_id)
        for key in keys:
            graph.add_edge(record_id, ("key", key))
    clusters = []
    rng = random.Random(0)
    for component in nx.connected_components(graph):
        left = {node for node in component if isinstance(node, str)}
        while left:
            start = min(left)
            cluster, tokens, seen = [start], length_of[start], defaultdict(int)
            seen[source_of[start]] += 1
            left.discard(start)
            frontier = {r for k in graph[start] for r in graph[k]} & left
            while frontier and len(cluster) < 8:
                best = min(frontier, key=lambda r: (seen[source_of[r]], r))
                frontier.discard(best)
                if tokens + length_of[best] + 1 > 511:
                    continue
                cluster.append(best)
                left.discard(best)
                seen[source_of[best]] += 1
                tokens += length_of[best] + 1
                frontier |= {r for k in graph[best] for r in graph[k]} & left
            rng.shuffle(cluster)
            clusters.append(cluster)
    clock.lap("cluster")

    shop = [c for c in clusters if source_of[c[0]] != "general"]
    general = [c for c in clusters if source_of[c[0]] == "general"]
    budget = BUDGET * sum(length_of[c[0]] for c in general)
    text_of = dict(zip(records["record_id"], records["text"], strict=True))
    mixture = []
    for side, share in ((general, 2 / 3), (shop, 1 / 3)):
        rng.shuffle(side)
        taken = 0
        for cluster in side:
            size = sum(length_of[r] + 1 for r in cluster)
            if taken + size <= budget * share:
                taken += size
                mixture.append("\n".join(text_of[r] for r in cluster))
    clock.lap("mix")
    return clock.seconds | {"kept": len(records), "clusters": len(shop)}


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a step."""
        now = time.perf_counter()
        self.seconds[name] = now - self.last
        self.last = now


def run_ours(root: Path) -> dict[str, float]:
    """Seconds of each step as the pipeline runs it: every step's output goes through parquet."""

    from shoplm.corpus.settings import ClusterSettings
    from shoplm.corpus.sources import TextSources
    from shoplm.datasets import TableDataset
    from shoplm.pipelines.data_mixing import nodes
    from shoplm.pipelines.data_mixing.params import DataMixingParams

    clock = Clock()
    sources = {
        name: {"file": f"{name}.jsonl", "fields": "text", "keys": "product", "language": "en"}
        for name in SHOP
    } | {
        "general": {"file": "general.jsonl", "fields": "text", "kind": "general", "language": "en"}
    }
    benchmark = {"benchmark": {"file": "benchmark.jsonl", "fields": "text", "language": "en"}}
    params = DataMixingParams(
        deduplication={"word_shingle": SHINGLE, "threshold": THRESHOLD, "within": "all"},
        contamination={"word_ngram": NGRAM},
        clusters=ClusterSettings(max_records=8),
        mixture={"languages": {}},
    )
    engine = {"backend": "duckdb", "memory_limit": "1500MB", "preserve_insertion_order": False}

    def kept(name: str, table):
        dataset = TableDataset(filepath=str(root / f"{name}.parquet"), connection=engine)
        dataset.save(table)
        return dataset.load()

    text_sources = TextSources(root=root, sources=sources)
    read, unreadable, names = nodes.reformulate_sources(text_sources, params)
    records = kept("records", read)
    kept("unreadable", unreadable)
    kept("names", names)
    clock.lap("reformulate")
    cleaned = kept("cleaned", nodes.clean_records(records, params))
    clock.lap("clean")
    pairs, duplicates = nodes.find_duplicates(cleaned, text_sources, params)
    kept("pairs", pairs)
    duplicates = kept("duplicates", duplicates)
    clock.lap("deduplicate")
    texts, _ = nodes.read_benchmarks(TextSources(root=root, sources=benchmark), params)
    texts = kept("benchmark", texts)
    contaminated = kept("contaminated", nodes.find_contaminated(cleaned, duplicates, texts, params))
    clock.lap("contamination")
    remaining = cleaned.filter(cleaned.reason.isnull()).anti_join(duplicates, "record_id")
    remaining = remaining.anti_join(contaminated, "record_id")
    remaining = kept("kept", remaining.mutate(n_tokens=remaining.text.length() // 4))
    links = kept("links", nodes.link_records(remaining))
    clusters = kept("clusters", _clusters(remaining, links, params))
    clock.lap("cluster")
    from shoplm.corpus import mixture

    general = remaining.filter(remaining.kind == "general").n_tokens.sum().execute()
    mixed, _ = mixture.build_mixtures(
        clusters, remaining, params.resolved_mixtures(), int(BUDGET * general), 1, params.seed
    )
    rows = kept("mixture", mixed["mixed"])
    joined = rows.inner_join(remaining.select("record_id", "text"), "record_id")
    kept(
        "documents",
        joined.group_by("document_id").agg(
            text=joined.text.group_concat("\n", order_by=joined.position)
        ),
    )
    clock.lap("mix")
    shop = clusters.semi_join(remaining.filter(remaining.kind == "shop"), "record_id")
    return clock.seconds | {
        "kept": int(remaining.count().execute()),
        "clusters": int(shop.cluster_id.nunique().execute()),
    }


def _clusters(remaining, links, params):
    from shoplm.corpus import clusters

    graph = clusters.Graph.from_tables(remaining, links, params.seed)
    chosen = clusters.select_clusters(graph, params.clusters, 511, 1)
    return clusters.permute_clusters(chosen, params.seed)


def main(sizes: list[int]) -> None:
    """Run both versions at each size and print what they took."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            write_corpus(Path(folder), size)
            results = {}
            for version in ("plain", "ours"):
                command = [sys.executable, __file__, "--run", version, folder]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                results[version] = json.loads(done.stdout.splitlines()[-1])
        print(f"\n{size:,} records, seconds by step")
        for step in results["ours"]:
            plain, ours = results["plain"].get(step, 0), results["ours"][step]
            ratio = f"{plain / ours:8.1f}x" if step in STEPS else ""
            print(f"  {step:14} plain {plain:10,.1f}   ours {ours:10,.1f} {ratio}")


STEPS = ["reformulate", "clean", "deduplicate", "contamination", "cluster", "mix", "total"]

if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        started = time.perf_counter()
        run = {"plain": run_plain, "ours": run_ours}[sys.argv[2]]
        result = run(Path(sys.argv[3]))
        result["total"] = time.perf_counter() - started
        result["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(result))
    else:
        main([int(size) for size in sys.argv[1:]] or [200_000, 1_000_000])
