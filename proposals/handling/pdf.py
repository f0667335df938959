"""PDF from our own HTML, in a process of its own that loads nothing from anywhere (S14)."""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

from members.errors import Refused

CHILD = Path(__file__).with_name("pdf_child.py")
SECONDS = 120
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
"""What a PDF needs of the system, and the Debian package that brings it."""


class NoPdf(Refused):
    """The text is for the user; the .docx is there all the same."""


def html_to_pdf(html: str) -> bytes:
    """Raises NoPdf where the libraries are missing, or when it takes too long or too much memory."""
    command = [sys.executable, "-s", "-E", str(CHILD)]
    try:
        done = subprocess.run(command, input=html.encode(), capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NoPdf("生成 PDF 超时。请下载 Word 版。") from error
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise NoPdf("本机不能生成 PDF（缺少 Pango 或中文字体，或内容过大）。请下载 Word 版。")
    return done.stdout


def missing() -> list[str]:
    """The packages without which there is no PDF here, or none with Chinese in it; without them all else works."""
    packages = [package for library, package in LIBRARIES.items() if not _loads(library)]
    lister = shutil.which("fc-list")
    if lister is None:
        return [*packages, "fontconfig", "fonts-noto-cjk"]
    fonts = subprocess.run([lister, ":lang=zh", "family"], capture_output=True, check=False)
    return packages if fonts.stdout.strip() else [*packages, "fonts-noto-cjk"]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
