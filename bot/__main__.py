"""The door: ``closeloop`` and ``python -m bot`` begin here."""

from bot.cli import closeloop


def main() -> None:
    """Run the command line."""
    closeloop(prog_name="closeloop")


if __name__ == "__main__":
    main()
