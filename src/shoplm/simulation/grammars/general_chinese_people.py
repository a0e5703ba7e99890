# ruff: noqa: E501 - a Chinese character counts as two columns
"""Chinese general text about people: history, lives, journeys, tales, news."""

HISTORY = {
    "cast": {
        "town": "{place}",
        "ruler": "{place_head}王|{surname}太守|{surname}将军|{place_head}侯|{surname}太后|刺史{full_name}",
        "enemy": "{place}的军队|{people}的联军|{place}的水师|{full_name}的叛军",
    },
    "title": ["{town}小史", "{ruler}与{town}", "{town}之围"],
    "open": [
        "{town}的名字，最早见于{year}的一份文书。",
        "{year}，{ruler}准许{town}开市。",
        "{town}的历史，要从渡过{river}的{people}说起。",
        "{ruler}在位时，{town}由村变成了城。",
    ],
    "body": [
        "{year}，{enemy}围城{small}个月。",
        "瘟疫随船沿{river}而上，夺走了三分之一的人。",
        "{ruler}下令用{stone}修一座{building}，没等修完就去世了。",
        "{month}初{small}夜里的一场大火，烧毁了{hundreds}间房屋。",
        "{people}结成行会，很快就拒绝缴纳{crop}的税。",
        "双方在{building}签了和约，{small}年的战事才结束。",
        "此后{tens}年，这座城归{place}管，官话也换了{small}次。",
        "{crop}和羊毛的买卖，让几户人家富了起来。",
        "银矿采空以后，{people}都去了{place}。",
        "教书先生{full_name}写下的县志，是我们今天唯一的依据。",
        "{year}被冰凌冲垮的老桥，由{people}义务重修。",
        "{river}一战之后，{ruler}被押着游街。",
        "参事们发过誓不说出去，却给{enemy}开了城门。",
        "起初不过是为了{crop}争吵，后来成了起义。",
        "那年冬天的书信里，写的都是饥饿、{weather}和{emotion}。",
        "{late_year}通了火车，生人、报纸和罢工也跟着来了。",
        "{ruler}究竟有没有到过这里，学者们说法不一。",
        "{year}的一道律令，禁止{people}带刀进城。",
    ],
    "end": [
        "城墙只剩下一座{stone}的城门。",
        "{building}上还留着{ruler}的题字。",
        "{late_year}，全城游行庆祝建城。",
        "它的档案是全国最古老的之一。",
        "其余的都毁于那场大火。",
    ],
}

LIFE = {
    "cast": {
        "hero": "{surname}{first}",
        "home": "{place}",
        "art": "画家|乐师|植物学家|工匠|诗人|探险家|医生|算学家|雕刻家|史官",
        "born": "{late_year}",
    },
    "variants": [{"first": "{woman_given}", "he": "她"}, {"first": "{given}", "he": "他"}],
    "title": ["{hero}", "{hero}的一生", "{art}{hero}"],
    "open": [
        "{hero}，{born}生于{home}，出身{people}之家。",
        "在{home}，还记得{art}{hero}的人不多了，虽然有条街以{he}命名。",
        "{art}{hero}从小在{river}边长大，来往的都是{people}。",
        "{hero}{small}岁那年，全家从{home}搬到了{place}。",
    ],
    "body": [
        "{tens}岁时，{he}放弃{science}，做了{art}。",
        "{he}的母亲用一本讲{science}的书教{he}识字。",
        "{he}在{place}学{science}，老师是{full_name}。",
        "靠着仅有的一点钱，{he}一路往{dir}走到了{place}。",
        "夜里{he}点一支蜡烛，{slowly}写到天亮。",
        "多年的{emotion}之后，{he}在{month}第一次有了名声。",
        "{small}年来不理睬{he}的人，说这部作品有伤风化。",
        "{he}结过两次婚，送走了{small}个孩子。",
        "{he}在信里写{emotion}，写{weather}，写窗外的{bird}。",
        "战乱时，{he}在{home}的{building}里藏过{small}个陌生人。",
        "{place}请{he}去任教，{he}说离不开{river}，没有去。",
        "{he}和{full_name}一起，为{people}的孩子办了一所学堂。",
        "从马上摔下来之后，{he}跛了一条腿，文章改为口述。",
        "为了{science}上的一个问题，{he}和老友{full_name}绝交了。",
        "{he}的{small}册手稿，后来在{place}的阁楼上被人发现。",
        "有人问{he}的诀窍，{he}说：耐心，加上早晨的凉水。",
        "{he}一辈子没学会游泳，却渡过{small}次海。",
    ],
    "end": [
        "{he}在{place}去世，那年{tens}岁。",
        "{he}葬在{home}。",
        "{he}死后，{home}的人才明白失去了什么。",
        "{place}的纪念馆里存着{he}的信。",
        "{he}没有弟子，模仿的人却很多。",
    ],
}

TRAVEL = {
    "cast": {
        "goal": "{place}",
        "friend": "老{surname}|小{surname}|{surname}先生|{surname}家的二哥|阿{woman_given}",
    },
    "title": ["去{goal}的路上", "{small}天走到{goal}", "跟{friend}沿{river}而行"],
    "open": [
        "天没亮我们就出发了，{friend}拿地图，我背干粮。",
        "去{goal}的车晚点了，来的时候已经挤满了人。",
        "第{small}天，我们到了{river}边。",
        "{friend}一直想看看{goal}，我只是想离开。",
    ],
    "body": [
        "路从{crop}地里往上爬，到了{tree}林里就不见了。",
        "在{place}，一位老太太给我们倒了水，问从哪里来。",
        "客栈里{people}在唱歌，没人注意到我们进来。",
        "{friend}一路都在讲{science}，我在看雨。",
        "我们睡在草棚里，屋顶漏着星光，后半夜漏起{weather}来。",
        "翻过垭口，整个山谷豁然开朗，{river}像一条掉在地上的带子。",
        "船夫不肯收钱，只顾讲{late_year}的那场洪水。",
        "这里什么都是{stone}砌的：房子、围墙，还有{building}旁的长凳。",
        "到了正午，热得连{bird}都不叫了。",
        "在{place}的{building}里，看门人讲壁画，一次也没有抬头。",
        "我的一只鞋陷在泥里，{friend}笑了{small}里路。",
        "骑骡子的男孩指了一条近道，其实一点也不近。",
        "{place}正赶庙会，吹吹打打，满街糖炒栗子的味道。",
        "傍晚{dir}边来了{weather}，我们跑了起来。",
        "同车的有{small}个{people}和一只鹅。",
        "关口只有一间小屋、一条狗和一个把章盖倒了的人。",
        "夜里有人拉胡琴，{slowly}，总是那几句。",
        "滩上的船，船头都画着眼睛。",
    ],
    "end": [
        "终于看到{goal}的时候，谁也没说话。",
        "{goal}可以等，明天先歇一天。",
        "从来没这么累过，也没这么高兴过。",
        "{friend}留下了，我坐夜车回来。",
        "这些照片里都没有。",
    ],
}

TALE = {
    "cast": {
        "hero": "穷磨坊主|年轻的牧羊人|寡妇|身无分文的兵|三兄弟里最小的那个|老渔夫|不会笑的姑娘|瞎眼的琴师",
        "beast": "狐狸|乌鸦|狼|蟾蜍|白鹿|仙鹤|大鲤鱼|兔子|黑熊|猫头鹰",
        "land": "{place}",
        "treasure": "一只金桃子|一支银笛|长生水|一枚{stone}戒指|三根白羽毛|一句能开百锁的话",
    },
    "title": ["{land}的{beast}", "{hero}和{beast}", "{hero}怎样得到{treasure}"],
    "open": [
        "从前，{land}的林子边上住着一个{hero}。",
        "很久很久以前，{land}有个{hero}，除了屋后一棵{tree}，什么也没有。",
        "{river}边的村子里，至今讲着{hero}和{beast}的故事。",
        "那是{season}，{land}的{weather}已经下了{small}个星期。",
    ],
    "body": [
        "“饶了我吧，”{beast}说，“我告诉你{treasure}在哪里。”",
        "过了三夜，每一夜{beast}都来敲门。",
        "翻过第{small}座山，有一座没有窗的{building}。",
        "国王许诺，谁找来{treasure}，就把女儿嫁给谁。",
        "“听见什么都别回头。”{bird}叮嘱道。",
        "{people}都笑了，掌柜的笑得最响。",
        "他们一直走，走到月亮落了，夜鸟也不叫了。",
        "巨人睁着眼睛睡觉，鼻息把{tree}都吹弯了。",
        "院里有口井，井里有个哭的声音。",
        "第{small}天，干粮吃完了，鞋也磨穿了。",
        "“谁坐在我的{tree}上？”老妖婆一喊，{bird}全飞了起来。",
        "大哥出于{emotion}，把钥匙扔进了{river}。",
        "谁喝了那水，就忘了自己的名字。",
        "{beast}抖了抖身子，变成一个头发湿漉漉的王子。",
        "一个只剩{small}颗牙的老婆婆要了一块饼，回赠了一个谜。",
        "什么比{stone}重，又比羽毛轻？谁也答不上来。",
        "绳子一断，{treasure}掉进了湖心最深的地方。",
    ],
    "end": [
        "要是没死，他们如今还住在{land}呢。",
        "从那以后，{river}上再没人见过{beast}。",
        "所以直到今天，{bird}只在{weather}之前叫。",
        "那件宝贝再也没有找到。",
        "会听的人，不会迷路。",
    ],
}

NEWS = {
    "cast": {"town": "{place}", "mayor": "{full_name}", "topic": "{building}|码头|通往{place}的铁路|{river}大坝|汛期防洪|新学校"},
    "title": ["{town}为{topic}争论不休", "{topic}：议会有了决定", "{town}消息"],
    "open": [
        "本报{town}{weekday}讯：议会昨晚讨论了{topic}一事。", "{weekday}，{hundreds}多人因为{topic}聚集在{town}。", "市长{mayor}{weekday}宣布，{topic}将关闭到{month}。",
        "{weather}过后，{town}宣布进入紧急状态。",
    ],
    "body": [
        "以{full_name}为首的反对派说，这是浪费公款。", "一份报告指出，{tens}根桩子里有{small}根已经不安全。", "{people}把通往{place}的路堵了{small}个小时。",
        "预计花费{small}百万，超出原先的估计。", "{place}的一位{science}专家提醒不要操之过急。", "警方发言人说，没有人受伤。", "表决结果是{tens}票对{small}票。",
        "{place}的法院将在{month}作出裁决。", "“我们等了{small}年。”退休老人{full_name}说。", "{weekday}学校停课，列车每{small}小时一班。", "{weekday}以来，河水上涨了{small}尺。",
        "{late_year}，类似的计划因为缺钱搁浅。", "正在{place}视察的部长没有回应。", "志愿者一夜装了{thousands}袋沙土。", "{town}乐团{weekday}将为灾民义演。",
        "投票率只有百分之{tens}，是{late_year}以来最低的。", "农户担心{crop}和{crop}的收成。", "足球队以{small}比一输给了{place}。",
    ],
    "end": ["{month}前会有结果。", "{mayor}呼吁大家保持冷静。", "气象台预计{weekday}有{weather}。", "调查仍在进行。", "下次会议对公众开放。"],
}  # fmt: skip

GENRES = {"history": HISTORY, "biography": LIFE, "travel": TRAVEL, "tales": TALE, "news": NEWS}
