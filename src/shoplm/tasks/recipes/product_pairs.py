"""Two products: how they are related, and why they are bought together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.listings import Listing, read_listings
from shoplm.tasks.recipes.purchases import Sequels, count_buyers, count_sequels, read_histories
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import chance, digest, example_id, shuffled
from shoplm.tasks.recipes.vocabulary import contains
from shoplm.tasks.task import Example, Task

PARTNERS = 60
"""Products at most that are tried as another's similar or unrelated partner."""


class ProductPairsOptions(RecipeOptions):
    """Options of the recipe `product_pairs`, which reads products and interactions."""

    ask: Literal["relation", "reason", "explanation"]
    """relation: a multiple choice among `relations`. reason: a multiple choice among reasons, one
    of which holds. explanation: a text made from `explanations`."""
    buyers: int = Field(3, ge=1)
    """Users at least who bought both, for a pair that is bought together."""
    count: int = Field(10, ge=1)
    """Times at least that the category of one was bought right after that of the other."""
    lift: float = Field(5.0, gt=1)
    """Times at least more often than chance would have it."""
    unrelated_lift: float = Field(0.5, ge=0, lt=1)
    """The lift that the categories of an unrelated pair have at most."""
    attributes: list[str] = ["style", "material", "colour", "use", "occasion"]
    """What two products may have in common."""
    shared: int = Field(2, ge=1)
    """Attributes at least with a value in common, for similar products of one category."""
    relations: dict[Literal["bought_together", "similar", "unrelated"], dict[str, str]] = {}
    """Statements by language."""
    reasons: dict[str, dict[str, str]] = {}
    """Attribute: a reason by language, with {value}, which both titles name."""
    explanations: dict[str, list[str]] = {}
    """By language, with {category_1}, {category_2} and {reason}."""
    choices: int = Field(4, ge=2)
    """Reasons to choose from."""

    def asks(self) -> dict[str, str]:
        """A reason is asked for, whether it is chosen or written."""
        return {"ask": "relation" if self.ask == "relation" else "reason"}


@dataclass(frozen=True)
class _Pair:
    first: Listing
    second: Listing
    relation: str

    @property
    def name(self) -> str:
        return f"{self.first.product_id}+{self.second.product_id}"


def make(task: Task, tables: Tables, options: ProductPairsOptions, seed: int) -> Iterator:
    """Examples over pairs of products of one language.

    Bought together: by `buyers` users, of two categories of which one follows the other. Similar:
    of one category, with `shared` attributes in common, bought together by fewer. Unrelated: of
    categories that do not follow each other, no value in common, and nobody bought both.
    """
    listings, _ = read_listings(task, tables)
    pairs = _pairs(task, tables, listings, options, seed)
    if options.ask == "relation":
        yield from _relations(task, pairs, options, seed)
        return
    together = [pair for pair in pairs if pair.relation == "bought_together"]
    pools = _values(listings, options)
    for pair in together:
        common = [
            (attribute, value)
            for attribute, value in _in_common(pair.first, pair.second, list(options.reasons))
            if contains(pair.first.title, value) and contains(pair.second.title, value)
        ]
        if not common:
            detail = "no value of both stands in both titles"
            yield Rejection(pair.name, "interactions", "nothing_to_ask", detail)
            continue
        attribute, value = shuffled(common, seed, f"reason:{pair.name}")[0]
        reason = options.reasons[attribute][pair.first.language].format(value=value)
        if options.ask == "explanation":
            texts = options.explanations[pair.first.language]
            text = texts[int(chance(seed, task.name, "text", pair.name) * len(texts))]
            answer = text.format(
                category_1=pair.first.category, category_2=pair.second.category, reason=reason
            )
            yield _example(task, pair, answer, ())
            continue
        wrong = _wrong_reasons(pair, pools, options, seed)
        if len(wrong) < options.choices - 1:
            yield Rejection(pair.name, "interactions", "too_few_candidates", reason)
            continue
        choices = shuffled([reason, *wrong], seed, f"choices:{pair.name}")
        yield _example(task, pair, choices.index(reason), tuple(choices))


def _relations(
    task: Task, pairs: list[_Pair], options: ProductPairsOptions, seed: int
) -> Iterator[Example]:
    """The relations take turns, so that none prevails."""
    names = sorted(options.relations)
    piles = [[pair for pair in pairs if pair.relation == name] for name in names]
    for turn in range(min(map(len, piles), default=0)):
        for pile, name in zip(piles, names, strict=True):
            pair = pile[turn]
            statements = {n: options.relations[n][pair.first.language] for n in names}
            choices = shuffled(statements.values(), seed, f"choices:{pair.name}")
            yield _example(task, pair, choices.index(statements[name]), tuple(choices))


def _example(task: Task, pair: _Pair, gold: int | str, choices: tuple[str, ...]) -> Example:
    return Example(
        example_id=example_id(task.name, pair.name),
        task=task.name,
        language=pair.first.language,
        gold=gold,
        fields={"product_1": pair.first.title, "product_2": pair.second.title},
        choices=choices,
        group=join_keys((pair.first.product_id, pair.second.product_id)),
        origin=f"interactions:{pair.name}",
    )


def _pairs(
    task: Task,
    tables: Tables,
    listings: dict[str, Listing],
    options: ProductPairsOptions,
    seed: int,
) -> list[_Pair]:
    """Pairs of each relation, in an order that the seed decides."""
    histories = read_histories(task, tables)
    buyers = count_buyers(histories.values())
    found: list[_Pair] = []
    for language in task.languages:
        own = {key: one for key, one in listings.items() if one.language == language}
        sequels = count_sequels(histories.values(), {key: one.category for key, one in own.items()})
        for (a, b), n_buyers in buyers.items():
            if n_buyers < options.buyers or a not in own or b not in own:
                continue
            for first, second in ((own[a], own[b]), (own[b], own[a])):
                known = first.category != second.category
                if known and sequels.follows(
                    first.category, second.category, options.count, options.lift
                ):
                    found.append(_Pair(first, second, "bought_together"))
                    break
        if options.ask == "relation":
            found += _not_bought_together(own, buyers, sequels, options, seed)
    return sorted(found, key=lambda pair: digest(seed, task.name, pair.name))


def _not_bought_together(
    own: dict[str, Listing],
    buyers: Counter[tuple[str, str]],
    sequels: Sequels,
    options: ProductPairsOptions,
    seed: int,
) -> Iterator[_Pair]:
    """For each product one similar and one unrelated product, where there are such."""
    order = shuffled(own, seed, "partners")
    place = {key: at for at, key in enumerate(order)}
    by_category: dict[str, list[str]] = {}
    for key in order:
        by_category.setdefault(own[key].category, []).append(key)
    for key, one in own.items():
        for other in by_category[one.category][:PARTNERS] if one.category else ():
            two = own[other]
            pair = (min(key, other), max(key, other))
            common = _in_common(one, two, options.attributes)
            seldom = buyers.get(pair, 0) < options.buyers
            if key < other and seldom and len(common) >= options.shared:
                yield _Pair(one, two, "similar")
                break
        for step in range(1, min(PARTNERS, len(order))):
            two = own[order[(place[key] + step) % len(order)]]
            pair = (min(key, two.product_id), max(key, two.product_id))
            if (
                pair not in buyers
                and not _in_common(one, two, options.attributes)
                and sequels.unrelated(one.category, two.category, options.unrelated_lift)
            ):
                yield _Pair(one, two, "unrelated")
                break


def _in_common(one: Listing, two: Listing, attributes: list[str]) -> list[tuple[str, str]]:
    """(attribute, value) that both have, one an attribute."""
    found = []
    for attribute in attributes:
        other = {value.lower() for value in two.properties.get(attribute, ())}
        same = [value for value in one.properties.get(attribute, ()) if value.lower() in other]
        found += [(attribute, value) for value in same[:1]]
    return found


Pools = dict[tuple[str, str], list[str]]


def _values(listings: dict[str, Listing], options: ProductPairsOptions) -> Pools:
    """By language and attribute, the values of all products."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for listing in listings.values():
        for attribute in options.reasons:
            found[listing.language, attribute].update(listing.properties.get(attribute, ()))
    return {key: sorted(values) for key, values in found.items()}


def _wrong_reasons(pair: _Pair, pools: Pools, options: ProductPairsOptions, seed: int) -> list[str]:
    """Reasons with values that neither product has, of attributes that both have."""
    own = pair.first.values | pair.second.values
    attributes = [
        attribute
        for attribute in options.reasons
        if pair.first.properties.get(attribute) and pair.second.properties.get(attribute)
    ]
    order = shuffled(attributes, seed, f"wrong:{pair.name}")
    wrong: list[str] = []
    for number in range(options.choices - 1 if order else 0):
        attribute = order[number % len(order)]
        text = options.reasons[attribute][pair.first.language]
        pool = pools[pair.first.language, attribute]
        for value in shuffled(pool, seed, f"{number}:{pair.name}"):
            reason = text.format(value=value)
            if value.lower() not in own and reason not in wrong:
                wrong.append(reason)
                break
    return wrong


PRODUCT_PAIRS = Recipe(
    ProductPairsOptions, lambda options: frozenset({"products", "interactions"}), make
)
