"""What a text about a product can say: the context that the grammars draw from."""

from __future__ import annotations

from shoplm.simulation.catalogue import Product, Remark
from shoplm.simulation.english import agree, is_plural, pluralise
from shoplm.simulation.grammar import Deck

Context = dict[str, object]

_DECKS = ("good", "bad", "use", "part", "feature")
_MASS_FEATURES = frozenset(
    ("cancelling", "charging", "GPS", "folding", "pairing", "ink", "yarn", "protection", "gauze")
)


def context_of(product: Product) -> Context:
    """The words of a product in its language: names, properties, and what is said of it."""
    words = _chinese(product) if product.language == "zh" else _english(product)
    name, value = product.specs[0]
    lang = product.language
    return words | {
        "name": product.name,
        "brand": product.brand,
        "model": product.model,
        "material": product.material.name[lang],
        "material_good": _first_good(product, lang),
        "colour": product.colour[lang],
        "style": product.style.name[lang],
        "occasion": product.occasion[lang],
        "size": value[lang],
        "spec_name": name[lang],
        "spec": value[lang],
        "use": tuple(use[lang] for use in product.uses),
        "part": tuple(part[lang] for part in product.kind.parts),
        "feature": tuple(feature.name[lang] for feature in product.features),
        "price": product.price,
        "town": product.town,
        "designer": product.designer,
        "year": str(product.year),
    }


def with_decks(context: Context) -> Context:
    """A copy for one text: what is said of a product is not said twice before all is said."""
    fresh = dict(context)
    for name in _DECKS:
        fresh[name] = Deck(context[name])
    return fresh


def as_other(context: Context) -> Context:
    """The context of a product that another is compared with."""
    return {
        "other": context["name"],
        "other_good": context["good_short"],
        "other_material": context["material"],
        "other_colour": context["colour"],
        "other_a_kind": context["a_kind"],
    }


def _first_good(product: Product, language: str) -> str:
    return next(s.text[language] for s in product.material.sayings if s.good)


def _feature_good(product: Product, index: int) -> str:
    return next(s.text[product.language] for s in product.features[index].sayings if s.good)


def _english(product: Product) -> Context:
    kind = product.kind
    plural = kind.plural
    noun = kind.english[0]
    one = f"pair of {noun}" if plural else noun
    features = [feature.name.en for feature in product.features]
    words: Context = {
        "kind": noun,
        "kinds": noun if plural else pluralise(noun),
        "kind_one": one,
        "a_kind": f"a {one}",
        "this_kind": tuple(f"{'these' if plural else 'this'} {k}" for k in kind.english),
        "one": "pair" if plural else "one",
        "one_too": "a pair" if plural else "one",
        "it": "they" if plural else "it",
        "them": "them" if plural else "it",
        "is": "are" if plural else "is",
        "has": "have" if plural else "has",
        "s": "" if plural else "s",
        "good": tuple(_english_clause(r, noun, plural) for r in product.praise),
        "bad": tuple(_english_clause(r, noun, plural) for r in product.complaints),
        "good_short": _short(product),
        "good_it": agree(_short(product), plural),
        "use_ing": tuple(_gerund(use.en) for use in product.uses),
        "a_feature": tuple(_with_article(f) for f in features),
        "a_feature_2": _with_article(features[1]),
        "warranty": f"{product.warranty} months",
    }
    for index, feature in enumerate(features[:2]):
        many = is_plural(feature)
        words[f"feature_{index + 1}"] = feature
        words[f"feature_{index + 1}_it"] = "they" if many else "it"
        words[f"feature_{index + 1}_good"] = agree(_feature_good(product, index), many)
    return words


def _english_clause(remark: Remark, noun: str, plural: bool) -> str:
    text = remark.saying.text.en
    if remark.about == "product" or remark.about == "style":
        return f"({'they' if plural else 'it'}|the {noun}) {agree(text, plural)}"
    subject = remark.subject.en
    return f"the {subject} {agree(text, remark.about == 'feature' and is_plural(subject))}"


def _gerund(use: str) -> str:
    return use if use.split()[0].endswith("ing") else f"planning for {use}"


def _with_article(feature: str) -> str:
    bare = is_plural(feature) or feature.split()[-1] in _MASS_FEATURES
    return feature if bare else f"a {feature}"


def _short(product: Product) -> str:
    """Praise of the product itself, as a predicate in the singular."""
    lang = product.language
    return next(s.text[lang] for s in product.kind.sayings if s.good)


def _chinese(product: Product) -> Context:
    kind = product.kind
    names = kind.chinese
    return {
        "kind": names,
        "kinds": names[0],
        "measure": kind.measure,
        "this": f"这{kind.measure}",
        "one": f"一{kind.measure}",
        "a_kind": f"一{kind.measure}{names[0]}",
        "good": tuple(_chinese_clause(r, kind.measure, names[0]) for r in product.praise),
        "bad": tuple(_chinese_clause(r, kind.measure, names[0]) for r in product.complaints),
        "good_short": _short(product),
        "good_it": f"这{kind.measure}{names[0]}{_short(product)}",
        "feature_1": product.features[0].name.zh,
        "feature_1_good": _feature_good(product, 0),
        "feature_2": product.features[1].name.zh,
        "feature_2_good": _feature_good(product, 1),
        "warranty": f"{product.warranty}个月",
    }


def _chinese_clause(remark: Remark, measure: str, noun: str) -> str:
    text = remark.saying.text.zh
    if remark.about == "product" or remark.about == "style":
        return f"(|||{noun}|这{measure}{noun}){text}"
    if remark.about == "material":
        return f"{remark.subject.zh}(|的|材质){text}"
    return f"{remark.subject.zh}{text}"
