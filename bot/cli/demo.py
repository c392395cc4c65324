"""Owns ``demo``: the whole loop in a browser, without Slack."""

import click

from bot.errors import ConfigError


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port on 127.0.0.1; default: PORT of the settings, else 8080."
)
def demo(port: int | None) -> None:
    """Start the bot against a stand-in for Slack, with a page on 127.0.0.1 to live through the loop."""
    from bot.config import load_settings

    try:
        from bot.demo import main
    except ModuleNotFoundError as error:
        # The stand-in is an extra of the package.
        if error.name is None or error.name.split(".")[0] == "bot":
            raise
        raise ConfigError(f"The demo needs {error.name}. Install it with: pip install 'closeloop[sandbox]'") from error
    main(port if port is not None else load_settings().port)
