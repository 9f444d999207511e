"""Whether the lock files still hold what pyproject.toml asks for; needs no network."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


def pinned(lock: Path) -> dict[str, str]:
    """Name to version of every entry; an entry without a hash is an error."""
    text = lock.read_text("utf-8").replace("\\\n", " ")
    entries = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        match = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line)
        if match is None or "--hash=sha256:" not in line:
            message = f"{lock.name}: got {line[:60]!r}, expected name==version with hashes"
            raise SystemExit(message)
        entries[normal(match[1])] = match[2]
    return entries


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def unmet(wanted: list[str], lock: dict[str, str]) -> list[str]:
    requirements = [Requirement(text) for text in wanted]
    return [
        str(requirement)
        for requirement in requirements
        if (requirement.marker is None or requirement.marker.evaluate())
        and not requirement.specifier.contains(lock.get(normal(requirement.name), "0"), prereleases=True)
    ]


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    dev = [text for text in groups["dev"] if isinstance(text, str)]
    run_lock, dev_lock = pinned(ROOT / "requirements/run.lock"), pinned(ROOT / "requirements/dev.lock")
    missing = unmet([*project["project"]["dependencies"], *groups["build"]], run_lock)
    missing += unmet([*project["project"]["dependencies"], *groups["build"], *dev], dev_lock)
    missing += [
        f"{name} {version}: dev.lock differs" for name, version in run_lock.items() if dev_lock.get(name) != version
    ]
    for text in missing:
        sys.stderr.write(f"not in the lock: {text}; run `make lock`\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
