"""Where the pages are on which people with an account sign in in a browser, below the address of the server."""

from govsync.model import ids

ROOT = "/web/"
FILES = "f"


def address(endpoint: str, space: bytes, node: bytes) -> str:
    """Answers the address of the page of a file or folder."""
    return f"{endpoint.rstrip('/')}{ROOT}{FILES}/{ids.to_text(space)}/{ids.to_text(node)}"
