"""What production is made of, as a CycloneDX list (SBOM): from the lock file and the vendored scripts, offline."""

import json
import re
from pathlib import Path
from typing import Any

from config.mode import ROOT

PACKAGE = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^ ;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> list[dict[str, Any]]:
    """Read the packages of a lock file, each with the hashes of its archives."""
    found: list[dict[str, Any]] = []
    for line in lock.splitlines():
        if package := PACKAGE.match(line):
            name, version = package.groups()
            purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
            found.append({"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl})
        elif hashed := HASH.search(line):
            found[-1].setdefault("hashes", []).append({"alg": "SHA-256", "content": hashed[1]})
    return found


def vendored(static: Path) -> list[dict[str, Any]]:
    """Scripts and pictures of others that lie in the repository: a folder each, the version in a file's name."""
    found = []
    for folder in sorted(path for path in static.iterdir() if path.is_dir()):
        versions = [match[1] for file in folder.iterdir() if (match := re.search(r"-(\d[\d.]*\d)", file.name))]
        found.append({"type": "library", "name": folder.name, **({"version": versions[0]} if versions else {})})
    return found


def write_sbom(file: Path) -> int:
    """Write the list and return how many components it names."""
    parts = components((ROOT / "requirements.lock").read_text()) + vendored(ROOT / "static" / "vendor")
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "huiyin"}},
        "components": parts,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(bom, indent=1, ensure_ascii=False) + "\n")
    return len(parts)
