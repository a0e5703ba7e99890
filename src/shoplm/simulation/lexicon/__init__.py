"""The words of the shop: departments, kinds of products, materials, looks and makers."""

from __future__ import annotations

from dataclasses import replace

from shoplm.simulation.lexicon import (
    apparel,
    electronics,
    home,
    kitchen,
    outdoor,
    pets,
    stationery,
)
from shoplm.simulation.lexicon.notation import Department, Kind, Term


def _department(
    key: str, name: Term, kinds: tuple[Kind, ...], zero_shot: bool = False
) -> Department:
    return Department(key, name, tuple(replace(k, department=key) for k in kinds), zero_shot)


DEPARTMENTS = (
    _department("kitchen", Term("Kitchen & Dining", "厨房餐饮"), kitchen.KINDS),
    _department("apparel", Term("Clothing, Shoes & Bags", "服饰鞋包"), apparel.KINDS),
    _department("electronics", Term("Electronics", "数码电子"), electronics.KINDS),
    _department("home", Term("Home & Furniture", "家居家装"), home.KINDS),
    _department("outdoor", Term("Sports & Outdoors", "运动户外"), outdoor.KINDS),
    _department("pets", Term("Pet Supplies", "宠物用品"), pets.KINDS, zero_shot=True),
    _department(
        "stationery", Term("Office & Stationery", "办公文具"), stationery.KINDS, zero_shot=True
    ),
)
KINDS = {kind.key: kind for department in DEPARTMENTS for kind in department.kinds}
