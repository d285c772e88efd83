"""The web page, with a Content-Security-Policy that allows only its own script and style."""

import base64
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["Page", "read_page"]

_PATH = Path(__file__).with_name("page.html")


class Page(NamedTuple):
    """The web page.

    Attributes:
        html: its source.
        policy: value of the header ``Content-Security-Policy``.
    """

    html: str
    policy: str


def read_page() -> Page:
    """Read the page and build its policy from the hashes of its script and style."""
    html = _PATH.read_text(encoding="utf-8")
    scripts, styles = (_hashes(html, tag) for tag in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(html, policy)


def _hashes(html: str, tag: str) -> str:
    """Return the policy sources that allow the contents of all elements with this tag."""
    contents = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in contents)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
