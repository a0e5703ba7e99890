"""Products judged for a query: rank them, choose the right one, or find the relevant ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.listings import Listing, read_listings, records
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import digest, example_id, shuffled
from shoplm.tasks.recipes.text import readable, units
from shoplm.tasks.task import Example, Task


class RankingOptions(RecipeOptions):
    """Options of the recipe `ranking`, which reads queries and products."""

    ASKS: ClassVar = frozenset({"right"})

    candidates: int = Field(5, ge=2)
    """Products shown."""
    gains: dict[str, float] = {"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0}
    """Relevance of each grade (KDD Cup 2024)."""
    right: list[str] = ["E"]
    """Grades of a right choice; all others are wrong. Not used by a ranking."""
    most_right: int = Field(3, ge=1)
    """Right choices of a retrieval, at most."""
    evident: bool = False
    """multiple_choice: only where the right title names more of the query than any wrong one."""


Judged = list[tuple[Listing, str]]


def make(task: Task, tables: Tables, options: RankingOptions, seed: int) -> Iterator:
    """One example a query: the type of the task decides what is asked.

    ranking: candidates of two grades or more. multiple_choice: exactly one right product.
    retrieval: one to `most_right` right ones, and no other right one among the candidates.
    """
    listings, rejected = read_listings(task, tables)
    yield from rejected
    for query_id, query, language, judged in _queries(task, tables, options, listings, seed):
        if isinstance(query, Rejection):
            yield query
            continue
        chosen = _choose(task.type, query, judged, options, seed)
        if chosen is None:
            yield Rejection(query_id, "queries", "too_few_candidates", query)
            continue
        order = shuffled(range(len(chosen)), seed, f"{task.name}:order:{query_id}")
        shown = [chosen[at] for at in order]
        right = [at for at, (_, grade) in enumerate(shown) if grade in options.right]
        gold = {
            "ranking": [options.gains[grade] for _, grade in shown],
            "multiple_choice": right[0] if right else 0,
            "retrieval": right,
        }[task.type]
        yield Example(
            example_id=example_id(task.name, query_id),
            task=task.name,
            language=language,
            gold=gold,
            fields={"query": query},
            choices=tuple(listing.title for listing, _ in shown),
            group=join_keys([query_id, *(shown[at][0].product_id for at in right)]),
            origin=f"queries:{query_id}",
        )


def _queries(
    task: Task, tables: Tables, options: RankingOptions, listings: dict[str, Listing], seed: int
) -> Iterator[tuple[str, str | Rejection, str, Judged]]:
    columns = {"query_id", "query", "language", "product_id", "relevance"}
    found: dict[str, list[dict]] = defaultdict(list)
    for row in records(task, tables, "queries", columns):
        found[str(row["query_id"])].append(row)
    for query_id in shuffled(found, seed, task.name):
        rows = sorted(found[query_id], key=lambda row: str(row["product_id"]))
        query, language = readable(rows[0]["query"]), rows[0]["language"]
        if not query or language not in task.languages:
            reason = "language" if query else "unreadable"
            yield query_id, Rejection(query_id, "queries", reason, str(rows[0]["query"])), "", []
            continue
        judged: dict[str, tuple[Listing, str]] = {}
        for row in rows:
            listing = listings.get(str(row["product_id"]))
            if listing is None or row["relevance"] not in options.gains:
                continue
            if listing.language == language:
                judged[listing.title] = (listing, row["relevance"])
        yield query_id, query, language, list(judged.values())


def _choose(
    kind: str, query: str, judged: Judged, options: RankingOptions, seed: int
) -> Judged | None:
    """The candidates; None where they are too few."""
    judged = sorted(judged, key=lambda one: digest(seed, "candidates", query, one[0].product_id))
    right = [one for one in judged if one[1] in options.right]
    if kind == "ranking":
        # one of each grade first, so that every list has something to rank
        firsts = list({grade: one for one in reversed(judged) for grade in [one[1]]}.values())
        rest = [one for one in judged if one not in firsts]
        chosen = (firsts + rest)[: options.candidates]
        fits = len(chosen) == options.candidates and len({grade for _, grade in chosen}) > 1
        return chosen if fits else None
    if options.evident and kind == "multiple_choice":
        named = {one[0].product_id: len(units(query) & units(one[0].title)) for one in judged}
        right.sort(key=lambda one: -named[one[0].product_id])
        most = named[right[0][0].product_id] if right else 0
        judged = [one for one in judged if one in right or named[one[0].product_id] < most]
    wanted = 1 if kind == "multiple_choice" else min(options.most_right, len(right))
    # the nearer a wrong one is to right, the harder it is
    wrong = sorted(
        (one for one in judged if one[1] not in options.right),
        key=lambda one: -options.gains[one[1]],
    )
    wrong = wrong[: options.candidates - wanted]
    if not right or len(wrong) < options.candidates - wanted:
        return None
    return right[:wanted] + wrong


RANKING = Recipe(RankingOptions, lambda options: frozenset({"queries", "products"}), make)
