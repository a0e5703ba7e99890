# ruff: noqa: E501 - a Chinese character counts as two columns
"""Passages of the held-out benchmark: kinds of text that occur nowhere else in the shop.

Each has a cast, sentences in a fixed order, most in several wordings, and questions whose answer is a name of the cast.
"""

ENGLISH = {
    "lighthouse": {
        "cast": {
            "isle": "{place} Rock|{place} Head|the skerries of {place}",
            "builder": "{full_name}",
            "keeper": "{forename}",
            "lit": "{late_year}",
            "steps": "{hundreds}",
        },
        "sentences": [
            "Ships bound for {place} steer by the light on {isle}, which was lit for the first time in {lit}.",
            "(Its tower was planned by {builder} and raised, storm after storm, by convicts in chains|{builder} drew the plans; every block was ferried out and set by hand, and {small} masons drowned).",
            "(Visitors who climb all {steps} steps are rewarded with a view as far as {place}|A spiral of {steps} steps, worn hollow by boots, winds up to the lantern room|To trim the wick somebody had to climb {steps} steps, every evening, with the oil on his back).",
            "(The last keeper, known to everybody as {keeper}, refused to leave when the lamp became automatic|{keeper}, who kept the lamp for {dozens} winters and raised goats, was the last to live there).",
            "(Twice the sea tore away the gallery, and twice it was bolted on again before the next tide|During the gale of {late_year} green water broke over the lantern itself|A fog bell, cast in {place}, cracked in the frost of {year} and hangs there still).",
            "(Gulls have the place to themselves now, apart from a mechanic who rows over every {month}|Nowadays a mechanic looks in every {month} and otherwise the seals are alone).",
        ],
        "questions": [
            ("Who planned the tower on {isle}?", "builder"),
            ("In which year was the light on {isle} first lit?", "lit"),
            ("How many steps lead to the top of the tower on {isle}?", "steps"),
            ("What was the last keeper on {isle} called?", "keeper"),
        ],
    },
    "game": {
        "cast": {
            "game": "{river} Chess|Crown of {place}|{place} Draughts|Nine Men of {place}",
            "pieces": "{small}",
            "inventor": "{full_name}",
            "origin": "{place}",
        },
        "sentences": [
            "{game} is played by two on a board of {dozens} squares, each side commanding {pieces} pieces.",
            "(Legend credits {inventor} of {origin} with inventing it to pass the time in debtors' prison|{inventor}, a toll-keeper from {origin}, is said to have dreamt the rules in one feverish night).",
            "(A turn consists of one slide and one leap, in whichever order the player prefers|Players throw no dice; they bid for the move with counters hidden in the fist|Each move must end further from home than it began, or the piece is forfeit).",
            "(Capturing is compulsory unless the piece in danger stands upon its home square|Two pieces stacked upon one square form a wall that nothing but {small} others can topple).",
            "(Whoever first brings three pieces across wins, though masters usually agree to draws|A game lasts {dozens} minutes among friends and whole weekends among rivals|To lose without a single capture obliges one to buy supper).",
            "(Tournaments have been held in {origin} every {month} without a single interruption|Every {month}, the champions meet in {origin}, in a hall above the fish market).",
        ],
        "questions": [
            ("Who is said to have invented {game}?", "inventor"),
            ("How many pieces does each side have in {game}?", "pieces"),
            ("In which town are tournaments of {game} held?", "origin"),
        ],
    },
    "voyage": {
        "cast": {
            "ship": "Queen of {place}|Swift {woman}|{river} Maid|Duke of {place}",
            "captain": "{full_name}",
            "cargo": "{crop}",
            "port": "{place}",
            "survivors": "{small}",
        },
        "sentences": [
            'The barque "{ship}" cleared {place} on a falling tide, laden to the gunwales with {cargo}.',
            "(Her master, {captain}, had rounded the cape nineteen times and boasted of never losing a spar|{captain} commanded her, a teetotaller who read aloud from the prophets at every change of watch).",
            "(Somewhere beyond the fortieth parallel a whale stove in the bow below the waterline|Smoke was smelled on the {ordinal} night; by morning the forehold glowed through the planks|Becalmed among ice, she was nipped until the deck beams sprang).",
            "(Only {survivors} of the crew reached {port}, after weeks in an open boat on rainwater and biscuit|Of those who took to the boats, {survivors} were hauled ashore at {port}, blind from salt and sun).",
            "(The inquiry cleared the mate, blamed nobody, and fined the owners for rotten pumps|Underwriters in {place} paid {thousands} crowns and struck her name from the list).",
            "(Divers found her anchor in {late_year}; the rest belongs to the currents|Her figurehead, dredged up in {late_year}, hangs in a tavern).",
        ],
        "questions": [
            ('What was the cargo of the "{ship}"?', "cargo"),
            ('Who commanded the "{ship}"?', "captain"),
            ('Where did the survivors of the "{ship}" come ashore?', "port"),
            ('How many of the crew of the "{ship}" survived?', "survivors"),
        ],
    },
}  # fmt: skip

CHINESE = {
    "lighthouse": {
        "cast": {
            "isle": "{place}礁|{place}角|{mountain}屿",
            "builder": "{full_name}",
            "keeper": "老{surname}",
            "lit": "{late_year}",
            "steps": "{hundreds}",
        },
        "sentences": [
            "开往{place}的船，全靠{isle}上的那盏灯认路，它第一次点亮是在{lit}。", "(塔身由{builder}设计，戴着脚镣的苦役顶着风浪一层一层垒起来|图纸出自{builder}之手，每块石料都靠舢板运来，淹死了{small}个泥瓦匠)。",
            "(爬完全部{steps}级台阶的人，能一直望到{place}的海岸线|磨得凹下去的{steps}级台阶，盘旋着通向灯室|为了剪灯芯，每晚都得有人背着油爬{steps}级台阶)。", "(人称{keeper}的末代看守，在改成自动灯之后依然不肯下岛|{keeper}守了{tens}个冬天，养着一群山羊，是最后住在岛上的人)。",
            "(海浪两次卷走外廊，又两次赶在涨潮之前重新铆上|{late_year}的那场飓风里，浪头直接打过了灯顶|{place}铸的雾钟在{year}冻裂了，到今天还挂着)。", "(如今岛上只剩海鸥，还有一位每逢{month}划船来检修的技工|现在除了{month}上岛的检修工，就只有海豹作伴)。",
        ],
        "questions": [
            ("{isle}的灯塔是谁设计的？", "builder"), ("{isle}的灯是哪一年第一次点亮的？", "lit"),
            ("{isle}的灯塔有多少级台阶？", "steps"), ("{isle}最后一位看守叫什么？", "keeper"),
        ],
    },
    "game": {
        "cast": {
            "game": "{river}棋|{place}牌|{mountain}跳子|{place}双陆",
            "pieces": "{small}",
            "inventor": "{full_name}",
            "origin": "{place}",
        },
        "sentences": [
            "{game}由两人对下，棋盘共{tens}格，每方执子{pieces}枚。", "(传说它是{origin}人{inventor}在债主牢里为打发时光想出来的|相传{origin}收过路钱的{inventor}发高烧，一夜之间梦见了全套规则)。",
            "(每一手先滑后跳，或者先跳后滑，由走棋的人自己决定|不掷骰子，双方把筹码攥在拳头里竞价抢先手|每走一手都得离老家更远，否则这枚子作废)。", "(能吃就必须吃，除非对方的子正停在自家营地里|同格叠起两枚就成了墙，非得{small}枚一起才推得倒)。",
            "(谁先把三枚子送过界谁赢，不过高手之间多半握手言和|朋友之间一局{tens}分钟，冤家对头能下整整两天|一子未吃就输掉的人，按规矩要请一顿饭)。", "({origin}每到{month}都办比赛，从来没有中断过一届|每逢{month}，好手们在{origin}鱼市楼上的大厅里碰头)。",
        ],
        "questions": [
            ("传说{game}是谁发明的？", "inventor"), ("{game}每方有几枚子？", "pieces"), ("{game}的比赛在哪里举办？", "origin"),
        ],
    },
    "voyage": {
        "cast": {
            "ship": "{place}号|{river}号|{mountain}号",
            "captain": "{full_name}",
            "cargo": "{crop}",
            "port": "{place}",
            "survivors": "{small}",
        },
        "sentences": [
            "三桅船“{ship}”趁着退潮驶出{place}，舱里一直到船舷都堆着{cargo}。", "(船长{captain}绕过那个岬角十九回，夸口连一根帆桁都没折过|掌舵的是滴酒不沾的{captain}，每次换班都要高声念一段经文)。",
            "(过了四十度纬线不久，一头鲸把水线以下的船头撞开了口子|第{small_n}夜闻到烟味，天亮时前舱的火光已经透出船板|困在浮冰里动弹不得，甲板的横梁一根根绷断)。", "(靠着接雨水和啃硬饼，只有{survivors}名船员乘小艇漂到了{port}|上了救生艇的人里，{survivors}名在{port}被拖上岸，盐和日头晒瞎了眼)。",
            "(海事庭既没有怪罪大副，也没有追究旁人，只罚船主不修水泵|{place}的保险行赔了{thousands}两银子，从此把它从册上勾掉)。", "({late_year}潜水的人捞起了它的锚，其余的都归了洋流|船首像在{late_year}被网了上来，如今挂在一家酒馆里)。",
        ],
        "questions": [
            ("“{ship}”装的是什么货？", "cargo"), ("“{ship}”的船长是谁？", "captain"),
            ("“{ship}”的幸存者在哪里上岸？", "port"), ("“{ship}”有几名船员活了下来？", "survivors"),
        ],
    },
}  # fmt: skip

PASSAGES = {"en": ENGLISH, "zh": CHINESE}
