"""How one search query is related to another, as their judged products show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.listings import read_listings, records
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Tables
from shoplm.tasks.recipes.sampling import digest, example_id, shuffled
from shoplm.tasks.recipes.text import readable, units
from shoplm.tasks.recipes.vocabulary import contains
from shoplm.tasks.task import Example, Task

Relation = Literal["irrelevant", "substitute", "complement", "narrowing"]
Pairs = dict[str, list[tuple[str, str, str]]]
_MEANS: dict[str, Relation] = {"S": "substitute", "C": "complement", "I": "irrelevant"}


class QueryPairsOptions(RecipeOptions):
    """Options of the recipe `query_pairs`, which reads queries and products."""

    relations: dict[Relation, dict[str, str]]
    """What each relation is called, by language: the choices."""


def make(task: Task, tables: Tables, options: QueryPairsOptions, seed: int) -> Iterator:
    """Examples from a first query to a second one; the relations take turns.

    substitute, complement, irrelevant: the products exactly right for the first query are all
    judged so for the second (S, C, I). narrowing: the first is a category, and the second
    names it with more words and has products of that category exactly right.
    """
    text: dict[str, str] = {}
    language: dict[str, str] = {}
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    judged: dict[str, dict[str, str]] = defaultdict(dict)
    columns = {"query_id", "query", "language", "product_id", "relevance"}
    for row in records(task, tables, "queries", columns):
        query, query_id = readable(row["query"]), str(row["query_id"])
        if query and row["language"] in task.languages:
            text[query_id], language[query_id] = query, row["language"]
            judged[query_id][str(row["product_id"])] = row["relevance"]
            ids[row["language"], query].add(query_id)
    found = _by_judgement(judged, text, language)
    listings, _ = read_listings(task, tables)
    category_of = {key: listing.category for key, listing in listings.items()}
    for query_id in sorted(judged):
        exact = {category_of.get(p, "") for p, grade in judged[query_id].items() if grade == "E"}
        category = next(iter(exact)) if len(exact) == 1 else ""
        query = text[query_id]
        if category and contains(query, category) and query.lower() != category.lower():
            found["narrowing"].append((language[query_id], category, query))
    for turn, relation in _in_turn(found, options, seed):
        lang, first, second = turn
        names = [options.relations[name][lang] for name in sorted(options.relations)]
        choices = shuffled(names, seed, f"choices:{first}:{second}")
        yield Example(
            example_id=example_id(task.name, first, second),
            task=task.name,
            language=lang,
            gold=choices.index(options.relations[relation][lang]),
            fields={"query_1": first, "query_2": second},
            choices=tuple(choices),
            group=join_keys(ids[lang, first] | ids[lang, second]),
            origin=f"queries:{relation}",
        )


def _by_judgement(
    judged: Mapping[str, Mapping[str, str]], text: Mapping[str, str], language: Mapping[str, str]
) -> Pairs:
    """By relation (language, first query, second query), where all judgements agree, those of the
    second query's products for the first one too."""
    exact_for: dict[str, list[str]] = defaultdict(list)
    for query_id, grades in judged.items():
        for product_id, grade in grades.items():
            if grade == "E":
                exact_for[product_id].append(query_id)
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for second, grades in judged.items():
        for product_id, grade in grades.items():
            for first in exact_for.get(product_id, ()):
                if text[first] != text[second]:
                    seen[first, second].add(grade)
    found: Pairs = {relation: [] for relation in ("narrowing", *_MEANS.values())}
    for (first, second), grades in seen.items():
        back = seen.get((second, first), set())
        if len(grades) != 1 or not (grades | back) <= set(_MEANS) or len(grades | back) != 1:
            continue
        relation = _MEANS[next(iter(grades))]
        shared = units(text[first]) & units(text[second])
        if relation == "irrelevant" and shared:
            continue  # a word in common is a relation of a kind
        found[relation].append((language[first], text[first], text[second]))
    return found


def _in_turn(
    found: Pairs, options: QueryPairsOptions, seed: int
) -> Iterator[tuple[tuple[str, str, str], Relation]]:
    names = sorted(name for name in options.relations if found.get(name))
    piles = [sorted(set(found[n]), key=lambda one: digest(seed, *one)) for n in names]
    for turn in range(max(map(len, piles), default=0)):
        for name, pile in zip(names, piles, strict=True):
            if turn < len(pile):
                yield pile[turn], name


QUERY_PAIRS = Recipe(QueryPairsOptions, lambda options: frozenset({"queries", "products"}), make)
