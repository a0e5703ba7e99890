# ruff: noqa: E501 - a Chinese character counts as two columns
"""Clothing, shoes and bags."""

from shoplm.simulation.lexicon.notation import kind

_SIZES = "size | 尺码 = XS, S, M, L, XL, XXL"

KINDS = (
    kind(
        "tshirt",
        "T-shirt / tee",
        "T恤 / 短袖",
        "件",
        group="Tops | 上装",
        price=(9, 45),
        materials="cotton linen merino polyester",
        specs=[_SIZES, "fabric weight | 克重 = 160 180 220 260 gsm"],
        parts="collar | 领口; sleeves | 袖子; hem | 下摆; print | 印花; shoulder seam | 肩线",
        uses="""everyday wear | 日常穿; summer holidays | 夏天度假; sleeping in | 当睡衣
            layering under a jacket | 打底; the gym | 去健身房; lounging at home | 居家穿""",
        features="""
            ribbed collar | 罗纹领口
            + keeps its shape after thirty washes | 洗三十次领口也不松
            screen print | 丝网印花
            + has not cracked so far | 到现在都没开裂
            - stiffens the chest a little | 胸口有点硬
            dropped shoulder | 落肩设计
            + hides broad shoulders nicely | 宽肩也显瘦
            - slides off narrow shoulders | 窄肩撑不起来
            side slits | 两侧开叉
            + leaves room when you sit | 坐下也不勒
        """,
        said="""
            + fits true to size | 尺码很标准
            + falls loosely without looking sloppy | 宽松但不邋遢
            + keeps its colour in the wash | 洗了不掉色
            - runs one size small | 偏小一码
            - is thinner than the pictures suggest | 比图片上薄
            - shows sweat quickly | 出汗容易看出来
        """,
        goes_with="jeans running_shoes hoodie socks",
    ),
    kind(
        "hoodie",
        "hoodie / sweatshirt",
        "卫衣 / 连帽衫",
        "件",
        group="Tops | 上装",
        price=(19, 80),
        materials="cotton fleece polyester corduroy",
        specs=[_SIZES, "fabric weight | 克重 = 280 320 380 420 gsm"],
        parts="hood | 帽子; cuffs | 袖口; drawstring | 抽绳; front pocket | 前袋; zip | 拉链",
        uses="""autumn walks | 秋天散步; the first class of the day | 早八上课; flights | 坐飞机
            evening runs | 夜跑; working from home | 居家办公; football nights | 看球""",
        features="""
            kangaroo pocket | 袋鼠兜
            + holds a phone and both hands | 放手机还能暖手
            - sags with keys inside | 放钥匙会往下坠
            brushed lining | 抓绒内里
            + warms like a blanket | 像毯子一样暖和
            - sheds on dark shirts | 会掉毛
            double hood | 双层帽
            + stands up without flopping | 帽子立得住
            ribbed cuffs | 罗纹袖口
            + stay put when you push them up | 袖子撸上去不会掉
        """,
        said="""
            + hugs without being tight | 合身但不紧
            + goes with every pair of trousers | 搭什么裤子都行
            + suits both of us at home | 我和对象都能穿
            - takes two days to dry | 晾两天才干
            - pills around the elbows | 手肘处起球
            - comes out shorter than expected | 衣长偏短
        """,
        goes_with="jeans tshirt running_shoes scarf",
    ),
    kind(
        "down_jacket",
        "down jacket / puffer jacket",
        "羽绒服 / 羽绒外套",
        "件",
        group="Outerwear | 外套",
        price=(60, 260),
        materials="down nylon polyester",
        specs=[_SIZES, "fill | 充绒量 = 90 120 150 200 g"],
        parts="hood | 帽子; zip | 拉链; quilting | 绗缝线; cuffs | 袖口; inner pocket | 内袋",
        uses="""waiting for the bus in January | 冬天等公交; ski trips | 滑雪
            winter commuting | 冬天通勤; northern winters | 北方过冬
            walking the dog at dawn | 清晨遛狗; mountain huts | 山里过夜""",
        features="""
            detachable hood | 可拆卸帽子
            + comes off with one zip | 一拉就能拆下来
            - leaves a gap at the neck | 脖子后面会漏风
            storm cuffs | 防风袖口
            + keep the wind out of the sleeves | 风灌不进袖子
            water-repellent finish | 防泼水面料
            + sends light snow rolling off | 小雪一抖就掉
            - fades after several washes | 洗几次就不太防水了
            two-way zip | 双向拉链
            + gives the knees room on the bike | 骑车的时候腿活动方便
            - sticks halfway down | 拉到一半会卡
        """,
        said="""
            + keeps me warm at minus fifteen | 零下十五度也不冷
            + weighs less than my old coat | 比以前的大衣轻多了
            + slims the figure for a puffer | 羽绒服里算显瘦的
            - leaks the odd feather | 偶尔钻一两根毛
            - rides up when you sit | 坐下会往上缩
            - makes me look like a bread roll | 穿上有点像面包
        """,
        goes_with="scarf jeans hoodie trekking_poles",
    ),
    kind(
        "jeans",
        "jeans",
        "牛仔裤",
        "条",
        group="Bottoms | 下装",
        price=(22, 110),
        plural=True,
        materials="denim cotton",
        specs=[
            "waist | 腰围 = W26 | 26码, W28 | 28码, W30 | 30码, W32 | 32码, W34 | 34码",
            "inseam | 内长 = 71 76 81 cm",
        ],
        parts="waistband | 裤腰; pockets | 口袋; hem | 裤脚; fly | 门襟; stitching | 车线",
        uses="""the office on Fridays | 周五上班; long drives | 开长途; weekend markets | 逛集市
            cycling to town | 骑车进城; casual dates | 约会; gardening | 打理院子""",
        features="""
            high waist | 高腰版型
            + makes the legs look longer | 显腿长
            - pinches after a big meal | 吃饱了有点勒
            stretch weave | 弹力面料
            + lets me squat without a thought | 下蹲完全不紧绷
            - bags at the knee by evening | 到晚上膝盖会鼓包
            reinforced seams | 双线加固
            + has survived two falls off a bike | 骑车摔了两次也没破
            deep pockets | 加深口袋
            + swallow a large phone | 大屏手机也放得下
        """,
        said="""
            + fits the hips and the waist alike | 腰和胯都合适
            + softens after the third wash | 洗三次就软了
            + looks sharp with boots | 搭靴子很精神
            - dyes white seats blue | 会把白椅子染蓝
            - runs long for short legs | 矮个子要改裤脚
            - feels stiff on the first day | 第一天有点硬
        """,
        goes_with="tshirt hoodie running_shoes shirt",
    ),
    kind(
        "dress",
        "dress / midi dress",
        "连衣裙 / 中长裙",
        "条",
        group="Dresses | 裙装",
        price=(25, 140),
        materials="cotton linen silk polyester",
        specs=[_SIZES, "length | 裙长 = 95 105 112 120 cm"],
        parts="neckline | 领口; waist | 腰线; lining | 内衬; skirt | 裙摆; sleeves | 袖子",
        uses="""garden parties | 花园聚会; weddings | 参加婚礼; summer evenings | 夏天的傍晚
            office meetings | 开会; seaside holidays | 海边度假; graduation day | 毕业典礼""",
        features="""
            hidden pockets | 隐形口袋
            + hold lipstick and keys unseen | 放口红钥匙看不出来
            elastic waist | 松紧腰
            + forgives a second dessert | 多吃一块蛋糕也不怕
            - bunches under a belt | 系腰带会堆褶
            wrap front | 裹身设计
            + flatters every figure | 什么身材都显瘦
            - opens in the wind | 风一吹会走光
            full lining | 全内衬
            + keeps it from showing through | 不透
        """,
        said="""
            + swings prettily when you walk | 走路裙摆很飘逸
            + looks exactly like the photos | 跟图片一模一样
            + hardly creases in a suitcase | 放行李箱也不皱
            - needs ironing before every outing | 每次出门都要熨
            - sits low at the neck | 领口有点低
            - is too long for anyone under 160 | 一米六以下会拖地
        """,
        goes_with="scarf running_shoes shirt",
    ),
    kind(
        "running_shoes",
        "running shoes / trainers",
        "跑鞋 / 运动鞋",
        "双",
        group="Shoes | 鞋靴",
        price=(30, 150),
        plural=True,
        materials="nylon polyester rubber suede",
        specs=[
            "shoe size | 鞋码 = EU 36 | 36码, EU 38 | 38码, EU 40 | 40码, EU 42 | 42码, EU 44 | 44码",
            "weight | 重量 = 190 220 250 280 g",
        ],
        parts="sole | 鞋底; heel | 后跟; tongue | 鞋舌; laces | 鞋带; toe box | 鞋头; insole | 鞋垫",
        uses="""morning runs | 晨跑; half marathons | 跑半马; standing all day | 站一天
            treadmill sessions | 跑步机; city walks | 逛街; school sports | 体育课""",
        features="""
            rebound foam | 回弹中底
            + gives back something with each step | 每一步都有回弹
            - goes flat after three hundred kilometres | 跑三百公里就塌了
            breathable mesh | 透气网面
            + keeps the feet dry in July | 夏天也不闷脚
            - lets puddles in | 踩水会湿
            wide toe box | 宽楦鞋头
            + leaves my toes room to spread | 脚趾不挤
            reflective heel | 反光后跟
            + shines in the headlights | 车灯一照就亮
        """,
        said="""
            + feels light from the first kilometre | 第一公里就觉得轻
            + needs no breaking in | 不用磨合
            + grips wet tarmac | 湿路面也不滑
            - rubs at the heel for a week | 后跟磨了一周
            - runs half a size small | 偏小半码
            - squeaks on tiles | 在瓷砖上会吱吱响
        """,
        goes_with="socks tshirt smart_watch headphones",
    ),
    kind(
        "scarf",
        "scarf / shawl",
        "围巾 / 披肩",
        "条",
        group="Accessories | 配饰",
        price=(12, 90),
        materials="wool cashmere silk cotton",
        specs=["length | 长度 = 160 180 200 220 cm", "width | 宽度 = 30 45 60 70 cm"],
        parts="fringe | 流苏; edge | 包边; weave | 织纹; label | 布标",
        uses="""windy platforms | 冬天站台吹风; evenings at the theatre | 晚上看演出
            cold offices | 空调房; winter outings | 冬天出门; brightening a plain coat | 点缀大衣
            long flights | 长途飞行""",
        features="""
            hand-knotted fringe | 手工流苏
            + falls evenly on both sides | 两边垂得很整齐
            - tangles in the wash | 洗的时候会打结
            double-faced weave | 双面织造
            + gives two looks in one | 两面都能戴
            rolled edge | 手工卷边
            + shows real care | 看得出用心
            gift pouch | 礼品袋
            + saves a trip for wrapping paper | 省得再买包装
        """,
        said="""
            + wraps twice around and still hangs nicely | 绕两圈还有余量
            + does not scratch the chin | 不扎下巴
            + lifts a tired outfit | 旧衣服都提气色
            - sheds fluff on black coats | 黑大衣上会粘毛
            - slips off the shoulders | 容易从肩上滑下来
            - smells of dye at first | 刚到有点染料味
        """,
        goes_with="down_jacket dress hoodie",
    ),
    kind(
        "backpack",
        "backpack / rucksack",
        "双肩包 / 背包",
        "个",
        group="Bags | 箱包",
        price=(25, 130),
        materials="canvas nylon polyester leather",
        specs=["capacity | 容量 = 15 20 25 30 L", "laptop sleeve | 电脑仓 = 33 36 39 cm"],
        parts="straps | 肩带; zips | 拉链; back panel | 背垫; side pockets | 侧袋; base | 包底",
        uses="""the daily commute | 每天通勤; carrying a laptop | 装笔记本电脑; day hikes | 一日徒步
            overnight trips | 短途过夜; university | 上大学; library days | 去图书馆""",
        features="""
            luggage strap | 拉杆固定带
            + slides over the handle of a suitcase | 能套在行李箱拉杆上
            hidden back pocket | 背部暗袋
            + keeps the passport close | 护照放着很安心
            - presses when it is full | 装满会硌背
            water-resistant zips | 防水拉链
            + held through a cloudburst | 暴雨也没进水
            - take some force to close | 拉起来有点费劲
            padded back panel | 透气背垫
            + spares my shoulders on long days | 背一天肩膀也不疼
        """,
        said="""
            + stands upright on its own | 放地上自己能立住
            + swallows a weekend's clothes | 装得下周末的衣服
            + spreads the weight evenly | 受力很均匀
            - has no place for an umbrella | 没有放伞的地方
            - makes the back sweat in summer | 夏天背着后背出汗
            - is heavy even when empty | 空包就有点重
        """,
        goes_with="thermos notebook power_bank pencil_case",
    ),
    kind(
        "socks",
        "socks / crew socks",
        "袜子 / 中筒袜",
        "双",
        group="Accessories | 配饰",
        price=(5, 28),
        plural=True,
        materials="cotton merino wool nylon",
        specs=[
            "sock size | 袜码 = EU 35-38 | 35-38码, EU 39-42 | 39-42码, EU 43-46 | 43-46码",
            "pack | 双数 = 3 pairs | 3双, 5 pairs | 5双, 7 pairs | 7双, 10 pairs | 10双",
        ],
        parts="heel | 袜跟; toe seam | 袜头; cuff | 袜口; sole | 袜底",
        uses="""long walks | 长时间走路; running | 跑步; cold floors | 冬天踩地板
            smart shoes | 穿皮鞋; skiing | 滑雪; everyday wear | 日常穿""",
        features="""
            hand-linked toe | 无骨缝头
            + leaves no ridge over the toes | 脚趾不硌
            arch support | 足弓支撑
            + stops the slipping inside the shoe | 在鞋里不打滑
            - feels tight on wide feet | 脚宽的话有点紧
            terry sole | 毛圈袜底
            + cushions every step | 每一步都软软的
            - takes longer to dry | 干得比较慢
            antibacterial yarn | 抗菌纱线
            + keeps smell away for a second day | 穿两天也没味道
        """,
        said="""
            + stays up all day | 一整天不往下掉
            + survives the tumble dryer | 烘干也不缩
            + comes in a pack where no two match | 一包里每双颜色都不一样
            - leaves marks on the calf | 小腿会勒出印
            - thins at the heel within months | 几个月后跟就薄了
        """,
        goes_with="running_shoes tshirt jeans",
    ),
    kind(
        "shirt",
        "shirt / button-down shirt",
        "衬衫 / 衬衣",
        "件",
        group="Tops | 上装",
        price=(18, 95),
        materials="cotton linen silk polyester",
        specs=[_SIZES, "yarn count | 纱支 = 50s | 50支, 80s | 80支, 100s | 100支, 120s | 120支"],
        parts="collar | 领子; cuffs | 袖口; placket | 门襟; buttons | 纽扣; yoke | 过肩",
        uses="""job interviews | 面试; warm offices | 办公室; summer weddings | 夏天婚礼
            business trips | 出差; wearing open over a tee | 当外套敞开穿; Sunday lunch | 周末聚餐""",
        features="""
            easy-iron finish | 免烫工艺
            + comes off the hanger ready to wear | 挂一晚上直接穿
            - feels slightly papery | 手感有点像纸
            mother-of-pearl buttons | 贝母扣
            + catch the light quietly | 有淡淡的光泽
            stand collar | 立领
            + looks neat without a tie | 不打领带也精神
            - scratches a fresh shave | 刚刮完胡子有点扎
            spare buttons | 备用纽扣
            + show that someone thought ahead | 很贴心
        """,
        said="""
            + sits well across the shoulders | 肩线很合适
            + stays tucked in all day | 一天都不会跑出来
            + dresses up or down | 正式休闲都能穿
            - shows every wrinkle by noon | 到中午全是褶
            - pulls across the chest | 胸口有点绷
            - is see-through in white | 白色有点透
        """,
        goes_with="jeans dress scarf",
    ),
)
