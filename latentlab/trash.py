"""What was deleted, for 30 days: a folder moves out of sight beside the others, and can be brought back.

<root>/.trash/<name>~<milliseconds since 1970>/     the folder <root>/<name> as it was
"""

from __future__ import annotations

import errno
import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DAYS = 30
DAY = 86_400_000  # milliseconds
_DELETED = re.compile(r"([^~/]+)~([0-9]{1,15})")


@dataclass(frozen=True)
class Deleted:
    """A folder in the trash: its name, where it lies, and when it was deleted."""

    name: str
    folder: Path
    when: datetime


@dataclass(frozen=True)
class Trash:
    """What was deleted from a folder of folders."""

    root: Path

    def put(self, name: str) -> None:
        """Move a folder into the trash, at once and whole, and remove for good what has lain there too long.

        Raises:
            OSError: it isn't there, or the disk forbids it.
        """
        (self.root / ".trash").mkdir(exist_ok=True)
        (self.root / name).rename(self.root / ".trash" / f"{name}~{time.time_ns() // 1_000_000}")
        self.empty()

    def restore(self, name: str) -> None:
        """Bring back a folder, the newest of that name.

        Raises:
            OSError: it isn't in the trash, or there is one of its name again.
        """
        for deleted in self.contents():
            if deleted.name == name:
                if (self.root / name).exists():
                    raise FileExistsError(errno.EEXIST, "there is one of its name again", name)
                deleted.folder.rename(self.root / name)
                return
        raise FileNotFoundError(errno.ENOENT, "it isn't in the trash", name)

    def contents(self) -> list[Deleted]:
        """What can be brought back, newest first."""
        found = [
            Deleted(match[1], path, datetime.fromtimestamp(int(match[2]) / 1000, UTC))
            for path in self.root.glob(".trash/*~*")
            if (match := _DELETED.fullmatch(path.name)) and int(match[2]) < 4e12  # a time that a calendar has
        ]
        return sorted(found, key=lambda deleted: deleted.when, reverse=True)

    def empty(self, days: float = DAYS) -> None:
        """Remove for good what was deleted so many days ago or longer, and whatever else lies there by mistake."""
        now = time.time_ns() // 1_000_000
        kept = {deleted.folder for deleted in self.contents() if now - deleted.when.timestamp() * 1000 < days * DAY}
        for path in self.root.glob(".trash/*"):
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)
