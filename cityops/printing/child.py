"""One document in a process of its own: JSON on standard input, PDF on standard output.

Run as a file, not imported: it needs nothing but typst. The process ends with the document and
takes typst's caches with it, which would otherwise grow with every print (measured: 230 MB
for a list of 1 500 rows). Exit code 3 means that typst refused; why is on standard error.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import typst


def main() -> int:
    """Make the document that standard input asks for."""
    asked = json.load(sys.stdin)
    templates = Path(asked["templates"])
    try:
        made = typst.compile(
            templates / f"{asked['template']}.typ",
            root=templates,
            font_paths=[asked["fonts"]],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": asked["data"]},
            timestamp=datetime.fromisoformat(asked["made_at"]),
            pdf_tags=asked["tagged"],
        )
    except RuntimeError as fault:
        sys.stderr.write(str(fault))
        return 3
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
