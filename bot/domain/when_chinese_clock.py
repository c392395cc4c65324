"""Owns times of day as Chinese says them: 下午三点半, 三点一刻, 晚8点, 中午, 下班前."""

import re

from bot.domain.when_days import Context
from bot.domain.when_pieces import HOUR, ClockTime, Part, Piece, Rule
from bot.domain.when_text import MASK, ZH_NUMBER, chinese_number

_LAST_HOUR = 24
_NOON = 12
_QUARTER = 15
PART_WORDS = {
    "凌晨": Part.DAWN, "清晨": Part.MORNING, "清早": Part.MORNING, "早上": Part.MORNING, "早晨": Part.MORNING, "早间": Part.MORNING,
    "上午": Part.MORNING, "一早": Part.MORNING, "一大早": Part.MORNING, "早": Part.MORNING, "中午": Part.NOON, "正午": Part.NOON, "午间": Part.NOON,
    "下午": Part.AFTERNOON, "午后": Part.AFTERNOON, "傍晚": Part.EVENING, "晚上": Part.EVENING, "晚间": Part.EVENING, "夜里": Part.EVENING,
    "夜间": Part.EVENING, "夜晚": Part.EVENING, "深夜": Part.EVENING, "半夜": Part.EVENING, "晚": Part.EVENING, "上半晚": Part.EVENING,
}  # fmt: skip
_PART_MINUTES = {"傍晚": 18 * HOUR, "深夜": 22 * HOUR, "半夜": 23 * HOUR, "中午": _NOON * HOUR}

# What follows a time in a sentence; after a number of points there are nouns.
_GOES_ON = re.compile(
    r"$|[\s,.;:!?、。)(~-]|前|之前|以前|之后|以后|过后|后|左右|整|钟|给|打|去|开|见|跟|联|拜|回|发|来|和|与|到|准|签|约|上门|过|在|再|电|会|做|演|汇|面|提醒|等|出|接|送|对|谈|交|碰|请|聊|通|看|我|他|她|你|客|需|要|必|完|就|可|参|吃|线|视|讨|评|跟|北京|开始|结束|能|前往|往|至|飞|审|复|报|确|把|将|拿|带|召|陪|先|才|向|有会|有个"
)
_GOES_BEFORE = re.compile(
    r"(?:^|[\s,.;:!?、。)(在于到约至等点就前@]|(?:今|明|后)[天早晚]|时间|改为|改到|定在|定为|推到|推迟到)$"
)
_NOUNS = re.compile(
    r"意见|建议|要求|原因|问题|想法|需求|说明|反馈|考虑|不足|优势|区别|理由|要点|心得|好处|体会|关键|内容|之间|共识|计划|击|评|赞|名单|子|滴"
)
_NUMBERED = re.compile(
    r"(?:有|第|这|那|提|了|[下上前后]面|如下|以下|几|共|说|讲|些|差|仅|就|每|个|条|补充|同意|涨|跌|降|让|优惠|返|加|减|少|多|扣|抽)$"
)
_A_BIT = re.compile(
    r"(?:早|晚|快|慢|多|少|好|大|小|高|低|便宜|贵|了|些|有|差|近|远|松|紧|轻|重|简单|容易|详细|具体|清楚)$"
)


def _clock(match: re.Match[str], _: Context) -> Piece | None:
    hour = chinese_number(match["hour"])
    minute = _minutes(match)
    text, start, end = match.string, match.start(), match.end()
    part = PART_WORDS[match["part"]] if match["part"] else None
    if match["part"] in {"早", "晚"} and match["hour"] == "一":
        return None
    bare = part is None and match["rest"] in {None, ""} and match["unit"] == "点"
    if bare and text[end : end + 1] == MASK:
        return None
    if bare and (_NOUNS.match(text, end) or _NUMBERED.search(text[max(0, start - 4) : start])):
        return None
    if bare and match["hour"] == "一" and not _is_one_o_clock(text, start, end):
        return None
    if hour > _LAST_HOUR or minute >= HOUR or (hour == _LAST_HOUR and minute):
        return Piece(start, end, dead=True)
    if match["short"]:
        hour, minute = (hour - 1 if hour else 23), HOUR - minute
    exact = (
        not 0 < hour <= _NOON
        or (match["hour"].startswith("0") and len(match["hour"]) > 1)
        or (match["unit"] == "时" and hour == 0)
    )
    weak = bare and not (_GOES_ON.match(text, end) or _GOES_BEFORE.search(text[max(0, start - 6) : start]))
    return Piece(start, end, clock=ClockTime(hour, minute, exact=exact), part=part, weak=weak)


def _is_one_o_clock(text: str, start: int, end: int) -> bool:
    if _A_BIT.search(text[max(0, start - 3) : start]) and not text[:start].endswith(("早上", "晚上")):
        return False
    return bool(re.match(r"$|[,.;!?、。)]|前|之前|左右|给|打|去|开|见|跟|联|拜|回|发|到|在", text[end:]))


def _minutes(match: re.Match[str]) -> int:
    short = match["short"]
    if short:
        return _QUARTER if "刻" in short else chinese_number(re.sub("[差分]", "", short))
    rest = match["rest"] or ""
    if "半" in rest:
        return 30
    if "刻" in rest:
        return _QUARTER * chinese_number(rest[0])
    figures = rest.removesuffix("钟").removesuffix("分").removeprefix("过")
    figures = figures.removeprefix("零") if len(figures) > 1 else figures
    return chinese_number(figures) if figures and figures != "整" else 0


def _stretch(match: re.Match[str], _: Context) -> Piece | None:
    hour = chinese_number(match["hour"])
    if hour > _LAST_HOUR or _NOUNS.match(match.string, match.end()):
        return None
    part = PART_WORDS[match["part"]] if match["part"] else None
    return Piece(match.start(), match.end(), clock=ClockTime(hour, exact=not 0 < hour <= _NOON), part=part)


def _part_figures(match: re.Match[str], _: Context) -> Piece | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > _LAST_HOUR or minute >= HOUR:
        return Piece(match.start(), match.end(), dead=True)
    return Piece(match.start(), match.end(), clock=ClockTime(hour, minute), part=PART_WORDS[match["part"]])


def _part(match: re.Match[str], _: Context) -> Piece:
    word = match["part"]
    weak = word in {"早", "晚", "一早", "一大早", "早晨", "清早", "凌晨", "半夜", "早间"}
    return Piece(
        match.start(),
        match.end(),
        part=PART_WORDS[word],
        part_minutes=_PART_MINUTES.get(word),
        weak=weak,
        today_only=True,
    )


def _nothing(match: re.Match[str], _: Context) -> Piece:
    return Piece(match.start(), match.end(), weak=True)


def _zero(match: re.Match[str], _: Context) -> Piece:
    hour = _LAST_HOUR if "午夜" in match.group() else 0
    return Piece(match.start(), match.end(), clock=ClockTime(hour, exact=True))


def _closing(match: re.Match[str], _: Context) -> Piece:
    return Piece(match.start(), match.end(), closing=True)


def _opening(match: re.Match[str], _: Context) -> Piece:
    return Piece(match.start(), match.end(), part=Part.MORNING, weak=True)


def _after_lunch(match: re.Match[str], _: Context) -> Piece:
    hour = _NOON if "前" in match.group() else _NOON + 1
    return Piece(match.start(), match.end(), clock=ClockTime(hour, exact=True))


def _rules() -> list[Rule]:
    parts = "|".join(sorted(PART_WORDS, key=len, reverse=True))
    part = rf"(?:(?P<part>{parts})(?:的|大概|约|差不多)?)?"
    no_figure = r"(?<![第0-9.:/￼])"
    table = (
        (
            (
                rf"{no_figure}{part}(?P<short>差(?:一刻|{ZH_NUMBER}分))?{no_figure}(?P<hour>{ZH_NUMBER})(?P<unit>点|时(?![间候代差长段辰]))"
                rf"(?P<rest>钟|整|半|[一三]刻钟?|过?零?{ZH_NUMBER}分钟?|过?零[一二三四五六七八九]|[0-5][0-9](?![0-9%元万])|"
                r"(?:[二三四五]?十[一二三四五六七八九]?)(?![点个家人万元]))?(?:多|左右)?(?![击评赞火滴钢]|心(?!里))"
            ),
            _clock,
        ),
        (rf"{no_figure}{part}{no_figure}(?P<hour>{ZH_NUMBER})(?:-|~|到|至)(?:{ZH_NUMBER})点(?:钟|半)?", _stretch),
        (rf"(?P<part>{parts})(?:的)?(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?![0-9:])", _part_figures),
        (
            rf"(?<![每一])(?P<part>{'|'.join(sorted((word for word in PART_WORDS if len(word) > 1), key=len, reverse=True))})(?![好安茶餐饭])",
            _part,
        ),
        (r"(?P<part>早|晚)(?=[0-9]{1,2}(?:点|:))", _part),
        (
            r"(?:早上|上午|中午|下午|晚上|早)(?:好|安)|一天到晚|从早到晚|早晚|下午茶|每天(?:早上|上午|中午|下午|晚上)?",
            _nothing,
        ),
        (r"零点|午夜(?:12点|十二点|零点)?", _zero),
        (r"(?:下班|收工|打烊|收盘)(?:之前|以前|前|的时候|时)?", _closing),
        (r"(?:上班(?:之?后|就|的时候|时)|一上班|开门后)", _opening),
        (r"(?:午饭|午餐|午休|中饭)(?:之?后|以后|之?前|以前|结束后)", _after_lunch),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
