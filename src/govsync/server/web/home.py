"""Where somebody is after the sign-in."""

from starlette.responses import Response
from starlette.routing import Route

from govsync.server.web.signed_in import Door, Visit


class Home:
    """Binds the first page of the web."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def routes(self) -> list[Route]:
        """Answers the route."""
        return [self._door.page("", "web_home", self._home)]

    def _home(self, visit: Visit) -> Response:
        return self._door.rendered("home.html", visit, login=visit.session.login)
