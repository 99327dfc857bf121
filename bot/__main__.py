"""The entry point of `python -m bot` and of the console command `petition-bot`."""

from bot.cli.main import app as main

__all__ = ["main"]

if __name__ == "__main__":
    main()
