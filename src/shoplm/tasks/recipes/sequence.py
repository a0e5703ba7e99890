"""What a user does next: the purchases, or the search, that come after a history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Literal

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.listings import records
from shoplm.tasks.recipes.purchases import Purchase, read_histories
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import digest, example_id, shuffled
from shoplm.tasks.recipes.text import is_written_in, readable
from shoplm.tasks.task import Example, Task


class SequenceOptions(RecipeOptions):
    """Options of the recipe `sequence`, which reads interactions and items, and queries where
    the next search is asked for."""

    ASKS: ClassVar = frozenset({"next"})

    next: Literal["purchases", "query"] = "purchases"
    """What is asked for."""
    history: int = Field(3, ge=1)
    """Purchases shown, at most."""
    candidates: int = Field(15, ge=2)
    """Items, or queries, to choose from."""
    right: int = Field(3, ge=1)
    """Next purchases among them, at most."""
    purchase_line: dict[str, str]
    """A purchase as the prompt shows it, by language, with {title}."""
    query_line: dict[str, str] = {}
    """The search before it, with {query}; shown where the next search is asked for."""


@dataclass(frozen=True)
class _Item:
    title: str
    category: str
    language: str


def make(task: Task, tables: Tables, options: SequenceOptions, seed: int) -> Iterator:
    """One example a history, cut where the seed decides; what is right comes strictly later than
    all that is shown, and nothing that the user ever bought is a wrong choice."""
    items = _read_items(task, tables)
    histories = read_histories(task, tables)
    searches = _Searches(task, tables) if options.next == "query" else None
    bought = Counter(one.item_id for history in histories.values() for one in history)
    pools = {
        language: _spread(
            {i: n for i, n in bought.items() if i in items and items[i].language == language}, seed
        )
        for language in task.languages
    }
    for name in shuffled(histories, seed, task.name):
        whole = [one for one in histories[name] if one.item_id in items]
        languages = Counter(items[one.item_id].language for one in whole)
        language = min(languages, key=lambda one: (-languages[one], one), default="")
        if language not in task.languages:
            yield Rejection(name, "interactions", "language", language)
            continue
        own = [one for one in whole if items[one.item_id].language == language]
        cut = _cut(own, options, seed, name)
        if cut is None:
            yield Rejection(name, "interactions", "too_short", f"{len(own)} purchases")
            continue
        shown = own[max(0, cut - options.history) : cut]
        again = {one.item_id for one in shown}
        later = [one for one in own[cut:] if one.item_id not in again]
        ever = {one.item_id for one in histories[name]}
        keys = {own[0].user_id, *(p.item_id for p in shown)}
        if searches is None:
            right = list(dict.fromkeys(items[p.item_id].title for p in later[: options.right]))
            titles = {items[i].title for i in ever if i in items}
            wrong = (items[i].title for i in _from(pools[language], seed, name))
            wrong = (title for title in wrong if title not in titles)
            keys |= {p.item_id for p in later[: options.right]}
        else:
            seen = {searches.leading_to(p.item_id) for p in shown}
            query = searches.leading_to(later[0].item_id)
            if query is None or query in seen:
                yield Rejection(name, "interactions", "no_query", later[0].item_id)
                continue
            right = [query]
            keys |= searches.ids(query, *seen)
            category = items[later[0].item_id].category
            wrong = searches.elsewhere(language, category, ever, items, f"{seed}:{name}")
        wanted = options.candidates - len(right)
        others = list(islice(dict.fromkeys(islice(wrong, 8 * wanted)), wanted))
        if len(others) < wanted:
            yield Rejection(name, "interactions", "too_few_candidates", str(len(others)))
            continue
        choices = shuffled([*right, *others], seed, f"choices:{name}")
        yield Example(
            example_id=example_id(task.name, name, cut),
            task=task.name,
            language=language,
            gold=sorted(choices.index(one) for one in right),
            fields={"history": _story(shown, items, searches, options, language)},
            choices=tuple(choices),
            group=join_keys(keys),
            origin=f"interactions:{name}:{int(shown[-1].at)}",
        )


def _cut(own: list[Purchase], options: SequenceOptions, seed: int, name: str) -> int | None:
    """Where the future begins: strictly later than the purchase before, which it never repeats."""
    past = [
        at
        for at in range(1, len(own))
        if own[at].at > own[at - 1].at
        and own[at].item_id not in {p.item_id for p in own[max(0, at - options.history) : at]}
    ]
    return min(past, key=lambda at: digest(seed, "cut", name, at), default=None)


def _story(
    shown: list[Purchase],
    items: dict[str, _Item],
    searches: _Searches | None,
    options: SequenceOptions,
    language: str,
) -> str:
    lines = []
    for purchase in shown:
        query = searches.leading_to(purchase.item_id) if searches else None
        if query:
            lines.append(options.query_line[language].format(query=query))
        lines.append(options.purchase_line[language].format(title=items[purchase.item_id].title))
    return "\n".join(lines)


def _spread(counts: dict[str, int], seed: int) -> list[str]:
    """Each id as often as it was bought, so that popularity gives nothing away."""
    copies = [f"{item}#{copy}" for item, count in counts.items() for copy in range(count)]
    return [one.rpartition("#")[0] for one in shuffled(copies, seed, "pool")]


def _from(pool: list[str], seed: int, name: str) -> Iterator[str]:
    """The pool from a place that the name decides, round to it again."""
    start = int(digest(seed, "start", name)[:12], 16) % max(len(pool), 1)
    yield from islice(pool, start, None)
    yield from islice(pool, start)


def _read_items(task: Task, tables: Tables) -> dict[str, _Item]:
    found: dict[str, _Item] = {}
    for row in records(task, tables, "items", {"item_id", "title", "category"}):
        title = readable(row["title"])
        language = next((one for one in task.languages if is_written_in(title, one)), None)
        if language is not None:
            item = _Item(title, readable(row["category"]), language)
            found[str(row["item_id"])] = min(item, found.get(str(row["item_id"]), item), key=repr)
    return found


class _Searches:
    """Queries, and the products that were judged exactly right for them."""

    def __init__(self, task: Task, tables: Tables) -> None:
        columns = {"query_id", "query", "language", "product_id", "relevance"}
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._products: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._judged: dict[str, set[str]] = defaultdict(set)
        for row in records(task, tables, "queries", columns):
            query, product_id = readable(row["query"]), str(row["product_id"])
            if not query:
                continue
            self._ids[query].add(str(row["query_id"]))
            if row["relevance"] == "E":
                self._exact[product_id].add(query)
                self._products[row["language"], query].add(product_id)
            if row["relevance"] != "I":
                self._judged[query].add(product_id)

    def ids(self, *queries: str | None) -> set[str]:
        """Of all rows with one of these queries."""
        return {one for query in queries if query for one in self._ids.get(query, ())}

    def leading_to(self, product_id: str) -> str | None:
        """A query that the product answers exactly, always the same one."""
        return min(self._exact.get(product_id, ()), key=digest, default=None)

    def elsewhere(
        self, language: str, category: str, bought: set[str], items: dict[str, _Item], seed: str
    ) -> Iterator[str]:
        """Queries for other categories which nothing in `bought` answers, even in part."""
        keys = sorted(key for key in self._products if key[0] == language)
        for key in sorted(keys, key=lambda key: digest(seed, "elsewhere", key[1])):
            exact = {items[one].category for one in self._products[key] if one in items}
            if exact and category not in exact and not self._judged[key[1]] & bought:
                yield key[1]


def _tables(options: SequenceOptions) -> frozenset[str]:
    more = {"queries"} if options.next == "query" else set()
    return frozenset({"interactions", "items", *more})


SEQUENCE = Recipe(SequenceOptions, _tables, make)
