"""Before the server answers, all is there that its first visitors would have to wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

SERVED = """
import sys
from streamlit.web import cli
import app
before = [name for name in app.USED if name in sys.modules]
cli.main = lambda *_, **__: print(*before, "|", *(name for name in app.USED if name in sys.modules))
app.serve([])
"""


@pytest.mark.slow
def test_what_pages_use_is_imported_before_the_server_starts() -> None:
    said = subprocess.run([sys.executable, "-c", SERVED], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    before, then = said.split("|")
    assert "pandas" not in before.split()
    assert "pandas" in then.split()
