"""The door of the aws process: who calls what → our handler, or moto behind our checks → an honest answer."""

import io
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import RLock
from typing import Any
from urllib.parse import parse_qs

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from eks_twin.aws.calls import AwsError, Call, Check, Handler, Principal, Response
from eks_twin.aws.faults import Faults
from eks_twin.aws.journal import Journal, Outcome
from eks_twin.aws.principals import ACCOUNT, principal_of
from eks_twin.aws.private import PrivateApi
from eks_twin.aws.protocol import Incoming, refuse
from eks_twin.aws.validation import validate

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

GLOBAL = frozenset({"budgets", "iam", "pricing", "s3", "sts"})
"""Services that answer in any region: their endpoints are global, or elsewhere than the cluster (pricing)."""
UNSIGNED = frozenset({"AssumeRoleWithWebIdentity"})
"""Actions that need no signature: the token in them is the credential."""
NOBODY = Principal(arn="", identity_arn="")
_SCOPE = re.compile(r"Credential=(?P<key>[^/,]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_ERROR_CODE = re.compile(rb"<Code>([^<]+)</Code>|\"__type\": ?\"(?:[^\"#]*#)?([^\"]+)\"")
_FILTER = re.compile(r"[Tt]he filter '([^']+)'|filter dicts have not been implemented in Moto for '%s'.*'([^']+)'\)")


@dataclass(frozen=True)
class Signature:
    """The credential scope of a request."""

    access_key_id: str
    region: str
    service: str


@dataclass(frozen=True)
class Routes:
    """Which actions we answer or check ourselves, by (service, action)."""

    handlers: Mapping[tuple[str, str], Handler]
    checks: Mapping[tuple[str, str], Check]


@dataclass(frozen=True)
class Parts:
    """What the gateway connects."""

    region: str
    routes: Routes
    journal: Journal
    faults: Faults
    private: PrivateApi
    moto: Wsgi


class Gateway:
    """A WSGI application in front of moto's."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = RLock()  # our state is read and written under it; moto has locks of its own where it needs them

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request."""
        if environ.get("PATH_INFO", "").startswith("/_twin/"):
            with self._lock:
                response = self._parts.private.answer(environ)
        else:
            response = self._aws(environ)
        headers = [(k, v) for k, v in response.headers.items() if k.lower() not in {"content-length", "status"}]
        headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [response.body]

    def _aws(self, environ: dict[str, Any]) -> Response:
        principal, operation, parameters = NOBODY, ("", ""), {}
        incoming: Incoming | None = None
        try:
            signature = signature_of(environ)
            operation = (signature.service, "")
            incoming = Incoming(environ, signature.service)
            operation = (incoming.service, str(incoming.operation.name))
            parameters = incoming.parameters()
            if operation[1] not in UNSIGNED:
                principal = principal_of(signature.access_key_id, incoming.service)
            call = Call(*operation, parameters, signature.region, ACCOUNT, principal)
            response = self._answer(call, incoming, environ)
        except (ServiceException, HTTPException) as error:
            response = _refusal(incoming, environ, AwsError.of(error))
        except Exception as error:  # noqa: BLE001  a defect of ours must not become a 500, which SDKs retry for a minute
            traceback.print_exc()
            defect = AwsError("InternalFailure", f"defect of the twin in {':'.join(operation)}: {error!r}")
            response = _refusal(incoming, environ, defect)
        outcome = Outcome(response.status, _error_code(response))
        self._parts.journal.add(principal.arn, operation, parameters, outcome)
        return response

    def _answer(self, call: Call, incoming: Incoming, environ: dict[str, Any]) -> Response:
        parts, key = self._parts, (call.service, call.action)
        if call.region != parts.region and call.service not in GLOBAL:
            message = f"the twin has the region {parts.region} only, the request is signed for {call.region}"
            raise AwsError("OptInRequired", message)
        parts.faults.refuse_api(call)
        validate(call)
        with self._lock:
            check, handler = parts.routes.checks.get(key), parts.routes.handlers.get(key)
            if check:
                check(call)
            if handler:
                return incoming.render(handler(call))
        return self._moto(call, incoming, environ)

    def _moto(self, call: Call, incoming: Incoming, environ: dict[str, Any]) -> Response:
        """Let moto answer; what it cannot do becomes a 4xx that names it, since SDKs retry every 5xx."""
        incoming.rewind(environ)
        environ.pop("werkzeug.request", None)
        try:
            response = _collect(self._parts.moto, environ)
        except NotImplementedError as error:
            raise _gap(call, str(error)) from error
        except Exception as error:
            raise _gap(call, f"{type(error).__name__}: {error}") from error
        if (
            response.status in {HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR}
            and b"<!doctype html>" in response.body
        ):
            raise _gap(call, "no such route")
        return response


def signature_of(environ: dict[str, Any]) -> Signature:
    """Read the credential scope of a signed or presigned request; refuse a request without one."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    query = parse_qs(environ.get("QUERY_STRING", ""))
    presigned = query.get("X-Amz-Credential", [""])[0]
    match = _SCOPE.search(authorization) or _SCOPE.search(f"Credential={presigned}")
    if match:
        return Signature(match["key"], match["region"], match["service"].lower())
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    action = parse_qs(body.decode(errors="replace")).get("Action", query.get("Action", [""]))[0]
    if action in UNSIGNED:
        return Signature("", "us-east-1", "sts")
    raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", HTTPStatus.FORBIDDEN)


def _refusal(incoming: Incoming | None, environ: Mapping[str, Any], error: AwsError) -> Response:
    return incoming.render(error) if incoming else refuse(environ, error)


def _collect(application: Wsgi, environ: dict[str, Any]) -> Response:
    started: list[Any] = []
    body = b"".join(application(environ, lambda status, headers, *_: started.extend((status, headers))))
    return Response(int(started[0].split()[0]), dict(started[1]), body)


def _gap(call: Call, detail: str) -> AwsError:
    match = _FILTER.search(detail)
    if match:
        name = match[1] or match[2]
        return AwsError("InvalidParameterValue", f"The filter '{name}' is invalid for {call.action} in the twin")
    return AwsError("UnknownOperationException", f"the twin does not model {call.service}:{call.action}: {detail}")


def _error_code(response: Response) -> str:
    if response.status < HTTPStatus.BAD_REQUEST:
        return ""
    for name, value in response.headers.items():
        if name.lower() == "x-amzn-errortype":
            return value.rpartition("#")[2].partition(":")[0]
    match = _ERROR_CODE.search(response.body)
    return (match[1] or match[2]).decode() if match else str(response.status)
