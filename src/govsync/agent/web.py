"""Where the server shows a file or folder in a browser (`protocol.web`)."""

from pathlib import Path
from typing import TYPE_CHECKING

from govsync.agent import sharing
from govsync.agent.files import Here
from govsync.protocol import web

if TYPE_CHECKING:
    from govsync.agent.main import Agent


def address(agent: "Agent", here: Here, path: Path) -> str:
    """Answers the address of the page of what lies at a path; raises Failure(not_found, not_sent)."""
    return web.address(agent.identity.endpoint, *sharing.target(agent, here, path))
