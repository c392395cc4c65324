"""Fixtures: Debian's chromium, and the running demo as a person sees it in one."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect, sync_playwright

from bot.demo.running import Demo, running
from bot.services import members
from bot.services.desk import Actor

DESKTOP, PHONE = (1280, 900), (390, 844)
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
)
_PATIENCE_MS = 10_000
_JUMP_MS = 30_000


@dataclass
class Album:
    """Where the screenshots go, numbered in the order in which they were taken.

    Attributes:
        folder: It exists.
        name: At the front of every file's name.
        is_looked_at: Whether somebody asked for the pictures, so that they are worth waiting for.
        taken: How many there are.
    """

    folder: Path
    name: str
    is_looked_at: bool
    taken: int = field(default=0)

    def path(self, step: str) -> Path:
        """Return where the next screenshot goes."""
        self.taken += 1
        return self.folder / f"{self.name}-{self.taken:02}-{step}.png"


@dataclass
class Window:
    """One person's window.

    Attributes:
        page: The browser's page.
        who: Their Slack id.
        album: Where ``shoot`` puts its pictures.
    """

    page: Page
    who: str
    album: Album

    def shoot(self, step: str) -> None:
        """Take a picture once the page stands still."""
        expect(self.page.get_by_test_id("clock")).to_have_attribute("aria-busy", "false")
        if self.album.is_looked_at:
            # Fonts, focus rings and scrolling settle within a few frames.
            self.page.wait_for_timeout(250)
        self.page.screenshot(path=self.album.path(step))

    def say(self, text: str) -> None:
        """Type into the conversation and send."""
        composer = self.page.get_by_test_id("composer-input")
        composer.fill(text)
        composer.press("Enter")

    def go(self, channel: str) -> None:
        """Open a channel by its id."""
        self._open(self.page.locator(f"[data-testid=channel-item][data-channel={channel}]"))
        expect(self.page.locator(f"main[data-channel={channel}]")).to_be_visible()

    def go_app(self) -> None:
        """Open the direct messages with the app."""
        self._open(self.page.locator("[data-testid=channel-item][data-kind=app]"))
        self.page.get_by_test_id("messages-tab").click()

    def go_home(self) -> None:
        """Open the app's Home."""
        self._open(self.page.locator("[data-testid=channel-item][data-kind=app]"))
        self.page.get_by_test_id("home-tab").click()

    def _open(self, item: Locator) -> None:
        drawer = self.page.get_by_test_id("drawer")
        if drawer.is_visible():
            drawer.click()
        item.click()

    @property
    def modal(self) -> Locator:
        """The open modal."""
        return self.page.locator("[data-testid=modal][open]")

    def message(self, *words: str, shown: Locator | None = None) -> Locator:
        """Return the latest message that has all these words."""
        found = shown or self.page.get_by_test_id("message")
        for one in words:
            found = found.filter(has_text=re.compile(re.escape(one)))
        return found.last

    def press(self, within: Locator, action_id: str) -> None:
        """Press a button."""
        within.locator(f"button[data-action-id='{action_id}']").last.click()

    def choose(self, within: Locator, action_id: str, value: str) -> None:
        """Choose in a select by the option's value."""
        within.locator(f"[data-testid=select][data-action-id='{action_id}'] [data-testid=select-input]").last.click()
        self.page.locator(f"[data-testid=option][data-value='{value}']").click()

    def pick(self, block_id: str, value: str) -> None:
        """Choose in a select of the modal, by the name of its input."""
        self.modal.locator(f"[data-testid=select][data-block-id='{block_id}'] [data-testid=select-input]").click()
        self.page.locator(f"[data-testid=option][data-value='{value}']").click()

    def fill(self, block_id: str, text: str) -> None:
        """Type into an input of the modal."""
        self.modal.locator(f"[data-block-id='{block_id}'] [data-testid=text-input]").fill(text)

    def submit(self) -> None:
        """Press the modal's button."""
        self.modal.get_by_test_id("modal-submit").click()

    def close(self) -> None:
        """Close the modal."""
        self.modal.get_by_test_id("modal-close").click()
        expect(self.modal).to_have_count(0)

    def error(self, block_id: str) -> Locator:
        """Return what stands at an input that was refused."""
        return self.modal.locator(f"[data-testid=field-error][data-block-id='{block_id}']")

    def move_clock(self, button: str, times: int = 1) -> None:
        """Press a button of the clock (hour, workday, week) and wait until it stands there."""
        for _ in range(times):
            with self.page.expect_response(_moves_the_clock, timeout=_JUMP_MS) as answer:
                self.page.get_by_test_id(f"clock-{button}").click()
            assert answer.value.json()["ok"], answer.value.text()


def _moves_the_clock(response: Response) -> bool:
    return response.url.split("?")[0].endswith("/ui/act") and '"clock"' in (response.request.post_data or "")


class Stage:
    """The running demo and a browser to open windows in.

    Args:
        demo: The demo.
        browser: Chromium.
        album: Where screenshots go.
        opened: What is closed at the end.
    """

    def __init__(self, demo: Demo, browser: Browser, album: Album, opened: ExitStack) -> None:
        self.demo = demo
        self._browser = browser
        self._album = album
        self._opened = opened

    def window(self, who: str, size: tuple[int, int] = DESKTOP) -> Window:
        """Open the page as somebody."""
        width, height = size
        context = self._opened.enter_context(
            self._browser.new_context(
                viewport={"width": width, "height": height}, has_touch=size == PHONE, is_mobile=size == PHONE
            )
        )
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{self.demo.sandbox.page_url}?as={who}")
        page.locator("body[data-ready=true]").wait_for()
        return Window(page, who, self._album)

    def actor(self, who: str) -> Actor:
        """Return somebody as the services know them."""
        found = members.resolve(self.demo.bot.desk, self.demo.sandbox.settings.team_id, who)
        assert found is not None
        return found


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser without a window; it ends with this folder, since other tests cannot have a loop of their own beside its."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shared_demo(chromium: Browser) -> Iterator[Demo]:
    """One demo for the short tests, which keep out of each other's way."""
    with running(0) as demo:
        yield demo


@pytest.fixture
def fresh_demo(chromium: Browser) -> Iterator[Demo]:
    """A demo of one's own, at the beginning of its day."""
    with running(0) as demo:
        yield demo


@pytest.fixture
def staged(chromium: Browser, tmp_path: Path) -> Iterator[Callable[[Demo, str], Stage]]:
    """Make a stage of a demo and a name for its pictures; they go to CLOSELOOP_SHOTS, or to a temporary folder."""
    expect.set_options(timeout=_PATIENCE_MS)
    asked = os.environ.get("CLOSELOOP_SHOTS")
    folder = Path(asked or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        yield lambda demo, name: Stage(demo, chromium, Album(folder, name, is_looked_at=bool(asked)), opened)
