# ruff: noqa: E501, SIM905 - word lists, in which a Chinese character counts as two columns
"""Names, numbers and small phrases of the English general text."""

_FIRST = """Anselm Beatrix Casimir Dorothea Edmund Frieda Gerard Henrike Isidore Judith Konrad Lavinia
    Matthias Nerissa Ottokar Philippa Quentin Rosalind Sigmund Theodora Ulric Veronika Wendel Xenia
    Yorick Zelda Agnes Bertram Cordelia Dietmar Eleanor Fabian Gudrun Hector Imogen Jasper"""
_LAST = """Abernethy Brandreth Castellan Dravenport Eisenmuth Falkirk Grauber Hollingworth Ingersoll
    Jorvald Kettering Lindgard Marchbanks Nordenfelt Ostrander Pemberley Quarrington Rosenquist
    Steenbock Thackeray Underhill Vandermeer Wolstenholme Yarborough Zimmerlin Ashgrove Beaumaris"""
_WOMEN = (
    "Beatrix Dorothea Frieda Henrike Judith Lavinia Nerissa Philippa Rosalind Theodora Veronika"
)
_MEN = "Anselm Casimir Edmund Gerard Isidore Konrad Matthias Ottokar Quentin Sigmund Ulric Wendel"

RULES = {
    "forename": _FIRST.split(),
    "surname": _LAST.split(),
    "woman": _WOMEN.split(),
    "man": _MEN.split(),
    "full_name": ["{forename} {surname}"],
    "place": ["{place_head}{place_tail}"],
    "place_head": """Kar Vel Mor Tan Bel Or Sil Dra Eld Fen Gor Hal Ist Jor Kel Lom Mar Nor Ost Per
        Quen Ros Ser Tor Ul Var Wen Zar Ald Bru""".split(),
    "place_tail": """dova heim mouth stadt vik garth bury ania ovar estra holm minster grad ona etta
        wick dal ford stow mark ensk ara ilia burg thal""".split(),
    "river": ["{river_head}{river_tail}"],
    "river_head": "Ar Bren Cal Dov Esk Ful Gan Hir Ilm Jas Kor Lav Mur Nid Orl Pra Sav Tre Ulv Wes".split(),
    "river_tail": "a e en is ora ava une el ya ith".split(),
    "people": """farmers fishermen monks shepherds miners weavers sailors pilgrims merchants soldiers
        scholars smiths foresters millers potters refugees settlers ferrymen beekeepers""".split(),
    "wind": "north south east west north-east south-west".split(),
    "direction": ["north", "south", "east", "west", "north-east", "south-west", "inland", "upstream"],
    "season": ["spring", "summer", "autumn", "winter"],
    "month": """January February March April May June July August September October November
        December""".split(),
    "weekday": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "century": """eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth
        nineteenth""".split(),
    "year": [str(year) for year in range(1021, 1987, 3)],
    "late_year": [str(year) for year in range(1701, 1989)],
    "small": "two three four five six seven eight nine ten eleven twelve".split(),
    "small2": "two three four five six seven eight nine".split(),
    "dozens": "twenty thirty forty fifty sixty seventy eighty ninety".split(),
    "hundreds": [str(n) for n in range(110, 990, 7)],
    "thousands": [f"{n},{m:03d}" for n in range(1, 48) for m in (150, 400, 720)],
    "tree": """oak birch larch alder poplar hornbeam spruce chestnut juniper yew linden aspen rowan
        sycamore hawthorn cypress olive fig mulberry acacia""".split(),
    "tree2": "oaks birches limes alders poplars chestnuts rowans willows planes elms".split(),
    "flower": """foxglove gentian bluebell anemone cowslip primrose marigold poppy harebell thistle
        edelweiss lupin cornflower meadowsweet campion""".split(),
    "bird": """heron kingfisher lapwing curlew skylark nightjar buzzard kestrel swift wagtail nuthatch
        bittern cormorant jay cuckoo stork crane osprey raven dipper""".split(),
    "stone": """granite limestone sandstone basalt slate marble chalk gneiss obsidian flint
        shale dolomite""".split(),
    "weather": [
        "drizzle", "thick fog", "hail", "a thunderstorm", "sleet", "a dry wind", "heavy snow",
        "mild rain", "a hard frost", "haze", "a warm downpour", "freezing rain", "a clear cold spell",
    ],
    "building": """cathedral granary watchtower monastery mill school town hall arsenal bathhouse
        library harbour customs house theatre observatory chapel lighthouse
        """.replace("town hall", "town-hall").replace("customs house", "customs-house").split(),
    "science": """astronomy botany geometry anatomy chemistry philosophy geology navigation optics
        mechanics linguistics theology medicine cartography""".split(),
    "crop": "barley rye oats hops flax grapes millet turnips buckwheat beans olives maize".split(),
    "slowly": "slowly suddenly quietly stubbornly rarely steadily gradually silently".split(),
    "emotion": """pride grief relief envy wonder anger patience homesickness joy fear doubt
        gratitude""".split(),
}  # fmt: skip
