"""The parameters of a request, from query, form, JSON or multipart, read with the types the method expects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.bot_api.errors import ApiError, BadRequest

UPLOAD_LIMIT = 50 * 1024 * 1024
"""Bytes of one uploaded file (Bot API documentation)."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the request."""

    content: bytes
    name: str
    mime_type: str


class Params:
    """Values by name. Forms carry everything as text, JSON bodies carry types: both are read alike."""

    def __init__(self, values: dict[str, Any], uploads: dict[str, Upload] | None = None) -> None:
        self._values = values
        self._uploads = uploads or {}

    def __contains__(self, name: str) -> bool:
        return name in self._values or name in self._uploads

    def text(self, name: str) -> str:
        """A string, "" when missing."""
        value = self._values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; BadRequest when it is none."""
        value = self._values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise BadRequest(f"parameter {name} must be an Integer") from None

    def flag(self, name: str) -> bool:
        """A Boolean, False when missing."""
        return str(self._values.get(name, "")).lower() in ("true", "1", "yes")

    def structure(self, name: str) -> Any:
        """A JSON value, None when missing; BadRequest when it does not parse."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise BadRequest(f"can't parse {name} JSON object") from None

    def file(self, name: str) -> Upload | str | None:
        """An upload, or the file_id or URL given as text, or None."""
        if name in self._uploads:
            return self._uploads[name]
        return self.attached(self.text(name)) if self.text(name) else None

    def attached(self, reference: str) -> Upload | str:
        """The upload that attach://name names; any other reference as it is."""
        if not reference.startswith("attach://"):
            return reference
        try:
            return self._uploads[reference.removeprefix("attach://")]
        except KeyError:
            raise BadRequest("can't find the attached file in the request") from None


async def read_params(request: web.Request) -> Params:
    """Everything the request carries; a value in the body wins over one in the query."""
    values: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type == "application/json":
        values |= await _json_body(request)
    elif request.content_type == "multipart/form-data":
        await _read_multipart(request, values, uploads)
    elif request.can_read_body:
        values |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return Params(values, uploads)


async def _json_body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError:
        raise BadRequest("can't parse JSON in the request body") from None
    if not isinstance(body, dict):
        raise BadRequest("the request body must be a JSON object")
    return body


async def _read_multipart(request: web.Request, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read(decode=True))
        if part.filename is None:
            values[part.name] = content.decode("utf-8", "replace")
            continue
        if len(content) > UPLOAD_LIMIT:
            raise ApiError(413, "Request Entity Too Large")
        mime_type = part.headers.get("Content-Type", "application/octet-stream")
        uploads[part.name] = Upload(content, part.filename, mime_type)
