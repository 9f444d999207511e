"""Makes protos/_python from protos/tongban with the pinned generator; ``--check`` compares instead of writing.

Generated code is committed, so that an installation needs no generator; CI regenerates and compares. Only messages
are generated: the gateway's handlers take wire bytes (they verify before they parse), so gRPC stubs would be dead code.
"""

from __future__ import annotations

import argparse
import filecmp
import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent
COMMITTED = ROOT / "_python"


def generate(into: Path) -> None:
    """Generate messages and their type stubs for every .proto of this project into a folder."""
    sources = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tongban").rglob("*.proto"))
    well_known = str(files("grpc_tools") / "_proto")
    arguments = ["protoc", f"-I{ROOT}", f"-I{well_known}", f"--python_out={into}", f"--pyi_out={into}", *sources]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc failed; its words stand above")
    for folder in (into / "tongban", *(path for path in (into / "tongban").rglob("*") if path.is_dir())):
        (folder / "__init__.py").touch()
    (into / "tongban" / "py.typed").touch()


def differing(left: Path, right: Path) -> list[str]:
    """Files that are not the same in both folders, relative to them."""
    names = {
        path.relative_to(folder)
        for folder in (left, right)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    return sorted(
        str(name)
        for name in names
        if not ((left / name).exists() and (right / name).exists() and filecmp.cmp(left / name, right / name, False))
    )


def main() -> int:
    """Write or check the generated package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        if not check:
            shutil.rmtree(COMMITTED, ignore_errors=True)
            shutil.copytree(scratch, COMMITTED)
            return 0
        stale = differing(Path(scratch), COMMITTED)
    for name in stale:
        sys.stderr.write(f"protos/_python/{name} differs from its .proto; run `make protos`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
