# ruff: noqa: E501 - a Chinese character counts as two columns
"""Scenes for pairs of sentences: who does what where, and what follows, is ruled out or is open.

Of an activity: what is done; then `|` between wordings of what follows from it, of what cannot be
at the same time, and of what may be or not.
"""

WHO = {
    "en": [  # in the premise, in the hypothesis, in general, plural
        ("an old man", "the old man", "a man", False), ("a young woman", "the woman", "a person", False),
        ("two boys", "the boys", "some children", True), ("a girl in a red coat", "the girl", "a child", False),
        ("three students", "the students", "several people", True), ("a tall farmer", "the farmer", "somebody", False),
        ("a nurse", "the nurse", "a person", False), ("my two neighbours", "the neighbours", "two people", True),
        ("a bearded man in gloves", "the man", "somebody", False), ("a grandmother", "the grandmother", "a woman", False),
        ("four tourists", "the tourists", "a group of people", True), ("a boy with freckles", "the boy", "a child", False),
    ],
    "zh": [
        ("一位白发老人", "这位老人", "有人", False), ("一个年轻女子", "这个女子", "有人", False),
        ("两个男孩", "这两个男孩", "几个孩子", True), ("一个穿红外套的小女孩", "这个女孩", "一个孩子", False),
        ("三名学生", "这些学生", "几个人", True), ("一位高个子农民", "这位农民", "有人", False),
        ("一名护士", "这名护士", "有人", False), ("隔壁的夫妻俩", "这对夫妻", "两个人", True),
        ("一个戴手套的男子", "这名男子", "一个男人", False), ("一位老奶奶", "这位老奶奶", "一位女性", False),
        ("四名游客", "这些游客", "一群人", True), ("一个长雀斑的男孩", "这个男孩", "一个孩子", False),
    ],
}  # fmt: skip

PLACES = {
    "en": [  # where, what follows of the place, what it rules out
        ("in a crowded kitchen", "indoors", "on a mountain top"), ("on a windy beach", "outdoors", "in an office"),
        ("beside a frozen lake", "near water", "in a cinema"), ("in the back row of a bus", "in a vehicle", "in a meadow"),
        ("under an apple tree", "outdoors", "in a cellar"), ("in a hospital corridor", "inside a building", "on a raft"),
        ("on the roof of a house", "above the ground", "in a tunnel"), ("in a small library", "among books", "in a stable"),
        ("at a railway station", "in a public place", "on a desert island"), ("in the garden behind the school", "in a garden", "on a ship"),
    ],
    "zh": [
        ("在拥挤的厨房里", "在室内", "在山顶上"), ("在刮风的沙滩上", "在户外", "在办公室里"),
        ("在结冰的湖边", "在水边", "在电影院里"), ("在公交车最后一排", "在车上", "在草原上"),
        ("在苹果树下", "在户外", "在地下室里"), ("在医院的走廊里", "在楼房里", "在木筏上"),
        ("在自家屋顶上", "在高处", "在隧道里"), ("在小图书馆里", "在有书的地方", "在马厩里"),
        ("在火车站", "在公共场所", "在荒岛上"), ("在学校后面的花园里", "在花园里", "在轮船上"),
    ],
}  # fmt: skip

DOING = {
    "en": [
        ("peeling potatoes", "holding food|preparing vegetables", "asleep|juggling knives blindfolded", "about to make soup|making dinner for guests"),
        ("reading a thick novel aloud", "reading|speaking", "silent|asleep", "fond of poetry|on the last page of the book"),
        ("repairing a bicycle", "fixing something|at work on a bicycle", "riding the bicycle at full speed|asleep", "going to sell the bicycle|late for a race"),
        ("playing the violin", "making music|holding an instrument", "swimming|fast asleep", "known all over town|practising for a wedding"),
        ("feeding pigeons", "near birds|giving food to birds", "asleep|afraid to go near any bird", "waiting for a friend|sharing an old loaf"),
        ("folding clean sheets", "touching cloth|doing a chore", "lying in bed asleep|playing the trumpet", "preparing a room for guests|tired of housework"),
        ("drinking hot tea", "drinking something|having a hot drink", "asleep|having nothing to drink", "ill with a cold|drinking a third cup"),
        ("painting a wooden fence blue", "painting|using paint", "sleeping|leaving the fence unpainted", "paid for the work|in need of more paint"),
        ("carrying a heavy suitcase", "holding luggage|carrying something", "empty-handed|asleep", "on the way to the airport|moving to another town"),
        ("photographing a rainbow", "taking a picture|looking at a rainbow", "asleep|blindfolded", "working for a newspaper|using a new camera"),
        ("laughing at a joke", "laughing|amused", "crying with grief|asleep", "with an old friend|laughing at a joke about dogs"),
        ("writing a long letter", "writing|using words", "asleep|unable to write a word", "in love|writing to a lawyer"),
        ("washing a muddy dog", "with an animal|cleaning a dog", "asleep|alone without any animal", "fond of this dog|late for dinner"),
        ("planting tulips in pots", "handling plants|planting flowers", "asleep|felling a tree", "planting for a living|planting a birthday present"),
    ],
    "zh": [
        ("削土豆", "拿着食物|处理蔬菜", "睡觉|蒙着眼睛抛飞刀", "准备炖汤|给客人做晚饭"),
        ("大声朗读一本厚小说", "看书|念出声音", "默默打瞌睡|睡觉", "读最喜欢的作家|读全书最后一页"),
        ("修理自行车", "修东西|摆弄一辆自行车", "骑着这辆车飞驰|睡觉", "打算卖掉这辆车|赶着去参加比赛"),
        ("拉小提琴", "演奏乐器|弄出声音", "游泳|熟睡", "为婚礼排练|准备考级"),
        ("喂鸽子", "靠近鸟儿|给动物喂食", "睡觉|躲着所有的鸟", "等一位朋友|分一块放久了的面包"),
        ("叠洗干净的床单", "摸着布料|做家务", "躺在床上睡觉|吹小号", "给客人收拾房间|盘算着搬家"),
        ("喝热茶", "喝东西|喝热的饮料", "睡觉|忍着口渴不喝水", "治感冒|喝第三杯茶"),
        ("把木栅栏刷成蓝色", "刷漆|用油漆干活", "睡觉|拆掉整道栅栏", "领工钱干活|用最后一桶漆"),
        ("提着沉重的行李箱", "拿着行李|提着东西", "空着手散步|睡觉", "赶往机场|搬到另一座城市"),
        ("拍彩虹的照片", "拍照|看着彩虹", "睡觉|闭着眼睛打盹", "为报社工作|用刚买的相机"),
        ("听完笑话哈哈大笑", "笑|发出笑声", "伤心痛哭|睡觉", "和老朋友聚会|笑一个关于狗的笑话"),
        ("写一封长信", "写字|用文字表达", "睡觉|发呆，一个字也没写", "写情书|给律师写信"),
        ("给沾满泥的狗洗澡", "跟动物待在一起|清洗一条狗", "睡觉|独自散步，身边没有动物", "给自家的狗洗澡|赶在晚饭前洗完"),
        ("往花盆里种郁金香", "摆弄植物|种花", "睡觉|砍一棵大树", "准备一份生日礼物|做园丁的本职工作"),
    ],
}  # fmt: skip
