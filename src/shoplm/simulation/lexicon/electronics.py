# ruff: noqa: E501 - a Chinese character counts as two columns
"""Electronics and accessories."""

from shoplm.simulation.lexicon.notation import kind

_DEVICES = "compatible model | 适用机型 = Orrin X2, Orrin X2 Pro, Orrin Mini 5, Lumo 9, Lumo 9 Plus, Tavik S4, Tavik Fold, Yunxi P30, Yunxi P30s"

KINDS = (
    kind(
        "headphones",
        "headphones / earphones",
        "耳机 / 蓝牙耳机",
        "副",
        group="Audio | 影音",
        price=(20, 220),
        plural=True,
        materials="abs aluminium faux_leather silicone",
        specs=["battery life | 续航 = 8 24 30 45 hours", "driver | 驱动单元 = 6 10 12 40 mm"],
        parts="ear cushions | 耳罩; headband | 头梁; hinges | 转轴; charging case | 充电盒; buttons | 按键",
        uses="""video calls | 视频会议; noisy trains | 坐高铁; studying | 学习; the gym | 健身
            late-night films | 深夜看电影; podcasts | 听播客""",
        features="""
            noise cancelling | 主动降噪
            + silences the whole carriage | 一打开车厢就安静了
            - leaves a faint hiss | 有一点底噪
            two-device pairing | 双设备连接
            + jumps from laptop to phone by itself | 电脑手机自动切换
            - drops out between rooms | 隔个房间就断
            quick charging | 快充
            + gives three hours from ten minutes | 充十分钟用三小时
            transparency mode | 通透模式
            + lets the announcements through | 能听到报站
        """,
        said="""
            + brings out voices clearly | 人声很清晰
            + sits comfortably with glasses | 戴眼镜也不夹
            + reconnects the moment you open the lid | 一开盖就连上
            - presses on the ears after two hours | 戴两小时耳朵疼
            - lacks weight in the bass | 低音偏弱
            - picks up wind on calls | 打电话有风噪
        """,
        goes_with="running_shoes power_bank phone_case charging_cable",
    ),
    kind(
        "phone_case",
        "phone case",
        "手机壳 / 手机保护壳",
        "个",
        group="Phone Accessories | 手机配件",
        price=(6, 35),
        materials="tpu silicone leather polycarbonate carbon_fibre",
        specs=[_DEVICES],
        parts="camera ring | 镜头圈; edges | 边框; buttons | 按键; back | 背板; corners | 四角",
        uses="""daily drops | 日常防摔; wireless charging | 无线充电; cycling with a mount | 骑车导航
            children's hands | 给孩子用; showing off the colour | 露出机身颜色; travel | 旅行""",
        features="""
            raised camera ring | 镜头凸起保护
            + keeps the lens off the table | 平放镜头不碰桌面
            - catches on the pocket | 掏口袋会挂一下
            magnetic ring | 磁吸环
            + snaps to the charger at once | 一贴就吸住充电器
            - holds too weakly for the car | 车上用吸力不够
            air-cushion corners | 气囊四角
            + took a fall down the stairs | 从楼梯摔下去也没事
            card slot | 卡槽
            + replaces my wallet | 出门不用带钱包
            - stretches after a month | 一个月就松了
        """,
        said="""
            + fits to the millimetre | 孔位严丝合缝
            + adds hardly any bulk | 几乎不增加厚度
            + feels dry and grippy | 手感干爽不滑
            - makes the buttons harder to press | 按键变硬了
            - yellows at the edges | 边缘会发黄
            - gathers dust underneath | 里面容易进灰
        """,
        goes_with="charging_cable power_bank headphones",
    ),
    kind(
        "power_bank",
        "power bank / portable charger",
        "充电宝 / 移动电源",
        "个",
        group="Phone Accessories | 手机配件",
        price=(15, 70),
        materials="aluminium abs polycarbonate",
        specs=["capacity | 电池容量 = 5000 10000 20000 mAh", "output | 输出功率 = 18 22.5 30 65 W"],
        parts="ports | 接口; display | 显示屏; casing | 外壳; indicator lights | 指示灯",
        uses="""days at trade fairs | 逛展一整天; camping without a socket | 露营没插座
            red-eye flights | 红眼航班; filming outdoors | 户外拍摄; forgetful friends | 忘带充电器的朋友
            long queues | 排长队""",
        features="""
            built-in cable | 自带线
            + means one thing less to forget | 少带一根线
            - frays at the joint | 接头处容易磨破
            digital display | 数显屏
            + tells you the charge to one percent | 电量精确到百分之一
            three outputs | 三口输出
            + feeds the whole family at once | 一家人同时充
            - slows down when all are used | 三个一起用就变慢
            pass-through charging | 边充边放
            + charges both overnight | 一晚上两个都充满
        """,
        said="""
            + refills my phone four times | 手机能充四次
            + slips into a trouser pocket | 裤兜放得下
            + passes airport checks | 可以带上飞机
            - warms up under load | 大功率会发热
            - takes a whole night to fill | 自己充满要一晚上
            - is heavier than a phone | 比手机还重
        """,
        goes_with="charging_cable phone_case backpack camping_chair",
    ),
    kind(
        "charging_cable",
        "charging cable / cable",
        "数据线 / 充电线",
        "根",
        group="Phone Accessories | 手机配件",
        price=(5, 25),
        materials="nylon tpu silicone",
        specs=["length | 长度 = 0.5 1 1.5 2 3 m", "power | 功率 = 20 60 100 240 W"],
        parts="plug | 插头; sleeve | 外皮; joint | 接头; strap | 扎带",
        uses="""charging in bed | 躺床上充电; the car | 车载; the office drawer | 放办公室备用
            moving photos | 传照片; hotel rooms | 住酒店; charging a laptop | 给笔记本充电""",
        features="""
            braided sleeve | 编织外皮
            + never knots in the bag | 放包里不打结
            - frays near the plug | 靠近插头处会起毛
            right-angle plug | 弯头设计
            + stays out of the way while gaming | 打游戏不硌手
            - blocks the port next to it | 会挡旁边的接口
            charge indicator | 充电指示灯
            + shows when it is done | 一看就知道充没充满
            hook-and-loop strap | 自带扎带
            + keeps the desk tidy | 桌面很整洁
        """,
        said="""
            + charges faster than the one in the box | 比原装线充得快
            + reaches the sofa from the wall | 从墙上能拉到沙发
            + has outlived two others | 已经用坏两根别的了
            - sits loosely in the port | 插口有点松
            - feels stiff when it is cold | 天冷就变硬
        """,
        goes_with="power_bank phone_case keyboard",
    ),
    kind(
        "speaker",
        "speaker / Bluetooth speaker",
        "音箱 / 蓝牙音箱",
        "个",
        group="Audio | 影音",
        price=(22, 180),
        materials="abs aluminium walnut silicone",
        specs=["battery life | 续航 = 6 12 20 30 hours", "power | 功率 = 5 10 20 40 W"],
        parts="grille | 网罩; volume dial | 音量旋钮; strap | 挂绳; base | 底座; buttons | 按键",
        uses="""kitchen dancing | 边做饭边听歌; picnics | 野餐; the shower | 洗澡听歌
            bedtime stories | 放睡前故事; garden parties | 院子聚会; film nights | 看电影""",
        features="""
            waterproof body | 防水机身
            + fell into the pool and played on | 掉泳池里照样响
            passive radiator | 低音振膜
            + moves more air than you would think | 个头小低音足
            - rattles the shelf | 放架子上会共振
            stereo pairing | 双机组立体声
            + fills the terrace with two | 两个一起音场很大
            - loses sync now and then | 偶尔不同步
            wooden cabinet | 木质箱体
            + warms up old jazz | 听老爵士很有味道
        """,
        said="""
            + plays louder than its size | 小身材大音量
            + holds its charge over a weekend | 一个周末不用充电
            + connects without any fuss | 连接很方便
            - distorts at full volume | 开最大会破音
            - announces every step with a voice | 提示音太多
            - lacks a jack | 没有音频接口
        """,
        goes_with="charging_cable camping_chair power_bank",
    ),
    kind(
        "keyboard",
        "keyboard / mechanical keyboard",
        "键盘 / 机械键盘",
        "把",
        group="Computer Accessories | 电脑外设",
        price=(25, 160),
        materials="aluminium abs polycarbonate",
        specs=[
            "layout | 配列 = 61-key | 61键, 75-key | 75键, 84-key | 84键, 98-key | 98键, 104-key | 104键",
            "battery | 电池 = 2000 4000 8000 mAh",
        ],
        parts="keycaps | 键帽; space bar | 空格键; feet | 脚撑; plate | 定位板; switch | 轴体",
        uses="""writing reports | 写报告; coding | 写代码; late gaming | 晚上打游戏
            shared offices | 合用办公室; typing on a tablet | 连平板打字; translation work | 做翻译""",
        features="""
            hot-swap sockets | 热插拔轴座
            + let me try new switches every month | 随时换轴
            silent switches | 静音轴
            + spares the sleeping baby | 不吵孩子睡觉
            - feels mushy at first | 刚开始手感有点肉
            white backlight | 白色背光
            + glows softly at night | 晚上光线很柔和
            - drains the battery in two days | 开灯两天就没电
            gasket mount | 软弹结构
            + softens each keystroke | 敲起来软弹
        """,
        said="""
            + sounds like rain on a roof | 声音像下雨一样好听
            + saves room for the mouse | 桌面省出放鼠标的地方
            + switches between three machines | 三台设备随便切
            - clacks too loudly for the office | 办公室用太吵
            - sits high without a wrist rest | 没有手托手腕累
            - mixes up letters over Bluetooth | 蓝牙偶尔串键
        """,
        goes_with="mouse desk_lamp charging_cable desk_organiser",
    ),
    kind(
        "mouse",
        "mouse / wireless mouse",
        "鼠标 / 无线鼠标",
        "个",
        group="Computer Accessories | 电脑外设",
        price=(10, 80),
        materials="abs silicone aluminium",
        specs=["weight | 重量 = 58 72 89 105 g", "battery life | 续航 = 15 40 70 days"],
        parts="scroll wheel | 滚轮; side buttons | 侧键; receiver | 接收器; feet | 脚贴",
        uses="""spreadsheets | 做表格; photo editing | 修图; small hands | 手小的人
            café tables | 在咖啡馆办公; long working days | 长时间办公; shooters | 打射击游戏""",
        features="""
            silent buttons | 静音按键
            + cannot be heard in the library | 图书馆也听不到
            vertical grip | 立式握姿
            + took the ache out of my wrist | 手腕不疼了
            - needs a week to get used to | 要适应一周
            fast scroll wheel | 疾速滚轮
            + flies through long pages | 长文档一滑到底
            - overshoots in small lists | 短列表容易滚过头
            side buttons | 自定义侧键
            + copy and paste with the thumb | 拇指就能复制粘贴
        """,
        said="""
            + follows every move without lag | 跟手没有延迟
            + glides on a bare desk | 不用鼠标垫也顺滑
            + runs for weeks on one charge | 充一次用好几周
            - double-clicks on its own after a year | 用一年会连击
            - is made for right hands only | 只适合右手
            - skips on glass | 玻璃桌面会跳
        """,
        goes_with="keyboard desk_lamp desk_organiser",
    ),
    kind(
        "smart_watch",
        "smart watch / fitness watch",
        "智能手表 / 运动手表",
        "块",
        group="Wearables | 智能穿戴",
        price=(40, 240),
        materials="aluminium titanium stainless_steel silicone",
        specs=["battery life | 续航 = 2 7 14 21 days", "case size | 表盘 = 40 42 44 46 mm"],
        parts="strap | 表带; dial | 表盘; crown | 表冠; sensor | 传感器; clasp | 表扣",
        uses="""tracking sleep | 监测睡眠; swimming laps | 游泳; marathon training | 马拉松训练
            counting steps | 计步; reading messages | 看消息; keeping an eye on the heart | 看心率""",
        features="""
            always-on display | 常亮屏
            + shows the time without a flick | 不用抬腕就能看时间
            - halves the battery | 续航直接减半
            built-in GPS | 独立定位
            + draws my route to the street | 轨迹很准
            - needs a minute to find the sky | 搜星要等一分钟
            blood-oxygen sensor | 血氧监测
            + reassured my mother | 妈妈用着很放心
            quick-release strap | 快拆表带
            + changes colour with the outfit | 换表带很方便
        """,
        said="""
            + forgets the charger for a fortnight | 两周充一次电
            + vibrates just firmly enough | 震动力度刚好
            + counts lengths correctly | 游泳圈数数得准
            - dims in bright sun | 大太阳下看不清
            - wakes the screen at night | 晚上翻身屏幕会亮
            - overstates my steps | 步数偏多
        """,
        goes_with="running_shoes headphones charging_cable yoga_mat",
    ),
    kind(
        "desk_lamp",
        "desk lamp / reading lamp",
        "台灯 / 护眼灯",
        "盏",
        group="Computer Accessories | 电脑外设",
        price=(15, 95),
        materials="aluminium abs oak brass",
        specs=["power | 功率 = 6 9 12 15 W", "brightness | 亮度 = 300 450 600 900 lm"],
        parts="arm | 灯臂; base | 底座; shade | 灯罩; touch switch | 触控开关; joint | 转轴",
        uses="""homework | 写作业; reading in bed | 床头看书; drawing | 画画; night shifts | 夜班
            sewing | 做针线; video calls | 开视频会议""",
        features="""
            five colour temperatures | 五档色温
            + goes from cool work to warm evening | 工作阅读随便切
            folding arm | 折叠灯臂
            + reaches over the whole desk | 整张桌子都照得到
            - sags when stretched out | 拉长了会往下掉
            memory switch | 记忆开关
            + comes on as I left it | 打开就是上次的亮度
            wireless charging base | 无线充电底座
            + charges my phone while I read | 看书的时候顺便充手机
            - charges only thin phones | 带厚壳充不进
        """,
        said="""
            + casts no shadow from the hand | 写字没有手影
            + does not flicker on camera | 手机拍没有频闪
            + dims to a candle | 可以调到很暗
            - blinds whoever sits opposite | 对面的人会刺眼
            - tips over when pushed | 碰一下容易倒
        """,
        goes_with="keyboard mouse notebook bookshelf",
    ),
)
