"""Hooks of MkDocs: links that leave docs/, such as those to the README, become plain text."""

import os.path
import re
from typing import Any


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Keep the text of a link whose target is not part of the site."""
    folder = os.path.dirname(page.file.src_uri)  # noqa: PTH120 - a URI, not a path

    def unlink(match: re.Match[str]) -> str:
        target = os.path.normpath(os.path.join(folder, match[2]))  # noqa: PTH118
        return match[1] if target.startswith("..") else match[0]

    return re.sub(r"\[([^\]]+)\]\((\.\.[^)#]*)(?:#[^)]*)?\)", unlink, markdown)
