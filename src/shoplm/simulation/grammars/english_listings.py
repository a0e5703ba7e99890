# ruff: noqa: E501 - sentences
"""English product titles and descriptions."""

RULES = {
    "title": [
        "{name} {style} {kind}, {material}, {size}, {colour}",
        "{name} {material} {kind} with {feature}, {size}, {colour}",
        "{name} {kind} for {use}, {style} {material}, {colour}",
        "{brand} {model} {colour} {kind}, {feature}, {size}",
        "{name} - {style} {kind} in {colour}, {material}, for {use}",
        "{name} {kind} {size} {material} with {feature} for {occasion}",
        "{name}, {style} {kind} with {feature} and {feature}, {colour}",
    ],
    "intro": [
        "Meet {name}, {a_kind} made for {use}.",
        "{name} is {a_kind} in a {style} style, made of {material} for {occasion}.",
        "{name} brings {style} design to {use}.",
        "Whether you are {use_ing} or simply looking for something for {occasion}, {name} is made for you.",
        "Some things are bought once and kept for years, and {name} is meant to be one of them.",
        "With {name}, {brand} has rethought the {kind}.",
        "Designed in {town} since {year}, {name} is {a_kind} for {occasion}.",
        "Looking for {a_kind} that suits {occasion}? {name} combines {material} with {a_feature}.",
        "With the {model} we answer all who asked us for {a_kind} for {use}.",
        "{name} comes in {colour}, and it comes with {a_feature}.",
        "In our workshop in {town} we have made {kinds} since {year}; the {model} is the latest.",
    ],
    "about_material": [
        "{material} {material_good}, as the {part} will show.", "We chose {material} for the {part} because it {material_good}.",
        "The {part} and the {part} are made of {material}, which {material_good}.",
        "Why {material} for the {model}? It {material_good}.",
        "Its {material} comes from a family business near {town} and {material_good}.",
        "{material}, finished in {colour}, {material_good}.",
    ],
    "about_feature": [
        "On the {model}, the {feature_1} {feature_1_good}.", "Thanks to the {feature_1}, life gets easier: "
        "{feature_1_it} {feature_1_good}.",
        "A closer look at the {feature_1}: {feature_1_it} {feature_1_good}.",
        "We are particularly proud of the {feature_1}, which {feature_1_good}.",
        "More than a detail: the {feature_1} {feature_1_good}.",
    ],
    "about_second": [
        "When it comes to {use}, the {feature_2} {feature_2_good}.", "Look out for the {feature_2}, which {feature_2_good}.",
        "Add to that the {feature_2}: {feature_2_it} {feature_2_good}.",
        "And because the {feature_2} {feature_2_good}, nothing stands in the way of {use}.",
    ],
    "about_size": [
        "{spec_name}: {spec}, {material}, {colour}.", "In this version \\({spec}\\), {it} suit{s} {use} as well as {use}.",
        "The {spec_name} is {spec}, which our testers found ideal for {use}.",
        "On this page: {size}, {colour}, from {town}.", "{spec_name} {spec}, colour {colour}.",
    ],
    "about_use": [
        "Ideal for {use}, {use} and {use}.", "Made for {use}, equally at home when it comes to {use}.",
        "Customers use {them} for {use}, for {use}, and as a gift for {occasion}.",
        "{it} {good_it}.", "From {use} to {use}: one {kind_one} for everything.",
        "For {occasion} and for {use} there is hardly anything better.",
    ],
    "about_look": [
        "The {style} look in {colour} fits in everywhere.",
        "{colour} and {material} make a quiet pair.",
        "Set off by the {part} in {colour}, the {style} lines come into their own.",
        "Its {style} lines were drawn by {designer}, a designer from {town}.",
        "The pattern on the {part} was inspired by (the roofs|the river|the market|the hills) of {town}.",
    ],
    "about_care": [
        "Care of the {model}: {care}, {care}.", "To keep the {part} looking good, {care} and {care}.",
        "Please note: {care}; after {use}, {care}.", "How to look after {name}: {care}.",
        "With a little care \\({care}, {care}\\) the {model} will last for years.",
    ],
    "care": [
        "wipe with a damp cloth", "keep away from direct sun", "wash before first use",
        "dry well after cleaning", "do not use harsh cleaners", "store in a dry place",
        "check the {part} once a (year|season)", "brush off dust with a soft brush",
        "air for a day after unpacking",
    ],
    "closing": [
        "{brand} gives a guarantee of {warranty} on the {model}.", "The {model} comes in a {box} with a guarantee of {warranty}.",
        "Guarantee: {warranty}, spare {part} available.",
        "Questions about the {model}? Our team in {town} answers within a day.",
        "Order the {model} now and try {them} at home for {few} weeks.", "In the box: the {model}, {extra}, {extra}.",
        "Packed without plastic and sent from {town} in a {box}, together with {extra}.",
    ],
    "box": ["recycled carton", "cotton bag", "gift box", "plain brown box", "reusable pouch"],
    "extra": ["a short guide", "a cleaning cloth", "a spare {part}", "a cotton bag", "a care card"],
    "few": ["two", "three", "four"],
}  # fmt: skip
