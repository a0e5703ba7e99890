# ruff: noqa: E501 - a Chinese character counts as two columns
"""Kitchen and dining."""

from shoplm.simulation.lexicon.notation import kind

KINDS = (
    kind(
        "frying_pan",
        "frying pan / skillet",
        "平底锅 / 煎锅",
        "口",
        group="Cookware | 锅具",
        price=(18, 95),
        materials="cast_iron carbon_steel aluminium stainless_steel",
        specs=["diameter | 直径 = 20 24 26 28 30 cm"],
        parts="handle | 手柄; rim | 锅沿; base | 锅底; rivets | 铆钉",
        uses="""frying eggs | 煎鸡蛋; searing steak | 煎牛排; making pancakes | 摊薄饼
            browning dumplings | 煎饺子; toasting spices | 焙香料; stir-frying greens | 炒青菜""",
        features="""
            non-stick coating | 不粘涂层
            + lets eggs slide straight off | 煎蛋一滑就出来
            + needs only a drop of oil | 放一点点油就够
            - wears thin after a year of daily use | 天天用一年左右会变薄
            heat-proof handle | 防烫手柄
            + stays cool over a high flame | 大火也不烫手
            - wobbles slightly | 有一点点晃
            induction base | 电磁炉通用锅底
            + works on every hob in the house | 什么炉子都能用
            - hums on the highest setting | 开最大火会有嗡嗡声
            pouring lip | 导流嘴
            + keeps fat from running down the side | 倒油不会顺着锅边流
        """,
        said="""
            + heats evenly from edge to edge | 受热很均匀
            + sits flat on the hob | 放在灶上很平稳
            + cleans up with hot water alone | 热水一冲就干净
            - spits more than a deep pan | 比深锅更容易溅油
            - takes a while to get hot | 预热要等一会儿
        """,
        goes_with="chefs_knife cutting_board stockpot bowl_set",
    ),
    kind(
        "stockpot",
        "stockpot / soup pot",
        "汤锅 / 炖锅",
        "口",
        group="Cookware | 锅具",
        price=(25, 130),
        materials="stainless_steel enamel cast_iron clay",
        specs=["capacity | 容量 = 3 4.5 6 8 L"],
        parts="lid | 锅盖; side handles | 双耳; base | 锅底; steam vent | 出气孔",
        uses="""simmering bone broth | 熬骨头汤; cooking noodles | 煮面条; stewing beef | 炖牛肉
            boiling dumplings | 煮饺子; slow-cooking beans | 慢炖豆子; making jam | 熬果酱""",
        features="""
            glass lid | 玻璃锅盖
            + lets you watch the broth without lifting it | 不掀盖就能看到汤
            - fogs up at once | 一下子就蒙上水汽
            triple base | 三层复合底
            + keeps porridge from catching | 熬粥不糊底
            + holds a gentle simmer | 小火慢炖很稳
            graduated inside | 内壁刻度
            + saves me the measuring jug | 不用另外量水
            wide side handles | 加宽双耳
            + gives a safe grip with thick gloves | 戴着厚手套也端得稳
            - gets hot over gas | 用明火会烫
        """,
        said="""
            + feeds a whole family with one cooking | 一锅够全家人吃
            + keeps soup warm long after the flame is off | 关火很久汤还是热的
            - boils over if you fill it to the top | 装太满容易溢锅
            - takes up half the sink | 洗的时候占半个水槽
            - needs time to come to the boil | 烧开要等比较久
        """,
        goes_with="bowl_set chefs_knife food_container frying_pan",
    ),
    kind(
        "chefs_knife",
        "chef's knife / kitchen knife",
        "主厨刀 / 菜刀",
        "把",
        group="Kitchen Tools | 厨房工具",
        price=(15, 120),
        materials="carbon_steel stainless_steel",
        specs=["blade length | 刀刃长度 = 16 18 20 21 cm", "weight | 重量 = 160 190 210 260 g"],
        parts="blade | 刀刃; spine | 刀背; handle | 刀柄; bolster | 刀肩; tip | 刀尖",
        uses="""slicing onions | 切洋葱; chopping herbs | 切香菜; cutting meat | 切肉
            filleting fish | 片鱼; shredding cabbage | 切包菜丝; dicing carrots | 切胡萝卜丁""",
        features="""
            hand-ground edge | 手工开刃
            + glides through tomatoes | 切番茄毫不费力
            + keeps sharp for months | 几个月都很锋利
            - chips on frozen food | 切冻肉容易崩口
            full tang | 通体龙骨
            + puts the balance right at the finger | 重心刚好在手指处
            hammered finish | 锤纹刀面
            + lets potato slices fall away | 切土豆不粘刀
            - holds water in the dents | 凹纹里容易存水
            non-slip grip | 防滑刀柄
            + sits safely in a wet hand | 手湿也握得稳
        """,
        said="""
            + makes short work of a week's vegetables | 切一周的菜也很快
            + feels balanced in the hand | 拿在手里平衡感很好
            - arrives sharper than a beginner needs | 对新手来说太锋利
            - has to be dried straight after washing | 洗完必须马上擦干
            - feels heavy after an hour | 用久了手腕有点酸
        """,
        goes_with="cutting_board frying_pan stockpot",
    ),
    kind(
        "cutting_board",
        "cutting board / chopping board",
        "砧板 / 菜板",
        "块",
        group="Kitchen Tools | 厨房工具",
        price=(9, 60),
        materials="bamboo beech walnut polypropylene",
        specs=["length | 长度 = 30 36 40 45 cm", "thickness | 厚度 = 1.5 2 3 cm"],
        parts="edge | 边缘; groove | 沟槽; surface | 板面; hanging hole | 挂孔",
        uses="""rolling out dough | 擀面; cutting fruit | 切水果; carving a roast | 切烤肉
            serving cheese | 摆奶酪; kneading dumpling skins | 做饺子皮; cutting bread | 切面包""",
        features="""
            juice groove | 集液槽
            + catches every drop of melon juice | 切西瓜汁水不外流
            - collects crumbs | 容易积碎屑
            rubber feet | 防滑脚垫
            + keeps it from walking across the counter | 切菜的时候不乱跑
            double-sided design | 双面设计
            + separates raw and cooked food | 生熟分开
            hanging ring | 挂环
            + dries it off the counter | 挂起来晾干不占地方
        """,
        said="""
            + protects the edge of my knives | 不伤刀
            + gives plenty of room for a whole chicken | 剁一整只鸡也够大
            - shows knife marks after a month | 一个月就有刀痕
            - warps if one side stays wet | 单面受潮会变形
            - barely fits into the sink | 水槽里放不太下
        """,
        goes_with="chefs_knife frying_pan food_container",
    ),
    kind(
        "thermos",
        "vacuum flask / thermos",
        "保温杯 / 保温壶",
        "个",
        group="Tea & Coffee | 茶饮水具",
        price=(12, 55),
        materials="stainless_steel titanium glass",
        specs=[
            "capacity | 容量 = 350 500 750 1000 ml",
            "heat retention | 保温时长 = 6 8 12 24 hours",
        ],
        parts="lid | 杯盖; mouth | 杯口; seal | 密封圈; cup wall | 杯壁; strap | 提绳",
        uses="""carrying coffee to work | 带咖啡上班; brewing green tea | 泡绿茶
            hiking in the cold | 冬天爬山; keeping soup warm | 装热汤
            late shifts | 上夜班; school runs | 接送孩子""",
        features="""
            one-hand lid | 单手弹盖
            + opens while the other hand holds the wheel | 开车也能单手打开
            - snaps back rather hard | 弹开的力度有点大
            tea strainer | 茶隔
            + keeps leaves out of your mouth | 喝不到茶叶渣
            temperature display | 温度显示
            + tells you when it is safe to drink | 一看就知道烫不烫
            - runs flat without warning | 没电了也不提醒
            leak-proof seal | 防漏密封圈
            + never leaked upside down in my bag | 倒放在包里也不漏
            - holds on to the smell of coffee | 装过咖啡有味道
        """,
        said="""
            + keeps water hot until the evening | 早上装的水晚上还是热的
            + fits the cup holder of the car | 放车里杯架刚刚好
            + survives falls with only a dent | 摔了几次只是有点凹
            - smells of metal on the first day | 第一天有点金属味
            - does not fit under the office tap | 办公室水龙头下放不进去
        """,
        goes_with="backpack teapot camping_chair trekking_poles",
    ),
    kind(
        "teapot",
        "teapot / tea set",
        "茶壶 / 茶具",
        "套",
        group="Tea & Coffee | 茶饮水具",
        price=(14, 110),
        materials="clay porcelain stoneware glass cast_iron bone_china",
        specs=["capacity | 容量 = 200 350 600 900 ml", "set size | 件数 = 1 3 5 7 pieces"],
        parts="spout | 壶嘴; lid | 壶盖; handle | 壶把; strainer | 滤网; cups | 茶杯",
        uses="""brewing oolong | 泡乌龙; afternoon tea | 喝下午茶; serving guests | 招待客人
            steeping flower tea | 泡花茶; quiet evenings | 晚上静一静; making fruit tea | 煮水果茶""",
        features="""
            fine strainer | 细孔滤网
            + holds back the smallest leaves | 碎茶叶也滤得住
            - clogs with rooibos | 茶末多了会堵
            side handle | 侧把
            + pours with a turn of the wrist | 手腕一转就能倒
            matching tray | 同款茶盘
            + catches what spills | 洒出来的水都接住了
            - takes up a lot of the table | 有点占桌面
            wooden lid | 木盖
            + never burns the fingers | 开盖不烫手
        """,
        said="""
            + pours without a drip | 断水干脆不滴漏
            + makes even plain tea feel special | 喝白开水都有仪式感
            + arrived packed like an egg | 包装得像鸡蛋一样严实
            - holds less than I had hoped | 容量比想象中小
            - stains if tea stands overnight | 茶水过夜会留渍
        """,
        goes_with="kettle thermos vase bowl_set",
    ),
    kind(
        "bowl_set",
        "bowl set / rice bowls",
        "碗具套装 / 饭碗",
        "套",
        group="Tableware | 餐具",
        price=(12, 80),
        materials="porcelain stoneware bone_china enamel bamboo",
        specs=["diameter | 口径 = 11 13 15 18 cm", "set size | 件数 = 2 4 6 10 pieces"],
        parts="rim | 碗口; foot | 碗底; glaze | 釉面; inside | 内壁",
        uses="""noodle soup | 吃汤面; breakfast porridge | 喝粥; salads | 拌沙拉
            family dinners | 一家人吃饭; serving snacks | 装零食; steaming eggs | 蒸蛋羹""",
        features="""
            raised foot | 高脚碗底
            + keeps hot soup away from the fingers | 端热汤不烫手
            reactive glaze | 窑变釉
            + shimmers differently in every light | 不同光线下颜色不一样
            - differs from the photo | 颜色跟图片有差别
            stackable shape | 可叠放设计
            + saves a whole shelf | 省出一层柜子
            gift box | 礼盒包装
            + spared me the wrapping | 送人不用再包装
        """,
        said="""
            + feels good in both hands | 捧在手里很舒服
            + goes into the microwave without trouble | 进微波炉没问题
            - scratches under metal spoons | 铁勺会留划痕
            - sounds dull when tapped | 敲起来声音有点闷
            - came with one bowl cracked | 收到的时候有一个裂了
        """,
        goes_with="stockpot rice_cooker teapot",
    ),
    kind(
        "kettle",
        "electric kettle / kettle",
        "电水壶 / 烧水壶",
        "把",
        group="Small Appliances | 厨房小电",
        price=(16, 75),
        materials="stainless_steel glass enamel",
        specs=["capacity | 容量 = 0.8 1.2 1.5 1.7 L", "power | 功率 = 1000 1500 1800 W"],
        parts="spout | 壶嘴; base | 底座; switch | 开关; lid | 壶盖; cord | 电源线",
        uses="""making tea at the office | 办公室泡茶; filling hot-water bottles | 灌热水袋
            baby formula | 冲奶粉; instant noodles | 泡面; pour-over coffee | 手冲咖啡
            morning coffee | 早上冲咖啡""",
        features="""
            gooseneck spout | 鹅颈壶嘴
            + gives a thin, steady stream | 出水细而稳
            - pours too slowly for a big pot | 倒一大壶水太慢
            keep-warm function | 保温功能
            + holds eighty degrees for an hour | 能保温八十度一小时
            dry-boil protection | 防干烧保护
            + switches itself off when empty | 没水自动断电
            double wall | 双层壶身
            + stays cool to the touch | 外壁摸着不烫
            - makes it heavier | 因此重了一些
        """,
        said="""
            + boils a litre in four minutes | 四分钟烧开一升水
            + runs quieter than the old one | 比旧的安静多了
            - roars like an engine | 烧水声音像发动机
            - gathers limescale within weeks | 几周就有水垢
            - has a short cord | 电源线有点短
        """,
        goes_with="teapot thermos coffee_grinder",
    ),
    kind(
        "rice_cooker",
        "rice cooker",
        "电饭煲 / 电饭锅",
        "台",
        group="Small Appliances | 厨房小电",
        price=(35, 160),
        materials="stainless_steel aluminium abs",
        specs=["capacity | 容量 = 1.6 3 4 5 L", "power | 功率 = 350 500 860 W"],
        parts="inner pot | 内胆; lid | 上盖; panel | 面板; steam valve | 蒸汽阀; power cord | 电源线",
        uses="""cooking rice for two | 两个人煮饭; breakfast porridge | 早上煮粥; baking a cake | 做蛋糕
            steaming vegetables | 蒸菜; braising ribs | 焖排骨; making yoghurt | 做酸奶""",
        features="""
            delay timer | 预约定时
            + has porridge ready when I wake up | 早上起来粥就好了
            - forgets the time after a power cut | 停电之后时间就没了
            thick inner pot | 加厚内胆
            + cooks each grain loose and shiny | 煮出来粒粒分明
            - scratches under a metal scoop | 用铁勺会刮花
            removable lid plate | 可拆内盖
            + rinses clean under the tap | 拆下来一冲就干净
            low-sugar basket | 沥糖蒸笼
            + makes lighter rice for my father | 给爸爸煮的饭更清淡
            - leaves the rice rather dry | 煮出来偏干
        """,
        said="""
            + cooks perfect rice at the first try | 第一次煮就很好吃
            + keeps dinner warm until everyone is home | 等家人回来饭还是热的
            - steams up the wall behind it | 蒸汽会熏到墙
            - takes fifty minutes for one pot | 煮一锅要五十分钟
            - beeps far too loudly | 提示音太响了
        """,
        goes_with="bowl_set food_container stockpot",
    ),
    kind(
        "food_container",
        "food container / lunch box",
        "保鲜盒 / 饭盒",
        "个",
        group="Storage | 储物保鲜",
        price=(7, 40),
        materials="glass polypropylene stainless_steel silicone",
        specs=["capacity | 容量 = 400 640 850 1200 ml", "set size | 件数 = 1 3 5 pieces"],
        parts="lid | 盖子; clips | 卡扣; seal | 密封条; divider | 隔板",
        uses="""packing lunch | 带午饭; freezing leftovers | 冻剩菜; storing cut fruit | 装切好的水果
            marinating meat | 腌肉; keeping kimchi | 放泡菜; meal prep on Sundays | 周末备餐""",
        features="""
            four-clip lid | 四面锁扣盖
            + carries soup without a drop lost | 装汤也不洒
            - takes strong thumbs | 扣起来有点费力
            removable divider | 可拆隔板
            + keeps rice and sauce apart | 饭菜不串味
            steam vent | 透气阀
            + lets you heat it with the lid on | 加热不用开盖
            insulated sleeve | 保温套
            + still feels warm at noon | 到中午还是温的
            - comes apart at the zip | 拉链容易坏
        """,
        said="""
            + stacks neatly in the fridge | 冰箱里叠放很整齐
            + shuts with a clean click | 咔哒一声就盖严了
            - smells of curry for days | 装过咖喱味道好几天
            - loses its shape in the dishwasher | 进洗碗机会变形
            - holds a little less than stated | 实际容量比标的小一点
        """,
        goes_with="rice_cooker backpack thermos",
    ),
    kind(
        "coffee_grinder",
        "coffee grinder / hand grinder",
        "磨豆机 / 手摇磨豆机",
        "台",
        group="Tea & Coffee | 茶饮水具",
        price=(20, 140),
        materials="stainless_steel aluminium walnut brass",
        specs=[
            "bean capacity | 豆仓容量 = 20 25 30 60 g",
            "grind settings | 研磨档位 = 12 steps | 12档, 24 steps | 24档, 36 steps | 36档",
        ],
        parts="crank | 摇把; burr | 刀盘; bean hopper | 豆仓; jar | 粉仓; dial | 刻度盘",
        uses="""pour-over coffee | 手冲咖啡; espresso | 做意式浓缩; camping mornings | 露营的早晨
            cold brew | 做冷萃; grinding pepper | 磨胡椒; weekend brunch | 周末早午餐""",
        features="""
            conical burr | 锥形刀盘
            + grinds evenly with hardly any dust | 研磨均匀细粉少
            - squeaks when dry | 干磨会吱吱响
            folding crank | 折叠摇把
            + slips into a side pocket | 能塞进侧袋
            stepless dial | 无级调节
            + finds the right grind to a hair | 粗细可以微调
            - shifts by itself on the road | 路上颠簸会跑刻度
            catch jar | 防静电粉仓
            + lets no powder cling to the walls | 粉不粘壁
        """,
        said="""
            + fills the flat with the smell of fresh coffee | 一磨满屋子都是咖啡香
            + takes less than a minute for a cup | 一分钟不到磨一杯
            - makes the arm tired with light roasts | 磨浅烘豆手很酸
            - needs brushing out every week | 每周都要刷一次
        """,
        goes_with="kettle thermos teapot camping_chair",
    ),
)
