"""Attributes of products: one name for what sellers name differently."""

from __future__ import annotations

from collections.abc import Iterable

NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "brand": {"en": ("brand", "brand name", "manufacturer"), "zh": ("品牌", "品牌名")},
    "model": {
        "en": ("model", "model name", "series", "model number"),
        "zh": ("型号", "系列", "货号", "款号"),
    },
    "type": {
        "en": ("product type", "type", "category", "item type"),
        "zh": ("品类", "类型", "分类", "商品类型"),
    },
    "material": {
        "en": ("material", "main material", "made of", "fabric", "material type"),
        "zh": ("材质", "主要材质", "材料", "面料"),
    },
    "colour": {
        "en": ("colour", "color", "main colour", "main color", "color name"),
        "zh": ("颜色", "颜色分类", "主色", "主颜色"),
    },
    "style": {"en": ("style", "design"), "zh": ("风格", "设计风格")},
    "feature": {
        "en": ("feature", "special feature", "features", "special features"),
        "zh": ("特点", "功能", "卖点"),
    },
    "use": {
        "en": ("recommended use", "ideal for", "recommended uses"),
        "zh": ("用途", "适用场景"),
    },
    "occasion": {"en": ("occasion", "suitable for"), "zh": ("适用", "适合", "适用场合")},
    "origin": {
        "en": ("origin", "made in", "country of origin"),
        "zh": ("产地", "发货地", "原产地"),
    },
    "warranty": {"en": ("warranty", "guarantee"), "zh": ("质保", "保修期")},
}
"""Attribute: the keys under which sellers fill it in, by language, the usual name first."""

_ATTRIBUTE = {
    (language, key): attribute
    for attribute, by_language in NAMES.items()
    for language, keys in by_language.items()
    for key in keys
}


def attribute_of(key: str, language: str) -> str:
    """The attribute that a seller's key stands for; an unusual key stands for itself."""
    return _ATTRIBUTE.get((language, key.strip().lower()), key.strip())


def attribute_name(attribute: str, language: str) -> str:
    """What a prompt calls an attribute."""
    if attribute in NAMES and language in NAMES[attribute]:
        return NAMES[attribute][language][0]
    return attribute.lower() if language == "en" else attribute


def by_attribute(properties: dict[str, list[str]], language: str) -> dict[str, list[str]]:
    """Properties under the names of attributes, each value once."""
    merged: dict[str, list[str]] = {}
    for key, values in properties.items():
        known = merged.setdefault(attribute_of(key, language), [])
        known += [value for value in dict.fromkeys(values) if value not in known]
    return merged


def hidden_keys(keys: Iterable[str], hide: Iterable[str], language: str) -> set[str]:
    """The keys that stand for an attribute in `hide`."""
    hidden = set(hide)
    return {key for key in keys if attribute_of(key, language) in hidden}
