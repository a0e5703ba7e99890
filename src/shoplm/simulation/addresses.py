# ruff: noqa: SIM905 - word lists
"""Chinese delivery addresses as customers write them, in pairs that match, in part, or not."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

_PROVINCES = "江临省 南岭省 海西省 东麓省".split()
_CITIES = "安澜市 白沙市 枫林市 雁北市 梧桐市 金桥市 临江市 青浦市".split()
_DISTRICTS = "城南区 湖滨区 东港区 新安区 北塘区 高新区".split()
_ROADS = (
    "解放路 文昌街 桃源路 胜利大道 学府路 滨河路 南门街 槐荫路 长宁路 兴业街 望江路 青年路".split()
)
_COMPOUNDS = (
    "阳光花园 翠湖小区 锦绣家园 金色港湾 碧水苑 丹桂新村 星河湾 幸福里 书香庭院 和平公寓 "
    "梧桐苑 紫荆城"
).split()
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Address:
    """A flat, from the province down."""

    province: str
    city: str
    district: str
    road: str
    number: int
    compound: str
    building: int
    unit: int
    room: int


def write_address_pair(degree: str, rng: random.Random) -> tuple[str, str]:
    """Two differently written addresses.

    `yes`: the same flat. `partial`: one names only the compound or building of the other, or both
    are flats of one compound. `no`: another compound on another road, or the same names in another
    district.
    """
    one = _draw(rng)
    first = _write(one, 9, rng)
    while True:
        if degree == "yes":
            second = _write(one, 9, rng)
        elif degree == "partial":
            other = replace(one, building=1 + one.building % 20, room=100 * rng.randint(1, 18) + 3)
            second = rng.choice([_write(one, 6, rng), _write(one, 7, rng), _write(other, 9, rng)])
        else:
            second = _write(_elsewhere(one, rng), 9, rng)
        if second != first:
            return first, second


def _draw(rng: random.Random) -> Address:
    return Address(
        rng.choice(_PROVINCES), rng.choice(_CITIES), rng.choice(_DISTRICTS), rng.choice(_ROADS),
        rng.randint(1, 399), rng.choice(_COMPOUNDS), rng.randint(1, 20), rng.randint(1, 4),
        100 * rng.randint(1, 18) + rng.randint(1, 4),
    )  # fmt: skip


def _elsewhere(one: Address, rng: random.Random) -> Address:
    """Another place that has some of the names."""
    others = [name for name in _DISTRICTS if name != one.district]
    if rng.random() < 0.5:  # the same road and compound, in another district
        return replace(one, district=rng.choice(others))
    while True:
        other = _draw(rng)
        if other.road != one.road and other.compound != one.compound:
            return replace(other, province=one.province, city=one.city, district=one.district)


def _write(place: Address, parts: int, rng: random.Random) -> str:
    """The first `parts` parts, in one of the ways in which people put them.

    The district always stands there, since names of roads and compounds come again elsewhere.
    """
    written = [
        rng.choice([place.province, ""]),
        rng.choice([place.city, place.city.removesuffix("市")]),
        place.district,
        place.road,
        f"{place.number}{rng.choice(['号', '号院'])}",
        place.compound,
        f"{rng.choice([str(place.building), _spell(place.building)])}"
        f"{rng.choice(['栋', '幢', '号楼'])}",
        rng.choice([f"{place.unit}单元", f"{_spell(place.unit)}单元"]),
        f"{place.room}{rng.choice(['室', '', '房'])}",
    ]
    return "".join(written[:parts])


def _spell(number: int) -> str:
    """A number up to 20 in characters."""
    tens, ones = divmod(number, 10)
    head = {0: "", 1: "十", 2: "二十"}[tens]
    return head + (_DIGITS[ones] if ones or not tens else "")
