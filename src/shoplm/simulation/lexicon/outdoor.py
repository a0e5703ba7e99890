# ruff: noqa: E501 - a Chinese character counts as two columns
"""Sports and outdoors."""

from shoplm.simulation.lexicon.notation import kind

KINDS = (
    kind(
        "tent",
        "tent / camping tent",
        "帐篷 / 露营帐篷",
        "顶",
        group="Camping | 露营",
        price=(60, 320),
        materials="nylon polyester cotton",
        specs=["room | 容纳人数 = 1 2 3 4 6 persons", "weight | 重量 = 1.4 2.1 3.5 5.8 kg"],
        parts="poles | 帐杆; fly sheet | 外帐; groundsheet | 地布; pegs | 地钉; porch | 前厅; guy lines | 风绳",
        uses="""family camping | 一家人露营; music festivals | 音乐节; bikepacking | 骑行露营
            a night above the tree line | 高海拔过夜; the back garden | 院子里搭着玩; beach days | 海边遮阳""",
        features="""
            colour-coded poles | 彩色帐杆
            + lets a child pitch it | 小孩都会搭
            taped seams | 压胶缝线
            + stayed dry through a whole night of rain | 下一夜雨里面还是干的
            - peel after two seasons | 两季之后会起皮
            large porch | 大前厅
            + shelters boots and a stove | 鞋子炉子都放得下
            - flaps in strong wind | 大风天会哗哗响
            mesh ceiling | 纱网顶
            + opens up the stars | 躺着看星星
            - lets the cold in by morning | 凌晨有点冷
        """,
        said="""
            + goes up in ten minutes | 十分钟就搭好
            + stood firm in a storm | 大风也稳得住
            + packs down smaller than a sleeping bag | 收起来比睡袋还小
            - gathers condensation on the inside | 内壁有水汽
            - leaves no room for luggage | 放了人就放不下行李
            - came with pegs that bend | 地钉一敲就弯
        """,
        goes_with="sleeping_bag headlamp camping_chair power_bank",
    ),
    kind(
        "sleeping_bag",
        "sleeping bag",
        "睡袋",
        "条",
        group="Camping | 露营",
        price=(30, 210),
        materials="down polyester nylon fleece",
        specs=["comfort limit | 舒适温度 = -10 -5 0 5 10 °C", "weight | 重量 = 0.7 0.9 1.3 1.8 kg"],
        parts="hood | 头套; zip | 拉链; foot box | 脚部; draught collar | 防风领; stuff sack | 收纳袋",
        uses="""autumn camps | 秋天露营; hut tours | 徒步住山屋; sleeping in the car | 车里过夜
            office naps | 办公室午休; children's sleepovers | 孩子夏令营; festivals | 音乐节""",
        features="""
            two-way zip | 双向拉链
            + lets the feet cool off | 脚热了可以拉开
            - bites the lining | 容易夹住内衬
            draught collar | 防风颈圈
            + seals in the warmth | 热气跑不出去
            compression sack | 压缩袋
            + shrinks it to the size of a melon | 压缩完像个西瓜
            - takes all my strength | 压起来很费力
            joinable design | 可拼接
            + makes one big bag for two | 两个可以拼成双人
        """,
        said="""
            + kept me warm below freezing | 零下也不冷
            + gives shoulders room to turn | 翻身不紧
            + lofts up within minutes | 几分钟就蓬起来
            - feels narrow at the knees | 膝盖处有点窄
            - promises more degrees than it keeps | 温标有点虚
        """,
        goes_with="tent headlamp pillow camping_chair",
    ),
    kind(
        "yoga_mat",
        "yoga mat / exercise mat",
        "瑜伽垫 / 健身垫",
        "张",
        group="Fitness | 健身",
        price=(12, 85),
        materials="tpe rubber cotton jute",
        specs=["thickness | 厚度 = 3 5 6 8 mm", "length | 长度 = 173 183 200 cm"],
        parts="surface | 表面; underside | 底面; alignment lines | 体位线; strap | 背带; edge | 边缘",
        uses="""morning stretches | 早上拉伸; hot yoga | 高温瑜伽; pilates | 练普拉提
            push-ups | 做俯卧撑; physiotherapy | 康复训练; meditation | 打坐""",
        features="""
            alignment lines | 体位线
            + show where the hands belong | 手脚位置一目了然
            textured grip | 防滑纹理
            + holds even sweaty palms | 出汗也不滑
            - catches every hair | 容易粘头发
            carrying strap | 背带
            + turns into a stretching band | 还能当拉伸带
            closed-cell surface | 闭孔表层
            + wipes dry in seconds | 一擦就干
            - feels slick when new | 新的时候有点滑
        """,
        said="""
            + spares the knees on hard floors | 跪着也不疼
            + lies flat straight away | 打开就平
            + rolls up tight | 卷起来很小
            - smells for the first week | 第一周有味道
            - stretches in downward dog | 下犬式会被拉长
            - dents under a chair | 椅子压了有坑
        """,
        goes_with="dumbbells smart_watch socks",
    ),
    kind(
        "dumbbells",
        "dumbbells / weights",
        "哑铃 / 包胶哑铃",
        "对",
        group="Fitness | 健身",
        price=(18, 160),
        plural=True,
        materials="cast_iron rubber stainless_steel",
        specs=["weight | 重量 = 2 3 5 8 12 kg"],
        parts="grip | 握把; coating | 包胶; ends | 两端; collar | 卡扣; stand | 底座",
        uses="""arm workouts | 练手臂; home training | 居家锻炼; rehabilitation | 康复训练
            aerobics | 跳操; shoulder presses | 推肩; lunges | 做弓步蹲""",
        features="""
            hexagonal ends | 六角防滚
            + stay where you put them | 放地上不会滚
            knurled grip | 滚花握把
            + holds fast with sweaty hands | 手出汗也握得住
            - leaves calluses | 会磨出茧
            quick-change dial | 快速调节
            + replaces a whole rack | 一副顶一排
            - rattles during swings | 甩动的时候会响
            soft coating | 软包胶
            + protects the parquet | 不砸坏地板
        """,
        said="""
            + feels balanced in both hands | 两只手重量均匀
            + stores under the sofa | 放沙发底下就行
            + weighs exactly what it says | 重量很准
            - smells like a car tyre | 味道像轮胎
            - was delivered in a torn box | 箱子都破了
            - is too thick for small hands | 手小握不住
        """,
        goes_with="yoga_mat smart_watch tshirt",
    ),
    kind(
        "trekking_poles",
        "trekking poles / walking poles",
        "登山杖 / 徒步杖",
        "副",
        group="Hiking | 徒步",
        price=(18, 120),
        plural=True,
        materials="carbon_fibre aluminium titanium",
        specs=["length | 长度 = 110 120 130 135 cm", "weight | 重量 = 180 210 245 270 g"],
        parts="grips | 握把; wrist straps | 腕带; tips | 杖尖; locks | 锁扣; baskets | 泥托",
        uses="""steep descents | 下陡坡; bad knees | 膝盖不好; river crossings | 过溪
            snow walks | 雪地徒步; pilgrim routes | 长线徒步; nordic walking | 健走""",
        features="""
            cork grips | 软木握把
            + soak up the sweat | 吸汗不滑
            - crumble at the edge | 边上会掉渣
            flick locks | 外锁
            + adjust with gloves on | 戴手套也能调
            - loosen after an hour | 走一小时会松
            shock absorber | 避震弹簧
            + softens the way down | 下山很省力
            - squeaks with each step | 每一步都吱吱响
            folding sections | 折叠款
            + fit inside a carry-on | 放得进登机箱
        """,
        said="""
            + took the load off my knees | 膝盖轻松多了
            + held me on wet rock | 湿石头上也撑得住
            + weighs almost nothing | 几乎没有重量
            - sinks into soft ground | 软地会陷进去
            - slips a notch under full weight | 全力压会缩一截
        """,
        goes_with="down_jacket headlamp backpack thermos",
    ),
    kind(
        "cycling_helmet",
        "cycling helmet / bike helmet",
        "骑行头盔 / 自行车头盔",
        "顶",
        group="Cycling | 骑行",
        price=(22, 150),
        materials="polycarbonate abs carbon_fibre",
        specs=[
            "head size | 头围 = 52-56 cm | 52-56厘米, 55-59 cm | 55-59厘米, 58-62 cm | 58-62厘米",
            "weight | 重量 = 230 260 290 340 g",
        ],
        parts="chin strap | 下颌带; dial | 旋钮; vents | 通风孔; visor | 帽檐; padding | 内衬",
        uses="""riding to work | 骑车上班; road races | 公路赛; the school run | 接送孩子
            mountain trails | 骑林道; scooters | 骑电动车; touring | 长途骑行""",
        features="""
            magnetic buckle | 磁吸扣
            + closes with one finger | 一只手就能扣
            rear light | 尾灯
            + keeps lorries at a distance | 晚上大车都躲着走
            - switches on in the bag | 放包里会误开
            adjustment dial | 旋钮调节
            + tightens in a second | 一拧就合适
            - digs into the back of the head | 后脑勺有点硌
            removable visor | 可拆风镜
            + spares the eyes from flies | 不怕飞虫进眼睛
            - fogs at red lights | 等红灯会起雾
        """,
        said="""
            + sits light for hours | 戴几小时也不重
            + lets plenty of air through | 通风很好
            + saved my head last week | 上周摔车真的救了我
            - whistles at speed | 骑快了有风声
            - makes my head look like a mushroom | 戴上像蘑菇头
            - runs small | 偏小
        """,
        goes_with="headlamp socks backpack",
    ),
    kind(
        "badminton_racket",
        "badminton racket / racket",
        "羽毛球拍 / 球拍",
        "支",
        group="Ball Sports | 球类",
        price=(18, 180),
        materials="carbon_fibre aluminium titanium",
        specs=[
            "weight | 重量 = 72 78 83 88 g",
            "string tension | 穿线磅数 = 22 lb | 22磅, 24 lb | 24磅, 26 lb | 26磅, 28 lb | 28磅",
        ],
        parts="frame | 拍框; shaft | 中杆; grip | 手胶; strings | 拍线; cone | 锥盖",
        uses="""club evenings | 球馆约球; doubles | 打双打; the park with children | 陪孩子在公园打
            first lessons | 新手学球; company tournaments | 单位比赛; smashing | 杀球""",
        features="""
            box frame | 盒式拍框
            + stays stable on hard smashes | 杀球很稳
            - feels slow at the net | 网前有点慢
            slim shaft | 纤细中杆
            + whips through the air | 挥起来很快
            - needs good timing | 对发力要求高
            pre-strung bed | 出厂穿线
            + plays well from the packet | 拿到就能打
            - loses tension in weeks | 几周就掉磅
            full cover | 全包拍套
            + protects the whole head | 保护很到位
        """,
        said="""
            + forgives late swings | 容错率高
            + gives a crisp sound | 击球声音清脆
            + turns quickly from defence to attack | 攻防转换很快
            - shakes the elbow | 有点震手
            - chips at the first clash | 碰一下就掉漆
        """,
        goes_with="running_shoes socks tshirt",
    ),
    kind(
        "fishing_rod",
        "fishing rod",
        "鱼竿 / 钓竿",
        "根",
        group="Fishing | 垂钓",
        price=(20, 190),
        materials="carbon_fibre bamboo titanium",
        specs=[
            "length | 长度 = 2.1 3.6 4.5 5.4 m",
            "sections | 节数 = 2 parts | 2节, 4 parts | 4节, 5 parts | 5节, 8 parts | 8节",
        ],
        parts="tip | 竿梢; guides | 导环; reel seat | 轮座; grip | 握把; sections | 竿节",
        uses="""carp ponds | 钓鲤鱼; sea walls | 海钓; early mornings by the river | 清晨河边
            ice fishing | 冰钓; trips with grandfather | 陪爷爷钓鱼; trout streams | 溪流路亚""",
        features="""
            sensitive tip | 灵敏竿梢
            + shows the shyest bite | 小口也看得清
            - breaks if you close the door on it | 车门一夹就断
            cork handle | 软木手柄
            + stays warm in winter | 冬天不冰手
            ceramic guides | 陶瓷导环
            + let the line run freely | 出线很顺
            telescopic sections | 伸缩竿节
            + slide into a short tube | 收起来很短
            - jam with sand | 进沙就卡
        """,
        said="""
            + casts further than I deserve | 抛投很远
            + lifted a five-kilo carp | 五公斤的鲤鱼也拉得动
            + balances well with a small reel | 配小轮很平衡
            - tires the arm by noon | 到中午手酸
            - smells of glue when new | 新的有胶水味
        """,
        goes_with="camping_chair thermos headlamp",
    ),
    kind(
        "headlamp",
        "headlamp / head torch",
        "头灯 / 户外头灯",
        "个",
        group="Hiking | 徒步",
        price=(12, 75),
        materials="abs aluminium silicone",
        specs=["brightness | 亮度 = 200 350 500 800 lm", "battery life | 续航 = 4 8 12 40 hours"],
        parts="strap | 头带; lens | 灯头; battery box | 电池仓; switch | 开关; hinge | 转轴",
        uses="""night runs | 夜跑; changing a tyre | 夜里换轮胎; cooking at camp | 营地做饭
            caves | 探洞; power cuts | 停电; reading in the tent | 帐篷里看书""",
        features="""
            red light mode | 红光模式
            + leaves your neighbours asleep | 不晃别人眼睛
            wave sensor | 挥手感应
            + turns on with full hands | 手上拿东西也能开
            - reacts to branches | 树枝晃一下就灭
            tilting head | 可调角度
            + points at the path or the pot | 想照哪里照哪里
            rechargeable cell | 可充电电池
            + drinks from any power bank | 充电宝就能充
            - fades quickly in frost | 天冷掉电快
        """,
        said="""
            + lights the trail fifty metres ahead | 前面五十米都照得亮
            + sits still while running | 跑步不晃
            + weighs no more than an egg | 轻得像个鸡蛋
            - digs into the forehead | 额头会勒出印
            - switches itself on in the bag | 放包里自己亮了
        """,
        goes_with="tent trekking_poles cycling_helmet power_bank",
    ),
    kind(
        "camping_chair",
        "camping chair / folding chair",
        "露营椅 / 折叠椅",
        "把",
        group="Camping | 露营",
        price=(18, 110),
        materials="aluminium canvas nylon oak",
        specs=["load | 承重 = 100 120 150 kg", "weight | 重量 = 0.9 1.6 2.4 3.8 kg"],
        parts="frame | 支架; seat | 坐布; armrests | 扶手; feet | 脚垫; carry bag | 收纳袋",
        uses="""fishing | 钓鱼; picnics | 野餐; balcony evenings | 阳台乘凉; watching the match | 看球赛
            film nights in the garden | 院子里看电影; sketching outside | 户外写生""",
        features="""
            cup holder | 杯架
            + takes a large bottle | 大水杯也放得下
            - hangs too low | 位置有点低
            high backrest | 高靠背
            + lets the head rest | 头也能靠着
            one-pull folding | 一拉即收
            + closes in three seconds | 三秒收好
            - pinches careless fingers | 不小心会夹手
            wide feet | 防陷脚垫
            + stay on top of sand | 沙地也不陷
        """,
        said="""
            + carries my hundred kilos calmly | 一百公斤坐着也稳
            + folds to the size of an umbrella | 收起来像把伞
            + comes up to a good height for the knees | 高度起身不费劲
            - wobbles on pebbles | 石子地会晃
            - sags after a summer | 一个夏天坐布就松了
        """,
        goes_with="tent thermos speaker fishing_rod",
    ),
)
