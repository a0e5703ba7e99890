"""The products of the shop, with everything that their texts and buyers can know about them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shoplm.simulation.lexicon import DEPARTMENTS, brands
from shoplm.simulation.lexicon.looks import COLOURS, OCCASIONS, STYLES
from shoplm.simulation.lexicon.materials import MATERIALS
from shoplm.simulation.lexicon.notation import Kind, Saying, Term, Trait
from shoplm.simulation.settings import CatalogueSize

YUAN_PER_DOLLAR = 7
_EDITIONS = {
    "en": (" Pro", " Plus", " Lite", " Max", " 2"),
    "zh": ("Pro", "青春版", "升级版", "Plus", "二代"),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """What buyers say of a product; `about` is "product", "material", "feature" or "style"."""

    about: str
    subject: Term | None
    saying: Saying


@dataclass(frozen=True, slots=True)
class Product:
    """One listing. All its texts are written from these values, so they agree with each other."""

    product_id: str
    language: str
    kind: Kind
    brand: str
    model: str
    name: str
    material: Trait
    colour: Term
    style: Trait
    occasion: Term
    specs: tuple[tuple[Term, Term], ...]
    features: tuple[Trait, ...]
    uses: tuple[Term, ...]
    praise: tuple[Remark, ...]
    complaints: tuple[Remark, ...]
    town: str
    designer: str
    year: int
    warranty: int
    dollars: float
    quality: float
    popularity: float
    launch: float
    original: str | None = None
    twin: str | None = None

    @property
    def price(self) -> str:
        """As shown to customers."""
        if self.language == "zh":
            return f"{round(self.dollars * YUAN_PER_DOLLAR)}元"
        return f"${self.dollars:.2f}"


def simulate_catalogue(size: CatalogueSize, seed: int) -> tuple[Product, ...]:
    """All listings of the shop, the same for the same size and seed.

    Names are unique. A successor carries another product's name with an edition after it; a twin is
    the same product listed in the other language under a name of its own.
    """
    rng = random.Random(f"{seed}:catalogue")
    taken: set[str] = set()
    made: list[Product] = []
    for number in range(size.products):
        product_id = f"P{number:07d}"
        fate = rng.random()
        if made and fate < size.successor_share:
            product = _succeed(made, product_id, taken, rng)
        elif made and fate < size.successor_share + size.twin_share:
            product = _twin(rng.choice(made), product_id, taken, rng)
        else:
            product = None
        made.append(product or _invent(size, product_id, taken, rng))
    return tuple(made)


def _invent(size: CatalogueSize, product_id: str, taken: set[str], rng: random.Random) -> Product:
    language = "zh" if rng.random() < size.chinese_share else "en"
    kind = rng.choice(rng.choice(DEPARTMENTS).kinds)
    material = MATERIALS[rng.choice(kind.materials)]
    style = rng.choice(STYLES)
    features = tuple(rng.sample(kind.features, rng.choice((2, 2, 3))))
    quality = rng.betavariate(4, 2)
    praise, complaints = _remarks(kind, material, style, features, quality, rng)
    low, high = kind.price
    # the dearer end comes with quality, so that price tiers mean something
    dollars = low + (high - low) * min(1.0, max(0.0, 0.6 * quality + rng.uniform(-0.3, 0.45)))
    brand, model, name = _name(kind.department, language, taken, rng)
    chinese = language == "zh"
    return Product(
        product_id=product_id,
        language=language,
        kind=kind,
        brand=brand,
        model=model,
        name=name,
        material=material,
        colour=COLOURS[rng.choice(tuple(COLOURS))][1],
        style=style,
        occasion=rng.choice(OCCASIONS),
        specs=tuple((spec.name, rng.choice(spec.values)) for spec in kind.specs),
        features=features,
        uses=tuple(rng.sample(kind.uses, 4)),
        praise=praise,
        complaints=complaints,
        town=rng.choice(brands.CHINESE_TOWNS if chinese else brands.ENGLISH_TOWNS),
        designer=rng.choice(brands.CHINESE_DESIGNERS if chinese else brands.ENGLISH_DESIGNERS),
        year=rng.randint(1921, 2019),
        warranty=rng.choice((6, 12, 24, 36)),
        dollars=round(dollars, 2),
        quality=quality,
        popularity=rng.lognormvariate(0, 1.1),
        # one product in eight is new: it is on sale only towards the end of the time simulated
        launch=rng.uniform(0.7, 0.95) if rng.random() < 0.125 else rng.uniform(-0.5, 0.1),
    )


def _remarks(
    kind: Kind,
    material: Trait,
    style: Trait,
    features: Sequence[Trait],
    quality: float,
    rng: random.Random,
) -> tuple[tuple[Remark, ...], tuple[Remark, ...]]:
    """What buyers of this product agree on; better products have fewer flaws."""
    pool = [Remark("product", None, saying) for saying in kind.sayings]
    pool += [Remark("material", material.name, saying) for saying in material.sayings]
    pool += [Remark("style", style.name, saying) for saying in style.sayings]
    pool += [Remark("feature", f.name, saying) for f in features for saying in f.sayings]
    rng.shuffle(pool)
    good = [remark for remark in pool if remark.saying.good]
    bad = [remark for remark in pool if not remark.saying.good]
    return tuple(good[: 4 + round(3 * quality)]), tuple(bad[: 4 - round(2 * quality)])


def _name(
    department: str, language: str, taken: set[str], rng: random.Random
) -> tuple[str, str, str]:
    """A brand, a model and the short name of both, not used before."""
    chinese = language == "zh"
    makers = (brands.CHINESE_BRANDS if chinese else brands.ENGLISH_BRANDS)[department].split()
    lines = brands.CHINESE_LINES if chinese else brands.ENGLISH_LINES
    while True:
        brand, model = rng.choice(makers), rng.choice(lines)
        code = rng.random()
        if code > 0.75:
            model += f"{'' if chinese else ' '}{rng.randint(2, 9)}"
        elif code > 0.3:
            letter = rng.choice("ABCDEFGHKMNQRSTVXZ")
            model += f"{'' if chinese else ' '}{letter}{rng.randint(1, 99)}"
        name = brand + model if chinese else f"{brand} {model}"
        if name not in taken:
            taken.add(name)
            return brand, model, name


def _succeed(
    made: list[Product], product_id: str, taken: set[str], rng: random.Random
) -> Product | None:
    """A new edition of an earlier product: the same in kind, a little different in the rest."""
    old = rng.choice(made)
    edition = rng.choice(_EDITIONS[old.language])
    if old.original or old.name + edition in taken:
        return None
    taken.add(old.name + edition)
    return replace(
        old,
        product_id=product_id,
        model=old.model + edition,
        name=old.name + edition,
        colour=COLOURS[rng.choice(tuple(COLOURS))][1],
        specs=tuple((spec.name, rng.choice(spec.values)) for spec in old.kind.specs),
        dollars=round(old.dollars * rng.uniform(1.05, 1.4), 2),
        popularity=rng.lognormvariate(0, 1.1),
        launch=rng.uniform(0.1, 0.95),
        original=old.product_id,
        twin=None,
    )


def _twin(old: Product, product_id: str, taken: set[str], rng: random.Random) -> Product | None:
    """The same product listed for speakers of the other language."""
    if old.twin:
        return None
    language = "en" if old.language == "zh" else "zh"
    brand, model, name = _name(old.kind.department, language, taken, rng)
    chinese = language == "zh"
    return replace(
        old,
        product_id=product_id,
        language=language,
        brand=brand,
        model=model,
        name=name,
        town=rng.choice(brands.CHINESE_TOWNS if chinese else brands.ENGLISH_TOWNS),
        designer=rng.choice(brands.CHINESE_DESIGNERS if chinese else brands.ENGLISH_DESIGNERS),
        popularity=rng.lognormvariate(0, 1.1),
        original=None,
        twin=old.product_id,
    )
