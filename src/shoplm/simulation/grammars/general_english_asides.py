# ruff: noqa: E501, SIM905 - word lists, in which a Chinese character counts as two columns
"""What English sentences are led in by and end on: sources, circumstances, afterthoughts.

`before` goes in front of a declarative sentence, `after` behind it; which list fits depends on the
manner of the genre: a report, a diary or a tale.
"""

WORDS = {
    "adjective": """old weathered forgotten restless careful stubborn pale narrow distant silent
        clumsy famous crooked gentle bitter hollow obscure proud ragged solemn tame uneasy vivid
        wandering barefoot learned sleepless merciful talkative grey-haired one-eyed thrifty
        devout quarrelsome homesick nearsighted soft-spoken wealthy disgraced exiled""".split(),
    "folk": """ferryman midwife carpenter clerk drummer gardener hunter judge locksmith mason nun
        notary organist pedlar quarryman schoolmaster sexton stonecutter surgeon tanner tutor vicar
        watchman widow apothecary archivist astronomer baker bellringer blacksmith bookbinder
        captain charcoal-burner cooper customs-officer glazier gravedigger innkeeper interpreter
        lighthouse-keeper magistrate novice postmaster printer seamstress swineherd""".split(),
    "paper": """letter diary ledger petition sermon ballad inscription chronicle telegram almanac
        testament logbook newspaper pamphlet footnote register charter sketchbook prayer-book
        manuscript memoir marginal-note""".split(),
    "thing": """lantern ladder bell rope barrel anchor cradle sickle violin candle saddle wheel oar
        shovel loom kettle-drum net plough chess-board hourglass drum sail hammer cart quill
        birdcage crutch pulpit tapestry wax-seal millstone spyglass weathercock""".split(),
    "ordinal": "second third fourth fifth sixth seventh eighth ninth tenth".split(),
    "deed": """repaired carried painted buried borrowed counted guarded hid lost mended polished
        pulled rang searched sharpened sold stole tuned unloaded untied washed weighed wrapped
        blessed auctioned""".split(),
    "event": """flood fire earthquake coronation eclipse famine frost harvest landslide uprising
        wedding armistice drought storm election comet procession epidemic""".split(),
    "someone": [
        "{an} {adjective} {folk} (from|of|in) {place}", "{an} {folk} named {forename}",
        "{full_name}, {an} {adjective} {folk},", "the {folk} of {place}", "{small} {people} from {place}",
    ],
    "an": ["a"],  # the indefinite article: made to fit the next word when the text is tidied
}  # fmt: skip

REPORT = {
    "before": [
        "According to {someone}, ",
        "As {an} {paper} of {year} tells us, ",
        "Strange as it sounds, ",
        "{small} years before the great {event}, ",
        "After the {event} of {year}, ",
        "In the opinion of {full_name}, ",
        "If we believe {an} {adjective} {paper} kept in {place}, ",
        "Much to the {emotion} of {someone}, ",
        "In {place}, unlike in {place}, ",
        "Towards the end of the {century} century, ",
        "Shortly before the {event}, ",
        "Contrary to what {someone} wrote, ",
        "During the {ordinal} {season} after the {event}, ",
        "As late as {late_year}, ",
        "What is more, ",
        "For reasons that {someone} never explained, ",
    ],
    "after": [
        ", as {an} {paper} from {place} confirms",
        ", or so {someone} claimed",
        ", which surprised {someone}",
        ", {small} years after the {event}",
        ", to the {emotion} of {someone}",
        " \\(see the {paper} of {full_name}\\)",
        ", much as {full_name} had predicted in {year}",
        ", although {someone} denied it",
        ", a fact that {an} {paper} of {late_year} passes over in silence",
        ", and {small} {people} swore to have seen it",
        ", something {someone} refused to believe",
        ", at least until the {event} of {late_year}",
        ", as every {folk} in {place} knows",
        ", just as it says in the {paper} of {someone}",
        ", perhaps because of the {event}",
        ", no matter what {someone} may say",
    ],
}
DIARY = {
    "before": [
        "Before {weather} set in, ",
        "While {someone} {deed} {an} {thing}, ",
        "I admit it: ",
        "Not far from {an} {adjective} {thing}, ",
        "As {someone} had told us, ",
        "After {small} hours and {an} {adjective} {thing}, ",
        "Later, near {place}, ",
        "With {emotion}, I wrote down: ",
        "Around {small} o'clock, ",
        "To my {emotion}, ",
        "Somewhere between {place} and {place}, ",
        "Past the {building}, ",
    ],
    "after": [
        ", while {someone} {deed} {an} {thing}",
        ", and I thought of {full_name}",
        ", as on the day of the {event}",
        ", with nothing but {an} {adjective} {thing} in sight",
        ", which filled me with {emotion}",
        ", just as {someone} had said",
        ", and beside it lay {an} {thing}",
        ", the way it must have been in {late_year}",
        " \\(I copied this from {an} {paper}\\)",
        ", before {weather} set in again",
        ", and somewhere {someone} {deed} {an} {thing}",
        ", to the {emotion} of {someone}",
    ],
}
TALE = {
    "before": [
        "Now it came to pass that ",
        "When {someone} had {deed} the {thing}, ",
        "By the light of {an} {adjective} {thing}, ",
        "The older ones say: ",
        "At the {ordinal} stroke, ",
        "Beyond the {adjective} {building}, ",
        "Out of pure {emotion}, ",
        "As {someone} foretold, ",
        "With {an} {thing} under the arm, ",
        "On the morning after the {event}, ",
        "In {place}, where {someone} reigned, ",
        "For the {ordinal} time, ",
    ],
    "after": [
        ", and {someone} wept for {emotion}",
        ", as {someone} had foretold",
        ", and nobody thought of the {thing}",
        ", by the light of {an} {adjective} {thing}",
        ", and so the {thing} was {deed}",
        ", which {someone} never forgot",
        ", until the {folk} {deed} the {adjective} {thing}",
        ", {small} days before the {event}",
        ", and the {adjective} {thing} began to ring",
        ", for such was the custom in {place}",
        ", and {weather} fell on the {building}",
        ", without {an} {thing} and without {emotion}",
    ],
}
MANNERS = {"report": REPORT, "diary": DIARY, "tale": TALE}
