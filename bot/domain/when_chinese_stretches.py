"""Owns stretches of the calendar and of time as Chinese says them: 下周, 月底, 国庆前, 三个工作日后."""

import re
from datetime import timedelta

from bot.domain.when_chinese import COUNT, FIGURES, MONTH, STEPS, WEEK, WEEKDAYS, in_year
from bot.domain.when_days import Context
from bot.domain.when_numbers import full_year
from bot.domain.when_offsets import after
from bot.domain.when_periods import BesideDay, Edge, InPeriod, NthInPeriod, OnWeekend, Unit
from bot.domain.when_pieces import Piece, Rule, said
from bot.domain.when_text import ZH_NUMBER, chinese_number

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


def _period(match: re.Match[str], _: Context) -> Piece | None:
    unit, steps = _UNITS[match["unit"]], STEPS[match["which"]]
    edge = _EDGES[match["edge"]] if match["edge"] else None
    if unit is Unit.WEEK and match["edge"] == "末":
        return said(match, OnWeekend(steps)) if steps >= 0 else Piece(match.start(), match.end(), dead=True)
    if steps < 0:
        return Piece(match.start(), match.end(), dead=True)
    described = match.string[match.end() : match.end() + 1] == "的"
    weak = edge is None and (described or (unit is Unit.YEAR and steps == 0))
    return said(match, InPeriod(unit, steps=steps, edge=edge), weak=weak)


def _edge_alone(match: re.Match[str], _: Context) -> Piece:
    return said(match, InPeriod(_UNITS[match["unit"]], edge=_EDGES[match["edge"]]))


def _before_weekend(match: re.Match[str], _: Context) -> Piece:
    return said(match, InPeriod(Unit.WEEK, steps=STEPS[match["which"]] if match["which"] else None, edge=Edge.END))


def _weekend(match: re.Match[str], _: Context) -> Piece:
    return said(match, OnWeekend())


_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}


def _quarter(match: re.Match[str], _: Context) -> Piece:
    figure = match["zh"] or match["en"]
    number = _QUARTERS.get(figure) or int(figure)
    year = full_year(match["year"]) if match["year"] else None
    return said(match, InPeriod(Unit.QUARTER, edge=_EDGES[match["edge"]], number=number, year=year))


def _month(match: re.Match[str], _: Context) -> Piece | None:
    month = chinese_number(match["month"])
    edge = _EDGES[match["edge"]] if match["edge"] else None
    if not 1 <= month <= 12:  # noqa: PLR2004 - the months of a year
        return None
    if match["before"]:
        return said(match, BesideDay(InPeriod(Unit.MONTH, edge=Edge.FIRST_DAY, number=month)))
    sure = edge is not None or match["surely"] is not None
    return in_year(match, InPeriod(Unit.MONTH, edge=edge, number=month), weak=not sure)


def _nth(match: re.Match[str], _: Context) -> Piece:
    nth = -1 if match["nth"] == "最后" else chinese_number(match["nth"][1:])
    weekday = WEEKDAYS[match["day"]] if match["day"] else None
    if match["month"]:
        period = InPeriod(Unit.MONTH, number=chinese_number(match["month"]))
    else:
        period = InPeriod(_UNITS[match["unit"]], steps=STEPS[match["which"]] if match["which"] else None)
    return said(match, NthInPeriod(nth, weekday, period))


_SPANS = {
    "分": "min", "分钟": "min", "小时": "hour", "钟头": "hour", "天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month",
    "季度": "quarter", "年": "year", "工作日": "working day", "工作小时": "working hour", "工作时": "working hour",
}  # fmt: skip


_QUANTITY = (
    rf"{COUNT}(?P<half>个半)?(?:个|多)?(?P<unit>工作日|工作小时|工作时|分钟|分|刻钟|小时|钟头|天|日|周|星期|礼拜|月|季度|年)(?P<more>半(?!天))?"
    rf"(?:零?(?P<minutes>{ZH_NUMBER})分钟?)?"
)


def _offset(match: re.Match[str], context: Context) -> Piece | None:
    figures, unit = match["count"], match["unit"]
    before = match.string[max(0, match.start() - 1) : match.start()]
    if before and (before in "第每前" or before in "0123456789.:/"):
        return None
    if unit == "月" and "个" not in match.group():
        return None
    count = 0.5 if match["half"] or match["more"] else 0.0
    count += 0.5 if figures == "半" else float(figures) if figures[0].isascii() else chinese_number(figures)
    found = after(context, count * 15, "min") if unit == "刻钟" else after(context, count, _SPANS[unit])
    if found is None:
        return None
    moment = found.moment
    if match["minutes"] and moment is not None:
        moment += chinese_number(match["minutes"]) * timedelta(minutes=1)
    return Piece(match.start(), match.end(), day=found.day, moment=moment)


def _rules() -> list[Rule]:
    table = (
        (
            rf"(?P<which>上上|上|下下|下|本|这|当|次)一?个?(?P<unit>周|星期|礼拜|月|季度|季)(?![期转年日球饼报薪费]|一至|次)(?:份)?(?:的)?{_EDGE}?",
            _period,
        ),
        (rf"(?P<which>今|明|后|本)(?P<unit>年)度?(?![龄级])(?:的)?{_EDGE}?", _period),
        (
            rf"(?<![{FIGURES}全每今明后去个半周整近当])(?P<unit>月|年|季度|季)(?P<edge>初|底|末|上旬|中旬|下旬|内(?!部|容)|中(?![秋国间心午文旬]))",
            _edge_alone,
        ),
        (rf"(?<![{FIGURES}])(?P<unit>周)(?P<edge>内(?!部|容)|中(?![国心间文])|初)", _edge_alone),
        (rf"(?<![{FIGURES}上下本这每])周末", _weekend),
        (r"(?P<which>下下|下|本|这)?个?周末(?:之前|以前|前)", _before_weekend),
        (
            rf"(?:(?P<year>20[0-9]{{2}})年?)?(?:第?(?P<zh>[一二三四])季度?|q(?P<en>[1-4])(?:季度)?)(?:的)?{_EDGE}",
            _quarter,
        ),
        (
            rf"{MONTH}(?![饼球亮薪报度租费均])(?P<surely>份?(?P<before>之前|以前|前)|再|份)?{_EDGE}?",
            _month,
        ),
        (
            (
                rf"(?:(?P<month>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月|(?:(?P<which>下下|下|本|这|当)个?)?(?P<unit>月|周|季度))份?(?:的)?(?:底|末)?(?:的)?"
                rf"(?P<nth>最后|第[一二三四12345])一?(?:个|天)?(?:{WEEK}(?P<day>[一二三四五六日天])|工作日)"
            ),
            _nth,
        ),
        (rf"(?:再|过|等|再过|再等)?{_QUANTITY}(?:左右)?(?:之后|以后|后(?!天[^天])|之内|以内|内(?!部|容))", _offset),
        (rf"(?:再过|过|再等)(?:个)?{_QUANTITY}(?!的?(?:保|期)|[年岁])", _offset),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
