# ruff: noqa: E501 - a Chinese character counts as two columns
"""Office and stationery: the other department held back for zero-shot recommendation."""

from shoplm.simulation.lexicon.notation import kind

KINDS = (
    kind(
        "notebook",
        "notebook / journal",
        "笔记本 / 手账本",
        "本",
        group="Paper | 本册",
        price=(4, 35),
        materials="kraft_paper smooth_paper leather linen faux_leather",
        specs=["page count | 页数 = 96 128 192 240 pages", "format | 规格 = A4, A5, A6, B5"],
        parts="cover | 封面; spine | 书脊; ribbon | 书签带; pages | 内页; pocket | 后袋",
        uses="""lecture notes | 上课记笔记; travel diaries | 写旅行日记; meeting minutes | 开会记录
            sketching ideas | 画草图; copying poems | 抄诗; family recipes | 记菜谱""",
        features="""
            lay-flat binding | 平摊装订
            + opens flat on any page | 翻到哪页都能摊平
            - loosens with heavy use | 用久了会散
            ribbon marker | 书签丝带
            + finds today's page at once | 一下就翻到今天
            numbered pages | 页码
            + makes an index possible | 可以自己做目录
            back pocket | 收纳内袋
            + holds tickets and receipts | 夹车票小票
            - tears at the fold | 折痕处容易破
        """,
        said="""
            + takes fountain ink without feathering | 钢笔写不洇
            + ages well in a bag | 放包里磨旧了反而好看
            - shows writing on the other side | 背面有点透
            - arrived with a bent corner | 收到时角是弯的
            - has fewer pages than I thought | 页数比想象的少
        """,
        goes_with="fountain_pen pencil_case planner marker_set",
    ),
    kind(
        "fountain_pen",
        "fountain pen",
        "钢笔",
        "支",
        group="Writing | 书写工具",
        price=(10, 120),
        materials="brass titanium walnut aluminium abs",
        specs=[
            "nib | 笔尖 = EF nib | EF尖, F nib | F尖, M nib | M尖, B nib | B尖",
            "weight | 重量 = 16 22 28 38 g",
        ],
        parts="nib | 笔尖; cap | 笔帽; clip | 笔夹; converter | 吸墨器; barrel | 笔身",
        uses="""signing contracts | 签合同; calligraphy practice | 练字; letters | 写信
            exam papers | 考试; daily journalling | 写日记; a graduation present | 毕业礼物""",
        features="""
            spring clip | 弹簧笔夹
            + slides over thick cloth | 厚布料也夹得住
            ink window | 墨水视窗
            + warns before it runs dry | 快没墨了看得见
            screw cap | 旋盖
            + never dries out overnight | 放一晚不干墨
            - takes three turns to open | 要转三圈才打开
            gold-plated nib | 镀金笔尖
            + writes with a gentle bounce | 写起来有弹性
            - scratches on cheap paper | 差一点的纸会刮
        """,
        said="""
            + starts without skipping | 一下笔就出水
            + lies well in a small hand | 手小握着也合适
            + turned my handwriting around | 字都变好看了
            - leaks on planes | 坐飞机会漏墨
            - lays down a wet line | 出墨偏多
        """,
        goes_with="notebook planner pencil_case desk_organiser",
    ),
    kind(
        "pencil_case",
        "pencil case / pen pouch",
        "笔袋 / 文具盒",
        "个",
        group="Writing | 书写工具",
        price=(4, 30),
        materials="canvas leather silicone felt aluminium",
        specs=[
            "length | 长度 = 19 21 23 cm",
            "pen capacity | 容量 = 20 pens | 20支, 40 pens | 40支, 60 pens | 60支, 80 pens | 80支",
        ],
        parts="zip | 拉链; lining | 内衬; loops | 笔插; flap | 翻盖; seams | 缝线",
        uses="""school bags | 放书包; exam day | 考试; make-up on the road | 当化妆包
            watercolour brushes | 放画笔; sewing things | 放针线; spare cables | 收数据线""",
        features="""
            stand-up base | 可立式
            + turns into a pen holder | 立起来就是笔筒
            - falls over half empty | 装得少会倒
            elastic loops | 弹力笔插
            + keep pens from rattling | 笔不会乱晃
            wide opening | 大开口
            + shows everything at once | 打开一目了然
            hidden pocket | 夹层
            + hides sticky notes | 便签放得下
        """,
        said="""
            + swallows forty pens | 四十支笔也装得下
            + wipes clean of ink | 沾了墨一擦就掉
            - has a zip that sticks at the corner | 拉链拐角会卡
            - gets grubby in a term | 一学期就脏了
        """,
        goes_with="fountain_pen marker_set notebook backpack",
    ),
    kind(
        "desk_organiser",
        "desk organiser / pen holder",
        "桌面收纳盒 / 笔筒",
        "个",
        group="Desk | 桌面用品",
        price=(8, 55),
        materials="bamboo walnut felt abs stainless_steel",
        specs=[
            "division | 格数 = 3 slots | 3格, 5 slots | 5格, 7 slots | 7格, 9 slots | 9格",
            "width | 宽度 = 18 24 30 38 cm",
        ],
        parts="drawer | 抽屉; dividers | 隔板; base | 底面; slots | 插槽",
        uses="""crowded desks | 桌面太乱; remote controls | 放遥控器; sticky notes and clips | 放便签夹子
            a shared office | 合用办公室; bedside clutter | 床头小物; cosmetics | 放化妆品""",
        features="""
            phone stand | 手机支架槽
            + holds the phone upright on calls | 视频的时候立手机
            - is too narrow for a case | 带壳放不进
            pull-out drawer | 小抽屉
            + hides the ugly things | 乱七八糟的都藏起来
            - sticks in damp weather | 天潮会卡
            magnetic strip | 磁吸条
            + catches paper clips | 回形针一放就吸住
            rotating base | 旋转底座
            + brings everything within reach | 一转就拿到
        """,
        said="""
            + freed half my desk | 桌面空出一半
            + makes tidying a pleasure | 收拾桌子都开心了
            - smells of glue | 有股胶水味
            - scratches the table | 底下会刮桌面
        """,
        goes_with="fountain_pen notebook stapler keyboard",
    ),
    kind(
        "sketchbook",
        "sketchbook / drawing pad",
        "速写本 / 素描本",
        "本",
        group="Art | 美术用品",
        price=(5, 45),
        materials="cotton_paper kraft_paper smooth_paper",
        specs=[
            "sheet count | 张数 = 20 40 60 80 sheets",
            "paper weight | 纸张克重 = 120 160 200 300 gsm",
        ],
        parts="cover | 封面; rings | 线圈; sheets | 内页; elastic band | 绑带",
        uses="""urban sketching | 城市速写; ink washes | 钢笔淡彩; life drawing | 画人体
            children's painting | 孩子画画; comics | 画漫画; botanical studies | 画植物""",
        features="""
            perforated edge | 易撕线
            + tears out cleanly | 撕下来很整齐
            - comes off by itself | 有时候自己掉
            hard cover | 硬壳封面
            + serves as a board outdoors | 户外当画板
            elastic band | 弹力绑带
            + keeps loose sheets safe | 夹散页也不掉
            rough grain | 粗纹纸面
            + shows the brush beautifully | 笔触很好看
            - eats soft pencils | 很费铅笔
        """,
        said="""
            + bears three layers of wash | 叠三层色也不破
            + lies open in the lap | 放腿上也能摊开
            - yellows near the window | 放窗边会发黄
            - buckles with too much water | 水多了会拱
        """,
        goes_with="watercolour_set marker_set pencil_case",
    ),
    kind(
        "marker_set",
        "marker set / markers",
        "马克笔 / 记号笔",
        "套",
        group="Art | 美术用品",
        price=(8, 75),
        materials="abs polypropylene aluminium",
        specs=["colour range | 颜色数 = 12 24 36 60 colours"],
        parts="caps | 笔帽; tips | 笔头; barrel | 笔杆; box | 盒子; colour chart | 色卡",
        uses="""lettering | 写花体字; fashion sketches | 画服装效果图; school posters | 做手抄报
            colouring books | 涂色; planner pages | 做手账; storyboards | 画分镜""",
        features="""
            double tips | 双头设计
            + gives a fine and a broad line | 粗细两头都能用
            - dries out at the thin end | 细头容易干
            colour-coded caps | 色号笔帽
            + finds the right shade at once | 一眼找到颜色
            carrying box | 手提盒
            + keeps them upright | 竖着放不乱
            - has a flimsy latch | 卡扣不结实
            blendable ink | 可叠色墨水
            + mixes without streaks | 叠色没有笔痕
        """,
        said="""
            + covers evenly in one pass | 一遍就铺匀
            + hardly smells | 味道很小
            - bleeds through thin paper | 薄纸会透
            - differs from the colour chart | 跟色卡有色差
            - came with two dead pens | 有两支没水
        """,
        goes_with="sketchbook pencil_case notebook",
    ),
    kind(
        "planner",
        "planner / weekly planner",
        "日程本 / 效率手册",
        "本",
        group="Paper | 本册",
        price=(7, 40),
        materials="linen leather kraft_paper faux_leather",
        specs=["duration | 时长 = 6 12 18 months", "format | 规格 = A5, A6, B6"],
        parts="cover | 封面; tabs | 索引标签; pages | 内页; pen loop | 笔插; stickers | 贴纸",
        uses="""exam weeks | 备考; new parents | 新手爸妈; small businesses | 小店记账
            new year's resolutions | 新年计划; habit tracking | 打卡; project deadlines | 赶项目""",
        features="""
            undated pages | 无日期内页
            + can start in any month | 什么时候开始都行
            - needs writing in every date | 日期都要自己写
            monthly tabs | 月份索引
            + jump to June in a blink | 一下就翻到六月
            sticker sheets | 附赠贴纸
            + make dull weeks look cheerful | 平淡的一周也有颜色
            pen loop | 笔插
            + keeps a pen at hand | 笔随手就有
            - is too tight for thick pens | 粗笔插不进
        """,
        said="""
            + got my week into order | 一周都安排得明明白白
            + leaves space for notes | 留白够写
            - is heavy for a handbag | 放小包里有点重
            - begins the week on Sunday | 一周从周日开始
        """,
        goes_with="fountain_pen notebook marker_set",
    ),
    kind(
        "watercolour_set",
        "watercolour set / paint box",
        "水彩套装 / 固体水彩",
        "盒",
        group="Art | 美术用品",
        price=(10, 90),
        materials="aluminium abs bamboo",
        specs=["colour range | 颜色数 = 12 18 24 36 colours"],
        parts="pans | 颜料块; palette | 调色盘; brush | 画笔; lid | 盒盖; thumb ring | 指环",
        uses="""painting outdoors | 户外写生; postcards | 画明信片; beginners | 零基础学画
            rainy afternoons | 下雨天的下午; children's classes | 孩子上课; botanical painting | 画花草""",
        features="""
            mixing palette | 折叠调色盘
            + gives room for ten mixtures | 调十种颜色也够
            - stains for ever | 染了就洗不掉
            water brush | 自来水笔
            + needs no jar at all | 不用带水杯
            - drips on the paper | 会滴水
            refillable pans | 可替换颜料
            + lets me swap what I use up | 用完哪块换哪块
            thumb ring | 拇指环
            + sits safely while standing | 站着画也稳
        """,
        said="""
            + gives bright colour from one touch | 蘸一下就很鲜艳
            + fits into a coat pocket | 大衣口袋放得下
            - turns chalky when it dries | 干了有点粉
            - includes two nearly equal greens | 有两个绿色几乎一样
        """,
        goes_with="sketchbook pencil_case marker_set",
    ),
    kind(
        "stapler",
        "stapler",
        "订书机",
        "个",
        group="Desk | 桌面用品",
        price=(4, 28),
        materials="abs stainless_steel aluminium silicone",
        specs=["stapling capacity | 装订张数 = 12 20 40 60 sheets"],
        parts="spring | 弹簧; base | 底座; tray | 钉槽; handle | 压柄",
        uses="""term papers | 订论文; tax forms | 订报税材料; school kits | 开学用品
            the reception desk | 前台; booklets | 订小册子; handouts | 订讲义""",
        features="""
            effort-saving lever | 省力压柄
            + goes through twenty sheets with two fingers | 两根手指就能订二十页
            rotating head | 旋转机头
            + reaches the fold of a booklet | 订小册子中缝也行
            - shifts out of line | 容易跑偏
            staple window | 余钉窗口
            + shows when it runs low | 快没钉了看得见
            rubber base | 防滑胶底
            + stays in place | 按的时候不滑
        """,
        said="""
            + has not jammed once | 一次都没卡过
            + makes hardly a sound | 声音很小
            - jams on the last five | 最后五颗老卡
            - bends staples in thick card | 厚卡纸会弯钉
        """,
        goes_with="desk_organiser planner notebook",
    ),
)
