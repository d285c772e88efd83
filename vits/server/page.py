"""The page, with a policy that lets a browser load nothing but what it holds."""

import base64
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["Page", "read_page"]

_PATH = Path(__file__).with_name("page.html")


class Page(NamedTuple):
    """The page.

    Attributes:
        html: its text.
        policy: the header ``Content-Security-Policy``.
    """

    html: str
    policy: str


def read_page() -> Page:
    """Read the page and name its own script and style by their digests."""
    html = _PATH.read_text(encoding="utf-8")
    scripts, styles = (_digests(html, tag) for tag in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(html, policy)


def _digests(html: str, tag: str) -> str:
    """List the digests of what stands in the elements of a kind."""
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in found)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
