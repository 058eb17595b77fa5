"""Errors of the admin API: one shape for all, masked, with what to do next and the near miss."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from protocols.faults import ConfigurationError, HoldfastError, RigFault

Masked = Callable[[str], str]
_LONGEST = 1000
_LONGEST_KEY = 20
"""Of a key that is not known so much is repeated: it may be a secret that stands in the wrong place."""


class Problem(BaseModel):
    """What is wrong."""

    error: str = Field(description="what is wrong, in one sentence")
    advice: str = Field(description="what to do next; may be empty")
    near: str = Field(description="the nearest thing that is there; may be empty")


class ApiError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, error: str, *, advice: str = "", near: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.advice = advice
        self.near = near


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": words}
    for status, words in {
        400: "The request cannot be read.",
        401: "No token, or another one.",
        403: "The Host or Origin header names neither this server nor its machine.",
        413: "The body is too large.",
        415: "The body is not application/json.",
        422: "A value is not what it should be.",
        503: "The host or its database does not answer, or too many follow.",
    }.items()
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such thing."}}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "The state of things forbids it."}
}  # fmt: skip


def missing(what: str, name: str, known: Iterable[str], advice: str = "") -> ApiError:
    """404 with the near miss."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return ApiError(
        404, f"there is no {what} {name!r}", advice=advice or (f"did you mean {near[0]!r}?" if near else ""),
        near=near[0] if near else "",
    )  # fmt: skip


def conflict(error: HoldfastError) -> ApiError:
    """409 from what the host or its rules refuse."""
    return ApiError(409, error.message, advice=error.advice)


def body(error: str, advice: str = "", near: str = "") -> dict[str, str]:
    return {"error": error, "advice": advice, "near": near}


def add_handlers(app: FastAPI, masked: Masked) -> None:
    """Every error that leaves the app passes through here."""

    def answer(status: int, error: str, advice: str = "", near: str = "", headers: Any = None) -> JSONResponse:
        return JSONResponse(body(*(masked(words)[:_LONGEST] for words in (error, advice, near))), status, headers)

    def known(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return answer(error.status, error.error, error.advice, error.near)

    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:  # the path's methods, not those of its first route alone
            headers["Allow"] = ", ".join(sorted(_methods(request)))
        words = {404: "there is nothing at this path", 405: "this path does not take this method"}
        return answer(
            error.status_code, words.get(error.status_code, str(error.detail)), "see /openapi.json", "", headers
        )

    def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = error.errors()
        unreadable = any(fault["type"] == "json_invalid" for fault in faults)
        said = ((_place(fault["loc"]), fault["msg"].removeprefix("Value error, ")) for fault in faults[:5])
        words = "; ".join(f"{place}: {message}" for place, message in said)
        return answer(400 if unreadable else 422, words, "see /openapi.json")

    def fault(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HoldfastError)
        status = {ConfigurationError: 422, RigFault: 503}.get(_kind(error), 500)
        return answer(status, error.message, error.advice)

    def bug(_: Request, error: Exception) -> JSONResponse:
        return answer(500, f"a fault of Holdfast: {type(error).__name__}", "please report it")

    app.add_exception_handler(ApiError, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HoldfastError, fault)
    app.add_exception_handler(Exception, bug)


def _methods(request: Request) -> set[str]:
    """Of all operations whose path this is."""
    described = request.app.openapi()["paths"]
    return {
        method.upper()
        for path, operations in described.items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path)
        for method in operations
    }


def _kind(error: HoldfastError) -> type[HoldfastError]:
    return next((kind for kind in (ConfigurationError, RigFault) if isinstance(error, kind)), HoldfastError)


def _place(parts: Iterable[object]) -> str:
    words = [str(part) for part in parts]
    return ".".join(word if len(word) <= _LONGEST_KEY else f"{word[:8]}…" for word in words)
