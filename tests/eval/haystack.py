"""Text to hide facts in, English and Chinese, and the facts.

Everything is drawn from a random.Random that the caller gives, so that a seed gives the same text anywhere.
A text file or folder of the user can stand in for the generated text.
"""
import os
import re

# --- generated text.  {x} is drawn from the list x; a sentence begins with a capital.

ENGLISH = {
    "who": """the baker;the surveyor;a retired captain;the schoolteacher;the night porter;an apprentice;the archivist;
        a travelling musician;the harbour pilot;the gardener;her younger brother;the town clerk;a bookbinder;the vet;
        the lighthouse keeper;an old neighbour;the stonemason;a student of botany;the ferryman;the new doctor;
        a clockmaker;the cook;the forester;two cousins from the hills;the printer;a glazier;the postmistress""",
    "place": """the market hall;the old mill;the railway bridge;the north pier;the library;the upper meadow;the tannery;
        the chapel yard;the quarry road;the ferry landing;the school garden;the customs house;the orchard;the dam;
        the reading room;the timber yard;the west gate;the brewery;the long canal;the pump house;the hill path""",
    "did": """repaired;measured;painted;described;inspected;sketched;admired;remembered;closed;photographed;crossed;
        visited;avoided;swept;praised;rented;mapped;watched""",
    "thing": """a copper kettle;three wooden chairs;the second ledger;a map of the valley;an iron gate;the broken window;
        a sack of barley;the church bell;two bicycles;a bundle of letters;the brass telescope;a crate of pears;
        a rowing boat;the winter curtains;a loom;the grain scales;a violin without strings;the cellar door""",
    "time": """in early spring;after the harvest;before sunrise;during the long rain;on a quiet Sunday;late in October;
        when the river froze;at the end of the week;in the second year;shortly after noon;while the fair was on;
        as soon as the snow melted;that evening;for most of the summer""",
    "how": """without any hurry;with great care;against all advice;for the first time;almost by accident;as agreed;
        to everyone's surprise;more cheaply than expected;in complete silence;with borrowed tools;once again""",
    "view": """the work went slowly;nobody had asked for it;the price of wool had fallen;the road was still closed;
        the weather would turn;a larger room was needed;the old custom was fading;the accounts were in order;
        such things took patience;the wells were running low;visitors seldom came so far;the paint dried badly""",
    "trade": """weaving;bee-keeping;book-keeping;dry-stone walling;rope-making;cheese-making;bell-founding;
        map-drawing;grafting fruit trees;boat-building;charcoal burning;lace-making""",
    "number": "three;four;five;six;seven;nine;eleven;twelve;fifteen;twenty;thirty;forty",
}
ENGLISH_FORMS = """{time} {who} {did} {thing} near {place}.
{who} said that {view}, and {who} agreed.
At {place}, {who} kept {thing} for {number} years.
{number} people met at {place} {time}, because {view}.
{who} learnt {trade} from {who}, mostly {time}.
It was {who} who {did} {place}, {how}.
Although {view}, {who} {did} {thing} {how}.
There were {number} benches beside {place}, and {who} {did} each of them.
{time} the path from {place} to {place} was busy.
{who} wrote that {view}; {who} thought otherwise.
Anyone who knew {trade} could find work at {place} {time}.
{thing} had belonged to {who} before {who} {did} it.
{how}, {who} carried {thing} as far as {place}.
The talk turned to {trade}, as it often did {time}.
"{view}," {who} used to say, "but {place} will always be there."
Between {place} and {place} {who} counted {number} carts {time}.
{who} {did} {thing}, {who} {did} {thing}, and the rest waited at {place}.
In those days {trade} was taught at {place} by {who}.
{who} asked whether {view}, but nobody at {place} could tell.
The cost of {thing} came to {number} crowns, which {who} paid {time}."""

CHINESE = {
    "who": """面包师;测量员;退休的船长;小学教师;守夜人;学徒;档案员;流浪乐手;引水员;园丁;她的弟弟;镇上的书记;装订工;
        兽医;灯塔看守人;老邻居;石匠;学植物的学生;摆渡人;新来的医生;钟表匠;厨师;护林员;印刷工;女邮递员""",
    "place": """集市大厅;老磨坊;铁路桥;北码头;图书馆;山上的草地;制革厂;祠堂院子;采石场的路口;渡口;学校的花园;
        海关大楼;果园;水坝;阅览室;木材场;西城门;酒坊;长运河;水泵房;山间小路""",
    "did": "修理了;测量了;粉刷了;描述了;检查了;画下了;称赞了;想起了;拍摄了;参观了;打扫了;租下了;观察了",
    "thing": """一把铜壶;三把木椅;第二本账簿;一张山谷地图;一扇铁门;那扇破窗;一袋大麦;那口大钟;两辆自行车;一捆信件;
        黄铜望远镜;一箱梨;一条小船;冬天的窗帘;一台织机;那杆粮秤;一把没有弦的小提琴;地窖的门""",
    "time": """初春;秋收以后;日出之前;在漫长的雨季里;一个安静的星期天;十月底;河水结冰的时候;周末;第二年;午后不久;
        赶集的时候;雪刚化的时候;那天晚上;整个夏天""",
    "how": "不慌不忙地;小心翼翼地;不顾众人的劝告;第一次;几乎是偶然地;按照约定;出乎大家意料地;一声不响地;又一次",
    "view": """工作进展得很慢;没有人要求这样做;羊毛的价格跌了;道路仍然不通;天气就要变了;需要一间更大的屋子;
        旧习俗正在消失;账目没有问题;这种事需要耐心;井里的水不多了;很少有客人走这么远;油漆干得不好""",
    "trade": "织布;养蜂;记账;砌石墙;制绳;做奶酪;铸钟;绘图;嫁接果树;造船;烧炭;编花边",
    "number": "三;四;五;六;七;九;十一;十二;十五;二十;三十;四十",
}
CHINESE_FORMS = """{time}，{who}在{place}附近{did}{thing}。
{who}说{view}，{who}也同意。
在{place}，{who}把{thing}保存了{number}年。
因为{view}，{number}个人{time}在{place}见面。
{who}跟{who}学会了{trade}，多半是在{time}。
{who}{how}{did}{place}。
虽然{view}，{who}还是{how}{did}{thing}。
{place}旁边有{number}条长凳，{who}{did}每一条。
{time}，从{place}到{place}的路上很热闹。
{who}写道{view}，{who}却不这么想。
懂得{trade}的人{time}总能在{place}找到活干。
{thing}原来是{who}的，后来{who}{did}它。
{who}{how}把{thing}一直搬到{place}。
大家又谈起了{trade}，{time}常常是这样。
{who}常说：“{view}，可是{place}总会在那里。”
从{place}到{place}，{who}{time}数出了{number}辆车。
那些年，{who}在{place}教人{trade}。
{who}问是不是{view}，{place}的人谁也说不清。
{thing}花了{number}块钱，是{who}{time}付的。"""


def lists(table):
    return {key: [squeeze(word) for word in words.split(";")] for key, words in table.items()}


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


GRAMMARS = {"en": (lists(ENGLISH), ENGLISH_FORMS.split("\n")), "zh": (lists(CHINESE), CHINESE_FORMS.split("\n"))}


def sentence(rng, lang):
    words, forms = GRAMMARS[lang]
    text = re.sub(r"\{(\w+)\}", lambda m: rng.choice(words[m.group(1)]), rng.choice(forms))
    return text[0].upper() + text[1:] if lang == "en" else text


def generated(rng, lang, length):
    """Sentences of LENGTH bytes together, or a little more."""
    out, size = [], 0
    while size < length:
        said = sentence(rng, lang)
        out.append(said)
        size += len(said.encode()) + 1
    return out


def from_files(path, rng, length):
    """Sentences from the plain text files of a folder (or one file), from a random place on; the text begins again
    where it is too short."""
    files = [path]
    if os.path.isdir(path):
        files = sorted(os.path.join(top, name) for top, _, names in os.walk(path) for name in names
                       if re.search(r"\.(txt|md|rst)$|^README|^[^.]+$", name))
    rng.shuffle(files)
    out, size, round_ = [], 0, 0
    while size < length:
        before = size
        for name in files:
            if size >= length:
                break
            with open(name, "rb") as stream:
                text = stream.read(4 << 20).decode("utf-8", "ignore")
            if "\0" in text:
                continue
            for said in re.split(r"(?<=[.!?。！？])\s+|\n\s*\n|(?<=[。！？])", text):
                said = squeeze(said)
                if len(said) > 1 and size < length:
                    out.append(said)
                    size += len(said.encode()) + 1
        round_ += 1
        if size == before:
            raise ValueError("%s holds no text" % path)
    return out


# --- pages

def paged(rng, sentences, lang, marked=(), page_bytes=2400):
    """Pages of paragraphs.  MARKED are indices into SENTENCES; returns (pages, page number of each marked one)."""
    joint = " " if lang == "en" else ""
    pages, paragraphs, paragraph, size, where = [], [], [], 0, {}
    wanted = set(marked)
    limit = rng.randint(3, 7)
    for i, said in enumerate(sentences):
        if i in wanted:
            where[i] = len(pages) + 1
        paragraph.append(said)
        size += len(said.encode()) + 1
        if len(paragraph) >= limit or size >= page_bytes:
            paragraphs.append(joint.join(paragraph))
            paragraph, limit = [], rng.randint(3, 7)
        if size >= page_bytes:
            pages.append("\n\n".join(paragraphs))
            paragraphs, size = [], 0
    if paragraph:
        paragraphs.append(joint.join(paragraph))
    if paragraphs:
        pages.append("\n\n".join(paragraphs))
    return pages, [where[i] for i in marked]


# --- facts

FIRST = """Clara;Tobias;Ingrid;Marcel;Yusuf;Helena;Anton;Beatrix;Dmitri;Esther;Fabian;Greta;Hugo;Irene;Jonas;Katarina;
    Leopold;Miriam;Nadia;Oskar;Petra;Quentin;Rosa;Stefan;Tamara;Ulrich;Vera;Walter;Xenia;Zelda""".replace("\n", "")
LAST = """Voss;Lindqvist;Okafor;Marchetti;Brandt;Sorensen;Novak;Farkas;Delgado;Petrov;Hagen;Ibarra;Jansen;Keller;Lomax;
    Moreau;Nielsen;Ortega;Pavic;Quist;Rossi;Sandoval;Tanaka;Ueda;Varga;Weiss;Yilmaz;Zeman""".replace("\n", "")
PROJECTS = """Heron;Basalt;Lantern;Juniper;Cobalt;Meridian;Thistle;Falcon;Harvest;Quartz;Sparrow;Tundra;Willow;Zephyr;
    Anchor;Beacon;Cinder;Drift;Ember;Fathom""".replace("\n", "")
SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹"
GIVEN = "建国;秀英;志强;丽华;文博;晓东;雅琴;海燕;国庆;玉兰;子涵;思远;明哲;春梅;嘉怡;俊杰;梦瑶;天宇;若曦;浩然"
ZH_PROJECTS = "苍鹭;玄武岩;灯笼;杜松;钴蓝;子午线;蓟花;猎鹰;丰收;石英;麻雀;苔原;柳树;西风;铁锚;余烬;浮云;青石;海雾;北斗"


def draw(rng, words):
    return squeeze(rng.choice(words.split(";")))


def fact_kinds(lang):
    """(sentence with {key} and {value}, question with {key}, maker of a key, maker of a value)"""
    def person(rng):
        return draw(rng, FIRST) + " " + draw(rng, LAST)

    def zh_person(rng):
        return rng.choice(SURNAMES) + draw(rng, GIVEN)

    def digits(rng):
        return str(rng.randint(10000, 9999999))

    def code(rng):
        return "%s-%d-%s" % (draw(rng, PROJECTS).upper()[:4], rng.randint(100, 999), "".join(rng.choices("ABCDEFGHKMNPRSTUVWXYZ", k=3)))

    def project(rng):
        return "%s %d" % (draw(rng, PROJECTS), rng.randint(2, 999))

    def zh_project(rng):
        return "%s%d号" % (draw(rng, ZH_PROJECTS), rng.randint(2, 999))

    if lang == "zh":
        return [("{key}的档案编号是{value}。", "{key}的档案编号是多少？", zh_person, digits),
                ("{key}工程的密码是{value}。", "{key}工程的密码是什么？", zh_project, code),
                ("{key}工程的负责人是{value}。", "{key}工程的负责人是谁？", zh_project, zh_person)]
    return [("The secret number of {key} is {value}.", "What is the secret number of {key}?", person, digits),
            ("The access code for project {key} is {value}.", "What is the access code for project {key}?", project, code),
            ("The person in charge of project {key} is {value}.", "Who is the person in charge of project {key}?", project, person)]


def facts(rng, lang, count):
    """COUNT facts with different keys and values: list of {"sentence", "question", "key", "value"}."""
    kinds, out, keys, values = fact_kinds(lang), [], set(), set()
    while len(out) < count:
        form, question, make_key, make_value = kinds[len(out) % len(kinds)]
        key, value = make_key(rng), make_value(rng)
        if key in keys or value in values or value in keys or key in values:
            continue
        keys.add(key)
        values.add(value)
        out.append({"sentence": form.format(key=key, value=value), "question": question.format(key=key), "key": key,
                    "value": value})
    return out


def group_fact(rng, lang, count):
    """One question whose answer is COUNT values, each in a sentence of its own."""
    key = fact_kinds(lang)[1][2](rng)
    values = []
    while len(values) < count:
        value = fact_kinds(lang)[1][3](rng)
        if value not in values:
            values.append(value)
    if lang == "zh":
        return {"sentences": ["%s仓库有一把钥匙的编号是%s。" % (key, v) for v in values],
                "question": "%s仓库的%d把钥匙的编号分别是什么？" % (key, count), "values": values}
    return {"sentences": ["One of the keys to the %s depot has the number %s." % (key, v) for v in values],
            "question": "Which numbers do the %d keys to the %s depot have?" % (count, key), "values": values}
