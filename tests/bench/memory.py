"""How large a process is."""

from __future__ import annotations

import re
from pathlib import Path


def resident_megabytes(pid: int | str) -> float:
    """Resident memory of a process, megabytes (10^6 bytes)."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6
