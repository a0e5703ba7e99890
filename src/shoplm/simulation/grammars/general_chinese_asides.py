# ruff: noqa: E501, SIM905 - word lists, in which a Chinese character counts as two columns
"""What Chinese sentences are led in by and end on: sources, circumstances, afterthoughts.

`before` goes in front of a declarative sentence, `after` behind it; which list fits depends on the
manner of the genre: a report, a diary or a tale.
"""

WORDS = {
    "adjective": """年迈 沉默 倔强 苍白 谨慎 出名 温和 古怪 博学 失眠 健谈 独眼 节俭 虔诚 爱争吵 思乡 近视 轻声细语 富有 落魄 流亡
        赤脚 笨拙 驼背 守旧 心软 多疑 好奇""".split(),
    "folk": """摆渡人 接生婆 木匠 账房 鼓手 园丁 猎户 判官 锁匠 石匠 尼姑 讼师 琴师 货郎 教书先生 更夫 寡妇 药师 抄书人 星官 面点师傅 敲钟人
        装裱匠 船长 烧炭人 箍桶匠 税吏 染匠 掘墓人 掌柜 译官 守灯人 县令 小和尚 驿丞 刻工 裁缝 牧童 说书人 道士 镖师""".split(),
    "paper": "书信 日记 账簿 状子 碑文 民谣 县志 电报 历书 遗嘱 航海日志 报纸 小册子 脚注 名册 奏折 写生簿 经卷 手稿 回忆录 批注".split(),
    "thing": """灯笼 梯子 铜钟 绳子 木桶 铁锚 摇篮 镰刀 胡琴 蜡烛 马鞍 车轮 船桨 铁锹 织机 渔网 犁 棋盘 沙漏 腰鼓 船帆 锤子 板车 毛笔
        鸟笼 拐杖 屏风 印章 磨盘 风向标 油纸伞 算盘""".split(),
    "deed": "修好了 扛走了 漆好了 埋下了 借走了 数了一遍 守着 藏起了 弄丢了 补好了 擦亮了 拖走了 找了半天 磨快了 卖掉了 偷走了 调准了 解开了 洗净了 称过了".split(),
    "event": "洪水 大火 地震 登基 日食 饥荒 霜冻 秋收 山崩 起义 婚礼 停战 旱灾 风暴 选举 瘟疫 庙会 迁都".split(),
    "someone": [
        "{place}一位{adjective}的{folk}", "一个叫{full_name}的{folk}", "{adjective}的{folk}{full_name}", "{place}的{folk}",
        "{place}来的{small}个{people}", "{surname}家的{folk}",
    ],
}  # fmt: skip

REPORT = {
    "before": [
        "据{someone}说，",
        "{year}的一份{paper}写道，",
        "说来奇怪，",
        "那场{event}之前{small}年，",
        "{year}的{event}以后，",
        "在{full_name}看来，",
        "如果{place}保存的那份{paper}可信，",
        "让{someone}{emotion}的是，",
        "跟{place}不同，在{place}，",
        "{season}的{event}前后，",
        "与{someone}所写的相反，",
        "{event}后的第{small_n}年，",
        "直到{late_year}，",
        "不仅如此，",
        "出于{someone}从未说明的原因，",
    ],
    "after": [
        "，{place}的一份{paper}可以作证",
        "，至少{someone}是这么说的",
        "，这让{someone}很吃惊",
        "，那是{event}之后{small}年的事",
        "，{someone}因此满心{emotion}",
        "（见{full_name}的{paper}）",
        "，正如{full_name}在{year}所料",
        "，虽然{someone}矢口否认",
        "，{late_year}的{paper}对此只字未提",
        "，有{small}个{people}发誓亲眼见过",
        "，{someone}怎么也不肯相信",
        "，起码在{late_year}的{event}之前是这样",
        "，{place}的{folk}人人都知道",
        "，{someone}的{paper}里也这么写",
        "，也许是因为那场{event}",
    ],
}
DIARY = {
    "before": [
        "{weather}来之前，",
        "{someone}{deed}那{thing_one}的时候，",
        "得承认，",
        "离一{thing_one}不远的地方，",
        "正像{someone}告诉我们的，",
        "又走了{small}个时辰，",
        "后来在{place}附近，",
        "我怀着{emotion}记下：",
        "{small}点钟光景，",
        "在{place}和{place}之间，",
        "过了{building}，",
        "{event}那年也是这样，",
    ],
    "after": [
        "，{someone}正好{deed}一{thing_one}",
        "，我想起了{full_name}",
        "，跟{event}那天一样",
        "，眼前只有一{thing_one}",
        "，我心里满是{emotion}",
        "，跟{someone}说的分毫不差",
        "，旁边放着一{thing_one}",
        "，{late_year}大概也是这个样子",
        "（这句抄自一份{paper}）",
        "，随后又是{weather}",
        "，{someone}看得出神",
        "，不远处有{someone}",
    ],
}
TALE = {
    "before": [
        "话说，",
        "{someone}把{thing}{deed_done}，",
        "借着一{thing_one}的光，",
        "老人们说，",
        "敲到第{small_n}下，",
        "过了那座{building}，",
        "凭着一股{emotion}，",
        "果然像{someone}预言的，",
        "胳膊底下夹着一{thing_one}，",
        "{event}过后的早晨，",
        "在{someone}当家的{place}，",
        "到了第{small_n}回，",
    ],
    "after": [
        "，{someone}满心{emotion}，哭了起来",
        "，正应了{someone}的话",
        "，谁也没想起那{thing_one}",
        "，旁边点着一{thing_one}",
        "，{someone}一辈子也没忘",
        "，那时离{event}还有{small}天",
        "，那{thing_one}忽然响了",
        "，这是{place}的规矩",
        "，{weather}落在{building}上",
        "，既没有{thing}，也没有{emotion}",
        "，{someone}看得目瞪口呆",
        "，一直到{folk}来了才停",
    ],
}
WORDS |= {
    "thing_one": """盏灯笼 架梯子 口铜钟 根绳子 只木桶 个铁锚 个摇篮 把镰刀 把胡琴 支蜡烛 副马鞍 个车轮 支船桨 把铁锹 架织机 张渔网 张犁 副棋盘 个沙漏 面腰鼓
        面船帆 把锤子 辆板车 支毛笔 只鸟笼 根拐杖 扇屏风 枚印章 盘石磨 把油纸伞 把算盘 面铜镜 双草鞋""".split(),
    "deed_done": "修好之后 扛走之后 漆完之后 埋下之后 借来之后 弄丢之后 补好之后 擦亮之后 磨快之后 卖掉之后 偷走之后 解开之后".split(),
    "small_n": "二 三 四 五 六 七 八 九 十".split(),
}  # fmt: skip
MANNERS = {"report": REPORT, "diary": DIARY, "tale": TALE}
