"""Programs beside Python that some tests need: skipped with a reason where they are missing, unless all are required."""

import os
import shutil

import pytest


def require(program: str, package: str) -> str:
    """The program's path. Skips the test where it is missing; fails it where `BULKORDERS_REQUIRE_ALL` is set."""
    path = shutil.which(program)
    if path is None:
        reason = f"{program} is not installed (Debian's package {package})"
        if os.environ.get("BULKORDERS_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path
