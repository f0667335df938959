"""Names of strangers' files: shown, never trusted, never used as a path."""

import re
import unicodedata

LONGEST = 80
# writing direction, joiners and marks that make a name read otherwise than it is
INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
FORBIDDEN = re.compile(r'[<>:"|?*]')


def display_name(name: str, extension: str) -> str:
    """Return what is shown for a file: the last part of the given name, without tricks, ending as its content does.

    >>> display_name("../../etc/passwd", "pdf")
    'passwd.pdf'
    >>> display_name("答复\u202efdp.docx", "docx")
    '答复fdp.docx'
    """
    base = re.split(r"[/\\\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(letter for letter in INVISIBLE.sub("", base) if unicodedata.category(letter)[0] != "C")
    plain = " ".join(FORBIDDEN.sub("", plain).split()).strip(". ")
    stem = plain.removesuffix(f".{extension_of(plain)}").strip(". ") or "文件"
    return f"{stem[:LONGEST]}.{extension}"


def extension_of(name: str) -> str:
    """The last extension of a name as it is written, without the dot; empty if there is none.

    >>> extension_of("a.b.PDF"), extension_of("第3.5稿")
    ('PDF', '')
    """
    found = re.search(r"\.([A-Za-z][A-Za-z0-9]{0,4})$", name.strip())
    return found[1] if found else ""
