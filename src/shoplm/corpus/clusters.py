"""The graph of records and its connected clusters (EcomGPT-CT, sections 3.2 and 3.3).

Records are nodes; two records are linked when they share a key (a product). A record may name
several products, so a component can span many of them. Clusters are chosen from each component
greedily:

1. start at the key whose unused records come from the most sources;
2. add, one at a time, a record that shares a key with the cluster: first from the source that the
   cluster holds least of, then from the nearest key, then in seeded order;
3. stop at the size limit, or when nothing within reach fits the token limit any more; remove the
   cluster; repeat until no record is left;
4. give clusters below the smallest size a record of a neighbour that can spare it.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import Table
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from shoplm.corpus.ordering import codes, seeded_hash
from shoplm.corpus.settings import ClusterSettings

LOOK_AHEAD = 16
"""Records of one key and source that may be too long before the rest of them is left alone; keeps
the work linear at a product of very many records."""


def link_records(records: Table) -> Table:
    """The graph as its two-sided edge list: one row a (record_id, key), without repeats.

    Records without a key are absent here: they are components of one.
    """
    return records.select("record_id", key=records.keys.unnest()).distinct()


@dataclass(frozen=True)
class Graph:
    """Records in seeded order (so that a smaller index wins a tie) and their keys."""

    record_id: np.ndarray
    """(n,) str."""
    source: np.ndarray
    """(n,) int: code of the record's source."""
    n_tokens: np.ndarray
    """(n,) int."""
    edges: np.ndarray
    """(m, 2) int: record index, key index."""

    @classmethod
    def from_tables(cls, records: Table, links: Table, seed: int) -> Graph:
        """Read the columns that cluster choice needs: ids, sources, lengths, links."""
        nodes = records.select("record_id", "source", "n_tokens").order_by("record_id").to_pyarrow()
        pairs = links.to_pyarrow()
        record = pc.index_in(pairs["record_id"], nodes["record_id"])
        if record.null_count:
            raise ValueError("the record graph links records that are not among the kept records")
        ids = nodes["record_id"].to_numpy(zero_copy_only=False)
        order = np.argsort(seeded_hash(ids, seed, "cluster"), kind="stable")
        rank = np.empty(len(ids), dtype=np.int64)
        rank[order] = np.arange(len(ids))
        return cls(
            record_id=ids[order],
            source=codes(nodes["source"])[order],
            n_tokens=nodes["n_tokens"].to_numpy()[order],
            edges=np.stack([rank[record.to_numpy()], codes(pairs["key"])], axis=1),
        )

    def components(self) -> np.ndarray:
        """(n,) int: the component of each record."""
        n = len(self.record_id)
        if not len(self.edges):
            return np.arange(n)
        n_keys = int(self.edges[:, 1].max()) + 1
        record, key = self.edges.T
        both = coo_array((np.ones(len(record), np.int8), (record, n + key)), (n + n_keys,) * 2)
        return connected_components(both, directed=False)[1][:n]


def select_clusters(
    graph: Graph, settings: ClusterSettings, max_tokens: int, separator_tokens: int
) -> pa.Table:
    """Partition all records into clusters: one row a record, in the order of choice.

    Args:
        graph: the records and their links.
        settings: the size range.
        max_tokens: token limit of a cluster with its separators (without its end mark).
        separator_tokens: tokens between two records.

    Returns:
        `cluster_id, record_id, component, choice`; `choice` is the place in the order in which the
        cluster was built: a record shares a key with an earlier one.
    """
    keys_of: list[list[int]] = [[] for _ in graph.record_id]
    for record, key in graph.edges[np.lexsort(graph.edges.T)].tolist():
        keys_of[record].append(key)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for record, component in enumerate(graph.components().tolist()):
        members[component].append(record)

    picker = _Picker(
        graph.source.tolist(),
        graph.n_tokens.tolist(),
        keys_of,
        settings,
        max_tokens,
        separator_tokens,
    )
    cluster_of, chosen, component_of = [], [], []
    n_clusters = 0
    # components come in the order of their first record, so that ids do not depend on scipy
    for number, records in enumerate(members.values()):
        for cluster in picker.partition(records):
            cluster_of.extend([n_clusters] * len(cluster))
            chosen.extend(cluster)
            n_clusters += 1
        component_of.extend([number] * len(records))
    chosen_at = np.asarray(chosen, dtype=np.int64)
    cluster_at = np.asarray(cluster_of, dtype=np.int64)
    starts = np.searchsorted(cluster_at, np.arange(n_clusters))
    return pa.table(
        {
            "cluster_id": pa.array([f"c{number:08d}" for number in cluster_of], pa.string()),
            "record_id": pa.array(graph.record_id[chosen_at], pa.string()),
            "component": pa.array(component_of, pa.int64()),
            "choice": pa.array(np.arange(len(chosen_at)) - starts[cluster_at]),
        }
    )


class _Picker:
    """Greedy choice inside one component; records are indices, a smaller one wins a tie."""

    def __init__(self, source, n_tokens, keys_of, settings, max_tokens, separator_tokens):
        self.source, self.n_tokens, self.keys_of = source, n_tokens, keys_of
        self.min_records, self.max_records = settings.min_records, settings.max_records
        self.max_tokens, self.separator = max_tokens, separator_tokens

    def partition(self, records: list[int]) -> list[list[int]]:
        """The clusters of a component."""
        if len(records) == 1:
            return [records]
        clusters = list(self._take(records))
        self._mend(clusters)
        return clusters

    def _take(self, records: list[int]) -> Iterator[list[int]]:
        """Yield clusters until no record of the component is left."""
        # key -> source -> unused records, the next one last
        self.queues = defaultdict(lambda: defaultdict(list))
        for record in reversed(records):
            for key in self.keys_of[record]:
                self.queues[key][self.source[record]].append(record)
        self.used: set[int] = set()
        left = len(records)
        # what a key offers only shrinks, so an entry that is still right when popped is the best
        starts = [(-len(sources), -1, key) for key, sources in self.queues.items()]
        heapq.heapify(starts)
        while starts:
            entry = heapq.heappop(starts)
            key = entry[-1]
            heads = [head for source in self.queues[key] if (head := self._head(key, source)) >= 0]
            if not heads:
                continue
            now = (-len(heads), min(heads), key)
            if now == entry:
                cluster = self._grow(key, self._size_limit(left))
                left -= len(cluster)
                yield cluster
            heapq.heappush(starts, now)

    def _mend(self, clusters: list[list[int]]) -> None:
        """Give clusters below the smallest size records of neighbours that can spare them."""
        small = [cluster for cluster in clusters if len(cluster) < self.min_records]
        if not small:
            return
        homes: defaultdict[int, list[int]] = defaultdict(list)
        for place, cluster in enumerate(clusters):
            for key in {key for record in cluster for key in self.keys_of[record]}:
                homes[key].append(place)
        for cluster in small:
            keys = {key for record in cluster for key in self.keys_of[record]}
            for place in sorted({place for key in keys for place in homes[key]}):
                if len(cluster) >= self.min_records:
                    break
                if clusters[place] is not cluster:
                    self._move(clusters[place], cluster)

    def _move(self, donor: list[int], cluster: list[int]) -> None:
        """Move records, those chosen last first, while both stay connected and within limits."""
        for record in donor[::-1]:
            if len(donor) <= self.min_records or len(cluster) >= self.min_records:
                return
            tokens = sum(self.n_tokens[r] + self.separator for r in [*cluster, record])
            linked = self._chain([*cluster, record])
            if tokens - self.separator > self.max_tokens or linked is None:
                continue
            if rest := self._chain([r for r in donor if r != record]):
                donor[:], cluster[:] = rest, linked

    def _chain(self, records: list[int]) -> list[int] | None:
        """The records so that each shares a key with an earlier one; None if they are apart."""
        chain, left = records[:1], records[1:]
        keys = set(self.keys_of[chain[0]])
        while left:
            linked = [record for record in left if not keys.isdisjoint(self.keys_of[record])]
            if not linked:
                return None
            chain += linked
            left = [record for record in left if record not in linked]
            keys.update(key for record in linked for key in self.keys_of[record])
        return chain

    def _size_limit(self, left: int) -> int:
        """`max_records`, or less where that would leave less than the smallest cluster."""
        shorter = left - self.min_records
        if self.min_records <= shorter < self.max_records < left:
            return shorter
        return self.max_records

    def _head(self, key: int, source: int) -> int:
        queue = self.queues[key][source]
        while queue and queue[-1] in self.used:
            queue.pop()
        return queue[-1] if queue else -1

    def _grow(self, start: int, max_records: int) -> list[int]:
        cluster: list[int] = []
        tokens = 0
        held: Counter[int] = Counter()
        reached: set[int] = set()
        too_long: Counter[tuple[int, int]] = Counter()
        frontier: list[tuple[int, int, int, int, int, int]] = []

        def offer(key: int, source: int, hop: int, at: int | None = None) -> None:
            """Propose the next unused record of a key and source, from place `at` downwards."""
            self._head(key, source)  # drops used ones from the end
            queue = self.queues[key][source]
            at = len(queue) - 1 if at is None else min(at, len(queue) - 1)
            while at >= 0 and queue[at] in self.used:
                at -= 1
            if at >= 0:
                heapq.heappush(frontier, (held[source], hop, queue[at], source, key, at))

        def reach(key: int, hop: int) -> None:
            if key not in reached:
                reached.add(key)
                for source in self.queues[key]:
                    offer(key, source, hop)

        reach(start, 0)
        while frontier and len(cluster) < max_records:
            count, hop, record, source, key, at = heapq.heappop(frontier)
            if record in self.used or count != held[source]:
                offer(key, source, hop, at)
                continue
            more = self.n_tokens[record] + (self.separator if cluster else 0)
            if cluster and tokens + more > self.max_tokens:
                too_long[key, source] += 1
                if too_long[key, source] < LOOK_AHEAD:
                    offer(key, source, hop, at - 1)
                continue
            cluster.append(record)
            self.used.add(record)
            tokens += more
            held[source] += 1
            offer(key, source, hop, at)
            for other in self.keys_of[record]:
                reach(other, hop + 1)
        return cluster


def permute_clusters(chosen: pa.Table, seed: int) -> pa.Table:
    """Seeded permutation inside each cluster: `clusters` with `position` from 0."""
    ids = chosen["record_id"].to_numpy(zero_copy_only=False)
    order, position = positions(ids, codes(chosen["cluster_id"]), seed, 0)
    permuted = chosen.take(order).append_column("position", pa.array(position))
    return permuted.select(["cluster_id", "record_id", "position", "component", "choice"])


def positions(
    record_id: np.ndarray, document: np.ndarray, seed: int, passing: int
) -> tuple[np.ndarray, np.ndarray]:
    """The order of records by document and then by seeded permutation, and the place in it.

    Args:
        record_id: (n,) str.
        document: (n,) int, equal for the records of a document.
        seed: another seed permutes anew.
        passing: which pass over the data; each pass permutes anew.

    Returns:
        (n,) order and, along that order, (n,) positions from 0 inside the document.
    """
    order = np.lexsort((seeded_hash(record_id, seed, f"permute {passing}"), document))
    sorted_document = document[order]
    first = np.r_[True, sorted_document[1:] != sorted_document[:-1]]
    starts = np.flatnonzero(first)
    return order, np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
