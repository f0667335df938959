"""What our stylesheet, script and templates may contain, and how much they may weigh."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CSS = ROOT / "static/css/app.css"
JS = ROOT / "static/js/app.js"
HTMX = ROOT / "static/vendor/htmx/htmx-2.0.11.min.js"
SPRITE = ROOT / "static/vendor/lucide/sprite.svg"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGE_TEMPLATES = [path for path in TEMPLATES if path.parent.name not in ("emails", "documents")]

# Younger than Chromium 86 or Safari 14.
TOO_NEW_CSS = {
    "nesting with &": r"&",
    ":has": r":has\(",
    ":is": r":is\(",
    ":where": r":where\(",
    "cascade layers": r"@layer",
    "container queries": r"@container|container-type",
    "inset": r"(?<![\w-])inset(?:-block|-inline)?\s*:",
    "color-mix": r"color-mix\(",
    "oklch and lab": r"\b(?:oklch|oklab|lch|lab)\(",
    "light-dark": r"light-dark\(",
    "aspect-ratio": r"(?<![\w-])aspect-ratio\s*:",
    "new viewport units": r"\d(?:dvh|svh|lvh|dvw|svw)\b",
    "@property": r"@property",
    "@starting-style": r"@starting-style",
    "text-wrap": r"text-wrap\s*:",
    "subgrid": r"\bsubgrid\b",
    "logical size ranges": r"\((?:width|height)\s*[<>]",
    "scrollbar-gutter": r"scrollbar-gutter",
}
TOO_NEW_JS = {
    "logical assignment": r"(?:\?\?|\|\||&&)=",
    ".at()": r"\.at\(",
    "structuredClone": r"structuredClone",
    "findLast": r"\.findLast(?:Index)?\(",
    "Object.hasOwn": r"Object\.hasOwn\b",
    "replaceAll": r"\.replaceAll\(",
    "Promise.any": r"Promise\.any\b",
    "toSorted and friends": r"\.to(?:Sorted|Reversed|Spliced)\(",
    "groupBy": r"\.groupBy\(",
    "private fields": r"(?<![\w'\"#(])#[a-z]\w*\s*[=;(]",
    "static blocks": r"static\s*\{",
    "top-level await": r"^await ",
    "numeric separators": r"\b\d+_\d+\b",
    "error cause": r"\{\s*cause\s*:",
    "replaceChildren": r"\.replaceChildren\(",
    "crypto.randomUUID": r"randomUUID",
    "requestSubmit": r"\.requestSubmit\(",
    "eval": r"\beval\(|new Function\(",
}


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def found_in(text: str, patterns: dict[str, str]) -> list[str]:
    return [name for name, pattern in patterns.items() if re.search(pattern, text, flags=re.MULTILINE)]


def test_the_stylesheet_keeps_to_chromium_86() -> None:
    assert found_in(without_comments(CSS.read_text()), TOO_NEW_CSS) == []


def test_the_stylesheet_has_no_nested_rules() -> None:
    depth, at_depth = 0, []
    text = re.sub(r'url\("[^"]*"\)', "", without_comments(CSS.read_text()))
    for part in re.findall(r"[^{}]*[{}]", text):
        if part.endswith("{"):
            at_depth.append(part.strip().startswith("@"))
            depth += 1
            assert not (depth > 1 and not at_depth[-2]), part
        else:
            at_depth.pop()
            depth -= 1


def test_the_script_keeps_to_chromium_86() -> None:
    assert found_in(without_comments(JS.read_text()), TOO_NEW_JS) == []


@pytest.mark.parametrize(
    ("sample", "name"),
    [("a ??= 1", "logical assignment"), ("x.at(-1)", ".at()"), ("this.#secret = 1", "private fields")],
)
def test_the_scan_finds_what_is_too_new(sample: str, name: str) -> None:
    assert name in found_in(sample, TOO_NEW_JS)


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        ("a { inset: 0 }", "inset"),
        ("a:is(b)", ":is"),
        ("@layer x", "cascade layers"),
        ("a { &:hover {} }", "nesting with &"),
    ],
)
def test_the_scan_finds_styles_that_are_too_new(sample: str, name: str) -> None:
    assert name in found_in(sample, TOO_NEW_CSS)


def zipped(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_files_weigh_what_a_slow_line_can_carry() -> None:
    assert zipped(CSS) <= 15 * 1024
    assert zipped(JS, HTMX) <= 30 * 1024
    assert zipped(SPRITE) <= 5 * 1024


@pytest.mark.parametrize("path", PAGE_TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_nothing_inline(path: Path) -> None:
    text = re.sub(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}|\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)

    assert re.findall(r"\sstyle\s*=|\son[a-z]+\s*=|\shx-on|<style|javascript:", text) == []
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert re.findall(r"\|safe\b|autoescape off", path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_comment_of_a_template_ends_on_its_line(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if line.count("{#") != line.count("#}")] == []


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    known = set(re.findall(r'id="([\w-]+)"', SPRITE.read_text()))
    named = {name for path in TEMPLATES for name in re.findall(r'\{% icon "([\w-]+)" %\}', path.read_text())}

    assert named - known == set()
