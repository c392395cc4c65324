"""Owns who lives in the demo's workspace: two teams, in two languages, with their managers, a specialist and an admin."""

from dataclasses import dataclass
from datetime import UTC, datetime

ZONE = "Asia/Shanghai"
COUNTRY = "CN"
FIRST_DAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday, nine o'clock in Shanghai: the history begins."""
TODAY = datetime(2026, 3, 24, 2, 0, tzinfo=UTC)
"""Tuesday, ten o'clock in Shanghai: the visitor arrives."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the demo's workspace; ``slack_user_id`` such as ``UMAYA``."""

    slack_user_id: str
    handle: str
    name: str
    title: str
    locale: str
    role: str
    is_admin: bool = False

    @property
    def email(self) -> str:
        """Their mail address, in a domain that cannot exist."""
        return f"{self.handle}@closeloop.test"


PEOPLE = (
    Person("UMAYA", "maya", "Maya Chen", "Sales, APAC", "en-US", "rep"),
    Person("ULEI", "lilei", "李雷", "销售，亚太组", "zh-CN", "rep"),
    Person("UHAN", "hanmm", "韩梅梅", "销售，华南组", "zh-CN", "rep"),
    Person("UTOM", "tom", "Tom Becker", "Pre-sales engineer", "en-US", "specialist"),
    Person("UGRACE", "grace", "Grace Lin", "Manager, APAC", "en-US", "manager"),
    Person("UWANG", "wang", "王建国", "经理，华南组", "zh-CN", "manager"),
    Person("UADA", "ada", "Ada Flores", "Sales operations", "en-US", "admin", is_admin=True),
)


@dataclass(frozen=True, slots=True)
class Crew:
    """A team of the demo: its form in short."""

    name: str
    channel_id: str
    channel: str
    locale: str
    currency: str
    manager: str
    reps: tuple[str, ...]
    specialists: tuple[str, ...] = ()


CREWS = (
    Crew("APAC", "CAPAC", "sales-apac", "en-US", "USD", "UGRACE", ("UMAYA", "ULEI"), ("UTOM",)),
    Crew("华南", "CHUANAN", "华南销售", "zh-CN", "CNY", "UWANG", ("UHAN",)),
)
GENERAL = ("CGENERAL", "general")
