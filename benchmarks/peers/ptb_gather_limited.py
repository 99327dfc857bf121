"""`ptb_gather` with python-telegram-bot's rate limiter: at its defaults, or without a cap."""

from __future__ import annotations

from benchmarks.peers.ptb_gather import main

if __name__ == "__main__":
    main(limited=True)
