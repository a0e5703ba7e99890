"""Product properties, and the shapes in which shops store them in one string."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from shoplm.simulation.catalogue import Product

Pairs = Sequence[tuple[str, str]]

# several names for one property, as sellers use them
_KEYS = {
    "en": {
        "brand": ("Brand", "Brand Name"),
        "model": ("Model", "Model Name", "Series"),
        "type": ("Type", "Category", "Product Type"),
        "material": ("Material", "Main Material", "Made of"),
        "colour": ("Colour", "Color", "Main Colour"),
        "style": ("Style", "Design"),
        "feature": ("Feature", "Special Feature"),
        "use": ("Recommended Use", "Ideal For"),
        "occasion": ("Occasion", "Suitable For"),
        "origin": ("Made In", "Origin"),
        "warranty": ("Warranty", "Guarantee"),
    },
    "zh": {
        "brand": ("品牌",),
        "model": ("型号", "系列", "货号"),
        "type": ("类型", "品类", "分类"),
        "material": ("材质", "主要材质", "材料"),
        "colour": ("颜色", "颜色分类", "主色"),
        "style": ("风格", "设计风格"),
        "feature": ("特点", "功能", "卖点"),
        "use": ("用途", "适用场景"),
        "occasion": ("适用", "适合"),
        "origin": ("产地", "发货地"),
        "warranty": ("质保", "保修期"),
    },
}


def property_pairs(product: Product, rng: random.Random) -> list[tuple[str, str]]:
    """The product's properties as (key, value); a key may come more than once."""
    lang = product.language
    chinese = lang == "zh"
    months = f"{product.warranty}个月" if chinese else f"{product.warranty} months"
    pairs = [
        ("brand", product.brand),
        ("model", product.model),
        ("type", product.kind.names(lang)[0]),
        ("material", product.material.name[lang]),
        ("colour", product.colour[lang]),
        ("style", product.style.name[lang]),
        *(("feature", feature.name[lang]) for feature in product.features),
        ("use", product.uses[0][lang]),
        ("occasion", product.occasion[lang]),
        ("origin", product.town),
        ("warranty", months),
    ]
    keys = {name: rng.choice(names) for name, names in _KEYS[lang].items()}
    named = [(keys[name], value) for name, value in pairs]
    for name, value in product.specs:
        named.append((name.zh if chinese else name.en.capitalize(), value[lang]))
    # sellers fill in some of the fields, in no particular order; brand and model always
    kept = named[:2] + [pair for pair in named[2:] if rng.random() < 0.85]
    head, tail = kept[:2], kept[2:]
    rng.shuffle(tail)
    return head + tail


def delimited(pairs: Pairs) -> str:
    """`a#:#b#;#c#:#d`"""
    return "#;#".join(f"{key}#:#{value}" for key, value in pairs)


def starred(pairs: Pairs) -> str:
    """`a#b*c#d`"""
    return "*".join(f"{key}#{value}" for key, value in pairs)


def ruby(pairs: Pairs) -> str:
    """`{"product_specification"=>[{"key"=>"a", "value"=>"b"}, …]}`"""
    quoted = (
        (json.dumps(k, ensure_ascii=False), json.dumps(v, ensure_ascii=False)) for k, v in pairs
    )
    rows = ", ".join(f'{{"key"=>{key}, "value"=>{value}}}' for key, value in quoted)
    return f'{{"product_specification"=>[{rows}]}}'


def json_object(pairs: Pairs) -> str:
    """`{"a": "b", "c": ["d", "e"]}`; a repeated key becomes a list."""
    merged: dict[str, list[str]] = {}
    for key, value in pairs:
        merged.setdefault(key, []).append(value)
    plain = {key: values[0] if len(values) == 1 else values for key, values in merged.items()}
    return json.dumps(plain, ensure_ascii=False)


def python_list(pairs: Pairs) -> str:
    """`['a: b', 'c: d']`"""
    return repr([f"{key}: {value}" for key, value in pairs])


SHAPES = {
    "delimited": delimited,
    "starred": starred,
    "ruby": ruby,
    "json": json_object,
    "python_list": python_list,
}
