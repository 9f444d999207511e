"""How long a newcomer waits for the demo: a fresh clone with a new environment, and the same again."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.children import REPOSITORY

LONGEST_SECONDS = 900


class NotPossibleHere(Exception):
    """The demo can't be run from a fresh clone on this machine; the text says why."""


@dataclass(frozen=True)
class Demo:
    """Seconds of ``make demo``."""

    first_s: float
    """With everything still to be installed."""
    again_s: float


def measure(folder: Path) -> Demo:
    """Clone the last commit and run ``make demo`` twice. Raises NotPossibleHere with the reason."""
    clone = folder / "clone"
    cloned = subprocess.run(
        ["git", "clone", "--quiet", str(REPOSITORY), str(clone)], capture_output=True, text=True, check=False
    )
    if cloned.returncode != 0:
        raise NotPossibleHere("this is no git checkout")
    if not (clone / "sandbox" / "story.py").exists():
        raise NotPossibleHere("the last commit has no demo yet")
    return Demo(_make_demo(clone), _make_demo(clone))


def _make_demo(clone: Path) -> float:
    # Neither this run's make nor its virtual environment may reach into the clone's.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VIRTUAL_ENV"))
    }
    started = time.monotonic()
    try:
        done = subprocess.run(
            ["make", "demo"],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise NotPossibleHere(f"make demo took longer than {LONGEST_SECONDS} s") from None
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise NotPossibleHere(f"make demo failed in a fresh clone: {' '.join(last)[:200]}")
    return time.monotonic() - started
