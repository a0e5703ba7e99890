# ruff: noqa: E501 - a Chinese character counts as two columns
"""Chinese product reviews.

The context of a product gives `good` and `bad` (whole clauses about it), its names and properties,
the measure word (`measure`) and `this` (the demonstrative with it).
"""

RULES = {
    "open_good": [
        "{when}(买的|入手的|下的单)，用了{span}，{good}。", "给{person}买的，{good}，{person}(很喜欢|赞不绝口|爱不释手)。",
        "{this}{kind}是{person}推荐的，用下来{good}。", "(终于|总算)买到合适的{kind}了，{good}。",
        "一直想找{one}{use}的{kind}，{name}(刚刚好|完全符合|没让我失望)。",
        "这是在{brand}买的第(二|三|四){measure}{kind}了，(一如既往|还是那句话|老规矩)，{good}。",
        "本来(没抱什么期望|有点犹豫|怕踩雷)，结果{good}。", "收到货第一感觉：{good}。",
        "以前用的是{person}淘汰下来的{kind}，换了{name}才知道差别。",
        "{name}，{when}入手，{good}，{good}。", "先说结论：{good}，值得买。", "{occasion}正好需要，{person}就让我买了{name}。",
        "货比三家选了{brand}，{good}。", "{size}的，{colour}，{good}。",
    ],
    "open_bad": [
        "{when}买的，{span}就后悔了，{bad}。", "给{person}买的，结果{bad}，(很失望|挺无语的|白高兴一场)。",
        "图片看着挺好，实物{bad}。", "真的不推荐，{bad}。", "{this}{kind}用了{span}，{bad}。",
        "冲着{brand}来的，没想到{bad}。", "{person}早就劝我别买，果然{bad}。", "就这个价格来说，{bad}，说不过去。",
        "本来打算{use}用，可惜{bad}。", "想给好评的，但是{bad}。",
    ],
    "open_mixed": [
        "{name}用了{span}，优缺点都说一下。", "{good}，就是{bad}。", "怎么说呢，{good}，但是{bad}。",
        "{person}说好，我觉得一般。", "{this}{kind}纠结了{span}才来评价。", "先说好的：{good}。", "总体还行，{good}，不过{bad}。",
    ],
    "praise": [
        "{good}。", "{good}，而且{good}。", "最满意的是{good}。", "没想到{good}。", "{use}(刚刚好|完全够用|很合适|没得说)。",
        "{person}也说{good}。", "跟以前那{measure}比，{good}。", "用了{span}，依然{good_short}。",
        "{part}(做工|手感|细节)(|也){very}(好|到位|扎实|讲究)。", "细节{very}用心，{good}。", "关键是{good}。",
        "{feature}是真的实用，{sometimes}都用得上。", "本来以为{feature}是噱头，其实{good}。",
        "不管是{use}还是{use}都没问题。", "{person}看到之后也要了链接，说{good}。", "另外，{good}。",
        "说实话，{good}，这一点就值回票价了。", "光是{feature}就值了。", "尤其是{use}，{good}。",
        "{material}的就是不一样，{good}。", "{part}我也检查了，没什么毛病。", "不得不夸一下{brand}，{good}。",
    ],
    "complaint": [
        "唯一的缺点是{bad}。", "美中不足，{bad}。", "就是{bad}，(希望改进|有点可惜|扣一分)。", "不过{bad}。", "{bad}。",
        "{bad}，还有{bad}。", "{person}也发现{bad}。", "用了{span}之后，{bad}。", "要提醒大家的是，{bad}。",
        "{part}(做工|细节)(一般|粗糙|差点意思|有待提高)。", "如果主要是{use}，要注意{bad}。", "扣一星，因为{bad}。",
        "客服说是正常现象，可是{bad}。", "{feature}基本上没怎么用过。", "不知道是不是我拿到的有问题，{bad}。",
        "习惯了也还好，但{bad}。",
    ],
    "detail": [
        "选的是{colour}，{colour_judgement}。", "{size}的{size_judgement}，{use}够了。",
        "{spec_name}写的是{spec}，我量了一下，(没有虚标|基本一致|分毫不差)。", "{material}的{part}，{colour}，看着{very}(高级|舒服|大气|耐看)。",
        "纠结了一下尺寸，听{person}的买了{size}，(刚好|正合适|稍微大了一点|很明智)。", "{style}的感觉，跟家里(很搭|挺配的|意外地和谐)。",
        "当初就是看中{material}才选{name}的。", "{price}的价格，(不算便宜|性价比可以|比实体店划算|对得起质量)。",
        "{sometimes}都在用，主要是{use}。", "目前{use}用过，{use}也用过。", "{person}是{use}用，我是{use}用。",
        "包装上标着{spec}，(跟宣传的一样|没骗人)。", "带{feature}的这款比普通款贵一点，但值得。",
    ],
    "colour_judgement": [
        "跟图片一样没有色差", "比图片深一点点", "实物比图片好看", "白天看更好看", "百搭", "就是我想要的颜色",
        "第一天就被夸了两次", "晚上看有点不一样",
    ],
    "size_judgement": ["大小正好", "绰绰有余", "偏大一点", "稍微有点小", "很合适", "不大不小"],
    "delivery": [
        "(物流|快递){very}快，(一|两|三|四)天就到了，{person}说没想到。", "包装{very}严实，{part}没有磕碰，{person}检查过了。",
        "快递小哥{weekday}送货上门，态度{very}好，{person}都夸。", "箱子压扁了，还好{part}没事，{person}吓了一跳。",
        "客服{very}耐心，{person}问{part}的事，{num}分钟就回复了。", "还附了一张手写的卡片，{person}从{month}留到现在。",
        "尺寸买错了，换成{size}，{num}天就换好了。", "说明书{very}清楚，{person}照着装{part}都没问题。",
        "{weekday}下单，{weekday}就用上了，主要是{use}。", "拆开没有异味，就{part}有一点点，{person}说散散就好。",
        "没有过度包装，就一层(纸|旧报纸|稻草)，{person}觉得{very}环保。", "{person}代收的，说包得像粽子一样。",
    ],
    "close_good": [
        "会回购(的|，下次换个颜色|，给{person}也买一{measure})，{use}用。", "推荐给{occasion}，{use}都合适。", "五星好评，{person}也是五星。",
        "已经把{name}推荐给{person}了。", "{price}，物超所值。", "如果能用到明年{month}，{person}肯定也要买。", "谢谢{brand}，{person}也很喜欢。",
        "下次还来，给{person}带一{measure}。", "从{part}到{part}，没什么可挑剔的。", "{use}的话放心买。", "总的来说，{very}满意，{person}也是。",
        "{person}也想要一{measure}，{use}用。", "{occasion}买它准没错，{person}说的。", "{use}再用{span}来追评。",
    ],
    "close_bad": [
        "{weekday}已经退货了，{person}去寄的。", "{brand}不会再买了，{person}也这么说。", "{use}用的话，建议大家慎重。", "给两星是因为{colour}和{part}还可以。",
        "正在申请退款，{price}呢。", "也许{occasion}能用，{use}不行。", "现在扔在阳台吃灰，{person}都不要。", "对{brand}有点失望，{person}也是。",
        "{use}的话还是看看别家吧。", "白花了{price}，{person}笑了我{span}。",
    ],
    "close_mixed": [
        "{price}，这个价位就这样吧。", "{use}凑合能用，{use}就算了。", "留着{use}用，但不会再买。", "三星吧，{weekday}心情好给四星。", "下次不买{size}了，换个尺寸试试。",
        "如果{part}能改进，还会回购。", "看需求吧，{use}可以，别的就算了。", "不功不过，跟{person}那{measure}差不多。",
    ],
    "short_good": [
        "{good}，{good}。", "{good}，好评。", "跟描述一样，{good}。", "{colour}{very}好看，{good}。", "{feature}{very}好用，{good}。",
        "{use}正合适，{good}。", "{brand}第二次买了，{good}。",
    ],
    "short_bad": [
        "{bad}，{bad}。", "{part}太差，{bad}。", "用了{span}就退了，{bad}。", "不适合{use}，{bad}。", "{bad}，一星给{colour}。",
    ],
    "short_mixed": [
        "{good}，就是{bad}。", "{use}还行，{bad}。", "{good}，{bad}，中评。", "{feature}不错，{part}一般。",
    ],
}  # fmt: skip
