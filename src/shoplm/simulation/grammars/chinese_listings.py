# ruff: noqa: E501, SIM905 - word lists, in which a Chinese character counts as two columns
"""Chinese product titles and descriptions."""

RULES = {
    "title": [
        "{name}{style}{material}{kind}{size}{colour}", "{name} {material}{kind} {feature}{size} {colour}",
        "{brand}{style}{kind}{material}{use}专用{colour}{model}", "{name}{kind}{feature}{use}{occasion}{colour}{size}",
        "{colour}{material}{kind} {name} {style}{feature}", "{name}{kind} {style} {feature} {feature} {size}",
        "【{brand}】{model}{kind}{size}{material}{colour}{use}",
    ],
    "intro": [
        "{name}，{one}为{use}而生的{kind}。", "{name}采用{material}，{style}设计，{occasion}都合适。",
        "有些东西，买一次就想用很多年，{name}就是这样{one}{kind}。", "想找{one}适合{occasion}的{kind}？{name}了解一下。",
        "{brand}把对生活的理解，都放进了{this}{kind}里。", "{year}年，{brand}从{town}的一间小作坊起步，如今带来{model}。",
        "{use}，有{one}好{kind}就够了。", "应老顾客的要求，{brand}推出了{model}，专门{use}。",
        "{style}的外观，{material}的质感，{name}让每一天都多一点享受。", "从{town}的工坊到你的家，{name}走过{num}道工序。",
        "{name}，{colour}，自带{feature}，{occasion}的好选择。",
    ],
    "about_material": [
        "{model}的{part}用{material}，{material_good}。", "选用{material}，因为{material_good}。", "{part}和{part}都用{material}制成，{material_good}。",
        "{model}为什么用{material}？因为{material_good}。", "{material}来自{town}的老厂，{material_good}。", "{colour}的{material}，{material_good}。",
        "整{measure}采用{material}，手感扎实，{material_good}。",
    ],
    "about_feature": [
        "{model}带{feature_1}，{feature_1_good}。", "特别加入{feature_1}，{feature_1_good}。", "{feature_1}不只是细节，{feature_1_good}。",
        "最让我们自豪的是{feature_1}：{feature_1_good}。", "有了{feature_1}，{feature_1_good}，生活省心不少。",
    ],
    "about_second": [
        "还有{feature_2}，{use}的时候{feature_2_good}。", "再加上{feature_2}，{feature_2_good}。", "{feature_2}同样用心，{feature_2_good}。",
        "{feature_2_good}，靠的是{feature_2}。",
    ],
    "about_size": [
        "{spec_name}：{spec}，{material}，{colour}。", "{size}，{use}、{use}都合适。", "{spec_name}{spec}，经过反复测试，{use}最顺手。", "本页为{colour}{size}。",
        "规格：{spec_name}{spec}，颜色{colour}。",
    ],
    "about_use": [
        "适合{use}、{use}和{use}。", "不管{use}还是{use}，都能轻松应对。", "老顾客{use}的时候用得最多，也有人买来送人，{occasion}。", "{good_it}。",
        "从{use}到{use}，一{measure}搞定。", "{occasion}，不管{use}还是别的，有它就够了。",
    ],
    "about_look": [
        "{style}的造型搭配{colour}，放在哪里都好看。", "{colour}配{material}，安静又耐看。", "{part}用{colour}点缀，恰到好处。",
        "线条由来自{town}的设计师{designer}绘制。", "{part}上的纹样取自{town}的(屋檐|河水|集市|远山)。",
    ],
    "about_care": ["{model}的保养：{care}，{care}。", "温馨提示：{care}，{care}。", "{use}之后请注意，{care}。", "{care}，{name}能用得更久。", "{part}的护理：{care}，{care}。"],
    "care": [
        "湿布擦拭即可", "避免长时间暴晒", "首次使用前请清洗", "清洁后及时擦干", "不要使用强碱清洁剂", "存放在干燥通风处",
        "每年检查一次{part}", "用软毛刷清理灰尘", "拆封后通风一天再用",
    ],
    "closing": [
        "{brand}承诺质保{warranty}。", "{model}用{box}发货，质保{warranty}。", "质保{warranty}，{model}的{part}可单独购买。", "关于{model}有问题，请联系{town}的客服，当天回复。",
        "{name}支持{num}天无理由退换。", "包装清单：{model}一{measure}、{extra}、{extra}。", "{model}用{box}包装，{town}直发，附{extra}。",
    ],
    "box": ["牛皮纸箱", "棉布袋", "礼盒", "环保纸盒", "可循环收纳袋"],
    "extra": ["说明书", "清洁布", "备用{part}", "棉布袋", "保养卡"],
    "num": "七 十五 三十 十二 十八 二十四".split(),
}  # fmt: skip
