# ruff: noqa: E501 - sentences
"""English general text about the world: animals, landscapes, the sky, science, the seasons.

A genre has a cast (names bound once a document), a title, an opening, a body and an ending.
"""

ANIMAL = {
    "cast": {
        "animal": """otter|badger|lynx|ibex|wolf|beaver|marmot|wild boar|pine marten|dormouse|hedgehog
            |barn owl|golden eagle|grey heron|crane|salamander|tree frog|grass snake|pike|sturgeon
            |salmon|seal|porpoise|humpback whale|fruit bat|mountain hare|red deer|bison|wolverine
            |arctic fox|puffin|albatross|octopus|cuttlefish|stag beetle|dragonfly|wood ant|glow-worm
            |leatherback turtle|chameleon|gibbon|tapir|pangolin|snow leopard|desert fox|ostrich""",
        "habitat": """slow rivers|alpine meadows|old beech woods|reed beds|coastal cliffs|mangrove
            swamps|stony deserts|peat bogs|cold lakes|evergreen forests|open grassland|coral reefs
            |abandoned quarries|mountain streams|the tundra""",
        "diet": """frogs and small fish|beetles and larvae|roots and bulbs|berries and fallen fruit
            |mice and voles|seaweed and snails|young shoots|carrion|moths caught in flight|shellfish
            |eggs of other species|lichen""",
        "region": "the foothills of {place}|the delta of the {river}|the islands off {place}|the "
        "plains around {place}|northern {place}|the upper {river}",
    },
    "title": ["The {animal}", "Life of the {animal}", "{animals} of {region}"],
    "open": [
        "The {animal} lives in {habitat} and feeds mainly on {diet}.",
        "Few creatures are as well adapted to {habitat} as the {animal}.",
        "In {region}, where {habitat} are still common, the {animal} can be seen all year round.",
        "{animals} are shy, and most people who live near {habitat} have never met one.",
    ],
    "body": [
        "A grown {animal} weighs about {small} kilograms, males being (slightly|much|a little) heavier.",
        "The female raises {small} young in a (burrow|nest|hollow|den) lined with (moss|grass|feathers|hair).",
        "The young open their eyes after {small} days and leave their mother in {month}.",
        "In {season} they move {direction} in search of {diet}.",
        "They are active at (dusk|night|dawn), when {weather} does not keep them in hiding.",
        "Its (hearing|sense of smell|eyesight) is so keen that it notices a {bird} at {hundreds} metres.",
        "Its enemies are few: now and then a {bird} or a hungry fox takes one of the young.",
        "Their call, a (low whistle|rough bark|long wail|dry rattle), carries far across the water.",
        "Biologists from {place} counted {hundreds} of them in {late_year}, twice as many as {small} years before.",
        "Hunting brought the species to the edge of extinction in the {century} century.",
        "Since {late_year} it has been protected by law in {place}.",
        "When {small} {animals} meet, they (circle each other|sniff the ground|turn their heads away) until one gives way.",
        "During hard frost they (sleep for weeks|live on their fat|share one shelter).",
        "The {people} of {place} believed that a {animal} at the door announces {weather}.",
        "What looks like play is training: the young learn to (stalk|dive|climb|hide) long before they must.",
        "Old individuals are recognised by their (scars|grey muzzles|worn teeth|torn ears).",
        "A study by {full_name} showed that {animals} remember a place for {small} years.",
        "They mark their territory on (roots|rocks|fallen trunks|the roots of a {tree}).",
        "If the food runs out, they turn to {diet2}.",
    ],
    "end": [
        "Whether the {animal} will survive in {region} depends on how we treat its {habitat}.",
        "Today some {thousands} of them are thought to live in {region}.",
        "Whoever wants to see one should be patient, and quiet.",
        "Much about its life is still unknown.",
        "Its future looks (brighter|darker) than it did in {late_year}.",
    ],
}

LAND = {
    "cast": {
        "what": "river|mountain range|valley|lake|plateau|peninsula|island|gorge|glacier|marsh",
        "name": "{place}|{river}",
        "rock": "{stone}",
    },
    "title": ["The {what} of {name}", "{name}", "Between {name} and {place}"],
    "open": [
        "The {what} of {name} lies {hundreds} kilometres {direction} of {place}.",
        "{name} is the name of a {what} and of the people who have lived there since the {century} century.",
        "Seen from the air, the {what} of {name} looks like (a folded cloth|an open hand|a sleeping animal).",
        "Nobody knows who first called this {what} {name}.",
    ],
    "body": [
        "It consists mostly of {rock}, which {slowly} crumbles under frost and rain.",
        "Its highest point reaches {thousands} feet and is covered with snow until {month}.",
        "The {river} rises here and flows {direction} for {hundreds} kilometres before it meets the sea.",
        "On the {wind} side grow {tree} and {tree}, on the other nothing but {flower}.",
        "In {season} the ground is white with {flower}, and the {bird} returns from the {wind}.",
        "{people} settled on its edge because the soil is good for {crop} and {crop}.",
        "Every {small} years the water rises so high that the road to {place} disappears.",
        "Geologists think that it was formed {dozens} million years ago, when two plates collided.",
        "A path, which is said to be older than {place} itself, crosses it from {wind} to {wind}.",
        "Halfway up stands a ruined {building} where {people} once took shelter from {weather}.",
        "Caves in the {rock} contain drawings of animals that no longer live there.",
        "The climate is harsh: {small} months of frost, then {weather} until {month}.",
        "In {year} an earthquake moved the bed of the {river} by half a mile.",
        "The border between {place} and {place} has followed its edge since {year}.",
        "Travellers of the {century} century described it as (a desert|a paradise|the end of the world).",
        "Only {hundreds} people live here today, most of them {people} over sixty.",
        "Where the {what} opens to the {wind}, the air smells of {tree} resin and salt.",
        "A map drawn by {full_name} in {year} shows {small} villages, of which {small2} are left.",
    ],
    "end": [
        "Since {late_year} the area has been a national park.",
        "Rain, wind and time go on working at it.",
        "In the language of the {people}, {name} means (cold water|the long way|place of stones|morning).",
        "To this day no railway leads there.",
        "It remains one of the emptiest parts of the continent.",
    ],
}

SKY = {
    "cast": {
        "body_name": "{place}|{surname}'s Star|{woman}|Comet {surname}|{man} {small}",
        "sort": "planet|comet|asteroid|double star|moon|nebula|dwarf planet|pulsar",
        "finder": "{full_name}",
    },
    "title": ["{body_name}", "The discovery of {body_name}", "How far away is {body_name}?"],
    "open": [
        "{body_name} is a {sort} that was discovered in {late_year} by {finder}.",
        "When {finder} looked through the telescope of {place} in {month} {late_year}, nobody expected a new {sort}.",
        "On clear nights in {season} the {sort} {body_name} stands low in the {wind}.",
        "The light of {body_name} has travelled for {thousands} years when it reaches our eyes.",
    ],
    "body": [
        "It completes one orbit in {hundreds} days and turns once in {small} hours.",
        "Its diameter is estimated at {thousands} kilometres.",
        "The surface, as far as we can tell, consists of (ice|dust|frozen methane|molten rock|iron).",
        "Its temperature never rises above minus {dozens} degrees.",
        "A probe passed it in {late_year} and sent back {hundreds} photographs.",
        "What {finder} took for a cloud turned out to be (a ring|a crater|a second body|a storm).",
        "Gravity is so weak there that a stone thrown upwards takes {small} minutes to fall.",
        "Spectra taken in {place} reveal traces of (hydrogen|helium|sodium|carbon|oxygen).",
        "Every {dozens} years it comes close enough to be seen without a telescope.",
        "The ancients, who had no name for it, counted it among the stars of the (Ship|Archer|Hunter|Swan).",
        "Its {small} moons are named after characters in an old poem.",
        "Calculations by {full_name} predicted its position to within {small} seconds of arc.",
        "It reflects only {small} per cent of the sunlight, less than {stone}.",
        "Between it and the sun lies a belt of {thousands} smaller bodies.",
        "Radio signals arrive from there every {small} seconds, regular as a clock.",
        "Whether water ever flowed on it is a question that divides astronomers.",
        "An eclipse in {year}, recorded by {people} in {place}, helped to work out its path.",
    ],
    "end": [
        "The next close approach is expected within {dozens} years.",
        "{finder} never saw it again.",
        "Better instruments will tell us more.",
        "It still bears the name that {finder} gave it.",
        "For now it keeps its secret.",
    ],
}

SCIENCE = {
    "cast": {"scholar": "{full_name}"},
    "facts": [
        ("tide", "the regular rise and fall of the sea", "the pull of the moon and the sun", "twice a day the shore is laid bare", "a long pole with marks"),
        ("magnetism", "a force that acts between moving charges", "electrons that spin in step", "a needle turns towards the pole", "a compass"),
        ("osmosis", "the passage of water through a thin membrane", "a difference in concentration", "roots draw water from the soil", "a glass tube and a bladder"),
        ("erosion", "the wearing away of rock", "water, wind and ice", "valleys deepen and cliffs retreat", "a series of old maps"),
        ("photosynthesis", "the making of sugar from light", "chlorophyll in the leaves", "oxygen enters the air", "a candle under a bell jar"),
        ("refraction", "the bending of light", "its lower speed in denser matter", "a stick in a pond looks broken", "a prism"),
        ("fermentation", "the breakdown of sugar without air", "yeasts and bacteria", "gas bubbles rise and dough swells", "a microscope"),
        ("resonance", "the swelling of an oscillation", "a push in time with the natural frequency", "bridges sway and strings hum", "a tuning fork"),
        ("condensation", "the change from vapour to liquid", "cooling below the dew point", "clouds form and windows mist over", "a chilled mirror"),
        ("friction", "the resistance between two surfaces", "tiny hooks and bonds", "moving things slow down and grow warm", "an inclined plane"),
        ("migration", "the seasonal journey of animals", "changing daylight", "whole skies fill with birds", "rings on the legs"),
        ("inheritance", "the passing on of features", "genes on the chromosomes", "grandchildren resemble grandparents", "peas in a monastery garden"),
        ("combustion", "a rapid union with oxygen", "heat that exceeds the ignition point", "light and ash are produced", "a sealed flask"),
        ("electrolysis", "the splitting of a compound by current", "ions that wander to the poles", "metal settles on the plate", "two wires in brine"),
        ("vaccination", "the training of the body's defences", "a harmless form of the germ", "the disease does not break out", "careful tables of the sick"),
        ("plate tectonics", "the drift of the earth's crust", "heat from the mantle", "mountains rise and oceans open", "soundings of the sea floor"),
        ("diffusion", "the mixing of particles by chance", "their restless motion", "a smell fills a closed room", "ink in still water"),
        ("the greenhouse effect", "the trapping of heat by air", "gases that absorb infrared light", "nights stay mild", "a thermometer in a box"),
        ("symbiosis", "the close living together of two species", "an advantage for both", "lichens grow on bare stone", "a hand lens"),
        ("buoyancy", "the upward push of a fluid", "the weight of what is displaced", "iron ships float", "a spring balance"),
    ],
    "fact_names": ("topic", "definition", "cause", "effect", "tool"),
    "title": ["What is {topic}?", "{topic}", "{scholar} and the riddle of {topic}"],
    "open": [
        "By {topic} we mean {definition}.", "Scholars speak of {topic} when they describe {definition}.",
        "In {late_year} {scholar} set out to explain why {effect}.",
        "Every child has noticed that {effect}, but few can say why.",
    ],
    "body": [
        "The cause is {cause}.", "It took until the {century} century before anyone suspected {cause}.",
        "As a result, {effect}.", "{scholar} demonstrated it with {tool} before an audience in {place}.",
        "The experiment is simple: one needs {tool}, a steady hand and {small} minutes of patience.",
        "Without {topic}, life as we know it would be impossible.",
        "An older theory, which held that {effect} because of (spirits|humours|an invisible fluid|the stars), was given up.",
        "The effect grows with temperature, as measurements in {place} have shown.",
        "Where we find {cause}, {effect}; where we do not, nothing happens.",
        "The numbers agree with theory to within {small} per cent.",
        "{full_name}, who taught {science} in {place}, doubted it to the end.",
        "In nature it can be observed best in {season}, near {place}, after {weather}.",
        "To understand it, think of a crowd that leaves a (theatre|church|station) through one narrow door.",
        "Later the same idea was applied to {science}, with {slowly} growing success.",
        "One question remained open: how fast does it happen?",
        "In {late_year} a prize was offered for the answer, and {hundreds} letters arrived.",
        "The formula fits on one line, its proof fills {small} pages.",
    ],
    "end": [
        "Today it is taught in every school.", "That is why {effect}.",
        "{scholar} died without knowing how right the idea had been.",
        "The rest is a matter of arithmetic.", "New measurements may still surprise us.",
    ],
}  # fmt: skip

SEASON = {
    "cast": {
        "spot": "the pond|the orchard|the hill behind {place}|the bank of the {river}|the marsh"
    },
    "title": ["Notes from {spot}, {month}", "{season} at {spot}", "A nature diary: {month}"],
    "open": [
        "The {ordinal} of {month}. {weather} since daybreak; {spot} lies still.",
        "The first {bird} of the year sat in the {tree} this morning.",
        "After {small} days of {weather} the {flower} has opened at {spot}.",
        "{spot} was frozen at the edges when I arrived.",
    ],
    "body": [
        "A {bird} {slowly} crossed the meadow, flying {direction}.",
        "Under the {tree} I found the feathers of a {bird} and the tracks of a fox.",
        "The {tree} is late, the {tree2} are already in leaf.",
        "Wind from the {wind}, {small} degrees at noon.",
        "{small} stems of {flower} stand where there was only one last {season}.",
        "Towards evening the frogs began, first one, then all of them.",
        "The {people} say that when the {bird} flies low, {weather} is on its way.",
        "I counted {dozens} swallows on the wire, restless, facing the {wind}.",
        "On the bark of an old {tree}, lichen has spread as far as my hand.",
        "Somebody has mown the bank; the {flower} are gone for this year.",
        "The water stands {small} inches lower than in {month}.",
        "It smelled of wet leaves, of {tree} smoke, of the end of something.",
        "A hedgehog, which I took for a stone, walked off when I sat down.",
        "For {small} minutes the sun came through and every web shone.",
        "The field of {crop} beyond the fence has turned yellow.",
        "Between two showers a {bird} sang from the top of the {tree}.",
    ],
    "end": [
        "No {bird} today.",
        "Walked home in {weather}.",
        "Tomorrow, if it clears, to the {river}.",
        "Quiet night, stars above {spot}.",
        "The light is going; enough for today.",
    ],
}

GENRES = {
    "nature": ANIMAL,
    "geography": LAND,
    "astronomy": SKY,
    "science": SCIENCE,
    "seasons": SEASON,
}
