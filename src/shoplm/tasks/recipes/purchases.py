"""What each user bought, in order, and what is bought one after the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from shoplm.tasks.recipes.listings import records
from shoplm.tasks.recipes.recipe import Tables
from shoplm.tasks.task import Task

COLUMNS = {"domain", "user_id", "item_id", "pos", "timestamp"}

LATEST = 50
"""Purchases of a history that are paired with each other: pairs grow with the square."""


@dataclass(frozen=True, order=True)
class Purchase:
    """One item bought; `at` grows with time inside one history."""

    at: float
    item_id: str
    user_id: str = field(default="", compare=False)


def read_histories(task: Task, tables: Tables) -> dict[str, list[Purchase]]:
    """Purchases of each user from the first to the last, by a name of the history.

    Users whose purchases all have a timestamp (seconds) have one history; others have one a domain,
    ordered by `pos`, since nothing orders two domains then.

    Raises:
        ValueError: the table interactions lacks a column.
    """
    found: dict[str, list[dict]] = defaultdict(list)
    for row in records(task, tables, "interactions", COLUMNS):
        found[str(row["user_id"])].append(row)
    histories: dict[str, list[Purchase]] = defaultdict(list)
    for user, rows in found.items():
        timed = all(row["timestamp"] == row["timestamp"] and row["timestamp"] for row in rows)
        for row in rows:
            name = user if timed else f"{user}@{row['domain']}"
            at = float(row["timestamp"] if timed else row["pos"])
            histories[name].append(Purchase(at, str(row["item_id"]), user))
    return {name: sorted(set(histories[name])) for name in sorted(histories)}


@dataclass(frozen=True)
class Sequels:
    """How often one thing is bought right after another.

    lift(a, b) = n(a, b) n / (n(a, ·) n(·, b)): 1 where a says nothing about b.
    """

    pairs: Mapping[tuple[str, str], int]
    firsts: Mapping[str, int]
    seconds: Mapping[str, int]
    total: int

    def expected(self, first: str, second: str) -> float:
        """Times that b would follow a if a said nothing about it."""
        if not self.total:
            return 0.0
        return self.firsts.get(first, 0) * self.seconds.get(second, 0) / self.total

    def lift(self, first: str, second: str) -> float:
        """0 where b never follows a."""
        n_pairs = self.pairs.get((first, second), 0)
        return n_pairs / self.expected(first, second) if n_pairs else 0.0

    def follows(self, first: str, second: str, count: int, lift: float) -> bool:
        """Whether b follows a at least so often, and so much more often than by chance."""
        return self.pairs.get((first, second), 0) >= count and self.lift(first, second) >= lift

    def unrelated(self, first: str, second: str, lift: float) -> bool:
        """Whether neither follows the other even `lift` times as often as by chance would, and
        both were bought often enough for that to mean something."""
        return all(
            self.expected(a, b) >= 1 and self.lift(a, b) <= lift
            for a, b in ((first, second), (second, first))
        )


def count_sequels(histories: Iterable[Sequence[Purchase]], value_of: Mapping[str, str]) -> Sequels:
    """Over pairs of neighbours in a history, both of which have a value (a category, say)."""
    pairs: Counter[tuple[str, str]] = Counter()
    for history in histories:
        for one, two in pairwise(history):
            first, second = value_of.get(one.item_id), value_of.get(two.item_id)
            if first and second:
                pairs[first, second] += 1
    firsts: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for (first, second), count in pairs.items():
        firsts[first] += count
        seconds[second] += count
    return Sequels(pairs, firsts, seconds, pairs.total())


def count_buyers(histories: Iterable[Sequence[Purchase]]) -> Counter[tuple[str, str]]:
    """Histories that hold both items of a pair, whose ids are in order, among their last
    `LATEST` purchases."""
    pairs: Counter[tuple[str, str]] = Counter()
    for history in histories:
        pairs.update(combinations(sorted({one.item_id for one in history[-LATEST:]}), 2))
    return pairs
