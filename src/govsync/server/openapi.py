"""The description of the interface as OpenAPI 3.1: a function of the table of routes and of the messages' types.

Framed bodies are described by the document that begins them (`x-govsync-document`); how frames are written stands in
`protocol.wire`. Ids in paths are 22 characters of base64url, of which the last says four bits.
"""

from typing import Any, get_args

import msgspec

from govsync.model.codes import CODES
from govsync.protocol import events, wire
from govsync.protocol.routes import ROUTES, Route, Shape

PATH = "/openapi.json"
_REF = "#/components/schemas/{name}"
_ID = {"type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$"}
_NUMBER = {"type": "string", "pattern": "^[0-9]{1,18}$"}
_QUERY = {
    "after": _ID, "at": _NUMBER, "before": _NUMBER, "chain": {"type": "string", "pattern": "^([0-9a-f]{2})*$"}, "epoch": _ID,
    "nonce": {"type": "string"}, "seq": _NUMBER, "text": {"type": "string"},
}  # fmt: skip
_EVENTS = get_args(events.Event)
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"enum": sorted(CODES)},
    },
}


def document(version: str) -> dict[str, Any]:
    """Answers the whole description."""
    types = [kind for route in ROUTES for kind in (route.request, route.response) if kind is not None]
    _, schemas = msgspec.json.schema_components([*types, *_EVENTS], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "GovSync", "version": version},
        "servers": [{"url": wire.PREFIX}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": _ID} for name in names]
    parameters += [{"name": name, "in": "query", "schema": _QUERY[name]} for name in route.query]
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters,
        "security": [{"session": []}] if route.signed_in else [],
        "responses": {**_success(route), **_refusals(route)},
    }
    if route.takes is not Shape.NONE:
        operation["requestBody"] = {"required": True, "content": _content(route.takes, route.request)}
    return operation


def _success(route: Route) -> dict[str, Any]:
    if route.gives is Shape.NONE:
        return {"204": {"description": "Done."}}
    return {"200": {"description": "Answered.", "content": _content(route.gives, route.response)}}


def _refusals(route: Route) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    for code in route.codes:
        by_status.setdefault(str(CODES[code].status), []).append(code)
    problem = {wire.PROBLEM: {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {
        status: {"description": ", ".join(sorted(codes)), "content": problem}
        for status, codes in sorted(by_status.items())
    }


def _content(shape: Shape, kind: Any) -> dict[str, Any]:
    match shape:
        case Shape.JSON:
            return {wire.JSON: {"schema": _reference(kind)}}
        case Shape.FRAMED:
            return {wire.FRAMES: {"schema": {"type": "string", "x-govsync-document": _reference(kind)}}}
        case Shape.EVENTS:
            return {wire.EVENTS: {"schema": {"oneOf": [_reference(each) for each in _EVENTS]}}}
        case _:
            return {wire.BYTES: {"schema": {"type": "string"}}}


def _reference(kind: Any) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}
