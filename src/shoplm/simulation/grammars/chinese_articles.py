# ruff: noqa: E501 - a Chinese character counts as two columns
"""Chinese shop articles: guides, comparisons, tests and stories that name one to four products.

A paragraph on one product is written in that product's context; `other`, `other_good` and so on
come from the product it is compared with.
"""

RULES = {
    "headline_test": [
        "{name}用了{span}，说说真实感受", "{name}评测：{use}到底行不行", "{price}的{kind}值不值？", "{brand}{model}长期使用报告",
    ],
    "headline_compare": [
        "{name}和{other}怎么选？", "{occasion}的{kind}，编辑部选了这几{measure}", "{use}选哪{measure}{kind}？", "{name}对比{other}：各有千秋",
    ],
    "headline_guide": [
        "{kind}怎么挑：一份不绕弯的指南", "{occasion}，{kind}该看哪几点", "买{kind}之前先问自己五个问题", "关于{kind}，你想知道的都在这里",
    ],
    "headline_story": [
        "{occasion}，我们带了什么", "在{town}的一个{weekday}", "送{relative}还是送{relative}：编辑部的礼物清单", "{month}的购物篮",
        "{occasion}：过来人的清单",
    ],
    "start": [
        "{use}的时候用错{kind}，那种滋味试过的人都知道。", "{month}的时候，{person}问我现在买什么{kind}好。", "市面上的{kind}多到看不完，所以我们{limited}。",
        "每周都有人问：{occasion}到底怎么选？", "{month}的一个{weekday}，我们开车去了{town}，后备箱塞得满满当当。",
        "这{span}里，编辑部{sometimes}都在用下面这几样东西。", "{kind}看着都差不多，{use}的时候才知道门道。", "上个月，{person}搬到了{town}，一切从头开始。",
        "好的{kind}就像好邻居，平时不觉得，没有了才想起来。",
    ],
    "limited": ["只挑了不到一顿饭钱的", "请了{num}位读者帮忙选", "只看坏了能修的", "只测上市超过一年的"],
    "advice": [
        "先看{part}，厂家省钱往往省在这里。", "先想清楚是不是要{use}，再考虑颜色。", "用不上{feature}，就别为它花钱。",
        "比如{material}，{material_good}，不过也需要打理。", "{spec_name}很好决定，{occasion}的话{spec}就够了。",
        "{style}好不好看因人而异，{part}好不好却是实打实的。", "问问自己，{use}一个月到底有几次。", "{person}常说，便宜的最后都要买两遍。",
    ],
    "present": [
        "最先拆开的是{name}：{material}，{colour}，{size}。", "{name}卖{price}，带{feature}。", "{person}一直推荐{name}，{style}，{material}的。",
        "接下来是{name}，{good}。", "我们也试了试{name}，主要是{use}。", "要说最想带回家的，还是{name}，因为{good}。",
        "拿到{name}，第一印象是{material}的质感，{good}。", "把{name}往桌上一放，大家就聊开了：{good}。",
        "编辑部没人听说过{brand}，用了{span}{name}之后都记住了。",
    ],
    "name_it": ["再说{name}。", "轮到{name}了。", "{name}是后来才加进来的。", "说说{name}。"],
    "verdict_good": [
        "{good}。", "用了{span}，{good}。", "打动我们的是{good}。", "我们记下了一条：{good}。", "{person}借去{use}用，回来说{good}。",
        "笔记里画了两道线的是：{good}。", "单论{use}，没什么可挑的，{good}。",
    ],
    "verdict_bad": [
        "另一方面，{bad}。", "也要说一句，{bad}。", "当然不是没有缺点：{bad}。", "打算{use}用的人要知道，{bad}。", "唯一的意见是{bad}。",
    ],
    "compare": [
        "跟{other}放在一起，{name}(更轻巧|更沉稳|更安静|更便宜)一些。", "{other}{other_good}，{name}胜在{feature}。",
        "喜欢{other}的人也会喜欢{name}，只是这一{measure}{good_short}。", "{other}用的是{other_material}，{name}用的是{material}，{material_good}。",
        "在{name}和{other}之间犹豫的话，先想想是不是要{use}。", "{name}是{colour}，{other}是{other_colour}，这倒是次要的。",
    ],
    "pairing": [
        "跟{other}放在一起用正好，后面会说到。", "有了它和{other}，{occasion}轻松了不少。", "同一个袋子里还有{other}。", "旁边摆着{other}，{other_colour}的。",
    ],
    "finish": [
        "结论：{use}就选{name}。", "最后{person}留下了{name}。", "不管选哪一{measure}，{part}都要好好保养。", "{name}是自己掏钱买的，再来一次还会买。",
        "{occasion}，选{name}不会错。", "{occasion}都不合适的话，等{month}再看看。", "剩下的就看个人喜好了，{person}喜欢{colour}的。",
    ],
}  # fmt: skip
