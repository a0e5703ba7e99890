"""What a translated listing says of each fact that the original states."""

RULES = {
    "en": {
        "title": "{name} {style}{colour}{material}{kind}{features}{size}{purpose}",
        "intro": ["{name}: {a_kind}{in_style}.", "{name} {is} {a_kind}{in_style}."],
        "material": ["Made of {material}{good}.", "The material is {material}{good}."],
        "feature": ["{it} {has} {a_feature}{good}.", "Comes with {a_feature}{good}."],
        "saying": ["{it} {saying}."],
        "use": ["Ideal for {uses}.", "Made for {uses}."],
        "occasion": ["A good choice for {occasion}.", "Suits {occasion}."],
        "colour": ["Colour: {colour}.", "The colour is {colour}."],
        "spec": ["{spec_name}: {spec}."],
        "town": ["From {town}.", "{it} come{s} from {town}."],
        "year": ["The maker has been at it since {year}."],
        "designer": ["Designed by {designer}."],
        "care": ["Care: {care}.", "Please note: {care}."],
        "warranty": ["Guarantee: {warranty}.", "With a guarantee of {warranty}."],
    },
    "zh": {
        "title": "{name}{style}{colour}{material}{kind}{features}{size}{purpose}",
        "intro": ["{name}，{one}{in_style}{kinds}。", "{name}是{one}{in_style}{kinds}。"],
        "material": ["采用{material}{good}。", "材质为{material}{good}。"],
        "feature": ["带有{feature}{good}。", "配有{feature}{good}。"],
        "saying": ["{this}{kinds}{saying}。"],
        "use": ["适合{uses}。", "为{uses}而设计。"],
        "occasion": ["{occasion}的理想之选。", "{occasion}也合适。"],
        "colour": ["颜色：{colour}。", "颜色为{colour}。"],
        "spec": ["{spec_name}：{spec}。"],
        "town": ["来自{town}。", "产自{town}。"],
        "year": ["品牌始于{year}年。"],
        "designer": ["由{designer}设计。"],
        "care": ["保养：{care}。", "温馨提示：{care}。"],
        "warranty": ["质保{warranty}。", "享有{warranty}质保。"],
    },
}
"""By language and fact; the title is one text, the rest are sentences."""

CARE = (
    ("wipe with a damp cloth", "湿布擦拭即可"),
    ("keep away from direct sun", "避免长时间暴晒"),
    ("wash before first use", "首次使用前请清洗"),
    ("dry well after cleaning", "清洁后及时擦干"),
    ("do not use harsh cleaners", "不要使用强碱清洁剂"),
    ("store in a dry place", "存放在干燥通风处"),
    ("brush off dust with a soft brush", "用软毛刷清理灰尘"),
    ("air for a day after unpacking", "拆封后通风一天再用"),
)
"""Advice of the two listing grammars, English and Chinese."""
