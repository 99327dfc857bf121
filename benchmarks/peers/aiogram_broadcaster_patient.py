"""aiogram-broadcaster with its handler of 429s, an extra that has to be asked for."""

from __future__ import annotations

from benchmarks.peers.aiogram_broadcaster import main

if __name__ == "__main__":
    main(patient=True)
