"""The list of components names every package of the lock file, with its hashes."""

import json
import re
from pathlib import Path

from config.mode import ROOT
from config.sbom import write_sbom


def test_every_locked_package_and_every_vendored_script_is_listed(tmp_path: Path) -> None:
    amount = write_sbom(tmp_path / "sbom.json")

    bom = json.loads((tmp_path / "sbom.json").read_text())
    names = {part["name"] for part in bom["components"]}
    locked = set(re.findall(r"(?m)^([A-Za-z0-9_.-]+)(?:\[.*\])?==", (ROOT / "requirements.lock").read_text()))
    assert (bom["bomFormat"], len(bom["components"])) == ("CycloneDX", amount)
    assert names == locked | {"htmx", "lucide"}
    assert all(part["hashes"] for part in bom["components"] if "purl" in part)
