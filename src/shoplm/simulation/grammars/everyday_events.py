# ruff: noqa: E501 - a Chinese character counts as two columns
"""Everyday events around buying and using things, and what goes with each.

A frame: what somebody wants, what comes first, what stands in its way, what follows; `{a}` and
`{b}` are filled by each of its pairs.
"""

ASKED = {
    "en": {
        "obstacle": ["{who} wants to {event}. What may get in the way?", "What could keep {who} from this plan: to {event}?"],
        "need": ["{who} wants to {event}. What has to be done first?", "Before {who} can {event}, what is needed?"],
        "effect": ["{who} has managed to {event}. What follows from it?", "If {who} manages to {event}, what will happen next?"],
    },
    "zh": {
        "obstacle": ["{who}想{event}，什么会妨碍这件事？", "什么情况会让{who}没办法{event}？"],
        "need": ["{who}想{event}，首先要做什么？", "{who}在{event}之前，需要先做好哪件事？"],
        "effect": ["{who}终于{event}了，接下来会怎样？", "如果{who}顺利{event}，随后会发生什么？"],
    },
}  # fmt: skip

WHO = {
    "en": ["Aunt Ruth", "Mr Okafor", "Lena", "Tomas", "the new neighbour", "Grandfather", "Priya", "Sofia", "Marek", "the student next door", "Uncle Abe", "Yuki"],
    "zh": ["小芳", "老周", "隔壁的张阿姨", "王师傅", "表哥", "李老师", "外婆", "小林", "新来的室友", "赵叔叔", "妹妹", "刘医生"],
}  # fmt: skip

FRAMES = {
    "en": {
        "cook": {
            "event": "cook {a} for supper", "need": "get {b} from the shop",
            "obstacle": "there is no {b} left in the cupboard", "effect": "the family sits down to eat {a}",
            "pairs": ["pancakes|flour", "fried rice|rice", "an omelette|eggs", "tomato soup|tomatoes", "lentil stew|lentils", "potato salad|potatoes"],
        },
        "wear": {
            "event": "wear the new {a} to {b}", "need": "pick the size of the {a} that fits",
            "obstacle": "the {a} came two sizes too small", "effect": "friends at {b} admire the {a}",
            "pairs": ["boots|the hike", "suit|the wedding", "raincoat|the market", "dress|the concert", "gloves|the ski trip", "trainers|the gym"],
        },
        "return": {
            "event": "send back the {a} because it {b}", "need": "find the receipt of the {a}",
            "obstacle": "the time to return the {a} ran out last month", "effect": "the shop pays back the price of the {a}",
            "pairs": ["kettle|leaks", "lamp|flickers", "watch|runs slow", "headset|crackles", "toaster|burns the bread", "printer|jams"],
        },
        "charge": {
            "event": "use the {a} for {b}", "need": "charge the battery of the {a}",
            "obstacle": "the battery of the {a} is flat and the charger is lost", "effect": "by the end of {b} the {a} has to be charged again",
            "pairs": ["camera|the school play", "speaker|the picnic", "drill|the new shelf", "tablet|the long flight", "torch|the night walk", "phone|the video call"],
        },
        "gift": {
            "event": "surprise {b} with {a}", "need": "order {a} in secret",
            "obstacle": "{b} opened the parcel with {a} by mistake", "effect": "{b} says thank you for {a}",
            "pairs": ["a model train|the twins", "a silk scarf|an old teacher", "a cookbook|the bride", "a telescope|the nephew", "a teapot|the hostess", "a chess set|the champion"],
        },
        "assemble": {
            "event": "put up the {a} in {b}", "need": "read the manual of the {a} and sort its screws",
            "obstacle": "half the screws of the {a} are missing", "effect": "there is less empty floor in {b} because of the {a}",
            "pairs": ["bookcase|the study", "bunk bed|the nursery", "wardrobe|the bedroom", "workbench|the garage", "coat rack|the hall", "desk|the attic"],
        },
        "pet": {
            "event": "take the {a} to {b}", "need": "coax the {a} into its carrier or onto its lead",
            "obstacle": "the {a} hides under the bed and will not come out", "effect": "the {a} is tired after the outing to {b}",
            "pairs": ["puppy|the park", "cat|the vet", "rabbit|the animal show", "terrier|the seaside", "parrot|the new flat", "kitten|the pet hotel"],
        },
        "deliver": {
            "event": "have {a} delivered to {b}", "need": "give the shop the exact address of {b}",
            "obstacle": "nobody is at {b} to sign for {a}", "effect": "the courier hands over {a} at {b}",
            "pairs": ["a sofa|the summer house", "a bicycle|the office", "a freezer|the café", "a piano|the third floor", "a mattress|the dormitory", "a canoe|the campsite"],
        },
    },
    "zh": {
        "cook": {
            "event": "做{a}当晚饭", "need": "去店里买{b}",
            "obstacle": "橱柜里一点{b}都没有了", "effect": "一家人坐下来吃{a}",
            "pairs": ["葱油饼|面粉", "炒饭|大米", "蛋羹|鸡蛋", "番茄汤|番茄", "红豆粥|红豆", "土豆沙拉|土豆"],
        },
        "wear": {
            "event": "穿上新买的{a}去{b}", "need": "挑好合身的{a}尺码",
            "obstacle": "寄来的{a}小了两号", "effect": "{b}时朋友们夸{a}好看",
            "pairs": ["登山靴|爬山", "西装|参加婚礼", "雨衣|赶集", "连衣裙|听音乐会", "手套|滑雪", "运动鞋|健身"],
        },
        "return": {
            "event": "把{b}的{a}退掉", "need": "找出{a}的购物小票",
            "obstacle": "{a}的退货期限上个月就过了", "effect": "店家退还{a}的钱",
            "pairs": ["水壶|漏水", "台灯|闪个不停", "手表|走得慢", "耳机|有杂音", "面包机|总烤焦", "打印机|老卡纸"],
        },
        "charge": {
            "event": "带着{a}去{b}", "need": "给{a}充满电",
            "obstacle": "{a}没电了，充电器也找不到", "effect": "{b}回来，{a}又得充电了",
            "pairs": ["相机|拍学校演出", "音箱|野餐", "电钻|装书架", "平板|坐长途飞机", "手电筒|走夜路", "手机|拍视频"],
        },
        "gift": {
            "event": "用{a}给{b}一个惊喜", "need": "悄悄订好{a}",
            "obstacle": "{b}不小心先拆开了装{a}的包裹", "effect": "{b}为收到{a}道谢",
            "pairs": ["火车模型|双胞胎", "真丝围巾|老教师", "菜谱|新娘", "望远镜|侄子", "茶壶|女主人", "国际象棋|冠军"],
        },
        "assemble": {
            "event": "在{b}装好{a}", "need": "看{a}的说明书，把螺丝分好类",
            "obstacle": "{a}的螺丝少了一半", "effect": "因为{a}，{b}的空地变小了",
            "pairs": ["书柜|书房", "双层床|儿童房", "衣柜|卧室", "工作台|车库", "衣帽架|门厅", "书桌|阁楼"],
        },
        "pet": {
            "event": "带{a}去{b}", "need": "哄{a}进笼子或者系上绳子",
            "obstacle": "{a}躲在床底下不肯出来", "effect": "去完{b}，{a}累得趴下了",
            "pairs": ["小狗|公园", "大橘猫|兽医站", "兔子|宠物展", "柯基|海边", "鹦鹉|新家", "小奶猫|宠物旅馆"],
        },
        "deliver": {
            "event": "让人把{a}送到{b}", "need": "把{b}的详细地址告诉店家",
            "obstacle": "{b}没有人能签收{a}", "effect": "快递员在{b}交出{a}",
            "pairs": ["沙发|乡下老屋", "自行车|公司", "冰柜|咖啡馆", "钢琴|三楼", "床垫|宿舍", "皮划艇|营地"],
        },
    },
}  # fmt: skip
