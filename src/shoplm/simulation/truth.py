"""What is true of the simulated shop, in one object that JSON can hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shoplm.simulation.catalogue import Product
from shoplm.simulation.lexicon import DEPARTMENTS
from shoplm.simulation.lexicon.looks import COLOURS
from shoplm.simulation.lexicon.materials import MATERIAL_GROUP


def describe_products(products: Sequence[Product]) -> dict[str, dict[str, Any]]:
    """By product id: the facets that tastes are about, and related products."""
    return {
        product.product_id: {
            "kind": product.kind.key,
            "material": product.material.name[product.language],
            "material_group": MATERIAL_GROUP[product.material.key],
            "colour": product.colour[product.language],
            "colour_family": COLOURS[product.colour.en][0],
            "style": product.style.key,
            "features": [feature.name[product.language] for feature in product.features],
            "specs": {n[product.language]: v[product.language] for n, v in product.specs},
            "quality": round(product.quality, 3),
            "original": product.original,
            "twin": product.twin,
        }
        for product in products
    }


def collect_truth(
    products: Sequence[Product],
    text_truth: dict[str, Any],
    behaviour_truth: dict[str, Any],
    seed: int,
) -> dict[str, Any]:
    """Everything that was planted, by name.

    Keys: seed, departments (all, known, zero_shot), goes_with (kinds), products (facets, originals
    and twins), those of `texts.write_texts` and of `behaviour.simulate_behaviour`.
    """
    kinds = [kind for department in DEPARTMENTS for kind in department.kinds]
    return {
        "seed": seed,
        "departments": {
            "all": [department.key for department in DEPARTMENTS],
            "known": [department.key for department in DEPARTMENTS if not department.zero_shot],
            "zero_shot": [department.key for department in DEPARTMENTS if department.zero_shot],
        },
        "goes_with": {kind.key: list(kind.goes_with) for kind in kinds},
        "products": describe_products(products),
        **text_truth,
        **behaviour_truth,
    }
