"""`python -m bot` and the console command `petition-bot`."""

from bot.cli.main import app as main

__all__ = ["main"]

if __name__ == "__main__":
    main()
