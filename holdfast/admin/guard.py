"""What stands before the admin API: token, Host and Origin headers, the kind and the size of a body.

A server on loopback is within reach of every page that a browser on the same machine opens. A page of another site that
points its own name at 127.0.0.1 is told by the Host header; one that sends a form is told by the kind of its body, and
by Origin. facts: DNS rebinding and cross-site request forgery.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from holdfast.admin.access import is_loopback
from holdfast.admin.problems import body

LARGEST = 64 * 1024
"""Bytes of a request's body."""
_WITH_BODY = ("POST", "PUT", "PATCH")


class Guard:
    """Pure ASGI, so that streams pass through it untouched. `token` empty asks for none.

    `local` takes requests for loopback alone. Beyond it any name may lead here, and the token tells friend from foe.
    """

    def __init__(self, app: Any, token: str, *, local: bool) -> None:
        self._app = app
        self._token = token.encode()
        self._local = local

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        refused = self._refused(scope["method"], headers)
        if refused is not None:
            await _answer(send, *refused)
            return
        if scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, send)
            return
        whole = await _body(receive)
        if whole is None:
            await _answer(send, 413, body("the body is too large", f"send at most {LARGEST} bytes"))
            return
        await self._app(scope, _again(whole, receive), send)

    def _refused(self, method: str, headers: dict[bytes, list[bytes]]) -> tuple[int, dict[str, str]] | None:
        hosts = headers.get(b"host", [])
        if len(hosts) != 1 or not self._ours(hosts[0].decode("latin-1")):
            advice = "ask for localhost, 127.0.0.1 or the address that it listens on"
            return 403, body("the Host header names another server", advice)
        for origin in headers.get(b"origin", []):
            if not self._ours(origin.decode("latin-1").partition("://")[2]):
                return 403, body("a page of another site asks", "no browser needs this interface")
        if self._token and not self._known(headers.get(b"authorization", [])):
            return 401, body("no token, or another one", "send `Authorization: Bearer` and the token")
        if method in _WITH_BODY and _has_body(headers):
            kind = b"".join(headers.get(b"content-type", [])).decode("latin-1")
            if kind.partition(";")[0].strip().lower() != "application/json":
                return 415, body("the body is not application/json", "send `Content-Type: application/json`")
        return None

    def _known(self, given: list[bytes]) -> bool:
        scheme, _, token = (given[0] if len(given) == 1 else b"").partition(b" ")
        same = hmac.compare_digest(token.strip(), self._token)
        return same and scheme.lower() == b"bearer"

    def _ours(self, host: str) -> bool:
        """Whether `name:port` is a name of this server; the port does not matter, as it may be forwarded."""
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        return not self._local or is_loopback(name)


def _has_body(headers: dict[bytes, list[bytes]]) -> bool:
    return b"transfer-encoding" in headers or headers.get(b"content-length", [b"0"]) != [b"0"]


async def _body(receive: Any) -> bytes | None:
    """All of it; None when it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _again(whole: bytes, receive: Any) -> Any:
    """A `receive` that gives the body that was read, and then what comes."""
    given = False

    async def again() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": whole, "more_body": False}

    return again


async def _answer(send: Any, status: int, content: dict[str, str]) -> None:
    data = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
