# ruff: noqa: E501 - a Chinese character counts as two columns
"""What reviewers lead into a sentence with, or add to it."""

ENGLISH = {
    "before": [
        "To be honest, ", "As {person} put it, ", "By the way, ", "If you ask {person}, ",
        "From what I have seen in {span}, ", "Side note: ", "{person} and I agree: ",
        "For the record: ", "As far as I can tell after {span}, ",
        "Not that {person} would admit it, but ", "With {person} in the house, ",
    ],
    "after": [
        ", says {person}", ", and {person} agrees", ", which {person} noticed first",
        ", even with {person} around", ", and that after {span}", ", just so you know",
        ", a detail {person} would love", ", unlike what {person} has at home", ", and not only in {month}",
        ", or so {person} tells me", " \\({person} thinks otherwise\\)", ", if you ask {person}",
        ", as I have told {person}", ", in {month} as in {month}",
    ],
}  # fmt: skip
CHINESE = {
    "before": [
        "说实话，", "用{person}的话说，", "对了，", "按{person}的说法，", "{span}下来，", "顺便提一句，", "我和{person}都觉得，",
        "{person}提醒我，", "虽然{person}嘴上不承认，", "家里有{person}，", "{person}问起来我就说，",
    ],
    "after": [
        "，{person}说的", "，{person}也这么觉得", "，还是{person}先发现的", "，{person}可以作证", "，大家参考", "，{person}肯定喜欢",
        "，跟{person}家的不一样", "，起码{month}以来是这样", "（{person}不同意）", "，不信问{person}", "，我跟{person}也是这么说的",
        "，{sometimes}都是",
    ],
}  # fmt: skip
MANNERS = {"en": ENGLISH, "zh": CHINESE}
