"""Owns the command ``closeloop``: its sub-commands, each imported when it is run, and how errors reach the terminal."""

from importlib import import_module
from typing import Any

import click

from bot.errors import ConfigError, InvalidInput, Text, UserError

_COMMANDS = {
    "assign": "bot.cli.assign:assign",
    "demo": "bot.cli.demo:demo",
    "doctor": "bot.cli.doctor:doctor",
    "grade": "bot.cli.grade:grade",
    "identity": "bot.cli.identity:identity",
    "import": "bot.cli.importing:import_",
    "init": "bot.cli.setting_up:init",
    "migrate": "bot.cli.setting_up:migrate",
    "playbook": "bot.cli.playbook:playbook",
    "report": "bot.cli.report:report",
    "run": "bot.cli.running:run",
    "when": "bot.cli.when:when",
}


class _Refused(click.ClickException):
    """A sentence on stderr instead of a trace."""

    exit_code = 1


class _CannotStart(_Refused):
    """As above, where the program cannot start."""

    exit_code = 2


class _Program(click.Group):
    """A group that imports a command when it is asked for, and turns our errors into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's interface
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise _CannotStart(str(error)) from error
        except UserError as error:
            raise _Refused(_told(error)) from error


def _told(error: UserError) -> str:
    from bot.config import load_settings
    from bot.i18n import Translator

    translate = Translator(load_settings().default_locale)
    if not isinstance(error, InvalidInput):
        return translate.text(Text(error.key, **error.params))
    return "\n".join(translate.text(text) for text in error.fields.values())


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="closeloop", prog_name="closeloop")
def closeloop() -> None:
    """Closeloop: no sales opportunity is ever in a gap."""
