"""aiogram-broadcaster with its optional handler of 429s."""

from __future__ import annotations

from benchmarks.peers.aiogram_broadcaster import main

if __name__ == "__main__":
    main(patient=True)
