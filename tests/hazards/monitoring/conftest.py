"""Lets the tests of this folder import ``plain_reference`` and ``day_trace``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
