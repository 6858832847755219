"""The API reference at /docs, drawn from the OpenAPI document without anybody else's script."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.web.frame import PageFrame

METHODS = ("get", "post", "put", "patch", "delete")
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation: its name, where it goes, its type."""

    name: str
    place: str
    kind: str
    required: bool


@dataclass(frozen=True)
class Operation:
    """One operation of the API, as its page shows it."""

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: str
    responses: tuple[tuple[str, str], ...]


def router(frame: PageFrame, document: Callable[[], Document]) -> APIRouter:
    """Serve `/docs`.

    Args:
        frame: the page frame.
        document: gives the OpenAPI document of the whole service.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    def reference(request: Request) -> Response:
        operations = read_operations(document())
        return frame.render(request, "web/reference.html", {"operations": operations})

    return routes


def read_operations(document: Document) -> list[Operation]:
    """List the operations of a document in the order of its paths (OpenAPI 3.1 §4.8.8)."""
    return [
        _operation(method, path, item[method], document)
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    ]


def _operation(method: str, path: str, operation: Document, document: Document) -> Operation:
    responses = operation.get("responses", {})
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=tuple(_parameter(each) for each in operation.get("parameters", ())),
        body=_body(operation, document),
        responses=tuple((code, each.get("description", "")) for code, each in responses.items()),
    )


def _parameter(parameter: Document) -> Parameter:
    kind = parameter.get("schema", {}).get("type", "")
    return Parameter(parameter["name"], parameter["in"], kind, bool(parameter.get("required")))


def _body(operation: Document, document: Document) -> str:
    """Return the schema of the request body as indented JSON, its own references resolved."""
    content = operation.get("requestBody", {}).get("content", {})
    schemas = [_resolve(each.get("schema", {}), document) for each in content.values()]
    return "\n".join(json.dumps(each, ensure_ascii=False, indent=2) for each in schemas)


def _resolve(schema: Document, document: Document) -> Document:
    reference = schema.get("$ref", "").rpartition("/")[2]
    schemas: Mapping[str, Document] = document.get("components", {}).get("schemas", {})
    return schemas.get(reference, schema)
