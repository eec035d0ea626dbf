"""Pages as HTML. The one module that knows Jinja: whatever is put into a page is escaped, and a name stands apart
from the text around it, in whatever direction it is written (HTML, the element `bdi`).

Addresses in a page are relative: a reverse proxy may put all of it below a path of its own.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from govsync.model.languages import Language
from govsync.text.catalog import counted, speaking, translated
from govsync.text.languages import NAMES
from govsync.text.units import shown_name, size

_TEMPLATES = Environment(
    loader=PackageLoader("govsync.server.web"), autoescape=True, undefined=StrictUndefined, auto_reload=False,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a page is shown: in which language, which its addresses carry on if it was `chosen` by the switch; from where its
    addresses lead `up` to the root of all links; and which `page` it is, with its query, in another language."""

    language: Language
    chosen: bool
    up: str
    page: str = ""
    query: Mapping[str, str] = {}

    def address(self, path: str, query: Mapping[str, str] = {}, language: Language | None = None) -> str:
        """Answers an address in this page, whose language is carried on, or another one."""
        language = language or (self.language if self.chosen else None)
        asked = {**query} if language is None else {**query, "lang": language}
        return f"{path}?{urlencode(asked)}" if asked else path


def rendered(template: str, look: Look, **facts: Any) -> bytes:
    """Writes a page."""
    languages = [
        {"tag": each, "name": NAMES[each], "href": look.address(look.page, look.query, each)}
        for each in Language
    ]
    with speaking(look.language):
        page = _TEMPLATES.get_template(template).render(
            language=look.language, chosen=look.chosen, languages=languages, up=look.up, said=_said, counted=counted, size=size,
            shown=shown_name, **facts,
        )  # fmt: skip
    return page.encode()


def _said(text: str, **names: str) -> Markup:
    """Says a text as `catalog.said` does, each name in it set apart."""
    inside = {name: Markup("<bdi>{}</bdi>").format(shown_name(value)) for name, value in names.items()}
    return Markup(escape(translated(text)).format(**inside))
