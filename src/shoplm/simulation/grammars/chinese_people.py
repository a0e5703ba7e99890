# ruff: noqa: E501, SIM905 - word lists, in which a Chinese character counts as two columns
"""Who buys, when and why: rules shared by Chinese reviews and articles."""

RULES = {
    "relative": """老婆 老公 妈妈 爸爸 婆婆 岳父 姐姐 弟弟 妹妹 哥哥 闺蜜 室友 同事 邻居 女儿 儿子 外婆
        爷爷 奶奶 表妹 堂哥 女朋友 男朋友 老同学 房东 小姨 舅舅 嫂子 领导 师傅""".split(),
    "person": [
        "我{relative}", "我{relative}", "{relative}", "一个{habit}的朋友", "我{relative}的{relative}",
        "那位{habit}的{relative}", "{relative}（{habit}的那位）", "隔壁{habit}的{relative}",
    ],
    "habit": [
        "什么都舍不得扔", "特别挑剔", "从来不网购", "住五楼没电梯", "经常上夜班",
        "(去年|今年|前年)刚(搬家|结婚|退休|毕业)", "买过十几个同类产品", "眼光很毒", "手特别小", "爱货比三家",
        "一年有半年在出差", "什么都要看说明书", "只买{person}推荐的东西", "动不动就退货", "跟{person}合租",
        "做了二十年(木匠|厨师|老师|裁缝|司机)", "什么东西到手都能弄坏", "刚学会用手机下单", "对颜色特别讲究",
        "左撇子", "喜欢囤货", "嘴上说不要身体很诚实",
    ],
    "month": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月".split(),
    "weekday": "周一 周二 周三 周四 周五 周六 周日".split(),
    "num": "两 三 四 五 六 七 八 十 十几 好几".split(),
    "span": [
        "{num}天", "{num}个星期", "{num}个月", "半年", "一年多", "大半个月", "一个(冬天|夏天|学期|假期)",
        "整整{num}天", "差不多{num}个月",
    ],
    "when": [
        "{num}天前", "上个月", "{month}的时候", "(换季|年底|年中)打折的时候", "搬家那(天|阵子|个周末)",
        "看了半天评价之后", "{person}过生日的时候", "发工资那天", "旧的(坏了|丢了|用不了了)之后",
        "等车的时候顺手", "被{person}念叨了{span}之后", "刚上架的时候", "{weekday}晚上睡不着的时候",
        "趁着活动", "上次出差回来",
    ],
    "sometimes": [
        "每天", "天天早上", "基本每天晚上", "一周{num}次", "周末", "隔三差五", "{person}来的时候",
        "从{month}到现在一直", "一到{weekday}",
    ],
    "very": "很 非常 特别 真的很 相当 挺 蛮 超级 确实很 格外".split(),
}  # fmt: skip
