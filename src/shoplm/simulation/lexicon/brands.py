# ruff: noqa: E501, SIM905 - word lists, in which a Chinese character counts as two columns
"""Invented makers, model lines and places, in both languages."""

ENGLISH_BRANDS = {
    "kitchen": "Haldrin Morrowpyke Tesselby Cinderby Oakfen Lunavere Brasko Petrelle Wickmoor Sundle",
    "apparel": "Aldermoss Fennick Corvane Saltrie Wrenley Tamsey Norvik Bellamere Draxford Ivorelm",
    "electronics": "Voltarrin Sonarch Plexorr Kirrin Audenby Nubyte Zephlo Arcwell Miravox Datalyn",
    "home": "Hearthly Solvane Brindel Larkhollow Osterby Quillow Nestrie Halvorn Tidewick Emberlane",
    "outdoor": "Ridgemarrow Kestrix Fjellby Torwood Highfen Stonelark Pinevar Ventrask Cairnow Rovaniel",
    "pets": "Pawlin Muttsby Whiskerell Furrow Tailwick Purrine Barkstad Snoutley",
    "stationery": "Inkmere Quirely Paperlow Scribbin Noteral Vellumby Draftwell Pensley",
}
CHINESE_BRANDS = {
    "kitchen": "灶禾 米又 饭时 铁岚 青瓯 一勺光 煮石 厨语山 知味坊 釜间",
    "apparel": "素裳记 衣禾里 棉下 云裁 风缕 拾衫 絮語 岚裳 木棉里 织白",
    "electronics": "声禾 数岚 极屿 光栈 电小鹿 讯木 波澜社 芯屿 音壤 拓格",
    "home": "栖木 屋檐下 半屋 拾光居 木里见 归燕 暖堂 居小满 素屋 枕山",
    "outdoor": "野径 岭上 行山客 拓野 云脊 走川 风岭 石径 山也 徒步家",
    "pets": "毛球屋 喵里 汪星礼 爪爪社 小尾巴 猫屿 拾毛 犬吠山",
    "stationery": "纸屿 墨田记 笔下 一格 写意堂 拾页 砚边 格子铺",
}

ENGLISH_LINES = """
    Ember Brook Harbour Meadow Atlas Pebble Drift Willow Comet Lantern Orchard Summit Ripple Fable
    Cobalt Juniper Marlow Tundra Sparrow Canyon Velvet Monsoon Saffron Glacier Hazel Nomad Quartz
    Rowan Sable Thistle Umber Vesper Zenith Anchor Birch Cedar Dune Falcon Grove Heron Iris Kite
    Loom Maple Nectar Opal Prairie Quill Raven Sequoia Tulip Vale Wander Aspen Bramble Clover
    Dawn Echo Fern Garnet Hollow Isle Jasper Kelp Lagoon Mistral Nova Onyx Pine Reef Slate Tide
    Aurora Bay Coral Delta Evergreen Flint Gale Haven Indigo Jade Keystone Lyric Mesa North Orbit
""".split()
CHINESE_LINES = """
    山岚 清河 月白 听雨 晨光 松间 小满 远帆 云起 青禾 拾光 流萤 初雪 暮色 半夏 知秋 望舒 星野
    北辰 南枝 归舟 竹影 石泉 晴川 微澜 白露 惊蛰 谷雨 长风 沐阳 浮生 墨玉 琥珀 朝露 暖冬 逐浪
    清欢 疏影 银杏 海棠 梧桐 飞鸟 麦田 灯塔 鹿鸣 雁回 芦苇 桑榆 折枝 听涛 观海 观山 踏雪 寻梅
    问茶 煮雪 揽月 凌霄 追光 悠然 寻常 大满 立夏 霜降 寒露 清明 春分 秋分 冬至 夏至 极光 彗星
""".split()

ENGLISH_TOWNS = """
    Ashcombe Brannock Callowdale Dunmere Easthollow Farrowby Glenmarsh Hartwick Ilverton Kettlebridge
    Lowmoor Millhaven Nettlecombe Oxenford Penhallow Ravensby Stillwater Thornbury Umberleigh Wexholm
""".split()
CHINESE_TOWNS = """
    青石镇 白沙埠 柳溪 云门 竹山坳 龙潭口 枫桥里 鹿鸣渡 石板滩 桃花坪 望江亭 南河沿 古槐村 水车湾 梅岭脚
    沙洲头 松涛岗 雁门集 碧螺屿 金谷塘
""".split()

ENGLISH_DESIGNERS = (
    """
    Marta Lindqvale, Jonah Pellworth, Ines Carrowmore, Tobias Wennick, Alma Thorsby, Felix Harnden,
    Nora Quillfeather, Emil Stannard, Greta Vosper, Hugo Lammerton, Ida Brackwell, Oskar Penrith,
    Clara Dunmallow, Rufus Tarnby, Selma Aldwick, Ned Farraday-Cole
""".replace("\n", " ")
    .strip()
    .split(", ")
)
CHINESE_DESIGNERS = """
    林若溪 陈望川 苏木白 顾南舟 沈知遥 许听澜 周砚之 叶青禾 陆远山 江小鱼 宋时雨 韩松年 方既白 唐晚照 秦落棠 何归云
""".split()
