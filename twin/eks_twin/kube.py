"""A Kubernetes API client that speaks plain JSON.

Objects go in and come out as the dictionaries the API server sends, for any kind it serves: what a plugin that keeps
live objects in state and an agent that echoes them need. Typed clients drop fields they do not know.
"""

import base64
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests
import yaml

Object = dict[str, Any]
APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
EXPIRY_MARGIN: Final = timedelta(minutes=1)
"""How long before its expiry a token is asked for again; EKS tokens live 14 minutes."""
TIMEOUT: Final = 60
"""Seconds for one request; the API server's own default is 60 (--request-timeout)."""


class KubeError(Exception):
    """The API server refused a request; `status` is 0 when it could not be reached."""

    def __init__(self, status: int, reason: str, message: str, body: Object | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.body = body or {}


class NoMatchError(KubeError):
    """No API of this version and kind is served."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(404, "NoMatch", f'no matches for kind "{kind}" in version "{api_version}"')


@dataclass(frozen=True)
class Kind:
    """How the API server serves one kind."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    subresources: frozenset[str]

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """URL path of the collection, or of one object or subresource of it."""
        root = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        tail = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}{scope}/{self.plural}{tail}"


class Kube:
    """One cluster as one user; safe to share between threads."""

    def __init__(self, server: str, ca: str, token: Callable[[], str], *, client_cert: Any = None) -> None:
        """`ca` is a file with the cluster's CA; `token` is asked for each request."""
        self.server = server.rstrip("/")
        self._token = token
        self._ca = ca
        self._cert = client_cert
        self._local = threading.local()
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._lock = threading.Lock()

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            session = requests.Session()
            session.trust_env = False  # REQUESTS_CA_BUNDLE and proxies are for the outside world
            session.verify = self._ca
            session.cert = self._cert
            self._local.session = session
        return self._local.session

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """The decoded answer; KubeError with the server's own message for any status from 400 up."""
        headers = {"Accept": "application/json", "Content-Type": content_type}
        if token := self._token():
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body)
        try:
            answer = self._session().request(
                method, self.server + path, params=params, data=data, headers=headers, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise KubeError(0, "Unreachable", f"{method} {self.server}{path}: {error}") from error
        return _decoded(answer)

    def kind(self, api_version: str, kind: str) -> Kind:
        """How `kind` is served; asked once per version, and again when a kind is not known (a CRD may be new)."""
        with self._lock:
            found = self._kinds.get(api_version, {}).get(kind)
            if found is None:
                self._kinds[api_version] = self._discover(api_version)
                found = self._kinds[api_version].get(kind)
        if found is None:
            raise NoMatchError(api_version, kind)
        return found

    def _discover(self, api_version: str) -> dict[str, Kind]:
        try:
            listed = self.request(
                "GET", Kind(api_version, "", "", namespaced=False, subresources=frozenset()).path()[:-1]
            )
        except KubeError as error:
            if error.status == 404:
                return {}
            raise
        resources = listed["resources"]
        return {
            item["kind"]: Kind(
                api_version,
                item["kind"],
                item["name"],
                item["namespaced"],
                frozenset(r["name"].split("/")[1] for r in resources if r["name"].startswith(item["name"] + "/")),
            )
            for item in resources
            if "/" not in item["name"]
        }

    def forget_kinds(self) -> None:
        """Ask again what is served; after a CustomResourceDefinition changed."""
        with self._lock:
            self._kinds.clear()

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object:
        """One object; KubeError 404 when there is none."""
        return self.request("GET", self.kind(api_version, kind).path(namespace, name))

    def find(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None."""
        try:
            return self.get(api_version, kind, name, namespace)
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def list(self, api_version: str, kind: str, namespace: str | None = None, **params: Any) -> list[Object]:
        """All objects of a kind, with apiVersion and kind filled in (lists leave them out)."""
        items = self.request("GET", self.kind(api_version, kind).path(namespace), params=params)["items"]
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def watch(self, api_version: str, kind: str, version: str, seconds: int) -> Iterator[Object]:
        """Events of all objects of a kind after resource version `version`, bookmarks included, for at most `seconds`.

        Raises KubeError when the watch cannot start or breaks; 410 in an ERROR event means: list again.
        """
        path = self.kind(api_version, kind).path()
        params = {"watch": "1", "allowWatchBookmarks": "1", "resourceVersion": version, "timeoutSeconds": seconds}
        token = self._token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with self._session().get(
                self.server + path, params=params, headers=headers, timeout=(TIMEOUT, seconds + TIMEOUT), stream=True
            ) as answer:
                if answer.status_code >= 400:
                    _decoded(answer)
                for line in answer.iter_lines(chunk_size=65536):
                    if line:
                        yield json.loads(line)
        except (requests.RequestException, ValueError) as error:
            raise KubeError(0, "Unreachable", f"watch {path}: {error}") from error

    def create(self, body: Object, **params: Any) -> Object:
        """POST `body`."""
        return self._send("POST", body, None, params)

    def replace(self, body: Object, subresource: str | None = None, **params: Any) -> Object:
        """PUT `body` over the object of its name."""
        return self._send("PUT", body, subresource, params, name=body["metadata"]["name"])

    def apply(self, body: Object, manager: str, *, force: bool = False, **params: Any) -> Object:
        """Server-side apply `body` as field manager `manager`."""
        query = {"fieldManager": manager, "force": str(force).lower(), **params}
        return self._send("PATCH", body, None, query, name=body["metadata"]["name"], content_type=APPLY)

    def patch(self, body: Object, patch: Any, *, content_type: str = MERGE, subresource: str | None = None) -> Object:
        """PATCH the object that `body` identifies (apiVersion, kind, metadata) with `patch`."""
        meta = body["metadata"]
        path = self.kind(body["apiVersion"], body["kind"]).path(meta.get("namespace"), meta["name"], subresource)
        return self.request("PATCH", path, patch, content_type=content_type)

    def delete(self, body: Object, options: Object | None = None) -> Object:
        """DELETE the object that `body` identifies, with DeleteOptions such as propagationPolicy."""
        meta = body["metadata"]
        path = self.kind(body["apiVersion"], body["kind"]).path(meta.get("namespace"), meta["name"])
        return self.request("DELETE", path, options)

    def _send(
        self,
        method: str,
        body: Object,
        subresource: str | None,
        params: Mapping[str, Any],
        **how: Any,
    ) -> Object:
        name = how.pop("name", None)
        path = self.kind(body["apiVersion"], body["kind"]).path(body["metadata"].get("namespace"), name, subresource)
        return self.request(method, path, body, params=params, **how)


def _decoded(answer: requests.Response) -> Object:
    try:
        body = answer.json()
    except ValueError:
        body = {"message": answer.text}
    if answer.status_code >= 400:
        message = body.get("message") or f"{answer.status_code} {answer.reason}"
        raise KubeError(answer.status_code, body.get("reason", answer.reason), message, body)
    return body


def from_kubeconfig(kubeconfig: str) -> Kube:
    """The client that a kubeconfig's current context describes: token, client certificate or exec plugin.

    `kubeconfig` is the document itself. Raises ValueError naming what the document lacks.
    """
    document = yaml.safe_load(kubeconfig)
    try:
        context = _named(document, "contexts", document["current-context"])["context"]
        cluster = _named(document, "clusters", context["cluster"])["cluster"]
        user = _named(document, "users", context["user"])["user"]
        server = cluster["server"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"kubeconfig: {error} is missing") from error
    ca = _inline(cluster, "certificate-authority")
    if ca is None:
        raise ValueError("kubeconfig: certificate-authority is missing; the server cannot be verified")
    certificate = _inline(user, "client-certificate"), _inline(user, "client-key")
    return Kube(server, ca, _token_source(user), client_cert=certificate if all(certificate) else None)


def _named(document: Mapping[str, Any], section: str, name: str) -> Object:
    for entry in document[section]:
        if entry["name"] == name:
            return entry
    raise KeyError(f"{section}[{name}]")


def _inline(source: Mapping[str, Any], key: str) -> str | None:
    """The file that holds `key`: named directly, or written from the base64 in `key`-data."""
    if f"{key}-data" not in source:
        return source.get(key)
    with tempfile.NamedTemporaryFile("wb", prefix="kube-", suffix=".pem", delete=False) as file:
        file.write(base64.b64decode(source[f"{key}-data"]))
    return file.name


def _token_source(user: Mapping[str, Any]) -> Callable[[], str]:
    if "exec" not in user:
        token = user.get("token", "")
        return lambda: token
    plugin = user["exec"]
    environment = os.environ | {entry["name"]: entry["value"] for entry in plugin.get("env") or ()}
    cached: dict[str, Any] = {}
    lock = threading.Lock()

    def ask() -> str:
        with lock:
            if not _fresh(cached):
                command = [plugin["command"], *plugin.get("args", ())]
                answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
                if answer.returncode:
                    raise KubeError(0, "ExecPlugin", f"{' '.join(command)}: {answer.stderr.strip()}")
                cached.update(json.loads(answer.stdout)["status"])
            return cached["token"]

    return ask


def _fresh(status: Mapping[str, Any]) -> bool:
    """Whether an ExecCredential's status may still be used; one without an expiry lives as long as the process."""
    if not status:
        return False
    expires = status.get("expirationTimestamp")
    return expires is None or datetime.now(UTC) + EXPIRY_MARGIN < datetime.fromisoformat(expires)
