"""Builds the verifier: one file, the same bytes wherever it is built from the same sources."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from trust.evidence import pack

MODULES: Final = (
    "trust/__init__.py",
    "trust/checkpoint.py",
    "trust/directory.py",
    "trust/directory_file.py",
    "trust/errors.py",
    "trust/evidence.py",
    "trust/evidence_calls.py",
    "trust/evidence_check.py",
    "trust/evidence_events.py",
    "trust/evidence_keys.py",
    "trust/evidence_logs.py",
    "trust/evidence_stamp.py",
    "trust/evidence_wire.py",
    "trust/evidence_words.py",
    "trust/jws.py",
    "trust/keys.py",
    "trust/leaf.py",
    "trust/merkle.py",
    "trust/note.py",
    "trust/signed_claims.py",
    "trust/witness.py",
    "verifier/__init__.py",
    "verifier/command.py",
)
"""Everything in it: small enough to be read by whoever must rely on it."""

_START: Final = b"#!/usr/bin/env python3\n"
_MAIN: Final = b"import sys\n\nfrom verifier.command import main\n\nsys.exit(main())\n"
_ROOT: Final = Path(__file__).resolve().parent.parent


def build() -> bytes:
    """Make the program: a zip of its sources that Python runs, behind the line that names Python."""
    return _START + pack({name: (_ROOT / name).read_bytes() for name in MODULES} | {"__main__.py": _MAIN})


def main() -> None:
    """Write the program to the file named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("into", type=Path)
    into: Path = parser.parse_args().into
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_bytes(build())
    into.chmod(0o755)


if __name__ == "__main__":
    main()
