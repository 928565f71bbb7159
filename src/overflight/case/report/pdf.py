"""The same page on paper: A4, by WeasyPrint, which is asked for only here."""

from __future__ import annotations

import logging

from overflight.errors import Unavailable

VARIANT = "pdf/ua-1"
"""Tagged and with its language, so that it can be read aloud (ISO 14289-1)."""
HINT = (
    "the HTML needs neither; pip install 'overflight[report]', and on Debian or Ubuntu: apt-get install libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0"
)


def pdf_of(html: str) -> bytes:
    """Return a page as PDF; nothing is fetched.

    Raises
    ------
    Unavailable
        WeasyPrint, or the library Pango that it draws text with, is not there.
    """
    try:
        import weasyprint  # noqa: PLC0415 - an extra, and slow to import
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except ImportError:
        raise Unavailable(f"pdf: WeasyPrint is not installed; {HINT}") from None
    except OSError:
        raise Unavailable(f"pdf: the library Pango is not installed; {HINT}") from None
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    page = weasyprint.HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
    data: bytes = page.write_pdf(pdf_variant=VARIANT)
    return data
