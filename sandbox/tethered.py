"""Run a program that ends when its parent does, however that ends: ``python -m sandbox.tethered PROGRAM …``.

The parent holds the other end of standard input and never writes. When the parent is gone, killed or not, the operating
system closes that end; the program then stops as on SIGTERM, and is ended for good if it hasn't within a few seconds.
"""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

GRACE_SECONDS: Final = 8.0
"""How long an orphan may take to stop by itself."""


def _follow_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def main() -> None:
    """Run what the first argument names, a module or, as console scripts do, ``module:function``."""
    threading.Thread(target=_follow_parent, name="tether", daemon=True).start()
    _, program, *arguments = sys.argv
    module, _, function = program.partition(":")
    sys.argv = [module, *arguments]
    if function:
        sys.exit(getattr(importlib.import_module(module), function)())
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
