"""Colours, styles and occasions: the tastes that run across all departments."""

from shoplm.simulation.lexicon.notation import terms, traits

COLOUR_FAMILIES = {
    "dark": terms("""
        black | 黑色; charcoal grey | 炭灰色; midnight blue | 午夜蓝; espresso brown | 深咖色
        graphite | 石墨色
    """),
    "light": terms("""
        white | 白色; ivory | 象牙白; oat | 燕麦色; pearl grey | 珍珠灰; cream | 奶油色
    """),
    "warm": terms("""
        brick red | 砖红色; mustard yellow | 姜黄色; burnt orange | 焦橙色; wine red | 酒红色
        terracotta | 陶土色; apricot | 杏色
    """),
    "cool": terms("""
        navy | 藏青色; lake blue | 湖蓝色; teal | 孔雀蓝; slate blue | 雾霾蓝; ink green | 墨绿色
    """),
    "earth": terms("""
        olive | 橄榄绿; camel | 驼色; moss green | 苔绿色; sand | 沙色; walnut brown | 胡桃棕
        khaki | 卡其色
    """),
    "pastel": terms("""
        mint | 薄荷绿; lavender | 薰衣草紫; blush pink | 浅粉色; sky blue | 天蓝色
        lemon | 柠檬黄; lilac | 丁香色
    """),
}
COLOURS = {
    colour.en: (family, colour) for family, members in COLOUR_FAMILIES.items() for colour in members
}

STYLES = traits("""
    minimalist: minimalist | 简约
    + suits everything without shouting | 简单大方很百搭
    + hides no fuss behind its clean lines | 线条干净没有多余的装饰
    - comes across as a bit plain | 看起来有点单调
    vintage: vintage | 复古
    + looks as if it had a story to tell | 很有故事感
    + reminds me of my grandparents' house | 让人想起爷爷奶奶家
    - seems a little dark in small rooms | 小房间里显得有点暗
    nordic: Nordic | 北欧风
    + brightens the whole room | 放着整个房间都亮了
    + suits light wood and bare walls | 跟原木白墙很配
    - gets lost on a white background | 在白色背景里不太起眼
    japanese: Japanese-style | 日式
    + brings a quiet mood | 有种安静的感觉
    + shows restraint in every detail | 细节很克制
    - looks smaller than in the pictures | 实物比图片小巧
    rustic: rustic | 田园风
    + feels like a weekend in the country | 有种去乡下度周末的感觉
    - clashes with modern furniture | 跟现代家具不太搭
    playful: playful | 童趣
    + makes the children laugh | 孩子一看就乐
    + cheers me up on grey mornings | 阴天看到心情也好
    - tires the eye after a while | 看久了有点花
    sporty: sporty | 运动风
    + looks quick even standing still | 看着就很有活力
    - feels out of place at a dinner | 正式场合不太合适
    elegant: elegant | 轻奢
    + looks far more expensive than it was | 看起来比价格贵很多
    + draws compliments from guests | 客人来了都夸
    - shows dust at once | 落灰特别明显
    industrial: industrial | 工业风
    + gives an honest, workshop look | 很有车间的硬朗感
    - leaves a cold impression | 显得有点冷冰冰
    guochao: Chinese heritage | 国潮
    + mixes old patterns with a fresh cut | 传统纹样配新设计很特别
    + makes a gift people remember | 送人很有记忆点
    - draws more looks than I like | 有点太显眼
    retro_future: retro-futurist | 未来感
    + looks like a prop from a space film | 像科幻片里的道具
    - divides opinions at home | 家里人意见不一
    artisan: hand-crafted | 手作感
    + shows the marks of the maker's hands | 能看到手工的痕迹
    + differs slightly from piece to piece | 每一件都略有不同
    - varies in size by a few millimetres | 尺寸会有几毫米误差
""")
STYLE_BY_KEY = {style.key: style for style in STYLES}

OCCASIONS = terms("""
    small flats | 小户型; student dorms | 学生宿舍; long commutes | 长途通勤
    family gatherings | 家庭聚会; a first home | 第一个小家; weekends away | 周末出游
    open-plan offices | 开放式办公室; the rainy season | 梅雨季; cold winters | 寒冷的冬天
    housewarming parties | 乔迁之喜; birthdays | 生日送礼; retired parents | 退休的爸妈
    busy mornings | 忙碌的早晨; people who work from home | 居家办公的人
    newly-weds | 新婚夫妇; the school term | 开学季; hot summers | 炎热的夏天
    beginners | 新手入门; people with little storage | 收纳空间少的人; road trips | 自驾旅行
""")
