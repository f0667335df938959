"""Strict reading of pages: a document that any parser understands the same way, with ids that are unique."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import html5lib

# What html5lib 1.1 calls an error though today's standard allows it.
TOLERATED = frozenset({"non-void-element-with-trailing-slash"})
REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "list", "form")


def assert_valid(html: str | bytes) -> Element:
    """Return the document; fail unless it parses strictly, ids are unique and every id that is named exists."""
    document, faults = parse(html)
    assert faults == []
    ids = Counter(node.attrib["id"] for node in _elements(document) if "id" in node.attrib)
    assert {name: times for name, times in ids.items() if times > 1} == {}
    missing = [(node.tag, name, wanted) for node, name, wanted in _references(document) if wanted not in ids]
    assert missing == []
    assert _forbidden(document) == []
    return document


def parse(html: str | bytes) -> tuple[Element, list[str]]:
    """Return the document and the faults a strict parser finds, with line and column."""
    text = html.decode() if isinstance(html, bytes) else html
    parser: Any = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    document: Element = parser.parse(text)
    faults = [f"{place}: {code} {facts}" for place, code, facts in parser.errors if code not in TOLERATED]
    return document, faults


def _elements(document: Element) -> Iterator[Element]:
    return (node for node in document.iter() if isinstance(node.tag, str))


def _references(document: Element) -> Iterator[tuple[Element, str, str]]:
    for node in _elements(document):
        for name in REFERENCES:
            for wanted in node.attrib.get(name, "").split():
                yield node, name, wanted


def _forbidden(document: Element) -> list[str]:
    """Inline style, handlers and scripts, which the Content-Security-Policy would refuse."""
    found = []
    for node in _elements(document):
        found += [f"{node.tag} {name}" for name in node.attrib if name == "style" or name.startswith(("on", "hx-on"))]
        if node.tag == "style" or (node.tag == "script" and "src" not in node.attrib):
            found.append(str(node.tag))
    return found
