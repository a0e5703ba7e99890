# ruff: noqa: E501, SIM905 - word lists, in which a Chinese character counts as two columns
"""Who buys, when and why: rules shared by English reviews and articles."""

RULES = {
    "relative": """sister|brother|mother|father|husband|wife|flatmate|colleague|neighbour|daughter
        son|grandmother|grandfather|cousin|best friend|uncle|aunt|boss|nephew|niece|girlfriend
        boyfriend|landlady|sister-in-law|old teacher""".replace("\n", "|").split("|"),
    "person": [
        "my {relative}", "my {relative}", "my {relative}", "my {relative}, who {habit},",
        "my {relative}'s {relative}", "a friend who {habit}", "the {relative} of a friend",
    ],
    "habit": [
        "never throws anything away", "notices every flaw", "hates shopping online",
        "has owned a dozen of these", "is hard to please", "lives on the fifth floor without a lift",
        "works (night|early) shifts", "moved in with us (last|this) (winter|spring|summer|autumn)",
        "fixes everything with tape", "turned (thirty|forty|fifty) in {month}",
        "reads every label", "usually sends everything back", "has very small hands",
        "swears by the cheap ones", "would not trust anything made after 1990",
        "spends half the year on the road", "shares a flat with {person}",
        "argues with {person} about such things", "collects them", "borrows everything I buy",
        "only buys what {person} recommends", "is left-handed", "breaks everything sooner or later",
    ],
    "month": """January February March April May June July August September October November
        December""".split(),
    "weekday": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "few": ["two", "three", "four", "five", "six", "a few", "a couple of", "several"],
    "span": [
        "{few} weeks", "{few} months", "{few} days", "a (week|month|fortnight|year|season)",
        "half a year", "one long weekend", "the whole (winter|summer|spring|autumn)",
    ],
    "when": [
        "{few} (weeks|months) ago", "in {month}", "last {month}", "on a {weekday} night",
        "just before the holidays", "in the (spring|summer|winter|autumn) sale",
        "after reading far too many reviews", "on a whim", "as soon as it came out",
        "when we moved (into the new flat|house|in together)", "the day after payday",
        "for {person}'s birthday", "as a gift for {person}", "because {person} would not stop "
        "talking about it", "after my old one (broke|gave up|fell apart|disappeared in the move)",
        "while waiting for a train", "with a voucher from {person}",
    ],
    "feeling": [
        "pleased", "happy", "delighted", "thrilled", "completely satisfied", "quietly impressed",
        "glad", "relieved", "positively surprised", "won over",
    ],
    "regret": [
        "disappointed", "annoyed", "rather let down", "not convinced", "frustrated", "unimpressed",
        "a little cross", "sorry that I threw the old one away",
    ],
    "very": ["very", "really", "quite", "truly", "genuinely", "pretty", "absolutely", "rather"],
    "sometimes": [
        "most days", "every morning", "every evening", "two or three times a week", "at weekends",
        "almost daily", "whenever {person} visits", "all through the week", "on {weekday}s",
        "from {month} to {month}",
    ],
}  # fmt: skip
