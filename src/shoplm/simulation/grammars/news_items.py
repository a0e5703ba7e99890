# ruff: noqa: E501, SIM905 - a Chinese character counts as two columns
"""News by topic: English stories of two or three sentences, Chinese headlines.

The topic decides what happens; names, numbers and wording are drawn. Topics are named as the labels
of AG News and TNEWS are.
"""

WORDS = {
    "en": {
        "person": ["{forename} {surname}"],
        "forename": "Adela Bruno Carla Dario Elsa Farid Greta Hamid Ines Jonas Katya Leon Mira Nils Olga Pavel Rita Samir Tessa Viktor".split(),
        "surname": "Albrecht Barrow Castell Dunmore Ekberg Farrell Garran Holt Ivers Jankow Keller Lorne Maddox Norling Obane Pryce Rusk Sorel Tavish Weller".split(),
        "land": "Arlenia Bovaria Cestria Dunland Estmark Felonia Gorland Hestria Istvania Kaldova Lorvia Mestria Norvale Ostania".split(),
        "city": "Aldersby Bronwick Carnmouth Delbury Eastholm Fennport Grandvik Hollowford Ironby Kestrelton Lindmoor Marwick Northam Oldhaven".split(),
        "team": ["{city} (Rovers|United|Wanderers|Falcons|Harriers|Athletic)"],
        "head": "Alder Borealis Cobalt Delta Elm Fulcrum Granite Harbour Ironwood Juniper Keystone Lantern".split(),
        "firm": ["{head} (Foods|Motors|Steel|Airlines|Retail|Energy|Shipping|Bank)"],
        "lab": ["the (University|Institute|Polytechnic|Observatory) of {city}"],
        "n": "two three four five six seven eight nine".split(),
        "big": [str(n) for n in range(12, 98)],
        "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    },
    "zh": {
        "person": ["(陈|林|何|罗|梁|宋|唐|许|邓|彭)(一鸣|晓岚|建业|雨桐|志刚|佳宁|永福|思源|海燕|文博)"],
        "city": "青浦湾 南岭市 云河市 安澜市 白沙港 临江市 金桥镇 海宁湾 枫林市 雁北市 石门县 梧桐市".split(),
        "land": "阿伦国 博瓦国 塞利亚 东麦国 费罗尼 霍斯特国 卡多瓦 洛维亚 诺维尔 梅斯特".split(),
        "head": "云帆 启明 恒润 金穗 宏图 远山 华翎 百川".split(),
        "firm": ["{head}(科技|集团|股份|控股)"],
        "team": ["{city}(飞鹰|猛虎|海燕|蓝鲸)队"],
        "n": "两 三 四 五 六 七 八 九".split(),
        "digit": "二 三 四 五 六 七 八 九".split(),
        "big": [str(n) for n in range(11, 99)],
        "month": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月".split(),
    },
}  # fmt: skip

TOPICS = {
    "en": {
        "world": [
            "{a=land} recalls its ambassador\nThe government of {a} recalled its envoy from {land} on {day} after {n} border guards were (detained|injured|arrested). Both (parliaments|foreign ministries) have asked for talks.",
            "Peace talks resume in {a=city}\nDelegates of {land} and {land} met in {a} on {day} to extend a ceasefire that has held for {n} weeks, (mediators|diplomats) said.",
            "Voters in {a=land} go to the polls\nPresident {person} faces {n} rivals as {a} votes on {day}; observers counted {big} complaints about (ballot papers|closed polling stations).",
            "Flood leaves thousands homeless in {a=land}\nSoldiers brought {big} families to (schools|churches) near {city} after the river burst its banks, the interior ministry of {a} said on {day}.",
            "Cabinet of {a=land} resigns\nPrime minister {person} stepped down on {day} after {n} ministers walked out over a (treaty|tax on grain|prisoner exchange) with {land}.",
        ],
        "sports": [
            "{a=team} win at home\n{person} scored {n} times as {a} beat {team} on {day} after {n} draws in a row, before a (sold-out|half-empty) stadium.",
            "Injury rules out {a=person}\nThe (goalkeeper|striker|captain) of {team} will miss {n} matches with a torn (muscle|tendon), the coach said of {a} after training on {day}.",
            "{a=person} takes the title in {city}\nIn a final of {n} sets, {a} beat {person} on {day} and defended the (tennis|badminton|fencing) crown.",
            "Record in the marathon of {city}\n{person} crossed the line {big} seconds inside the old record on {day}; {n} runners dropped out in the (heat|rain).",
            "{a=team} sign a new coach\n{person}, who led {team} to {n} cups, will take over the bench of {a} before the (play-offs|season opens).",
        ],
        "business": [
            "{a=firm} raises its forecast\nShares of {a} rose {n} per cent on {day} after quarterly profit reached {big} million, helped by (lower costs|strong orders).",
            "{firm} to buy {firm}\nThe deal of {big} billion, announced on {day}, would create the largest (lender|retailer|carrier) on the exchange of {city}; {n} regulators must approve it.",
            "Jobs to go at {a=firm}\n{a} will cut {big} hundred jobs and close {n} plants as (interest rates|oil prices) weigh on demand, chief executive {person} told investors.",
            "Central bank leaves rates unchanged\nBorrowing costs stay at {n} per cent, the bank in {city} said on {day}, while inflation (slowed|quickened) and bond prices fell.",
            "{firm} sues its auditors\nThe company claims {big} million in damages over (misstated accounts|a failed bond sale), court papers in {city} showed on {day}.",
        ],
        "sci_tech": [
            "Probe sends first pictures\nA spacecraft built at {lab} has sent {big} images of a (moon|comet|ring system) after a flight of {n} years, engineers said on {day}.",
            "Researchers find a (beetle|fern|fungus) that resists drought\nA team at {lab} led by {person} decoded {big} genes of the organism and published the (genome|method) on {day}.",
            "Flaw found in (browsers|routers|phones)\nThe software lets attackers read passwords, {person} of {lab} warned; a patch for {n} operating systems is due on {day}.",
            "New battery charges in {n} minutes\nElectrodes of (sodium|silicon|graphite) keep {big} per cent of their capacity, a laboratory at {lab} reported in a journal on {day}.",
            "Supercomputer models the (climate|ocean|cell)\nWith {big} thousand processors, the machine at {lab} simulates {n} decades overnight, said computer scientist {person}.",
        ],
    },
    "zh": {
        "news_story": ["(老槐树|旧渡口|破庙)下的约定：{person}等了{n}年", "那年{month}，我在{city}遇见了(守灯人|卖花的姑娘|修表匠)", "(婆婆|邻居|师傅)留下的{n}封信，让{person}泪流满面", "短篇故事：{city}的(雪夜|雨巷|末班车)，{person}著"],
        "news_culture": ["{city}博物馆展出{big}件(青铜器|古籍|瓷器)", "(皮影戏|剪纸|昆曲)传承人{person}收下第{digit}位徒弟", "书法家{person}作品展{month}在{city}开幕", "{city}(古戏台|书院|碑林)修缮完工，{month}对外开放"],
        "news_entertainment": ["{person}新片{month}上映，票房首日破{big}万", "演员{person}与导演{person}合作(古装剧|喜剧)，已拍{n}个月", "歌手{person}{city}演唱会加演{n}场", "综艺第{digit}季官宣嘉宾，{person}(加盟|回归)"],
        "news_sports": ["{team}主场{n}球大胜{team}", "{person}伤愈复出，{team}豪取{n}连胜", "{city}马拉松{month}开跑，{person}打破赛会纪录", "{team}换帅，{person}(出任主教练|签约{n}年)"],
        "news_finance": ["央行下调存款准备金率{n}个基点", "{city}银行个人(存款|理财)利率降至百分之{digit}", "{month}居民消费价格同比上涨百分之{digit}", "(信贷|财政)支持小微企业，{city}放款{big}亿元"],
        "news_house": ["{city}二手房{month}成交{big}00套", "{city}新盘开售，每平方米(上涨|下跌){n}百元", "买房必看：{city}公积金贷款额度(上调|下调)", "{city}推出{big}00套公租房，{month}摇号"],
        "news_car": ["新款(越野车|轿车|跑车)上市，百公里油耗{n}升", "试驾(五|六|七)座家用车：{city}{n}日试驾记", "{firm}召回{big}00辆汽车，因(刹车|气囊)隐患", "(电动车|混动车)续航{big}0公里，{month}开始交付"],
        "news_edu": ["{city}中考{month}举行，{big}00名考生参加", "高校公布研究生复试名单，扩招百分之{digit}", "{city}{big}所小学试行(弹性离校|无作业日)", "教师{person}支教{n}年，带出{big}名大学生"],
        "news_tech": ["{firm}发布新芯片，功耗降低{big}%", "手机系统更新：新增{n}项(隐私|相机)功能", "(人工智能|量子计算)实验室落户{city}，{firm}投资{big}亿", "{firm}开源(操作系统|数据库)，程序员{person}主持"],
        "news_military": ["海军新型(护卫舰|潜艇)在{city}下水", "{land}空军举行演习，出动{big}架战机", "边防连队{month}换装(步枪|装甲车)", "(导弹|坦克)部队夜间实弹射击，{n}发全部命中"],
        "news_travel": ["{month}去{city}看(花海|云海|冰瀑)，{n}日游攻略", "{city}古镇门票降价，游客增长{big}%", "自驾{city}：沿途{n}个(民宿|观景台)推荐", "{city}开通旅游专列，{month}发车"],
        "news_world": ["{land}总统{month}访问{land}", "{land}与{land}签署(停火|边境)协议", "{land}大选投票开始，{n}名候选人角逐", "{land}首都抗议持续{n}天，外长辞职"],
        "news_stock": ["{firm}股价涨停，成交额{big}亿元", "沪指收跌百分之{digit}，(券商|白酒)板块领跌", "{firm}{month}登陆创业板，发行市盈率{big}倍", "A股午评：{big}只个股涨停，资金流入(有色|银行)"],
        "news_agriculture": ["{city}(小麦|水稻|玉米)喜获丰收，亩产{big}0斤", "(生猪|白菜|苹果)价格{month}回落，农户这样种", "农技员{person}教你防治(稻飞虱|蚜虫|锈病)", "{city}合作社种(大棚草莓|中药材)，每亩增收{n}千元"],
        "news_game": ["(手游|端游)新赛季上线，{n}位英雄调整", "{team}夺得电竞联赛冠军，{person}获最佳选手", "玩家{person}{n}小时通关隐藏副本", "新版本更新：(法师|射手|刺客)装备攻略{n}则"],
    },
}  # fmt: skip
