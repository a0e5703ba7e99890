# ruff: noqa: E501 - a Chinese character counts as two columns
"""What things are made of. Shared by all departments, so that a material means the same anywhere."""

from shoplm.simulation.lexicon.notation import traits

METALS = """
    cast_iron: cast iron | 铸铁
    + holds heat for a long time | 保温时间特别长
    + gets better with every year of use | 越用越好用
    - weighs more than you expect | 比想象中沉不少
    - rusts when it is left wet | 不擦干容易生锈
    carbon_steel: carbon steel | 碳钢
    + takes heat quickly | 升温很快
    + sharpens easily | 很容易磨锋利
    - needs a wipe of oil after washing | 洗完要抹一层油
    stainless_steel: stainless steel | 不锈钢
    + never rusts | 不会生锈
    + wipes clean in seconds | 一擦就干净
    + carries no smell | 没有异味
    - shows every fingerprint | 容易留指纹
    aluminium: aluminium | 铝合金
    + keeps the weight down | 重量很轻
    + feels solid in spite of the weight | 虽然轻但很结实
    - scratches sooner than steel | 比钢更容易刮花
    titanium: titanium | 钛合金
    + weighs next to nothing | 轻得几乎没有感觉
    + shrugs off knocks and salt water | 不怕磕碰也不怕海水
    - costs a good deal more | 价格贵出一截
    brass: brass | 黄铜
    + ages to a warm shine | 用久了色泽更温润
    + feels pleasantly heavy in the hand | 拿在手里很有分量
    - darkens if nobody polishes it | 不打理会发暗
    copper: copper | 紫铜
    + spreads heat faster than anything else | 导热比什么都快
    - stains at the first drop of vinegar | 沾到醋容易留印
"""

WOODS = """
    oak: solid oak | 橡木
    + stands up to years of knocks | 磕磕碰碰也不怕
    + shows a lovely open grain | 木纹自然好看
    - takes two people to carry | 要两个人才搬得动
    walnut: walnut | 胡桃木
    + glows a deep brown in daylight | 阳光下颜色很有层次
    + feels silky along the edges | 边缘摸起来很顺滑
    - fades a little near the window | 放在窗边会稍微褪色
    beech: beech | 榉木
    + stays smooth after many washes | 洗很多次还是光滑
    - swells when it stands in water | 泡水会膨胀
    bamboo: bamboo | 竹子
    + dries quickly and resists mould | 干得快不容易发霉
    + comes from a plant that grows back in no time | 原料长得快比较环保
    - splits if it dries out near a heater | 靠近暖气容易开裂
    pine: pine | 松木
    + smells of the forest for weeks | 有淡淡的松木香
    + takes paint and oil well | 上漆上油都方便
    - dents under a fingernail | 指甲一划就有印
    rattan: rattan | 藤编
    + lets air through on hot days | 夏天很透气
    + bends without breaking | 韧性好不容易断
    - creaks in dry weather | 天气干的时候会吱吱响
    cardboard: corrugated cardboard | 瓦楞纸
    + holds more weight than it looks | 承重比看上去好
    - sheds crumbs all over the floor | 掉渣掉得满地都是
"""

CERAMICS = """
    stoneware: stoneware | 粗陶
    + keeps food warm at the table | 上桌之后还能保温
    + carries a glaze that is different on every piece | 每一件釉色都不一样
    - chips when it knocks against the tap | 碰到水龙头容易磕边
    porcelain: white porcelain | 白瓷
    + rings like a bell when you tap it | 轻轻一敲声音清脆
    + survives the dishwasher without a mark | 进洗碗机也没问题
    - shows tea stains after a while | 时间久了有茶渍
    bone_china: bone china | 骨瓷
    + lets the light shine through | 透光性特别好
    + feels thin but strong | 胎体薄却很结实
    - demands careful hands | 拿放都得小心
    glass: borosilicate glass | 高硼硅玻璃
    + takes boiling water without cracking | 倒开水也不会炸
    + lets you see what is inside | 里面装了什么一目了然
    - slips out of wet hands | 手湿的时候容易打滑
    enamel: enamelled steel | 搪瓷
    + brings back the look of my childhood | 很有小时候的感觉
    + never takes on smells | 不会串味
    - chips at the rim if it falls | 摔一下边上就掉瓷
    clay: purple clay | 紫砂
    + brings out the aroma of old tea | 泡老茶特别香
    + breathes and seasons with use | 透气性好越养越润
    - absorbs flavours, so one tea per pot | 会吸味只能泡一种茶
"""

FIBRES = """
    cotton: cotton | 纯棉
    + feels soft against the skin | 贴身穿很柔软
    + washes well at forty degrees | 机洗也不变形
    - shrinks a little in the first wash | 第一次洗会缩一点水
    - creases in the drawer | 叠放容易起皱
    linen: linen | 亚麻
    + stays cool in the worst heat | 大热天也很凉快
    + gets softer with each wash | 越洗越软
    - wrinkles the moment you sit down | 一坐下就皱
    wool: wool | 羊毛
    + warms without being bulky | 保暖又不臃肿
    + keeps its shape all winter | 穿一个冬天也不走形
    - itches a bit on bare skin | 直接贴皮肤有点扎
    - pills under the arms | 腋下容易起球
    merino: merino wool | 美利奴羊毛
    + hardly smells after days of wear | 连穿几天也没什么味道
    + regulates warmth on long climbs | 爬山的时候不闷汗
    - wears through at the heel | 后跟容易磨薄
    cashmere: cashmere | 羊绒
    + feels like a cloud around the neck | 围在脖子上像云一样软
    - needs washing by hand | 只能手洗
    silk: silk | 桑蚕丝
    + slides over the skin and stays cool | 丝滑凉爽
    + drapes beautifully | 垂感特别好
    - snags on rough nails | 容易勾丝
    denim: denim | 牛仔布
    + moulds to the body after a week | 穿一周就很贴身
    - bleeds dye in the first washes | 前几次洗会掉色
    canvas: waxed canvas | 蜡染帆布
    + keeps drizzle out | 小雨淋不透
    + looks better with every scratch | 有点划痕反而更有味道
    - smells of wax at first | 刚开始有股蜡味
    corduroy: corduroy | 灯芯绒
    + keeps the wind off and feels velvety | 挡风又有绒绒的手感
    - collects lint | 容易粘毛
    down: goose down | 鹅绒
    + traps warmth like nothing else | 保暖性没得说
    + packs down to the size of a loaf | 压缩之后很小一包
    - loses a feather through the seams now and then | 偶尔会从缝里钻毛
    jute: jute | 黄麻
    + brings texture to a plain room | 给素净的房间添了质感
    - leaves fibres on the floor at first | 刚开始会掉一些麻丝
    sisal: sisal | 剑麻
    + withstands claws for months | 抓几个月都不烂
    - feels rough under bare feet | 光脚踩上去有点硌
    felt: wool felt | 羊毛毡
    + muffles every sound | 吸音效果好
    + cuts to any shape without fraying | 怎么裁都不脱线
    - gathers dust and hair | 容易粘灰粘毛
"""

SYNTHETICS = """
    polyester: polyester | 聚酯纤维
    + dries on the line within an hour | 晾一个小时就干
    + holds its colour for years | 好几年都不褪色
    - clings in dry weather | 天干的时候起静电
    nylon: ripstop nylon | 防撕裂尼龙
    + resists thorns and rough rock | 被树枝刮到也不破
    + stuffs into a tiny pouch | 收起来只有一小包
    - rustles with every step | 走路沙沙响
    fleece: fleece | 摇粒绒
    + warms as soon as you put it on | 一上身就暖和
    - attracts every hair in the house | 家里的毛都粘上来
    microfibre: brushed microfibre | 磨毛超细纤维
    + feels velvety on both sides | 两面都是绒绒的手感
    + hides small spills | 洒一点水也看不出来
    - builds up static in winter | 冬天静电比较大
    silicone: food-grade silicone | 食品级硅胶
    + bends without tearing | 怎么折都不裂
    + grips even with wet fingers | 手湿也不滑
    - picks up dust from every pocket | 放口袋里容易沾灰
    polypropylene: polypropylene | 聚丙烯
    + goes from freezer to microwave | 从冷冻室直接进微波炉也行
    + weighs very little | 很轻便
    - stains with tomato sauce | 装番茄酱会染色
    abs: ABS plastic | ABS塑料
    + survives a drop on the tiles | 掉在瓷砖上也没事
    - feels a little cheap at the corners | 边角做工略显廉价
    polycarbonate: polycarbonate | 聚碳酸酯
    + stays clear without yellowing | 用久了也不发黄
    - picks up fine scratches | 容易有细小划痕
    tpu: soft TPU | TPU软胶
    + absorbs shocks at the corners | 四个角很抗摔
    - turns yellow after one summer | 过一个夏天就发黄
    rubber: natural rubber | 天然橡胶
    + grips wet ground | 湿地上也很抓地
    - smells strongly for the first days | 头几天味道比较大
    tpe: TPE foam | TPE发泡材料
    + cushions knees and elbows | 膝盖手肘都不疼
    + gives off no odour | 没有异味
    - slides on polished floors | 在光滑地板上会跑
    memory_foam: memory foam | 记忆棉
    + follows the shape of the body | 很贴合身体曲线
    + springs back slowly after pressure | 压下去慢慢回弹
    - gets warm in summer | 夏天有点闷热
    latex: natural latex | 天然乳胶
    + supports without going flat | 支撑好不会塌
    - needs airing before the first night | 用之前要先通风散味
    carbon_fibre: carbon fibre | 碳纤维
    + stays stiff at almost no weight | 又轻又硬挺
    - cracks under a hard side knock | 侧面受力重了会裂
"""

SKINS_AND_PAPERS = """
    leather: full-grain leather | 头层牛皮
    + develops a patina of its own | 用久了有自己的光泽
    + softens in a few weeks | 几周就变软了
    - feels stiff out of the box | 刚到手的时候偏硬
    - hates rain | 怕淋雨
    suede: suede | 磨砂皮
    + feels warm to the touch | 摸起来很温暖
    - drinks up every spill | 沾水就留印
    faux_leather: vegan leather | 环保合成革
    + wipes clean with a damp cloth | 湿布一擦就干净
    - peels along the fold | 折痕处容易起皮
    kraft_paper: kraft paper | 牛皮纸
    + looks honest and warm | 看着朴素温暖
    - tears at the corners | 边角容易破
    cotton_paper: cotton paper | 棉浆纸
    + takes plenty of water without buckling | 上很多水也不起皱
    + keeps edges crisp | 边缘干净利落
    - drinks a lot of pigment | 比较吃颜料
    smooth_paper: hundred-gram smooth paper | 百克光面纸
    + lets ink dry without bleeding | 墨水不洇不透
    + feels smooth under the nib | 写起来很顺滑
    - leaves pencil marks shiny | 铅笔写上去有点反光
"""

GROUPS = {
    "metal": traits(METALS),
    "wood": traits(WOODS),
    "ceramic": traits(CERAMICS),
    "fibre": traits(FIBRES),
    "synthetic": traits(SYNTHETICS),
    "skin_paper": traits(SKINS_AND_PAPERS),
}
MATERIALS = {trait.key: trait for group in GROUPS.values() for trait in group}
MATERIAL_GROUP = {trait.key: group for group, members in GROUPS.items() for trait in members}
