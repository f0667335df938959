"""PDF from our own HTML, in a process of its own that loads nothing from anywhere (S14)."""

import subprocess
import sys
from pathlib import Path

from members.errors import Refused

CHILD = Path(__file__).with_name("pdf_child.py")
SECONDS = 120


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
