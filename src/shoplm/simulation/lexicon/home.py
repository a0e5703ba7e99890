# ruff: noqa: E501 - a Chinese character counts as two columns
"""Home and furniture."""

from shoplm.simulation.lexicon.notation import kind

KINDS = (
    kind(
        "bookshelf",
        "bookshelf / bookcase",
        "书架 / 书柜",
        "个",
        group="Furniture | 家具",
        price=(35, 240),
        materials="oak pine bamboo walnut stainless_steel",
        specs=["height | 高度 = 90 120 150 180 cm", "width | 宽度 = 40 60 80 100 cm"],
        parts="shelves | 层板; back panel | 背板; feet | 柜脚; screws | 螺丝; frame | 框架",
        uses="""art books | 放画册; children's toys | 放孩子的玩具; dividing a room | 当隔断
            plants and photos | 摆绿植和照片; a home library | 做家庭图书角; storing files | 放文件""",
        features="""
            adjustable shelves | 可调层板
            + fit the tallest atlas | 再高的书也放得下
            - leave rows of holes in view | 侧面一排孔不好看
            anti-tip strap | 防倒固定带
            + calms a parent's nerves | 家里有孩子也放心
            rounded corners | 圆角设计
            + spare the shins of running children | 孩子跑来跑去也不怕磕
            open back | 无背板设计
            + lets the light through | 透光不压抑
            - sways sideways when loaded | 装满会左右晃
        """,
        said="""
            + stood in half an hour with one screwdriver | 一把螺丝刀半小时装好
            + carries hardbacks without bending | 放精装书也不弯
            + looks at home in any corner | 放哪个角落都合适
            - smells of varnish for a week | 有一周的漆味
            - came with a screw missing | 少了一颗螺丝
            - leans on uneven floors | 地不平会歪
        """,
        goes_with="floor_lamp storage_box vase desk_lamp",
    ),
    kind(
        "floor_lamp",
        "floor lamp / standing lamp",
        "落地灯 / 立式灯",
        "盏",
        group="Lighting | 灯具",
        price=(30, 180),
        materials="brass stainless_steel oak rattan linen",
        specs=["height | 高度 = 140 150 160 175 cm", "power | 功率 = 9 12 18 24 W"],
        parts="shade | 灯罩; stem | 灯杆; base | 底座; foot switch | 脚踏开关; cord | 电线",
        uses="""reading corners | 阅读角; film evenings | 晚上看电影; dark hallways | 走廊照明
            feeding a baby at night | 夜里喂奶; behind the sofa | 放沙发后面; softening a room | 营造氛围""",
        features="""
            dimmable light | 无极调光
            + goes down to a candle's glow | 能调到像烛光一样
            - buzzes at the lowest step | 最低档有电流声
            fabric shade | 布艺灯罩
            + spreads a soft, warm circle | 光线柔和
            - shows dust from below | 里面落灰看得见
            weighted base | 加重底座
            + shrugs off the cat | 猫撞也不倒
            swivel head | 可转灯头
            + points where you need it | 想照哪里照哪里
        """,
        said="""
            + makes the evening feel slower | 晚上一开就很放松
            + went together without tools | 不用工具就能装
            + takes hardly any floor | 几乎不占地方
            - leans to one side | 灯杆有点歪
            - hides the switch behind the sofa | 开关够不着
            - attracts every moth | 夏天招飞虫
        """,
        goes_with="bookshelf rug dining_chair curtains",
    ),
    kind(
        "curtains",
        "curtains",
        "窗帘 / 遮光帘",
        "副",
        group="Home Textiles | 家纺",
        price=(18, 120),
        plural=True,
        materials="linen cotton polyester microfibre",
        specs=["drop | 帘高 = 160 210 240 270 cm", "width | 帘宽 = 130 150 200 cm"],
        parts="rings | 挂环; hem | 下摆; lining | 衬布; heading tape | 布带; pleats | 褶皱",
        uses="""bedrooms facing the street | 临街卧室; late sleepers | 睡懒觉
            the nursery | 宝宝房; hiding a wardrobe | 挡衣柜; renting flats | 出租房改造
            sunny studies | 西晒书房""",
        features="""
            blackout lining | 全遮光涂层
            + turns noon into midnight | 中午拉上像半夜
            - smells of plastic when the sun hits | 太阳晒着有味道
            eyelet heading | 打孔款式
            + glides along the pole | 拉起来很顺
            thermal weave | 保温织法
            + keeps the draught out in winter | 冬天挡风
            hook-on gauze | 可拆纱帘
            + filters the light softly | 光线很柔和
            - snags on the hooks | 纱容易勾丝
        """,
        said="""
            + hangs in even folds | 垂下来褶子很匀
            + dampens the traffic noise | 车声小了不少
            + washes without shrinking | 机洗不缩水
            - needs steaming before you hang it | 挂之前要熨一下
            - ends a hand above the floor | 离地还差一截
            - lets light in at the sides | 两边有点漏光
        """,
        goes_with="rug duvet_set floor_lamp",
    ),
    kind(
        "duvet_set",
        "duvet cover set / bedding set",
        "四件套 / 床品套件",
        "套",
        group="Home Textiles | 家纺",
        price=(30, 190),
        materials="cotton linen silk microfibre",
        specs=[
            "bed size | 适用床宽 = 120 150 180 cm",
            "thread count | 支数 = 200-thread | 200支, 300-thread | 300支, 400-thread | 400支",
        ],
        parts="buttons | 扣子; corner ties | 内角绑带; zip | 拉链; pillowcases | 枕套; sheet | 床单",
        uses="""hot sleepers | 怕热的人; guest rooms | 客房; a new mattress | 换新床垫
            winter nights | 冬天睡觉; sensitive skin | 敏感皮肤; wedding beds | 婚床""",
        features="""
            corner ties | 四角绑带
            + stop the duvet bunching up | 被芯不乱跑
            hidden zip | 隐形拉链
            + closes in one pull | 一拉就好
            - jams on the fabric | 容易夹布
            stone-washed finish | 水洗工艺
            + needs no ironing at all | 完全不用熨
            - fades a little each time | 每次洗都掉一点色
            deep pockets on the sheet | 加高床笠
            + grips a thick mattress | 厚床垫也包得住
        """,
        said="""
            + feels like a good hotel | 有酒店的感觉
            + breathes on warm nights | 天热也不闷
            + matches the photo exactly | 和图片没有色差
            - sheds lint in the dryer | 烘干会掉毛
            - slips off the mattress | 床单老是跑
            - was crumpled like paper when it came | 收到时皱得像纸
        """,
        goes_with="pillow curtains rug",
    ),
    kind(
        "pillow",
        "pillow",
        "枕头 / 枕芯",
        "个",
        group="Home Textiles | 家纺",
        price=(14, 85),
        materials="memory_foam latex down cotton",
        specs=["height | 枕高 = 8 10 12 14 cm", "length | 长度 = 40 60 74 cm"],
        parts="cover | 枕套; core | 枕芯; edge | 包边; zip | 拉链",
        uses="""side sleepers | 侧睡; stiff necks | 颈椎不好; reading in bed | 靠着看书
            office naps | 办公室午睡; long-haul flights | 长途飞行; snoring partners | 打呼的另一半""",
        features="""
            contoured neck | 护颈曲线
            + fills the hollow under the neck | 脖子有支撑
            - takes three nights to get used to | 要适应三个晚上
            cooling cover | 凉感枕套
            + feels cool when you turn it | 翻一面就是凉的
            removable layer | 可调高度
            + lets each of us set the height | 高度可以自己调
            bamboo charcoal core | 竹炭枕芯
            + keeps smell away | 没有异味
            - looks grey through the cover | 透过枕套有点灰
        """,
        said="""
            + cured my morning headaches | 早上起来头不疼了
            + keeps its height all night | 睡一晚不塌
            + needs no second pillow | 一个就够
            - feels too firm for stomach sleepers | 趴着睡偏硬
            - smells of rubber for two days | 头两天有味道
            - is flatter than described | 比描述的扁
        """,
        goes_with="duvet_set curtains sleeping_bag",
    ),
    kind(
        "rug",
        "rug / carpet",
        "地毯 / 地垫",
        "块",
        group="Home Textiles | 家纺",
        price=(25, 230),
        materials="wool jute cotton polyester",
        specs=["length | 长度 = 120 160 200 240 cm", "pile | 绒高 = 4 8 12 25 mm"],
        parts="pile | 绒毛; backing | 底衬; fringe | 流苏; edge | 包边",
        uses="""under the coffee table | 铺茶几下; the children's room | 儿童房; cold tiles | 冰凉的瓷砖
            bedside | 床边; a reading nook | 飘窗角落; hiding an old floor | 遮旧地板""",
        features="""
            anti-slip backing | 防滑底
            + stays put on wooden floors | 木地板上也不滑
            - leaves dots on the varnish | 地板上会留印子
            hand-tufted pattern | 手工簇绒图案
            + rises under the toes | 踩上去有立体感
            stain-resistant yarn | 防污纱线
            + forgave a glass of red wine | 洒了红酒也能擦掉
            flat weave | 平织工艺
            + lets the door pass over it | 不挡门
            - wrinkles under chair legs | 椅子一拖就皱
        """,
        said="""
            + warms the whole room | 整个房间都暖了
            + hides crumbs until the weekend | 耐脏
            + lies flat after one night | 放一晚就平了
            - sheds for the first month | 第一个月掉毛
            - curls at the corners | 四个角会翘
            - looks darker than on screen | 实物颜色偏深
        """,
        goes_with="floor_lamp curtains dining_chair",
    ),
    kind(
        "dining_chair",
        "dining chair / chair",
        "餐椅 / 椅子",
        "把",
        group="Furniture | 家具",
        price=(28, 160),
        materials="beech walnut rattan faux_leather polypropylene",
        specs=["seat height | 座高 = 42 45 46 48 cm", "load | 承重 = 110 130 150 kg"],
        parts="seat | 坐面; backrest | 靠背; legs | 椅腿; cushion | 坐垫; screws | 螺丝",
        uses="""long dinners | 吃饭聊天; a home office | 居家办公; small kitchens | 小厨房
            dressing tables | 梳妆台; balcony coffee | 阳台喝咖啡; extra guests | 客人多的时候""",
        features="""
            curved backrest | 弧形靠背
            + supports the lower back | 腰有支撑
            stackable frame | 可叠放
            + vanishes into a corner | 叠起来放墙角
            - scratches the one below | 叠着会刮花下面的
            woven seat | 编织坐面
            + gives a little under the weight | 坐上去有弹性
            - prints a pattern on bare legs | 腿上会坐出印
            felt pads | 静音脚垫
            + slides without waking the baby | 挪动没有声音
        """,
        said="""
            + stays comfortable through a long meal | 坐很久也不累
            + needs only four screws | 四颗螺丝就装好
            + lifts the whole table | 整个餐桌都好看了
            - rocks on one short leg | 有一条腿短会晃
            - creaks when you lean back | 往后靠会响
            - sits too low for our table | 配我家餐桌偏矮
        """,
        goes_with="rug bowl_set vase floor_lamp",
    ),
    kind(
        "storage_box",
        "storage box / storage basket",
        "收纳箱 / 收纳筐",
        "个",
        group="Storage | 收纳",
        price=(8, 48),
        materials="polypropylene bamboo rattan felt canvas",
        specs=["capacity | 容量 = 12 25 38 66 L", "set size | 件数 = 1 2 3 4 pieces"],
        parts="lid | 盖子; handles | 提手; wheels | 滑轮; label holder | 标签框",
        uses="""winter clothes | 放冬天衣服; toys | 收玩具; under the bed | 放床底
            moving house | 搬家; laundry | 放脏衣服; magazines | 放杂志""",
        features="""
            locking lid | 锁扣盖
            + keeps moths out | 防虫防潮
            - needs both hands | 要两只手才扣得上
            folding frame | 可折叠
            + goes flat when nobody needs it | 不用的时候压扁
            - collapses on its own | 有时候自己塌下来
            clear window | 透明视窗
            + shows what is inside at a glance | 不用翻就知道放了什么
            smooth wheels | 底部滑轮
            + roll out from under the bed | 从床底一拉就出来
        """,
        said="""
            + holds four thick jumpers | 放得下四件厚毛衣
            + stacks three high without slipping | 叠三层也稳
            + ended the chaos in the hall | 玄关终于不乱了
            - bows when it is full | 装满侧面会鼓
            - arrived with a cracked corner | 收到时有个角裂了
        """,
        goes_with="bookshelf duvet_set desk_organiser",
    ),
    kind(
        "wall_clock",
        "wall clock / clock",
        "挂钟 / 时钟",
        "个",
        group="Decoration | 装饰",
        price=(12, 85),
        materials="oak walnut brass abs aluminium",
        specs=["diameter | 直径 = 20 25 30 35 cm"],
        parts="hands | 指针; dial | 表盘; frame | 边框; glass | 镜面; battery box | 电池盒",
        uses="""the kitchen wall | 厨房墙面; classrooms | 教室; bedrooms | 卧室
            above the sofa | 沙发背景墙; teaching children the time | 教孩子认时间; offices | 办公室""",
        features="""
            silent movement | 静音机芯
            + makes no sound at all | 完全听不到声音
            - loses a minute a week | 一周慢一分钟
            raised numerals | 立体数字
            + can be read from the door | 站门口也看得清
            luminous hands | 夜光指针
            + glow until morning | 夜里也看得见
            pendulum | 摆锤
            + swings hypnotically | 摆起来很有情调
            - stops if the wall is not straight | 挂不正就停
        """,
        said="""
            + keeps time to the second | 走时很准
            + hangs from a single nail | 一颗钉子就能挂
            + suits the bare wall perfectly | 空墙一下子有了重点
            - ticks loudly at night | 晚上滴答声明显
            - reflects the window | 镜面会反光
        """,
        goes_with="vase bookshelf curtains",
    ),
    kind(
        "vase",
        "vase / flower vase",
        "花瓶 / 花器",
        "只",
        group="Decoration | 装饰",
        price=(10, 75),
        materials="stoneware porcelain glass brass clay",
        specs=["height | 高度 = 15 20 26 32 cm", "mouth | 口径 = 3 5 7 9 cm"],
        parts="mouth | 瓶口; neck | 瓶颈; base | 瓶底; glaze | 釉面",
        uses="""tulips | 插郁金香; dried grasses | 插干花; a single branch | 插一枝梅
            the dining table | 摆餐桌; the entrance | 摆玄关; window sills | 摆窗台""",
        features="""
            narrow neck | 细颈设计
            + holds a single stem upright | 一枝花也立得住
            - is hard to clean inside | 里面不好洗
            matte glaze | 哑光釉
            + feels like a river stone | 摸着像鹅卵石
            - marks where water dries | 水干了有印
            thick base | 加厚瓶底
            + never tips over | 不容易倒
            hand-blown shape | 手工吹制
            + carries tiny bubbles in the wall | 里面有小气泡很灵动
        """,
        said="""
            + looks finished even without flowers | 不插花也好看
            + came wrapped in three layers | 包了三层很严实
            + keeps lilies fresh for ten days | 百合养了十天
            - leaves a ring on the wood | 桌面会留水印
            - is smaller than it looks online | 比图上小
        """,
        goes_with="dining_chair bookshelf wall_clock teapot",
    ),
)
