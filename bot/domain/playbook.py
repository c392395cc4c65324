"""Owns the playbook: a team's versioned settings as frozen values, and the default ones."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.assignment_rules import rule_faults

# Hours or days: beyond it no clock of a sale makes sense, and every reckoning of the calendar would be long.
_MOST_PACE = 2000
_MOST_NUDGES = 50
_SKIPPABLE = frozenset({"remind", "escalate", "recycle"})


class StageKind(StrEnum):
    """What a stage means to the loop; its name is the team's."""

    INTAKE = "INTAKE"
    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"

    @property
    def is_closed(self) -> bool:
        """True where the opportunity has an outcome."""
        return self in {StageKind.WON, StageKind.LOST}


@dataclass(frozen=True, slots=True)
class Name:
    """What people call something, in both languages."""

    en: str
    zh: str

    def in_locale(self, locale: str) -> str:
        """Return the name for a reader, such as ``zh-CN``."""
        return self.zh if locale.startswith("zh") else self.en


class Criterion(StrEnum):
    """A fact that must be there before a stage may be left forward."""

    CONTACT_WAY = "contact_way"
    NEED = "need"
    BUDGET = "budget"
    AUTHORITY = "authority"
    AMOUNT = "amount"
    MEETING = "meeting"
    QUOTE = "quote"
    EXPECTED_CLOSE = "expected_close"


class Addressee(StrEnum):
    """Whom a step of the ladder is told to."""

    OWNER = "owner"
    MANAGER = "manager"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Pace:
    """What a grade demands: hours are working hours, days are working days.

    ``remind_to`` and its like say whom a step is told to; ``skip`` leaves steps out: remind, escalate, or recycle with
    its warning. The nudges themselves cannot be left out, so that nothing open is ever forgotten.
    """

    accept_hours: float
    nudge_hours: float
    escalate_hours: float
    warn_days: int
    recycle_days: int
    remind_to: Addressee = Addressee.OWNER
    nudge_to: Addressee = Addressee.OWNER
    escalate_to: Addressee = Addressee.MANAGER
    warn_to: Addressee = Addressee.OWNER
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the team's pipeline.

    ``limit_days`` and ``cadence_days`` are working days; ``probability`` is a whole percentage. ``pace`` is what this
    stage demands of a grade instead of what the playbook does.
    """

    key: str
    name: Name
    kind: StageKind
    probability: int
    limit_days: int | None = None
    cadence_days: int | None = None
    criteria: tuple[Criterion, ...] = ()
    pace: dict[str, Pace] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Option:
    """An answer to a grading question, and the points it is worth."""

    key: str
    name: Name
    points: int


@dataclass(frozen=True, slots=True)
class Scoring:
    """A grading question with its answers; the first answer is assumed where nothing is known."""

    key: str
    name: Name
    options: tuple[Option, ...]

    def option(self, key: str | None) -> Option:
        """Return the answer of that key, or the one assumed when nothing is known."""
        return next((option for option in self.options if option.key == key), self.options[0])


@dataclass(frozen=True, slots=True)
class Scorecard:
    """How an opportunity is graded: questions, and the scores from which it is an A or a B."""

    criteria: tuple[Scoring, ...]
    a_from: int
    b_from: int
    large_amount_minor: int
    large_amount_points: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an opportunity was won or lost."""

    key: str
    name: Name
    needs_note: bool = False
    imports_only: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """An assignment rule: leads whose ``field`` has that value go to these members first.

    ``field`` is region, industry, product, source, language or amount; ``value`` of a language is its code or name, of an
    amount a comparison in the playbook's currency, such as ``>= 50000``. ``members`` are Slack ids.
    """

    field: str
    value: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """Limits on what one member may hold and claim, and when a team's pool opens to the others.

    ``to_all_days`` are working days that the team's own reps have before every team's may claim, which is the workspace
    pool; 0 opens it at once, None never. ``cooling_off_days`` are days.
    """

    held_most: int = 50
    claims_a_day: int = 5
    cooling_off_days: int = 7
    to_all_days: int | None = 5


@dataclass(frozen=True, slots=True)
class Playbook:
    """A team's process.

    ``stages`` stand in the order of the pipeline, with exactly one WON and one LOST stage at the end. ``backlog_a_day`` is
    how many overdue ones of an import each owner is told of a working day once the team goes live.
    """

    name: str
    currency: str
    stages: tuple[Stage, ...]
    scorecard: Scorecard
    pace: dict[str, Pace]
    loss_reasons: tuple[Reason, ...]
    win_reasons: tuple[Reason, ...]
    rules: tuple[Rule, ...] = ()
    pool: Pool = field(default_factory=Pool)
    protection_days: int = 30
    win_back_days: int = 90
    review_lost: tuple[str, ...] = ("A", "B")
    review_won: tuple[str, ...] = ("A",)
    review_days: int = 3
    may_skip: bool = True
    may_reverse: bool = True
    collision_scope: str = "customer"
    nudges_a_day: int = 6
    backlog_a_day: int = 5

    def stage(self, key: str) -> Stage:
        """Return the stage of that key.

        Raises:
            KeyError: The playbook has no such stage.
        """
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(key)

    def pace_of(self, stage_key: str, grade: str) -> Pace:
        """Return the pace of a grade in a stage; the stage's own goes before the playbook's."""
        for stage in self.stages:
            if stage.key == stage_key:
                return stage.pace.get(grade) or self.pace[grade]
        return self.pace[grade]

    def position(self, key: str) -> int:
        """Return where the stage stands in the pipeline, from 0."""
        return next(index for index, stage in enumerate(self.stages) if stage.key == key)

    @property
    def first_stage(self) -> Stage:
        """The stage in which a captured lead begins."""
        return self.stages[0]

    @property
    def open_stages(self) -> tuple[Stage, ...]:
        """The stages of an open opportunity, in order."""
        return tuple(stage for stage in self.stages if not stage.kind.is_closed)

    def closing_stage(self, kind: StageKind) -> Stage:
        """Return the stage in which opportunities of that outcome end."""
        return next(stage for stage in self.stages if stage.kind is kind)

    def next_stage(self, key: str) -> Stage | None:
        """Return the following open stage, or None after the last one."""
        stages = self.open_stages
        at = next((index for index, stage in enumerate(stages) if stage.key == key), len(stages))
        return stages[at + 1] if at + 1 < len(stages) else None

    def reason(self, kind: StageKind, key: str | None) -> Reason | None:
        """Return a loss or win reason by key, or None if the list has no such one."""
        reasons = self.loss_reasons if kind is StageKind.LOST else self.win_reasons
        return next((reason for reason in reasons if reason.key == key), None)

    def faults(self) -> tuple[str, ...]:
        """Return what is wrong with it, one sentence each; empty if it can be used."""
        return tuple(_faults(self))


def _faults(playbook: Playbook) -> list[str]:
    found: list[str] = []
    keys = [stage.key for stage in playbook.stages]
    found += [f"stages: the key {key} stands twice" for key in sorted({k for k in keys if keys.count(k) > 1})]
    kinds = [stage.kind for stage in playbook.stages]
    found += [
        f"stages: there must be exactly one stage of kind {kind}, there are {kinds.count(kind)}"
        for kind in (StageKind.WON, StageKind.LOST)
        if kinds.count(kind) != 1
    ]
    if not kinds or kinds[0].is_closed:
        found.append("stages: the first stage must be of kind INTAKE or OPEN")
    if any(kind.is_closed for kind in kinds[:-2]):
        found.append("stages: the WON and LOST stages must be the last two")
    found += [
        f"stages.{stage.key}: probability must be from 0 to 100"
        for stage in playbook.stages
        if not 0 <= stage.probability <= 100  # noqa: PLR2004 - a percentage
    ]
    found += [
        f"stages.{stage.key}: limit_days and cadence_days must be at least 1"
        for stage in playbook.stages
        if any(days is not None and days < 1 for days in (stage.limit_days, stage.cadence_days))
    ]
    found += [f"pace: grade {grade} is missing" for grade in ("A", "B", "C") if grade not in playbook.pace]
    found += _pool_faults(playbook.pool)
    for grade, pace in playbook.pace.items():
        found += _pace_faults(f"pace.{grade}", pace)
    for stage in playbook.stages:
        for grade, pace in stage.pace.items():
            if grade not in {"A", "B", "C"}:
                found.append(f"stages.{stage.key}.pace: there is no grade {grade}")
            found += _pace_faults(f"stages.{stage.key}.pace.{grade}", pace)
    found += _daily_faults(playbook)
    if not 0 < playbook.scorecard.b_from < playbook.scorecard.a_from:
        found.append("scorecard: b_from must be above 0 and below a_from")
    found += [
        f"scorecard.{scoring.key}: has no options" for scoring in playbook.scorecard.criteria if not scoring.options
    ]
    for label, reasons in (("loss_reasons", playbook.loss_reasons), ("win_reasons", playbook.win_reasons)):
        names = [reason.key for reason in reasons]
        if not [reason for reason in reasons if not reason.imports_only]:
            found.append(f"{label}: at least one reason is needed")
        found += [f"{label}: the key {key} stands twice" for key in sorted({k for k in names if names.count(k) > 1})]
    if playbook.collision_scope not in {"customer", "customer_product"}:
        found.append("collision_scope: must be customer or customer_product")
    found += rule_faults(playbook.rules, playbook.currency)
    return found


def _daily_faults(playbook: Playbook) -> list[str]:
    found = []
    if not 0 <= playbook.nudges_a_day <= _MOST_NUDGES:
        found.append(f"nudges_a_day: must be from 0 to {_MOST_NUDGES}; with 0 only the morning list is sent")
    if not 1 <= playbook.backlog_a_day <= _MOST_PACE:
        found.append(f"backlog_a_day: must be from 1 to {_MOST_PACE}")
    return found


def _pool_faults(pool: Pool) -> list[str]:
    found = []
    if min(pool.held_most, pool.claims_a_day) < 1:
        found.append("pool: held_most and claims_a_day must be at least 1")
    if not all(0 <= days <= _MOST_PACE for days in (pool.cooling_off_days, pool.to_all_days or 0)):
        found.append(f"pool: cooling_off_days and to_all_days must be from 0 to {_MOST_PACE}")
    return found


def _pace_faults(path: str, pace: Pace) -> list[str]:
    hours, days = (pace.accept_hours, pace.nudge_hours, pace.escalate_hours), (pace.warn_days, pace.recycle_days)
    found = []
    if not (all(0 <= one <= _MOST_PACE for one in hours) and all(1 <= one <= _MOST_PACE for one in days)):
        found.append(f"{path}: hours must be from 0 to {_MOST_PACE}, days from 1 to {_MOST_PACE}")
    if not set(pace.skip) <= _SKIPPABLE:
        found.append(f"{path}.skip: only {', '.join(sorted(_SKIPPABLE))} can be left out")
    return found


NOT_RECORDED = Reason("not_recorded", Name("Not recorded", "未记录"), imports_only=True)


def default_playbook(currency: str = "USD") -> Playbook:
    """Return the default process, seeded for every new team.

    Args:
        currency: ISO 4217 code of the team's amounts.
    """
    return Playbook(
        name="Default",
        currency=currency,
        stages=(
            Stage("lead", Name("Lead", "线索"), StageKind.INTAKE, 5, 3, 1, (Criterion.CONTACT_WAY,)),
            Stage(
                "qualified",
                Name("Qualified", "初步意向"),
                StageKind.OPEN,
                15,
                10,
                3,
                (Criterion.NEED, Criterion.BUDGET, Criterion.AUTHORITY),
            ),
            Stage(
                "solution",
                Name("Solution", "方案沟通"),
                StageKind.OPEN,
                35,
                15,
                5,
                (Criterion.AMOUNT, Criterion.MEETING),
            ),
            Stage("quote", Name("Quote", "报价"), StageKind.OPEN, 55, 10, 3, (Criterion.QUOTE,)),
            Stage("contract", Name("Contract", "签约"), StageKind.OPEN, 80, 15, 3, (Criterion.EXPECTED_CLOSE,)),
            Stage("won", Name("Won", "成交"), StageKind.WON, 100),
            Stage("lost", Name("Lost", "流失"), StageKind.LOST, 0),
        ),
        scorecard=_default_scorecard(),
        pace={"A": Pace(2, 4, 8, 10, 3), "B": Pace(4, 8, 16, 15, 3), "C": Pace(8, 16, 40, 20, 3)},
        loss_reasons=(
            Reason("price", Name("Price", "价格")),
            Reason("competitor", Name("Competitor", "竞争对手")),
            Reason("budget_cancelled", Name("Budget cancelled", "预算取消")),
            Reason("postponed", Name("Postponed", "项目推迟")),
            Reason("no_fit", Name("Does not fit", "需求不匹配")),
            Reason("unreachable", Name("Cannot be reached", "联系不上")),
            Reason("relationship", Name("Relationship", "客户关系")),
            Reason("invalid", Name("Invalid lead", "无效线索")),
            Reason("other", Name("Other", "其他"), needs_note=True),
            NOT_RECORDED,
        ),
        win_reasons=(
            Reason("fit", Name("Fit", "方案契合")),
            Reason("price", Name("Price", "价格")),
            Reason("relationship", Name("Relationship", "客户关系")),
            Reason("speed", Name("Speed", "响应速度")),
            Reason("references", Name("References", "成功案例")),
            Reason("other", Name("Other", "其他")),
            NOT_RECORDED,
        ),
    )


def _default_scorecard() -> Scorecard:
    return Scorecard(
        criteria=(
            Scoring(
                "source",
                Name("Source", "来源"),
                (
                    Option("other", Name("Other", "其他"), 5),
                    Option("referral", Name("Referral", "转介绍"), 20),
                    Option("inbound", Name("Inbound", "主动咨询"), 12),
                    Option("partner", Name("Partner", "合作伙伴"), 12),
                    Option("event", Name("Event", "市场活动"), 10),
                    Option("outbound", Name("Outbound", "主动开发"), 5),
                ),
            ),
            Scoring(
                "intent",
                Name("Intent", "意向"),
                (
                    Option("none", Name("None shown", "未表露"), 5),
                    Option("question", Name("Asked a question", "有咨询"), 15),
                    Option("quote", Name("Asked for a quote or trial", "要报价或试用"), 25),
                ),
            ),
            Scoring(
                "budget",
                Name("Budget", "预算"),
                (
                    Option("unknown", Name("None yet, unknown", "暂无或未知"), 0),
                    Option("likely", Name("Likely", "可能有"), 10),
                    Option("confirmed", Name("Confirmed", "已确认"), 20),
                ),
            ),
            Scoring(
                "authority",
                Name("Decision maker", "决策人"),
                (
                    Option("unknown", Name("Unknown", "未知"), 0),
                    Option("influencer", Name("Talks with an influencer", "接触到影响者"), 8),
                    Option("decider", Name("Talks with who decides", "接触到决策人"), 15),
                ),
            ),
            Scoring(
                "timing",
                Name("Timing", "时间"),
                (
                    Option("later", Name("Later or unknown", "更晚或未知"), 0),
                    Option("6_months", Name("Within 6 months", "6 个月内"), 5),
                    Option("3_months", Name("Within 3 months", "3 个月内"), 10),
                    Option("1_month", Name("Within 1 month", "1 个月内"), 15),
                ),
            ),
        ),
        a_from=65,
        b_from=35,
        large_amount_minor=5_000_000,
        large_amount_points=5,
    )
