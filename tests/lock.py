"""Write down what pip would install now, with the SHA-256 of each file, in the form that pip itself can hold itself to.

Usage: python lock.py REPORT.json, where the report is pip's own (`pip install --dry-run --report`)
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def locked(report: Mapping[str, Any], leave_out: str = "rehearse") -> str:
    """Return the lines of a lock for everything in a report but the project itself.

    :raises ValueError: if a file in it has no SHA-256, so that the lock would promise too much.
    """
    lines = []
    for each in report["install"]:
        name, version = each["metadata"]["name"], each["metadata"]["version"]
        if name.lower() == leave_out:
            continue
        sha256 = each.get("download_info", {}).get("archive_info", {}).get("hashes", {}).get("sha256")
        if not sha256:
            raise ValueError(f"{name} {version} comes without a SHA-256")
        lines.append(f"{name.lower().replace('_', '-')}=={version} --hash=sha256:{sha256}")
    environment = report.get("environment", {})
    where = ", ".join(environment.get(key, "?") for key in ("python_version", "sys_platform", "platform_machine"))
    head = f"# Python {where}: another Python or system needs a lock of its own."
    return "\n".join([head, *sorted(lines)]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(locked(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
