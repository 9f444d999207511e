"""Memory of a gateway at rest: the real program with a real configuration, some seconds after it is ready."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.children import REPOSITORY
from tests.bench.ground import CALLEE, Ground
from tests.bench.memory import resident_megabytes

REST_SECONDS = 5.0
_SERVE = (
    "import sys; from pathlib import Path; from gateway.app import serve; from gateway.config import load; "
    "serve(load(Path(sys.argv[1])))"
)


def measure(folder: Path, rest_seconds: float = REST_SECONDS) -> float:
    """Resident megabytes (10^6 bytes). Raises RuntimeError where the gateway does not start and stop cleanly."""
    ground = Ground.lay(folder)
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(ground.config(CALLEE))],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    ) as gateway:
        assert gateway.stderr is not None
        lines = []
        for line in gateway.stderr:
            lines.append(line)
            if '"ready"' in line:
                break
        else:
            message = "the gateway did not start: " + "".join(lines[-3:])
            raise RuntimeError(message)
        time.sleep(rest_seconds)
        resident = resident_megabytes(gateway.pid)
        gateway.send_signal(signal.SIGTERM)
        gateway.stderr.read()
    if gateway.returncode != 0:
        message = f"the gateway stopped with status {gateway.returncode}"
        raise RuntimeError(message)
    return resident
