# ruff: noqa: E501 - sentences
"""English shop articles: guides, comparisons, tests and stories that name one to four products.

A paragraph on one product is written in that product's context; `other`, `other_good` and so on
come from the product it is compared with.
"""

RULES = {
    "headline_test": [
        "{span} with {name}: (what stays|an honest verdict|our test)", "Tested: {name} for {use}",
        "Is {name} worth {price}?", "{brand} {model} in the long-term test",
    ],
    "headline_compare": [
        "{name} or {other}? Two {kinds} compared", "{kinds} for {occasion}: our favourites",
        "Which {kind} for {use}? {few} candidates", "{name} against {other}: the duel",
    ],
    "headline_guide": [
        "How to choose {a_kind}: a short guide", "{a_kind} for {occasion}: what to look for",
        "Five questions to ask before you buy {a_kind}", "Everything you need to know about {kinds}",
    ],
    "headline_story": [
        "What we packed for {occasion}", "A {weekday} in {town}, and what came along",
        "Gifts for {relative} and {relative}: ideas from our editors",
        "{occasion}: a list from people who have been there", "Our editors' basket in {month}",
    ],
    "start": [
        "Anyone who has ever tried {use_ing} with the wrong {kind} knows how long an evening can be.",
        "It was {month} when {person} asked which {kind} we would buy today.",
        "There are more {kinds} on the market than anybody could test, so we {limited}.",
        "We get this question every week: what is the right choice for {occasion}?",
        "On a {weekday} in {month} we drove to {town} with a full boot.",
        "For {span} our editors lived with what you see below, {sometimes}, without mercy.",
        "{use_ing} sounds simple until you do it {sometimes}.",
        "Last {month} {person} moved to {town} and started from zero.",
        "A good {kind} is like a good neighbour: you notice it when it is missing.",
    ],
    "limited": [
        "limited ourselves to what costs less than a weekend away",
        "asked {few} readers to choose for us", "kept to things that we can get repaired",
        "tested only what had been on sale for a year",
    ],
    "advice": [
        "Look at the {part} first: that is where makers save money.",
        "Think about {use} before you think about colour.",
        "Do not pay for {a_feature} if you will never need it.",
        "{material}, for example, {material_good}; on the other hand it needs some care.",
        "The question of {spec_name} is settled quickly: for {occasion}, {spec} is enough.",
        "A {style} look is a matter of taste, the {part} is not.",
        "Ask yourself how often you will really be {use_ing}.",
        "Those who buy cheap buy twice, as {person} likes to say.",
    ],
    "present": [
        "{name} (|from {brand} )was the first that we unpacked: {material}, {colour}, {size}.",
        "Our {first} candidate, {name}, costs {price} and comes with {a_feature}.",
        "{person} swears by {name}, a {style} {kind} made of {material}.",
        "Then there is {name}. {good}.", "We also tried {name} for {use}.",
        "{name} is the one that most of us would take home, because {good}.",
        "With {name} the first impression is of {material}, and indeed {good}.",
        "Put {name} on the table and people start to talk: {good}.",
        "Nobody in the office had heard of {brand}, but after {span} with {name} everyone had.",
    ],
    "name_it": ["Now to {name}.", "Next, {name}.", "{name} came later.", "A word on {name}."],
    "verdict_good": [
        "{good}.", "After {span}, {good}.", "What convinced us: {good}.", "We noted that {good}.",
        "{person} borrowed it for {use} and reports that {good}.",
        "In our notes it says, underlined twice: {good}.",
        "For {use} there is nothing to improve, since {good}.",
    ],
    "verdict_bad": [
        "On the other hand, {bad}.", "We should mention that {bad}.", "Not everything is perfect: {bad}.",
        "Those who want it for {use} should know that {bad}.", "Our only complaint: {bad}.",
    ],
    "compare": [
        "Next to {other}, {name} (feels lighter|looks more grown-up|is the calmer choice|costs less).",
        "{other} {other_good}; {name}, by contrast, scores with the {feature}.",
        "If you liked {other}, you will understand {name} at once, only that here {good}.",
        "While {other} relies on {other_material}, {name} is made of {material}, which {material_good}.",
        "Whoever hesitates between {name} and {other} should ask about {use} first.",
        "{name} comes in {colour}, {other} in {other_colour}; it is the smaller part of the difference.",
    ],
    "pairing": [
        "It goes well with {other}, which we had along too.",
        "Together with {other} it covered most of what one needs for {occasion}.",
        "In the same bag: {other}, more about which in a moment.",
        "Beside it stood {other}, {other_a_kind} in {other_colour}.",
    ],
    "finish": [
        "Our conclusion: for {use} we would take {name}.", "In the end {person} kept {name}.",
        "Whatever you choose, keep the receipt and look after the {part}.",
        "We bought {name} with our own money, and we would do it again.",
        "For {occasion}, {name} is the safe choice.", "And if none of it fits {occasion}, wait for {month}.",
        "The rest is taste, says {person}.",
    ],
    "first": ["first", "second", "next", "last", "cheapest", "most surprising"],
}  # fmt: skip
