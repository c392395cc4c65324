"""Owns days and stretches of the calendar as Chinese says them: 下周四, 5月12号, 月底, 三个工作日后."""

import re
from datetime import timedelta

from bot.domain.when_days import (
    DAY,
    BesideDay,
    Context,
    DaySpec,
    Edge,
    InPeriod,
    NthInPeriod,
    OnDate,
    OnDayOfMonth,
    OnMonthDay,
    OnSpringFestival,
    OnWeekday,
    OnWeekend,
    Unit,
    month_day,
)
from bot.domain.when_english import after
from bot.domain.when_numbers import BEGIN, full_year
from bot.domain.when_pieces import Part, Piece, Rule
from bot.domain.when_text import ZH_NUMBER, chinese_number

_LEAP_YEAR = 2028
_FIGURES = "零一二两三四五六七八九十廿卅0-9"
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_WEEKDAYS |= {str(number): number - 1 for number in range(1, 8)}
_WEEK = "(?:周|星期|礼拜)"
_STEPS = {
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
_UNITS = {
    "周": Unit.WEEK,
    "星期": Unit.WEEK,
    "礼拜": Unit.WEEK,
    "月": Unit.MONTH,
    "月份": Unit.MONTH,
    "季": Unit.QUARTER,
    "季度": Unit.QUARTER,
    "年": Unit.YEAR,
    "年度": Unit.YEAR,
}
_EDGES = {
    "初": Edge.START, "头": Edge.START, "上旬": Edge.TENTH, "中": Edge.MIDDLE, "中旬": Edge.TWENTIETH, "下旬": Edge.END, "底": Edge.END, "末": Edge.END,
    "尾": Edge.END, "内": Edge.END, "之内": Edge.END, "以内": Edge.END, "中下旬": Edge.TWENTIETH, "结束前": Edge.END,
}  # fmt: skip
_EDGE = "(?P<edge>初|上旬|中下旬|中旬|中(?![秋国间心午文])|下旬|底|末|尾|之内|以内|内(?!部|容|外)|结束前)"
_DAY_UNIT = "(?:号|日(?!期|常|本|程|报|均|志|用))"


def _piece(match: re.Match[str], day: DaySpec, part: Part | None = None, *, weak: bool = False) -> Piece:
    return Piece(match.start(), match.end(), day=day, part=part, weak=weak)


def _dead(match: re.Match[str], _: Context) -> Piece:
    return Piece(match.start(), match.end(), dead=True)


_RELATIVE = {"今": 0, "明": 1, "后": 2, "大后": 3, "外后": 3, "明后": 2, "今明": 1, "明后两": 2, "今明两": 1}
_PART_WORDS = {"早": Part.MORNING, "晨": Part.MORNING, "晚": Part.EVENING, "夜": Part.EVENING, "午": Part.NOON}


def _relative(match: re.Match[str], context: Context) -> Piece:
    return _piece(match, OnDate(context.today + _RELATIVE[match["day"]] * DAY))


def _relative_part(match: re.Match[str], context: Context) -> Piece:
    return _piece(match, OnDate(context.today + _RELATIVE[match["day"]] * DAY), _PART_WORDS[match["part"][0]])


def _weekday(match: re.Match[str], _: Context) -> Piece | None:
    which = match["which"]
    before = match.string[match.start() - 1 : match.start()] if match.start() else ""
    if which in {"上", "上上", "每", "隔"}:
        return Piece(match.start(), match.end(), dead=True)
    if not which and before and before in "零一二两三四五六七八九十几每个半数0123456789":
        return None
    weekday = _WEEKDAYS[match["day"]]
    part = _PART_WORDS[match["part"]] if match["part"] else None
    return _piece(match, OnWeekday(weekday, week=_STEPS[which] if which else None), part)


def _period(match: re.Match[str], _: Context) -> Piece | None:
    unit, steps = _UNITS[match["unit"]], _STEPS[match["which"]]
    edge = _EDGES[match["edge"]] if match["edge"] else None
    if unit is Unit.WEEK and match["edge"] == "末":
        return _piece(match, OnWeekend(steps)) if steps >= 0 else Piece(match.start(), match.end(), dead=True)
    if steps < 0:
        return Piece(match.start(), match.end(), dead=True)
    described = match.string[match.end() : match.end() + 1] == "的"
    weak = edge is None and (described or (unit is Unit.YEAR and steps == 0))
    return _piece(match, InPeriod(unit, steps=steps, edge=edge), weak=weak)


def _edge_alone(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, InPeriod(_UNITS[match["unit"]], edge=_EDGES[match["edge"]]))


def _before_weekend(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, InPeriod(Unit.WEEK, steps=_STEPS[match["which"]] if match["which"] else None, edge=Edge.END))


def _weekend(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, OnWeekend())


_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}


def _quarter(match: re.Match[str], _: Context) -> Piece:
    said = match["zh"] or match["en"]
    number = _QUARTERS.get(said) or int(said)
    year = full_year(match["year"]) if match["year"] else None
    return _piece(match, InPeriod(Unit.QUARTER, edge=_EDGES[match["edge"]], number=number, year=year))


def _year(match: re.Match[str]) -> int | InPeriod | None:
    """Return the year that was said before a month: a number, one counted from this year, or none."""
    if match["counted"]:
        return InPeriod(Unit.YEAR, steps=_STEPS[match["counted"]])
    said = match["year"]
    if not said:
        return None
    figures = "".join(str(chinese_number(character)) if not character.isascii() else character for character in said)
    return full_year(figures)


def _dated(match: re.Match[str], day: OnMonthDay | InPeriod, *, weak: bool = False) -> Piece | None:
    year = _year(match)
    if isinstance(year, InPeriod):
        joined = join_year(year, day)
        return _piece(match, joined) if joined else None
    if isinstance(day, InPeriod):
        return _piece(
            match, InPeriod(day.unit, edge=day.edge, number=day.number, year=year), weak=weak and year is None
        )
    return _piece(match, OnMonthDay(day.month, day.day, year))


def join_year(year: InPeriod, day: OnMonthDay | InPeriod) -> DaySpec | None:
    """Return the day in a year that is counted from this one."""
    from bot.domain.when_pieces import join_days  # noqa: PLC0415

    return join_days(year, day)


def _month_day(match: re.Match[str], _: Context) -> Piece | None:
    month, day = chinese_number(match["month"]), chinese_number(match["day"])
    if month_day(_LEAP_YEAR, month, day) is None or match.string[max(0, match.start() - 1) : match.start()] == "每":
        return Piece(match.start(), match.end(), dead=True)
    year = _year(match)
    if isinstance(year, int) and month_day(year, month, day) is None:
        return Piece(match.start(), match.end(), dead=True)
    return _dated(match, OnMonthDay(month, day))


def _month(match: re.Match[str], _: Context) -> Piece | None:
    month = chinese_number(match["month"])
    edge = _EDGES[match["edge"]] if match["edge"] else None
    if not 1 <= month <= 12:  # noqa: PLR2004 - the months of a year
        return None
    if match["before"]:
        return _piece(match, BesideDay(InPeriod(Unit.MONTH, edge=Edge.FIRST_DAY, number=month)))
    sure = edge is not None or match["surely"] is not None
    return _dated(match, InPeriod(Unit.MONTH, edge=edge, number=month), weak=not sure)


_NOT_A_DAY = "楼线店位房机门桌厅馆仓厂车文院柜码桥坑铺窗电方案客选产元商台单样点球"


def _day_of_month(match: re.Match[str], _: Context) -> Piece | None:
    day, which = chinese_number(match["day"]), match["which"]
    if match.string[match.end() : match.end() + 1] in set(_NOT_A_DAY):
        return None
    if not 1 <= day <= 31 or which in {"上", "每"}:  # noqa: PLR2004 - the days of a month
        return Piece(match.start(), match.end(), dead=True)
    return _piece(match, OnDayOfMonth(day, months=_STEPS[which] if which else None))


def _nth(match: re.Match[str], _: Context) -> Piece:
    nth = -1 if match["nth"] == "最后" else chinese_number(match["nth"][1:])
    weekday = _WEEKDAYS[match["day"]] if match["day"] else None
    if match["month"]:
        period = InPeriod(Unit.MONTH, number=chinese_number(match["month"]))
    else:
        period = InPeriod(_UNITS[match["unit"]], steps=_STEPS[match["which"]] if match["which"] else None)
    return _piece(match, NthInPeriod(nth, weekday, period))


_FESTIVALS: dict[str, DaySpec] = {
    "元旦": OnMonthDay(1, 1), "国庆": OnMonthDay(10, 1), "十一假期": OnMonthDay(10, 1), "五一": OnMonthDay(5, 1), "劳动节": OnMonthDay(5, 1),
    "圣诞": OnMonthDay(12, 25), "平安夜": OnMonthDay(12, 24), "春节": OnSpringFestival(), "过年": OnSpringFestival(),
    "christmas eve": OnMonthDay(12, 24), "xmas eve": OnMonthDay(12, 24), "christmas": OnMonthDay(12, 25), "xmas": OnMonthDay(12, 25),
    "new year's day": OnMonthDay(1, 1), "new year's eve": OnMonthDay(12, 31), "boxing day": OnMonthDay(12, 26),
}  # fmt: skip


def _festival(match: re.Match[str], _: Context) -> Piece:
    day = _FESTIVALS[match["name"]]
    if match["before"]:
        day = BesideDay(day)
    elif match["after"]:
        day = BesideDay(day, after=True)
    return _piece(match, day)


_SPANS = {
    "分": "min", "分钟": "min", "小时": "hour", "钟头": "hour", "天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month",
    "季度": "quarter", "年": "year", "工作日": "working day", "工作小时": "working hour", "工作时": "working hour",
}  # fmt: skip
_COUNT = rf"(?:{ZH_NUMBER}(?:-|~|到|至|、)(?=[{_FIGURES}])|[一两二三四五六七八](?=[二三四五六七八九](?!十)))?(?P<count>[0-9]{{1,3}}\.[0-9]|[0-9]{{1,4}}|{ZH_NUMBER}|半)"
_QUANTITY = (
    rf"{_COUNT}(?P<half>个半)?(?:个|多)?(?P<unit>工作日|工作小时|工作时|分钟|分|刻钟|小时|钟头|天|日|周|星期|礼拜|月|季度|年)(?P<more>半(?!天))?"
    rf"(?:零?(?P<minutes>{ZH_NUMBER})分钟?)?"
)


def _offset(match: re.Match[str], context: Context) -> Piece | None:
    said, unit = match["count"], match["unit"]
    before = match.string[max(0, match.start() - 1) : match.start()]
    if before and (before in "第每前" or before in "0123456789.:/"):
        return None
    if unit == "月" and "个" not in match.group():
        return None
    if said == "半":
        count = 0.5
    elif "." in said:
        count = float(said)
    else:
        count = float(chinese_number(said)) if not said.isdigit() else float(said)
    count += 0.5 if match["half"] or match["more"] else 0
    found = after(context, count * 15, "min") if unit == "刻钟" else after(context, count, _SPANS[unit])
    if found is None:
        return None
    moment = found.moment
    if match["minutes"] and moment is not None:
        moment += chinese_number(match["minutes"]) * timedelta(minutes=1)
    return Piece(match.start(), match.end(), day=found.day, moment=moment)


def _rules() -> list[Rule]:
    which_week = "(?P<which>上上|上|下下下|下下|下|本|这|当|每|隔|次)"
    year = r"(?:(?P<year>(?:19|20|21)[0-9]{2}|[2-4][0-9]|二[零一二三四五六七八九]{3})年|(?P<counted>今|明|后|去)年)?(?:的)?"
    month = "(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二两三四五六七八九])月"
    number_begin = rf"(?<![{_FIGURES}第个￼])(?<![0-9][.:/])"
    first = rf"(?:{ZH_NUMBER}(?:号|日)?(?:-|~|到|至|、|和))?"
    table = (
        (
            r"(?<![说表声聪证透])(?P<day>今明两|明后两|今明|明后|大后|外后|今|明)(?:天|日|儿)(?![气线赋性])(?:之?内|以内)?(?!花板)",
            _relative,
        ),
        (r"(?<![以之今然先])(?P<day>后)(?:天|日)(?![天气线赋性])", _relative),
        (
            r"(?P<day>大后|今|明|后)(?:天|日)?(?P<part>早上|早晨|晚上|早(?!一?[点些])|晨|晚(?!一?[点些]|餐|饭|会(?!议)|宴)|夜里|夜)(?!会)",
            _relative_part,
        ),
        (r"(?:大?前天|昨天?|昨日|前日)(?:早上?|晚上?|上午|中午|下午)?|(?:刚才|刚刚|去年|前年|往年)", _dead),
        (rf"{_COUNT}(?:个)?(?:多)?(?:工作日|分钟|小时|钟头|天|周|星期|礼拜|个月|年)(?:之前|以前|前)", _dead),
        (
            (
                rf"(?:{which_week}(?:一|个)?(?=周|星期|礼拜))?{_WEEK}(?P<day>[一二三四五六日天]|[1-7](?![0-9.:：/点时天个号月日次折年周]))(?!峰|鸣|福)"
                r"(?P<part>[早晚](?!一?[点些]|餐|饭|会(?!议)|宴|上))?"
            ),
            _weekday,
        ),
        (
            rf"(?P<which>上上|上|下下|下|本|这|当|次)一?个?(?P<unit>周|星期|礼拜|月|季度|季)(?![期转年日球饼报薪费]|一至|次)(?:份)?(?:的)?{_EDGE}?",
            _period,
        ),
        (rf"(?P<which>今|明|后|本)(?P<unit>年)度?(?![龄级])(?:的)?{_EDGE}?", _period),
        (
            rf"(?<![{_FIGURES}全每今明后去个半周整近当])(?P<unit>月|年|季度|季)(?P<edge>初|底|末|上旬|中旬|下旬|内(?!部|容)|中(?![秋国间心午文旬]))",
            _edge_alone,
        ),
        (rf"(?<![{_FIGURES}])(?P<unit>周)(?P<edge>内(?!部|容)|中(?![国心间文])|初)", _edge_alone),
        (rf"(?<![{_FIGURES}上下本这每])周末", _weekend),
        (r"(?P<which>下下|下|本|这)?个?周末(?:之前|以前|前)", _before_weekend),
        (r"(?<![0-9.:/-])(?:1[3-9]|[2-9][0-9])月[0-9]{1,2}[日号]", _dead),
        (
            r"(?<![0-9a-z.:/-])(?P<year>(?!))?(?P<counted>(?!))?(?P<month>1[0-2]|0?[1-9])[-.](?P<day>[0-9]{1,2})(?=(?:上午|下午|中午|晚上|早上|早|晚|前|之前|\(周|\(星期))",
            _month_day,
        ),
        (
            rf"(?:(?P<year>20[0-9]{{2}})年?)?(?:第?(?P<zh>[一二三四])季度?|q(?P<en>[1-4])(?:季度)?)(?:的)?{_EDGE}",
            _quarter,
        ),
        (rf"{number_begin}{year}{month}份?{first}(?P<day>{ZH_NUMBER}){_DAY_UNIT}", _month_day),
        (
            rf"{number_begin}{year}{month}(?P<day>[0-9]{{1,2}})(?![0-9.%:/个人家万份条台套位次种块元天周年月]|点[0-9])",
            _month_day,
        ),
        (
            rf"{number_begin}{year}{month}(?P<day>[二三]?十[一二三四五六七八九]?)(?![点时分个人家万份条台套位次种块元天周年月])",
            _month_day,
        ),
        (
            rf"{number_begin}{year}{month}(?![饼球亮薪报度租费均])(?P<surely>份?(?P<before>之前|以前|前)|再|份)?{_EDGE}?",
            _month,
        ),
        (
            rf"(?<![0-9第{_FIGURES}])(?:(?P<which>下下|下|本|这|当|次|上|每)个?月(?:份)?(?:的)?)?{first}(?P<day>{ZH_NUMBER}){_DAY_UNIT}(?![内后前]|之|以)",
            _day_of_month,
        ),
        (
            rf"(?<![0-9第{_FIGURES}])(?P<which>(?!))?(?P<day>{ZH_NUMBER})(?:号|日(?=前|之前|以前))(?=[前之以内后])",
            _day_of_month,
        ),
        (
            (
                rf"(?:(?P<month>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月|(?:(?P<which>下下|下|本|这|当)个?)?(?P<unit>月|周|季度))份?(?:的)?(?:底|末)?(?:的)?"
                rf"(?P<nth>最后|第[一二三四12345])一?(?:个|天)?(?:{_WEEK}(?P<day>[一二三四五六日天])|工作日)"
            ),
            _nth,
        ),
        (
            r"(?P<name>元旦|国庆|十一假期|五一|劳动节|圣诞|平安夜|春节|过年)(?:节)?(?:放?假期?)?(?:(?P<before>之前|以前|前)|(?P<after>之后|以后|后))?",
            _festival,
        ),
        (
            r"\b(?:(?P<before>before|ahead of)|(?P<after>after))? ?(?:the )?(?P<name>christmas eve|christmas|xmas eve|xmas|new year's day|new year's eve|boxing day)\b(?: day)?(?!')",
            _festival,
        ),
        (rf"(?:再|过|等|再过|再等)?{_QUANTITY}(?:左右)?(?:之后|以后|后(?!天[^天])|之内|以内|内(?!部|容))", _offset),
        (rf"(?:再过|过|再等)(?:个)?{_QUANTITY}(?!的?(?:保|期)|[年岁])", _offset),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
_ = BEGIN
