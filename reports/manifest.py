"""The evidence index: every file of a run folder with its size and SHA-256."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

MEDIA = {
    ".jsonl": "application/jsonl", ".json": "application/json", ".html": "text/html", ".pdf": "application/pdf",
    ".xml": "application/xml", ".escpos": "application/octet-stream", ".png": "image/png", ".txt": "text/plain",
    ".pcapng": "application/x-pcapng",
}  # fmt: skip
OUTSIDE = ("manifest.json",)


def index(folder: Path, *, without: tuple[str, ...] = ()) -> list[dict[str, str | int]]:
    """One row a file, sorted by path. Allure's files are its own and are left out."""
    rows: list[dict[str, str | int]] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name in OUTSIDE or name in without or name.startswith("allure-results/"):
            continue
        data = path.read_bytes()
        parts = name.split("/")
        rows.append(
            {
                "path": name,
                "size": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "media_type": MEDIA.get(path.suffix, "application/octet-stream"),
                "case": parts[1] if parts[0] == "cases" else "",
                "producer": "bench" if parts[0] in ("cases", "workers", "attachments") else "holdfast",
            }
        )
    return rows


def write_manifest(folder: Path) -> None:
    """Last of all files."""
    rows = index(folder)
    (folder / "manifest.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
