"""Write requirements/*.txt from requirements/*.in: every version pinned, every file's hash, every platform, no address.

    make pins                  newest versions that fit
    tools/pin.py clients       only that file

Needs `uv` on the PATH (`make pins` sees to it). Packages come from wherever this machine's uv is set to look; where
that is never enters the files.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
# In order: dev takes run's versions as constraints.
NAMES = ("run", "dev", "clients", "ansible", "custodian", "bench", "pin")
OLDEST_PYTHON = "3.11"


def pin(name: str) -> None:
    """Resolve ``name.in`` for all platforms into ``name.txt``."""
    command = [
        *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON, "--upgrade"),
        *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
        *(f"{name}.in", "--output-file", f"{name}.txt"),
    ]
    subprocess.run(command, cwd=REQUIREMENTS, check=True)  # noqa: S603 - our own words only
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    if "://" in text or "--index" in text or "--find-links" in text:
        sys.exit(f"requirements/{name}.txt names an address; do not commit it")
    print(f"requirements/{name}.txt: {text.count('==')} packages, {text.count('--hash=')} hashes")


if __name__ == "__main__":
    for each in sys.argv[1:] or NAMES:
        pin(each)
