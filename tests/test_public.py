"""The public names of the package."""

import subprocess
import sys

import pytest

import bulkorders


@pytest.mark.parametrize("name", bulkorders.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    """What is promised to programs is there."""
    assert getattr(bulkorders, name).__name__ == name


def test_no_other_name_is_made_up() -> None:
    """A misspelt name fails as any other would."""
    with pytest.raises(AttributeError, match="submit_file"):
        bulkorders.submit_file  # noqa: B018


def test_importing_the_package_imports_nothing_else() -> None:
    """A program that only wants the version does not pay for pandas."""
    code = "import sys, bulkorders; print([name for name in sys.modules if name.startswith('bulkorders.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
