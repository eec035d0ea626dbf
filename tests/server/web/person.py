"""Somebody with an account and a browser: signs in by the form of the page, and sends the forms that pages have."""

import re
from html import unescape
from urllib.parse import urlencode, urljoin

from govsync.protocol.web import ROOT
from tests.server.office import PASSWORD
from tests.server.web.visitor import Seen, Visitor


def fields(page: Seen, action: str) -> dict[str, str]:
    """Answers what a page has filled into the form that goes to an address."""
    forms = re.findall(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', page.body.decode(), re.DOTALL)
    [inside] = [inside for to, inside in forms if unescape(to).partition("?")[0].endswith(action)]
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside)
    return {name: unescape(value) for name, value in pairs}


class Person(Visitor):
    """One browser of somebody who has an account."""

    def post(self, path: str, form: dict[str, str], **headers: str) -> Seen:
        """Sends a form of plain fields."""
        body = urlencode(form).encode()
        return self.call("POST", path, body, Content_Type="application/x-www-form-urlencoded", **headers)

    def send(self, page: str, action: str, **more: str) -> Seen:  # type: ignore[override]
        """Loads a page, and sends its form that goes to an address; follows where that leads."""
        seen = self.get(page)
        [to] = [href for href in seen.hrefs() if href.partition("?")[0].endswith(action)][:1]
        return self.post(urljoin(page, to), fields(seen, action) | more)

    def sign_in(self, login: str, password: str = PASSWORD, page: str = ROOT) -> Seen:
        """Signs in by the form that stands in the place of a page."""
        return self.send(page, "sign-in", login=login, password=password)

    def onward(self, answer: Seen, page: str) -> str:
        """Answers where an answer to a form leads that was sent from a page."""
        assert answer.status == 303, answer.text
        return urljoin(page, answer.headers["location"])
