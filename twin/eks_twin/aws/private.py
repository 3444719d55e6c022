"""The twin's own HTTP API under /_twin/: state for the other rooms, their reports, and what people ask of the twin."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from eks_twin.aws import events, inventory, pod_credentials, state, tokens
from eks_twin.aws.calls import AwsError, Response
from eks_twin.aws.ec2 import capacity_blocks
from eks_twin.aws.eks import reports
from eks_twin.aws.eks.kinds import REPORTED
from eks_twin.aws.eks.store import STORE
from eks_twin.aws.faults import Faults
from eks_twin.aws.journal import Journal

_NAME = "(?P<{}>[^/]+)"
_CLUSTER = f"/_twin/clusters/{_NAME.format('cluster')}"
_PART = f"{_CLUSTER}/(?P<parts>{'|'.join(REPORTED)})/{_NAME.format('part')}"


@dataclass(frozen=True)
class Request:
    """One request to the private API."""

    path: Mapping[str, str]
    """Named parts of the path."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    """Parsed JSON; None when there is none."""


class PrivateApi:
    """Routes of /_twin/."""

    def __init__(self, region: str, journal: Journal, faults: Faults) -> None:
        self._region, self._journal, self._faults = region, journal, faults
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Request], Any]]] = [
            (method, re.compile(pattern), handler)
            for method, pattern, handler in (
                ("GET", "/_twin/state", lambda _: state.document(region)),
                ("GET", "/_twin/journal", lambda r: {"calls": journal.after(int(r.query.get("after", 0)))}),
                ("GET", "/_twin/inventory", lambda _: inventory.document(region)),
                ("GET", "/_twin/faults", lambda _: {"faults": faults.list()}),
                ("POST", "/_twin/faults", lambda r: asdict(faults.add(r.body))),
                ("DELETE", "/_twin/faults", lambda _: faults.clear()),
                ("POST", "/_twin/events", self._event),
                ("POST", "/_twin/capacity-blocks", lambda r: capacity_blocks.give(region, r.body)),
                ("GET", "/_twin/pod-identity/credentials", self._credentials),
                ("POST", f"{_CLUSTER}/tokenreview", lambda r: tokens.review(STORE.get(r.path["cluster"]), r.body)),
                ("PATCH", _CLUSTER, lambda r: reports.cluster(r.path["cluster"], r.body)),
                ("DELETE", _CLUSTER, lambda r: reports.drop_cluster(r.path["cluster"], region)),
                ("PATCH", _PART, lambda r: reports.report_part(r.path, r.body)),
                (
                    "DELETE",
                    _PART,
                    lambda r: reports.drop_part(r.path, region),
                ),
            )
        ]

    def _credentials(self, request: Request) -> dict[str, Any]:
        return pod_credentials.credentials(self._region, request.headers.get("HTTP_AUTHORIZATION", ""))

    def _event(self, request: Request) -> dict[str, Any]:
        body = request.body
        missing = sorted({"source", "detail-type", "detail"} - set(body))
        if missing:
            raise AwsError("ValidationException", f"an event needs {', '.join(missing)}")
        event = {"Source": body["source"], "DetailType": body["detail-type"], "Detail": json.dumps(body["detail"])}
        events.put(self._region, event | {"Resources": body.get("resources", [])})
        return {}

    def answer(self, environ: Mapping[str, Any]) -> Response:
        """Answer one request; errors carry `code` and `message`."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = {key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        try:
            body = json.loads(raw) if raw else None
            for verb, pattern, handler in self._routes:
                match = pattern.fullmatch(path)
                if match and verb == method:
                    return _json(handler(Request(match.groupdict(), query, environ, body)) or {})
        except json.JSONDecodeError as error:
            return _json({"code": "MalformedJson", "message": str(error)}, HTTPStatus.BAD_REQUEST)
        except AwsError as error:
            return _json({"code": error.code, "message": error.message}, error.status)
        return _json({"code": "NotFound", "message": f"the private API has no {method} {path}"}, HTTPStatus.NOT_FOUND)


def _json(value: Any, status: int = HTTPStatus.OK) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value, default=str).encode())
