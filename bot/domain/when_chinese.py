"""Owns days as Chinese says them: 明天, 下周四, 5月12号, 15号."""

import re

from bot.domain.calendar import next_workday
from bot.domain.when_days import DAY, WEEK_DAYS, Context, OnDate, OnDayOfMonth, OnMonthDay, OnWeekday, month_day
from bot.domain.when_joining import join_days
from bot.domain.when_numbers import full_year
from bot.domain.when_periods import InPeriod, Unit
from bot.domain.when_pieces import ClockTime, Part, Piece, Rule, dead, said
from bot.domain.when_text import ZH_NUMBER, chinese_number
from bot.domain.worked_year import zone_of

_LEAP_YEAR = 2028

FIGURES = "零一二两三四五六七八九十廿卅0-9"

WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}

WEEKDAYS |= {str(number): number - 1 for number in range(1, 8)}

WEEK = "(?:周|星期|礼拜)"

STEPS = {
    "上上": -2,
    "上": -1,
    "本": 0,
    "这": 0,
    "今": 0,
    "当": 0,
    "下": 1,
    "次": 1,
    "明": 1,
    "下下": 2,
    "后": 2,
    "去": -1,
    "前": -2,
    "下下下": 3,
}

COUNT = rf"(?:{ZH_NUMBER}(?:-|~|到|至|、)(?=[{FIGURES}])|[一两二三四五六七八](?=[二三四五六七八九](?!十)))?(?P<count>[0-9]{{1,3}}\.[0-9]|[0-9]{{1,4}}|{ZH_NUMBER}|半)"

MONTH = (
    rf"(?<![{FIGURES}第个￼])(?<![0-9][.:/])"
    r"(?:(?P<year>(?:19|20|21)[0-9]{2}|[2-4][0-9]|二[零一二三四五六七八九]{3})年|(?P<counted>今|明|后|去)年)?(?:的)?"
    "(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二两三四五六七八九])月"
)

_DAY_UNIT = "(?:号|日(?!期|常|本|程|报|均|志|用))"

_RELATIVE = {"今": 0, "明": 1, "后": 2, "大后": 3, "外后": 3, "明后": 2, "今明": 1, "明后两": 2, "今明两": 1}

_PART_WORDS = {"早": Part.MORNING, "晨": Part.MORNING, "晚": Part.EVENING, "夜": Part.EVENING, "午": Part.NOON}


def _relative(match: re.Match[str], context: Context) -> Piece:
    return said(match, OnDate(context.today + _RELATIVE[match["day"]] * DAY))


def _next_workday(match: re.Match[str], context: Context) -> Piece:
    return said(match, OnDate(next_workday(context.calendar, context.today)))


def _today_of_week(match: re.Match[str], context: Context) -> Piece:
    return said(match, OnDate(context.today + WEEK_DAYS * STEPS[match["which"]] * DAY))


def _same_time(match: re.Match[str], context: Context) -> Piece:
    local = context.now.astimezone(zone_of(context.zone))
    days = _RELATIVE.get(match["day"], WEEK_DAYS)
    day = OnDate(context.today + days * DAY)
    return Piece(match.start(), match.end(), day=day, clock=ClockTime(local.hour, local.minute, exact=True))


def _relative_part(match: re.Match[str], context: Context) -> Piece:
    return said(match, OnDate(context.today + _RELATIVE[match["day"]] * DAY), _PART_WORDS[match["part"][0]])


def _weekday(match: re.Match[str], _: Context) -> Piece | None:
    which = match["which"]
    before = match.string[match.start() - 1 : match.start()] if match.start() else ""
    if which in {"上", "上上", "每", "隔"}:
        return Piece(match.start(), match.end(), dead=True)
    if not which and before and before in "零一二两三四五六七八九十几每个半数0123456789":
        return None
    weekday = WEEKDAYS[match["day"]]
    part = _PART_WORDS[match["part"]] if match["part"] else None
    return said(match, OnWeekday(weekday, week=STEPS[which] if which else None), part)


def _year(match: re.Match[str]) -> int | InPeriod | None:
    """Return the year that was said before a month: a number, one counted from this year, or none."""
    if match["counted"]:
        return InPeriod(Unit.YEAR, steps=STEPS[match["counted"]])
    figures = match["year"]
    if not figures:
        return None
    figures = "".join(character if character.isascii() else str(chinese_number(character)) for character in figures)
    return full_year(figures)


def in_year(match: re.Match[str], day: OnMonthDay | InPeriod, *, weak: bool = False) -> Piece | None:
    """Return a day or a month in the year that was said before it."""
    year = _year(match)
    if isinstance(year, InPeriod):
        joined = join_days(year, day)
        return said(match, joined) if joined else None
    if isinstance(day, InPeriod):
        return said(match, InPeriod(day.unit, edge=day.edge, number=day.number, year=year), weak=weak and year is None)
    return said(match, OnMonthDay(day.month, day.day, year))


def _month_day(match: re.Match[str], _: Context) -> Piece | None:
    month, day = chinese_number(match["month"]), chinese_number(match["day"])
    if month_day(_LEAP_YEAR, month, day) is None or match.string[max(0, match.start() - 1) : match.start()] == "每":
        return Piece(match.start(), match.end(), dead=True)
    year = _year(match)
    if isinstance(year, int) and month_day(year, month, day) is None:
        return Piece(match.start(), match.end(), dead=True)
    return in_year(match, OnMonthDay(month, day))


_NOT_A_DAY = "楼线店位房机门桌厅馆仓厂车文院柜码桥坑铺窗电方案客选产元商台单样点球"


def _day_of_month(match: re.Match[str], _: Context) -> Piece | None:
    day, which = chinese_number(match["day"]), match["which"]
    if match.string[match.end() : match.end() + 1] in set(_NOT_A_DAY):
        return None
    if not 1 <= day <= 31 or which in {"上", "每"}:  # noqa: PLR2004 - the days of a month
        return Piece(match.start(), match.end(), dead=True)
    return said(match, OnDayOfMonth(day, months=STEPS[which] if which else None))


def _rules() -> list[Rule]:
    which_week = "(?P<which>上上|上|下下下|下下|下|本|这|当|每|隔|次)"
    first = rf"(?:{ZH_NUMBER}(?:号|日)?(?:-|~|到|至|、|和))?"
    table = (
        (
            r"(?<![说表声聪证透])(?P<day>今明两|明后两|今明|明后|大后|外后|今|明)(?:天|日|儿)(?![气线赋性])(?:之?内|以内)?(?!花板)",
            _relative,
        ),
        (r"(?:下一?个?|次一?个?)工作日", _next_workday),
        (r"(?P<which>下下|下)一?个?(?:周|星期|礼拜)的?今天", _today_of_week),
        (
            r"(?P<day>明|后|下一?个?(?:周|星期|礼拜))天?(?:的)?(?:这个时[候间]|此时|同一时间|这会儿?|现在这个时间)",
            _same_time,
        ),
        (r"(?<![以之今然先])(?P<day>后)(?:天|日)(?![天气线赋性])", _relative),
        (
            r"(?P<day>大后|今|明|后)(?:天|日)?(?P<part>早上|早晨|晚上|早(?!一?[点些])|晨|晚(?!一?[点些]|餐|饭|会(?!议)|宴)|夜里|夜)(?!会)",
            _relative_part,
        ),
        (r"(?:大?前天|昨天?|昨日|前日)(?:早上?|晚上?|上午|中午|下午)?|(?:刚才|刚刚|去年|前年|往年)", dead),
        (rf"{COUNT}(?:个)?(?:多)?(?:工作日|分钟|小时|钟头|天|周|星期|礼拜|个月|年)(?:之前|以前|前)", dead),
        (
            (
                rf"(?:{which_week}(?:一|个)?(?=周|星期|礼拜))?{WEEK}(?P<day>[一二三四五六日天]|[1-7](?![0-9.:：/点时天个号月日次折年周]))(?!峰|鸣|福)"
                r"(?P<part>[早晚](?!一?[点些]|餐|饭|会(?!议)|宴|上))?"
            ),
            _weekday,
        ),
        (r"(?<![0-9.:/-])(?:1[3-9]|[2-9][0-9])月[0-9]{1,2}[日号]", dead),
        (
            r"(?<![0-9a-z.:/-])(?P<year>(?!))?(?P<counted>(?!))?(?P<month>1[0-2]|0?[1-9])[-.](?P<day>[0-9]{1,2})(?=(?:上午|下午|中午|晚上|早上|早|晚|前|之前|\(周|\(星期))",
            _month_day,
        ),
        (rf"{MONTH}份?{first}(?P<day>{ZH_NUMBER}){_DAY_UNIT}", _month_day),
        (
            rf"{MONTH}(?P<day>[0-9]{{1,2}})(?![0-9.%:/个人家万份条台套位次种块元天周年月]|点[0-9])",
            _month_day,
        ),
        (
            rf"{MONTH}(?P<day>[二三]?十[一二三四五六七八九]?)(?![点时分个人家万份条台套位次种块元天周年月])",
            _month_day,
        ),
        (
            rf"(?<![0-9第{FIGURES}])(?:(?P<which>下下|下|本|这|当|次|上|每)个?月(?:份)?(?:的)?)?{first}(?P<day>{ZH_NUMBER}){_DAY_UNIT}(?![内后前]|之|以)",
            _day_of_month,
        ),
        (
            rf"(?<![0-9第{FIGURES}])(?P<which>(?!))?(?P<day>{ZH_NUMBER})(?:号|日(?=前|之前|以前))(?=[前之以内后])",
            _day_of_month,
        ),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
