"""A line of TOML, as which the system's own values of policy are handed on."""

import msgspec


def line(name: str, text: str) -> str:
    """Writes that a name has a text; half a letter, which no text holds, becomes a question mark."""
    return f"{_quoted(name)} = {_quoted(text)}\n"


def _quoted(text: str) -> str:
    """Writes a basic string of TOML: one of JSON, but for DEL, which TOML allows only by its number."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return msgspec.json.encode(whole).decode().replace("\x7f", "\\u007f")
