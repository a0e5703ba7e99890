# ruff: noqa: E501 - a Chinese character counts as two columns
"""Pet supplies: a department held back for zero-shot recommendation."""

from shoplm.simulation.lexicon.notation import kind

KINDS = (
    kind(
        "cat_tree",
        "cat tree / climbing tree",
        "猫爬架 / 猫树",
        "座",
        group="Cats | 猫咪用品",
        price=(30, 190),
        materials="pine oak sisal felt rattan",
        specs=[
            "height | 高度 = 60 90 130 160 cm",
            "levels | 层数 = 2 levels | 2层, 3 levels | 3层, 4 levels | 4层, 5 levels | 5层",
        ],
        parts="posts | 立柱; platforms | 跳台; hammock | 吊床; base | 底板; cave | 猫窝",
        uses="""lively kittens | 调皮的小猫; window watchers | 爱看窗外的猫; two-cat homes | 两只猫的家
            heavy toms | 大胖猫; indoor cats | 室内猫; saving the sofa | 保护沙发""",
        features="""
            hanging hammock | 悬挂吊床
            + became her favourite place within a day | 第一天就睡上去了
            - sags under six kilos | 六公斤的猫会压塌
            wide base | 加宽底座
            + stays put at full gallop | 猫跑酷也不晃
            replaceable posts | 可更换立柱
            + saves buying a new one | 磨坏了换一根就行
            dangling toy | 吊球玩具
            + keeps him busy for hours | 能玩半天
            - lasted one afternoon | 一个下午就被扯掉了
        """,
        said="""
            + stood up in twenty minutes | 二十分钟就装好
            + draws them away from the curtains | 再也不抓窗帘了
            - sways when both jump at once | 两只一起跳会晃
            - sheds threads on the rug | 麻绳会掉毛
            - was ignored for the carton | 猫只爱那个纸箱
        """,
        goes_with="scratching_board pet_bed litter_box pet_bowl",
    ),
    kind(
        "dog_lead",
        "dog lead / leash",
        "牵引绳 / 遛狗绳",
        "条",
        group="Dogs | 狗狗用品",
        price=(8, 50),
        materials="nylon leather cotton rubber",
        specs=["length | 长度 = 1.2 1.8 3 5 m", "maximum dog weight | 适用体重 = 8 15 30 50 kg"],
        parts="clip | 扣头; handle | 手柄; stitching | 缝线; ring | 圆环; collar | 项圈",
        uses="""strong pullers | 爱爆冲的狗; puppies | 小奶狗; evening walks | 晚上遛狗
            training recall | 训练召回; jogging with a dog | 带狗跑步; vet visits | 去看兽医""",
        features="""
            padded handle | 加厚手柄
            + saves my palm from burning | 拉扯也不勒手
            reflective thread | 反光织线
            + lights up under street lamps | 路灯下很显眼
            locking clip | 防脱扣
            + has never opened by accident | 从来没有自己松开
            - freezes shut in winter | 冬天会冻住
            elastic section | 缓冲弹力段
            + softens sudden pulls | 爆冲也有缓冲
            - whips back when released | 松手会弹回来
        """,
        said="""
            + survived a husky | 哈士奇也拉不断
            + rinses clean after mud | 沾了泥一冲就干净
            - twists into spirals | 容易打转
            - weighs down a small dog | 小狗戴着偏重
            - smells after rain | 淋雨有味道
        """,
        goes_with="dog_coat pet_carrier pet_bowl",
    ),
    kind(
        "pet_bowl",
        "pet bowl / feeding bowl",
        "宠物碗 / 食盆",
        "个",
        group="Feeding | 喂食用品",
        price=(6, 45),
        materials="stoneware stainless_steel porcelain bamboo polypropylene",
        specs=["capacity | 容量 = 250 400 700 1100 ml", "height | 高度 = 5 8 12 20 cm"],
        parts="rim | 碗沿; base | 底部; stand | 支架; rubber ring | 防滑圈",
        uses="""flat-faced cats | 扁脸猫; greedy dogs | 吃饭太快的狗; wet food | 喂湿粮
            old dogs with stiff necks | 老年犬; a water station | 喝水; travelling | 外出喂食""",
        features="""
            slow-feeding ridges | 慢食凸纹
            + turns one minute into ten | 一分钟的饭吃十分钟
            - traps wet food | 湿粮卡缝里
            raised stand | 加高支架
            + spares his neck | 脖子不用低太低
            - slides when he gets excited | 一激动就推着跑
            tilted rim | 倾斜碗口
            + lets her reach the last bite | 最后一口也吃得到
            silicone base | 硅胶防滑底
            + keeps it from wandering round the kitchen | 不会满厨房跑
        """,
        said="""
            + goes through the dishwasher | 可以进洗碗机
            + ended the whisker trouble | 不碰胡子了
            - broke when she knocked it down | 被猫推下去碎了
            - holds too little for a big dog | 大狗不够吃
        """,
        goes_with="pet_bed cat_tree dog_lead litter_box",
    ),
    kind(
        "litter_box",
        "litter box / litter tray",
        "猫砂盆 / 猫厕所",
        "个",
        group="Cats | 猫咪用品",
        price=(14, 90),
        materials="polypropylene abs stainless_steel",
        specs=["length | 长度 = 42 50 56 62 cm", "entry height | 入口高度 = 10 14 18 24 cm"],
        parts="hood | 顶盖; door | 翻门; scoop | 猫砂铲; drawer | 抽屉; mat | 踏板",
        uses="""small bathrooms | 小卫生间; shy cats | 胆小的猫; big breeds | 大型猫
            kittens | 幼猫; several cats | 多猫家庭; diggers | 爱刨砂的猫""",
        features="""
            sieve drawer | 筛漏抽屉
            + cleans in half a minute | 半分钟清理完
            - jams with fine litter | 细砂会卡
            charcoal filter | 活性炭滤片
            + swallows the smell | 味道小多了
            top entry | 顶入式
            + leaves the sand inside | 砂带不出来
            - puzzles old cats | 老猫爬不上去
            stepping mat | 漏砂踏板
            + shakes the paws clean | 爪子上的砂都掉回去
        """,
        said="""
            + gives a big cat room to turn | 大猫转身也宽敞
            + wipes clean in one go | 一擦就干净
            - cracks at the clip | 卡扣容易裂
            - shows scratches where smell settles | 有划痕容易藏味
            - takes up the whole corner | 占满整个角落
        """,
        goes_with="cat_tree scratching_board pet_bowl",
    ),
    kind(
        "dog_coat",
        "dog coat / dog raincoat",
        "狗狗衣服 / 狗狗雨衣",
        "件",
        group="Dogs | 狗狗用品",
        price=(10, 60),
        materials="fleece nylon cotton down wool",
        specs=["back length | 背长 = 25 32 40 52 cm", "chest | 胸围 = 34 42 54 68 cm"],
        parts="collar | 领子; belly strap | 肚带; lead hole | 牵引孔; leg loops | 腿环",
        uses="""short-haired dogs | 短毛狗; rainy walks | 下雨天遛狗; first snow | 第一场雪
            old dogs | 老年犬; holiday photos | 拍照; after a bath | 洗完澡""",
        features="""
            lead opening | 牵引绳开口
            + goes over any harness | 里面穿胸背也行
            reflective piping | 反光滚边
            + makes a black dog visible | 黑狗晚上也看得见
            belly panel | 护肚设计
            + keeps the mud off | 肚子不沾泥
            - chafes the armpits | 腋下会磨
            touch fastening | 魔术贴
            + goes on in five seconds | 五秒穿好
            - collects fur | 粘满狗毛
        """,
        said="""
            + lets him run freely | 跑跳不受影响
            + makes strangers smile | 路人都说可爱
            - runs a size small for bulldogs | 斗牛犬要买大一码
            - turns her into a statue | 一穿上就不会走路了
            - soaks through after half an hour | 半小时就湿透
        """,
        goes_with="dog_lead pet_bed pet_carrier",
    ),
    kind(
        "scratching_board",
        "scratching board / scratcher",
        "猫抓板",
        "块",
        group="Cats | 猫咪用品",
        price=(6, 40),
        materials="cardboard sisal felt pine",
        specs=["length | 长度 = 43 48 60 75 cm"],
        parts="surface | 抓面; frame | 边框; corner | 边角; refill | 替芯",
        uses="""sofa killers | 拆家猫; lazy loungers | 爱躺着的猫; narrow halls | 窄走廊
            kittens learning | 小猫学磨爪; the window | 放窗边; cats that hate carpets | 不抓地毯的猫""",
        features="""
            curved lounge | 弧形躺椅
            + doubles as a bed | 抓完还能睡
            catnip pouch | 猫薄荷包
            + drew him in at once | 马上就吸引过来了
            - lost its scent in a week | 一周就没味了
            reversible sides | 双面可用
            + lasts twice as long | 用得久一倍
            bell ball | 铃铛球
            + amuses her at dawn | 早上自己玩
            - wakes everyone at five | 五点就把人吵醒
        """,
        said="""
            + saved the armchair | 沙发终于保住了
            + costs less than a new sofa | 比换沙发便宜
            - slides on tiles | 瓷砖上会滑
            - covers the floor in crumbs | 满地纸屑
            - wears out in a month | 一个月就抓烂
        """,
        goes_with="cat_tree litter_box pet_bed",
    ),
    kind(
        "pet_carrier",
        "pet carrier / carrier bag",
        "宠物包 / 航空箱",
        "个",
        group="Travel | 出行用品",
        price=(18, 120),
        materials="polycarbonate nylon canvas polyester",
        specs=["load | 承重 = 5 7 10 15 kg", "weight | 重量 = 0.9 1.3 1.9 2.6 kg"],
        parts="mesh window | 透气网; straps | 背带; zip | 拉链; mat | 底垫; door | 门",
        uses="""train journeys | 坐高铁; the vet | 看医生; flights in the cabin | 带上飞机
            cycling with a cat | 骑车带猫; moving house | 搬家; hiking with a small dog | 带小狗爬山""",
        features="""
            clear dome | 透明太空舱
            + gives her a view | 猫可以看风景
            - heats up in the sun | 太阳下有点闷
            expandable side | 可扩展侧面
            + doubles the room on the train | 车上拉开空间翻倍
            safety tether | 安全扣绳
            + stops a sudden escape | 不怕突然窜出来
            fleece mat | 绒垫
            + calms him down | 趴着很安心
            - has to be washed by hand | 只能手洗
        """,
        said="""
            + fits under the seat | 座位底下放得下
            + spreads the weight over both shoulders | 双肩背着不累
            - tips over when she turns round | 猫一转身就歪
            - is cramped above six kilos | 六公斤以上就挤
            - has a zip a paw can open | 拉链会被猫扒开
        """,
        goes_with="dog_lead pet_bowl dog_coat",
    ),
    kind(
        "pet_bed",
        "pet bed / dog bed",
        "宠物窝 / 狗窝",
        "个",
        group="Comfort | 起居用品",
        price=(14, 95),
        materials="fleece memory_foam cotton corduroy felt rattan",
        specs=["diameter | 直径 = 45 55 70 90 cm"],
        parts="rim | 围边; cushion | 内垫; cover | 外套; underside | 底布",
        uses="""senior dogs | 老年犬; cats that burrow | 爱钻洞的猫; puppies | 小奶狗
            the car boot | 放后备箱; under the desk | 放桌子底下; anxious sleepers | 没安全感的毛孩子""",
        features="""
            removable cover | 可拆洗外套
            + goes in the machine every Sunday | 每周都能机洗
            - is hard to get back on | 套回去很费劲
            raised rim | 高围边
            + gives a chin something to rest on | 下巴可以搭着
            orthopaedic core | 护脊内芯
            + helps stiff hips | 老狗起身轻松了
            waterproof base | 防潮底
            + keeps cold floors away | 地板凉也不怕
            - crackles when he turns | 翻身沙沙响
        """,
        said="""
            + was occupied within a minute | 放下一分钟就睡上去了
            + keeps its shape after chewing | 被咬了也没变形
            - flattens in the middle | 中间会塌
            - attracts every hair | 粘满了毛
            - is too small for a spread-out cat | 摊开睡就不够大
        """,
        goes_with="pet_bowl cat_tree dog_coat",
    ),
)
