"""A copy in memory of all objects of one kind, kept current by a watch: makes looking five times a second cheap."""

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from eks_twin.kube import Kube, KubeError

WATCH_SECONDS: Final = 300
"""Length of one watch; the API server ends them after 5 to 10 minutes anyway (--min-request-timeout)."""
RETRY_SECONDS: Final = 0.2
"""Pause before a broken watch is taken up again."""
Key = tuple[str, str]
"""Namespace, empty for cluster-scoped kinds, and name."""


def key_of(thing: Mapping[str, Any]) -> Key:
    """Where `thing` is found in a mirror."""
    meta = thing["metadata"]
    return meta.get("namespace", ""), meta["name"]


class Mirror:
    """All objects of one kind. Objects are replaced, never changed: readers may keep them."""

    def __init__(self, kube: Kube, api_version: str, kind: str) -> None:
        self._kube = kube
        self._api_version = api_version
        self._kind = kind
        self._things: dict[Key, Mapping[str, Any]] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.synced = threading.Event()
        """Set once all objects are known."""
        threading.Thread(target=self._run, name=f"mirror-{kind}", daemon=True).start()

    def all(self) -> list[Mapping[str, Any]]:
        """Every object as last seen."""
        with self._lock:
            return list(self._things.values())

    def get(self, name: str, namespace: str = "") -> Mapping[str, Any] | None:
        """One object as last seen, or None."""
        with self._lock:
            return self._things.get((namespace, name))

    def put(self, thing: Mapping[str, Any]) -> None:
        """Take over what a write answered, so that the next look does not see the time before it."""
        with self._lock:
            self._things[key_of(thing)] = thing

    def stop(self) -> None:
        """Watch no longer; the thread ends with its connection or within one watch."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                version = self._list()
                self.synced.set()
                while not self._stopped.is_set():
                    version = self._follow(version)
            except KubeError:
                time.sleep(RETRY_SECONDS)

    def _list(self) -> str:
        answer = self._kube.request("GET", self._kube.kind(self._api_version, self._kind).path())
        with self._lock:
            self._things = {key_of(thing): thing for thing in answer["items"]}
        return str(answer["metadata"]["resourceVersion"])

    def _follow(self, version: str) -> str:
        for event in self._kube.watch(self._api_version, self._kind, version, WATCH_SECONDS):
            thing = event["object"]
            if event["type"] == "ERROR":
                raise KubeError(thing.get("code", 0), thing.get("reason", ""), thing.get("message", ""))
            version = thing["metadata"]["resourceVersion"]
            with self._lock:
                if event["type"] == "DELETED":
                    self._things.pop(key_of(thing), None)
                elif event["type"] != "BOOKMARK":
                    self._things[key_of(thing)] = thing
            if self._stopped.is_set():
                break
        return version
