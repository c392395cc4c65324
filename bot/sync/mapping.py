"""Owns the way from a file's rows to rows that an import takes, by a preset or a mapping of columns."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from bot.domain.money import read_amount
from bot.domain.playbook import Playbook, default_playbook
from bot.errors import InvalidInput, Text
from bot.services import playbooks
from bot.services.import_values import Batch, CustomerRow, OpportunityRow, Person, TeamPlan, Told
from bot.sync.preset import Preset
from bot.sync.readers import Record, Table, read_table

_SHORT, _LONG = 200, 2000
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%Y%m%d", "%Y年%m月%d日")


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows go that say nothing of it: a team that is here, its currency, and the zone and language of new teams."""

    team: str | None = None
    currency: str = "USD"
    zone: str = "UTC"
    locale: str = "en-US"


@dataclass(slots=True)
class _Work:
    """What one reading of a file has at hand."""

    preset: Preset
    place: Place
    currency: str
    team_of: dict[str, str] = field(default_factory=dict)
    products: frozenset[str] = frozenset()
    seen: Counter[str] = field(default_factory=Counter)
    lines: dict[str, int] = field(default_factory=dict)


def read_batch(path: Path, preset: Preset, place: Place) -> Batch:
    """Read a file, or a folder of files, into what an import takes.

    Args:
        path: The file of opportunities, or the folder it is in.
        preset: What the columns and values mean.
        place: Where rows go that say nothing of it.

    Raises:
        InvalidInput: A file or a column is missing, or no team is named.
    """
    folder, main = (path, path / (preset.file or "")) if path.is_dir() else (path.parent, path)
    table = read_table(main)
    for column in preset.columns.values():
        table.require(column)
    if preset.teams is not None and place.team is not None:
        raise InvalidInput({"team": Text("import.has_teams")})
    work = _Work(preset, place, preset.currency or place.currency)
    teams = _teams(folder, work)
    if not teams:
        raise InvalidInput({"team": Text("import.needs_team")})
    customers = _customers(folder, preset)
    if preset.products is not None:
        listed = _file(folder, preset.products.file, preset.products.name)
        work.products = frozenset(record.values[preset.products.name] for record in listed.records)
    rows: list[OpportunityRow] = []
    refused: list[Told] = []
    remarks: list[Told] = []
    for record in table.records:
        made = _row(record, work)
        if isinstance(made, Told):
            refused.append(made)
            continue
        rows.append(made)
        if work.products and made.product and made.product not in work.products:
            remarks.append(Told(made.line, made.ref, Text("import.product", name=made.product)))
    return Batch(_dated(rows, preset), teams, customers, tuple(refused), tuple(remarks))


def _dated(rows: list[OpportunityRow], preset: Preset) -> tuple[OpportunityRow, ...]:
    if preset.undated == "now":
        return tuple(rows)
    days = [_day(moment) for row in rows for moment in (row.captured, row.closed) if moment is not None]
    last = max(days, default=None)
    return tuple(row if row.captured is not None else replace(row, captured=last) for row in rows)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _file(folder: Path, name: str, *columns: str | None) -> Table:
    table = read_table(folder / name)
    for column in columns:
        if column is not None:
            table.require(column)
    return table


def _teams(folder: Path, work: _Work) -> tuple[TeamPlan, ...]:
    said, place = work.preset.teams, work.place
    if said is None:
        return () if place.team is None else (TeamPlan(place.team),)
    managers: dict[str, dict[str, Person]] = {}
    reps: dict[str, dict[str, Person]] = {}
    for record in _file(folder, said.file, said.team, said.rep, said.manager).records:
        team, rep = record.values.get(said.team, ""), record.values.get(said.rep, "")
        if not team or not rep:
            continue
        work.team_of[rep] = team
        reps.setdefault(team, {})[rep] = Person(rep)
        manager = record.values.get(said.manager, "") if said.manager else ""
        managers.setdefault(team, {})
        if manager:
            managers[team][manager] = Person(manager)
    playbook = _playbook(work)
    return tuple(
        TeamPlan(team, playbook, tuple(managers[team].values()), tuple(people.values()), place.zone, place.locale)
        for team, people in reps.items()
    )


def _playbook(work: _Work) -> Playbook:
    default = playbooks.dump(default_playbook(work.currency))
    return playbooks.parse({**default, **(work.preset.playbook or {})})


def _customers(folder: Path, preset: Preset) -> tuple[CustomerRow, ...]:
    said = preset.customers
    if said is None:
        return ()
    return tuple(
        CustomerRow(
            name=record.values[said.name],
            industry=_fixed(preset, "industry", record.values.get(said.industry or "")),
            region=_fixed(preset, "region", record.values.get(said.region or "")),
            website=record.values.get(said.website or "") or None,
            credit_code=record.values.get(said.credit_code or "") or None,
        )
        for record in _file(
            folder, said.file, said.name, said.industry, said.region, said.website, said.credit_code
        ).records
        if record.values.get(said.name)
    )


def _fixed(preset: Preset, name: str, value: str | None) -> str | None:
    value = value or None
    return preset.fixes.get(name, {}).get(value, value) if value else None


class _Unusable(Exception):  # noqa: N818 - it carries the reason out of one row's reading
    def __init__(self, why: Text) -> None:
        super().__init__(why.key)
        self.why = why


def _row(record: Record, work: _Work) -> OpportunityRow | Told:
    columns = work.preset.columns
    values = {name: _fixed(work.preset, name, record.values.get(column)) for name, column in columns.items()}
    if record.fault is not None:
        return Told(record.line, values.get("ref"), record.fault)
    try:
        return _read(record, values, work)
    except _Unusable as fault:
        return Told(record.line, values.get("ref"), fault.why)


def _read(record: Record, values: dict[str, str | None], work: _Work) -> OpportunityRow:
    columns = work.preset.columns
    for name, value in values.items():
        most = _LONG if name == "need" else _SHORT
        if value is not None and len(value) > most:
            raise _Unusable(Text("import.too_long", column=columns[name], most=most))
    if values["need"] is None:
        raise _Unusable(Text("import.no_need", column=columns["need"]))
    ref = values.get("ref") or _made_ref(record, work)
    if ref in work.lines:
        raise _Unusable(Text("import.twice", ref=ref, line=work.lines[ref]))
    owner = _person(values.get("owner"), values.get("owner_email"))
    amount_minor, currency = _amount(values, work)
    stage = values.get("stage")
    row = OpportunityRow(
        line=record.line,
        ref=ref,
        team=_team(owner, work),
        need=values["need"],
        customer=values["customer"],
        stage=work.preset.stages.get(stage, stage) if stage else None,
        closed_from=work.preset.closed_from,
        owner=owner,
        captured=_moment("captured", values, work),
        closed=_moment("closed", values, work),
        amount_minor=amount_minor,
        currency=currency,
        product=values.get("product"),
        source=values.get("source"),
        region=values.get("region"),
        industry=values.get("industry"),
        website=values.get("website"),
        credit_code=values.get("credit_code"),
        contact=_person(values.get("contact_name"), values.get("contact_email"), values.get("contact_phone")),
        contact_phone=values.get("contact_phone"),
        contact_title=values.get("contact_title"),
        reason=values.get("reason"),
    )
    work.lines[ref] = record.line
    return row


def _made_ref(record: Record, work: _Work) -> str:
    """Return a name made of what the row says, so that the same file never comes in twice; equal rows are counted."""
    said = "\x1f".join(f"{name}={value}" for name, value in sorted(record.values.items()))
    short = hashlib.sha256(said.encode()).hexdigest()[:24]
    work.seen[short] += 1
    return f"row:{short}:{work.seen[short]}"


def _person(name: str | None, email: str | None, phone: str | None = None) -> Person | None:
    shown = name or email or phone
    return None if shown is None else Person(shown, email.lower() if email else None)


def _team(owner: Person | None, work: _Work) -> str:
    if work.place.team is not None:
        return work.place.team
    team = work.team_of.get(owner.name) if owner is not None else None
    if team is None:
        file = work.preset.teams.file if work.preset.teams else ""
        raise _Unusable(Text("import.no_owner_team", name=owner.name if owner else "–", path=file))
    return team


def _amount(values: dict[str, str | None], work: _Work) -> tuple[int | None, str]:
    text = values.get("amount")
    if text is None:
        return None, work.currency
    try:
        return read_amount(text, work.currency)
    except ValueError:
        raise _Unusable(Text("import.amount", column=work.preset.columns["amount"], value=text)) from None


def _moment(name: str, values: dict[str, str | None], work: _Work) -> date | datetime | None:
    text = values.get(name)
    if text is None:
        return None
    for moment in _readings(text, work.preset.date_format):
        return moment
    raise _Unusable(Text("import.date", column=work.preset.columns[name], value=text))


def _readings(text: str, date_format: str | None) -> Iterator[date | datetime]:
    for form in (date_format,) if date_format else _DATES:
        try:
            read = datetime.strptime(text, form)  # noqa: DTZ007 - a local day or time; the team's zone is added later
        except ValueError:
            continue
        yield read if "%H" in form else read.date()
    if date_format is None:
        try:
            yield datetime.fromisoformat(text)
        except ValueError:
            return
