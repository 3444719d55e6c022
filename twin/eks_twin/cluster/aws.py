"""The aws process's private API, and the EC2 catalogue."""

import time
from collections.abc import Mapping
from typing import Any, Final

import boto3
import requests
from botocore.config import Config

from eks_twin.nodes.capacity import Hardware
from eks_twin.nodes.settings import Settings

TIMEOUT: Final = 30
"""Seconds; the aws process answers one private request at a time, in milliseconds."""
STEADY_SECONDS: Final = 0.4
"""How old the state may be while nothing is on its way; an instance that Karpenter launched goes unnoticed so long."""


class AwsProcessError(Exception):
    """The aws process refused a report or cannot be reached."""


class AwsProcess:
    """Client of the aws process at `url`."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url.rstrip("/")
        self._settings = settings
        self._session = requests.Session()
        self._session.trust_env = False  # proxies are for the outside world
        self._hardware: dict[str, Hardware] = {}
        self._state: dict[str, Any] = {"clusters": [], "instances": []}
        self._read = 0.0

    def state(self, *, steady: bool = False) -> dict[str, Any]:
        """What exists; when `steady`, the last answer may be given again for `STEADY_SECONDS`."""
        now = time.monotonic()
        if not steady or now - self._read >= STEADY_SECONDS:
            self._state = self._send("GET", "state")
            self._read = now
        return self._state

    def report(self, cluster: str, body: Mapping[str, Any]) -> None:
        """Say what became of a control plane."""
        self._send("PATCH", f"clusters/{cluster}", body)

    def drop(self, cluster: str) -> None:
        """Say that a deleted cluster's control plane is gone."""
        self._send("DELETE", f"clusters/{cluster}")

    def report_part(self, cluster: str, part: str, body: Mapping[str, Any]) -> None:
        """Say what became of a part: `nodegroups/<name>` or `addons/<name>`."""
        self._send("PATCH", f"clusters/{cluster}/{part}", body)

    def drop_part(self, cluster: str, part: str) -> None:
        """Say that a deleted part is gone."""
        self._send("DELETE", f"clusters/{cluster}/{part}")

    def hardware(self, instance_type: str, region: str) -> Hardware:
        """What an instance type has, asked of EC2 once."""
        if instance_type not in self._hardware:
            client = boto3.client(
                "ec2",
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=self._settings.access_key_id,
                aws_secret_access_key=self._settings.secret_access_key,
                config=Config(retries={"total_max_attempts": 2}, ignore_configured_endpoint_urls=True),
            )
            [record] = client.describe_instance_types(InstanceTypes=[instance_type])["InstanceTypes"]
            self._hardware[instance_type] = Hardware.of(record)
        return self._hardware[instance_type]

    def _send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        url = f"{self.url}/_twin/{path}"
        try:
            answer = self._session.request(method, url, json=body, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise AwsProcessError(f"{method} {url}: {error}") from error
        if not answer.ok:
            raise AwsProcessError(f"{method} {url}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else {}
