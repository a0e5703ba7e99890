"""Users, their tastes, and what they buy one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shoplm.simulation.catalogue import Product
from shoplm.simulation.lexicon import DEPARTMENTS, KINDS
from shoplm.simulation.lexicon.looks import COLOURS, STYLES
from shoplm.simulation.lexicon.materials import MATERIAL_GROUP
from shoplm.simulation.settings import BehaviourSize

KIND_KEYS = tuple(KINDS)
DOMAINS = tuple(department.key for department in DEPARTMENTS)
STYLE_KEYS = tuple(style.key for style in STYLES)
FAMILIES = tuple(dict.fromkeys(family for family, _ in COLOURS.values()))
MATERIALS = tuple(dict.fromkeys(MATERIAL_GROUP.values()))
TIERS = ("budget", "middle", "premium")
FACETS = {"style": STYLE_KEYS, "colour": FAMILIES, "material": MATERIALS, "price": TIERS}

COMPLEMENT, SAME_DOMAIN, SAME_STYLE = 2.2, 0.2, 1.0
"""How much what was bought last draws the next purchase: a kind that goes with it, its department,
its style (added to the utility)."""
SHELVES_SEEN = 3
"""Kinds that a user looks at before choosing the product liked best."""


@dataclass(frozen=True)
class Items:
    """Products as arrays, one entry a product; facets are indices into the tuples above."""

    ids: np.ndarray
    language: np.ndarray
    kind: np.ndarray
    domain: np.ndarray
    style: np.ndarray
    colour: np.ndarray
    material: np.ndarray
    tier: np.ndarray
    price: np.ndarray
    quality: np.ndarray
    log_popularity: np.ndarray
    launch: np.ndarray

    @classmethod
    def of(cls, products: Sequence[Product]) -> Items:
        """The arrays of these products; a price's tier is its third within the kind's range."""
        kinds = [product.kind for product in products]
        price = np.array([product.dollars for product in products])
        low, high = np.array([kind.price for kind in kinds]).T
        return cls(
            ids=np.array([product.product_id for product in products]),
            language=np.array([int(product.language == "zh") for product in products]),
            kind=np.array([KIND_KEYS.index(kind.key) for kind in kinds]),
            domain=np.array([DOMAINS.index(kind.department) for kind in kinds]),
            style=np.array([STYLE_KEYS.index(product.style.key) for product in products]),
            colour=np.array([FAMILIES.index(COLOURS[p.colour.en][0]) for p in products]),
            material=np.array([MATERIALS.index(MATERIAL_GROUP[p.material.key]) for p in products]),
            tier=np.clip(((price - low) / (high - low) * 3).astype(int), 0, 2),
            price=price,
            quality=np.array([product.quality for product in products]),
            log_popularity=np.log([product.popularity for product in products]),
            launch=np.array([product.launch for product in products]),
        )


@dataclass(frozen=True)
class Users:
    """Tastes as utilities: shapes (users, number of styles) and so on; `domains` are weights."""

    ids: np.ndarray
    language: np.ndarray
    region: np.ndarray
    domains: np.ndarray
    kind: np.ndarray
    style: np.ndarray
    colour: np.ndarray
    material: np.ndarray
    tier: np.ndarray

    def taste(self, user: np.ndarray, item: np.ndarray, items: Items) -> np.ndarray:
        """How much users like items for what they are, element by element."""
        return (
            self.style[user, items.style[item]]
            + self.colour[user, items.colour[item]]
            + self.material[user, items.material[item]]
            - 0.7 * np.abs(self.tier[user] - items.tier[item])
        )

    def describe(self) -> dict[str, dict[str, Any]]:
        """By user id: language, region, departments, the favourite of each facet, and how much
        each style, colour family and material group is liked (in the order of `FACETS`)."""
        return {
            str(user): {
                "language": ("en", "zh")[self.language[i]],
                "region": f"R{self.region[i]:02d}",
                "departments": [DOMAINS[d] for d in np.flatnonzero(self.domains[i])],
                "style": STYLE_KEYS[self.style[i].argmax()],
                "colour": FAMILIES[self.colour[i].argmax()],
                "material": MATERIALS[self.material[i].argmax()],
                "price": TIERS[self.tier[i]],
                "utilities": {
                    "style": self.style[i].round(2).tolist(),
                    "colour": self.colour[i].round(2).tolist(),
                    "material": self.material[i].round(2).tolist(),
                },
            }
            for i, user in enumerate(self.ids)
        }


def invent_users(size: BehaviourSize, chinese_share: float, seed: int) -> Users:
    """Users with tastes of their own; most of them buy in several departments."""
    rng = np.random.default_rng([seed, 21])
    count = size.users
    several = rng.random(count) < size.cross_domain_share
    how_many = np.where(several, rng.choice((2, 3, 4), count, p=(0.5, 0.3, 0.2)), 1)
    rank = rng.random((count, len(DOMAINS))).argsort(axis=1).argsort(axis=1)
    weights = rng.gamma(4.0, size=(count, len(DOMAINS))) * (rank < how_many[:, None])
    shares = rng.dirichlet(np.full(size.regions, 8.0))
    return Users(
        ids=np.array([f"U{i:06d}" for i in range(count)]),
        language=(rng.random(count) < chinese_share).astype(int),
        region=rng.choice(size.regions, count, p=shares),
        domains=weights / weights.sum(axis=1, keepdims=True),
        kind=rng.normal(0, 0.7, (count, len(KIND_KEYS))),
        style=rng.normal(0, 1.8, (count, len(STYLE_KEYS))),
        colour=rng.normal(0, 1.1, (count, len(FAMILIES))),
        material=rng.normal(0, 0.5, (count, len(MATERIALS))),
        tier=rng.integers(0, 3, count),
    )


def simulate_interactions(
    users: Users, items: Items, size: BehaviourSize, end: int, seed: int
) -> pd.DataFrame:
    """Purchases: domain, user_id, item_id, pos (order inside user and domain), timestamp, rating.

    A purchase follows from lasting taste (department, kind, style, colour, material, price), from
    the purchase before (kinds that go together, the same style), from popularity and quality, and
    from chance. Nobody buys a product twice or before its launch. Timestamps are seconds and
    strictly increase for each user.
    """
    rng = np.random.default_rng([seed, 22])
    count = len(users.ids)
    lengths = 3 + rng.negative_binomial(2, 2 / (2 + size.events - 3), count)
    when = _purchase_times(lengths, size.days, rng)
    kind_domain = np.array([DOMAINS.index(KINDS[key].department) for key in KIND_KEYS])
    follows = np.zeros((len(KIND_KEYS) + 1, len(KIND_KEYS)))
    for index, key in enumerate(KIND_KEYS):
        follows[index, [KIND_KEYS.index(other) for other in KINDS[key].goes_with]] = COMPLEMENT
        follows[index] += SAME_DOMAIN * (kind_domain == kind_domain[index])
        follows[index, index] -= 1.0
    shelves = _Shelves(items)
    with np.errstate(divide="ignore"):
        lasting = np.log(users.domains[:, kind_domain]) + users.kind
    last_kind = np.full(count, len(KIND_KEYS))
    last_style = np.full(count, -1)
    bought: set[int] = set()  # user * number of items + item
    events: list[np.ndarray] = []
    for step in range(int(lengths.max())):
        active = np.flatnonzero(lengths > step)
        wish = lasting[active] + follows[last_kind[active]]
        wish += rng.gumbel(size=wish.shape)
        kinds = np.argpartition(-wish, SHELVES_SEEN - 1, axis=1)[:, :SHELVES_SEEN]
        seen = np.repeat(active, SHELVES_SEEN)
        best, liking = shelves.choose(
            users, seen, kinds.ravel(), last_style[seen], when[seen, step], bought, rng
        )
        favourite = liking.reshape(kinds.shape).argmax(axis=1)
        chosen = best.reshape(kinds.shape)[np.arange(len(active)), favourite]
        buyers, chosen = active[chosen >= 0], chosen[chosen >= 0]
        bought.update((buyers * len(items.ids) + chosen).tolist())
        last_kind[buyers], last_style[buyers] = items.kind[chosen], items.style[chosen]
        events.append(np.column_stack([buyers, chosen, np.full(len(buyers), step)]))
    user, item, step = np.concatenate(events).T
    noise = rng.normal(0, 0.8, len(user))
    liking = users.taste(user, item, items)
    rating = np.clip(np.rint(2.6 + 1.8 * items.quality[item] + 0.25 * liking + noise), 1, 5)
    frame = pd.DataFrame(
        {
            "domain": np.array(DOMAINS)[items.domain[item]],
            "user_id": users.ids[user],
            "item_id": items.ids[item],
            "timestamp": (end - (1 - when[user, step]) * size.days * 86_400).astype(np.int64),
            "rating": rating,
        }
    ).sort_values(["domain", "user_id", "timestamp"], kind="stable", ignore_index=True)
    frame.insert(3, "pos", frame.groupby(["domain", "user_id"]).cumcount())
    return frame


def list_items(products: Sequence[Product], titles: dict[str, str]) -> pd.DataFrame:
    """The item table: domain, item_id, title, category (the kind in English)."""
    return pd.DataFrame(
        {
            "domain": [product.kind.department for product in products],
            "item_id": [product.product_id for product in products],
            "title": [titles[product.product_id] for product in products],
            "category": [product.kind.english[0] for product in products],
        }
    )


def _purchase_times(lengths: np.ndarray, days: int, rng: np.random.Generator) -> np.ndarray:
    """When each user buys, as a part of the time simulated: shape (users, longest), increasing."""
    count, longest = len(lengths), int(lengths.max())
    gaps = rng.lognormal(0, 1.2, (count, longest))
    gaps[rng.random(gaps.shape) < 0.25] *= 0.003  # several purchases in one sitting
    inside = np.arange(longest) < lengths[:, None]
    passed = np.cumsum(gaps * inside, axis=1)
    span = rng.uniform(0.15, 0.95, count)
    start = rng.random(count) * (1 - span)
    part = start[:, None] + span[:, None] * passed / passed[:, -1:]
    second = 1.5 / (days * 86_400)  # at least a second between two purchases
    return np.clip(part, 0, 1 - longest * second) + second * np.arange(longest)


class _Shelves:
    """Items by kind and language."""

    def __init__(self, items: Items) -> None:
        self._items = items
        shelf = items.kind * 2 + items.language
        self._members = {int(s): np.flatnonzero(shelf == s) for s in np.unique(shelf)}
        self._appeal = 0.7 * items.log_popularity + 1.2 * items.quality

    def choose(
        self,
        users: Users,
        active: np.ndarray,
        kinds: np.ndarray,
        last_style: np.ndarray,
        when: np.ndarray,
        bought: set[int],
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The item that each user likes best on the shelf of a kind, and how much.

        Where nothing is left on the shelf: -1 and minus infinity.
        """
        items, total = self._items, len(self._items.ids)
        chosen, value = np.full(len(active), -1), np.full(len(active), -np.inf)
        # one in thirty looks at the shelf of the other language
        language = users.language[active] ^ (rng.random(len(active)) < 1 / 30)
        shelf = kinds * 2 + language
        for label in np.unique(shelf):
            members = self._members.get(int(label))
            rows = np.flatnonzero(shelf == label)
            if members is None:
                continue
            buyer = active[rows]
            liking = users.taste(buyer[:, None], members[None, :], items) + self._appeal[members]
            liking += SAME_STYLE * (items.style[members] == last_style[rows][:, None])
            liking += rng.gumbel(size=liking.shape)
            liking[items.launch[members] > when[rows][:, None]] = -np.inf
            pick = _first_not_bought(liking, buyer * total, members, bought)
            chosen[rows] = np.where(pick >= 0, members[pick], -1)
            value[rows] = np.where(pick >= 0, liking[np.arange(len(rows)), pick], -np.inf)
        return chosen, value


def _first_not_bought(
    liking: np.ndarray, offset: np.ndarray, members: np.ndarray, bought: set[int]
) -> np.ndarray:
    """The best column of each row that is not in `bought` (as offset + member), -1 if none is."""
    pick = liking.argmax(axis=1)
    pending = np.arange(len(pick))
    while len(pending):
        best = pick[pending]
        empty = ~np.isfinite(liking[pending, best])
        pick[pending[empty]] = -1
        pending, best = pending[~empty], best[~empty]
        keys = offset[pending] + members[best]
        owned = np.array([key in bought for key in keys.tolist()], bool)
        liking[pending[owned], best[owned]] = -np.inf
        pending = pending[owned]
        pick[pending] = liking[pending].argmax(axis=1)
    return pick
