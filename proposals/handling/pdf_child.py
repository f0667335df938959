"""Reads HTML on standard input and writes a PDF: run as a script, it imports nothing of ours."""

import resource
import sys

MEMORY = 2 * 2**30
SECONDS = 120


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    from weasyprint import HTML  # after the limits
    from weasyprint.urls import URLFetcher

    html = sys.stdin.buffer.read().decode()
    nothing = URLFetcher(allowed_protocols=())
    sys.stdout.buffer.write(HTML(string=html, url_fetcher=nothing).write_pdf(pdf_tags=True))


if __name__ == "__main__":
    main()
