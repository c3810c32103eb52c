"""Crash points: where a test lets the process die as `kill -9` or a power cut would. Inert without an environment variable.

`BULKORDERS_CRASH=/tmp/passed:17`: every point that a process of the run passes, children included, adds a byte to the file, and the
17th kills its process. A walk over 1, 2, 3 ... until nothing dies visits every point.
"""

import os
import signal

VARIABLE = "BULKORDERS_CRASH"


def crash_point() -> None:
    """Dies here, if this is the point that was asked for."""
    if asked := os.environ.get(VARIABLE):
        counter, _, number = asked.rpartition(":")
        if _passed(counter) == int(number):
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def _passed(counter: str) -> int:
    """How many points have been passed, this one included."""
    handle = os.open(counter, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, b".")
        return os.fstat(handle).st_size
    finally:
        os.close(handle)
