"""Who a pod is: tokens of its own service account for Kubernetes, and for AWS by Pod Identity or IRSA."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import yaml

from eks_twin.kube import Kube

POD_IDENTITY_AUDIENCE: Final = "pods.eks.amazonaws.com"
IRSA_AUDIENCE: Final = "sts.amazonaws.com"
ROLE_ANNOTATION: Final = "eks.amazonaws.com/role-arn"
MOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS: Final = {"": 3607, POD_IDENTITY_AUDIENCE: 86400, IRSA_AUDIENCE: 86400}
"""Audience, empty for the API server's own → lifetime, as the admission plugins of Kubernetes and EKS project it."""
RENEW_AT: Final = 0.8
"""Share of a token's life after which the kubelet renews it."""
NO_AGENT: Final = "http://127.0.0.1:9/v1/credentials"
"""Credentials address on a node without Pod Identity agent: nothing listens on the discard port."""


@dataclass
class Token:
    """One projected token in a file."""

    audience: str
    path: Path
    renew: float = 0.0
    """Unix time of the next renewal."""


@dataclass
class PodTokens:
    """The token files of one pod."""

    kube: Kube
    pod: Mapping[str, Any]
    directory: Path
    tokens: dict[str, Token] = field(default_factory=dict)

    def file(self, audience: str = "") -> Path:
        """File with a valid token for `audience`; it is kept valid by `renew`."""
        if audience not in self.tokens:
            token = Token(audience, self.directory / f"token-{audience or 'kubernetes'}")
            self._write(token)
            self.tokens[audience] = token
        return self.tokens[audience].path

    def renew(self) -> None:
        """Write new tokens over those that are old enough."""
        for token in self.tokens.values():
            if time.time() >= token.renew:
                self._write(token)

    def _write(self, token: Token) -> None:
        meta, spec = self.pod["metadata"], self.pod["spec"]
        account = {"metadata": {"namespace": meta["namespace"], "name": spec["serviceAccountName"]}}
        path = self.kube.kind("v1", "ServiceAccount").path(meta["namespace"], account["metadata"]["name"], "token")
        bound = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]}
        request: dict[str, Any] = {"boundObjectRef": bound, "expirationSeconds": TOKEN_SECONDS[token.audience]}
        if token.audience:
            request["audiences"] = [token.audience]
        answer = self.kube.request("POST", path, {"spec": request})
        expires = datetime.fromisoformat(answer["status"]["expirationTimestamp"]).timestamp()
        token.renew = time.time() + RENEW_AT * (expires - time.time())
        token.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = token.path.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(answer["status"]["token"])
        partial.replace(token.path)


def kubeconfig(server: str, ca: Path, token: Path) -> str:
    """A kubeconfig with the authority of a token file only."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "in-cluster", "cluster": {"server": server, "certificate-authority": str(ca)}}],
            "users": [{"name": "service-account", "user": {"tokenFile": str(token)}}],
            "contexts": [{"name": "pod", "context": {"cluster": "in-cluster", "user": "service-account"}}],
            "current-context": "pod",
        }
    )


@dataclass(frozen=True)
class Aws:
    """What the EKS webhook and the node know when a pod starts."""

    url: str
    """The aws process."""
    region: str
    associations: Mapping[tuple[str, str], str]
    """(namespace, service account) → role ARN of the cluster's Pod Identity associations."""
    agent_running: bool
    """Whether the Pod Identity agent runs on the pod's node."""


def aws_environment(
    pod: Mapping[str, Any], account: Mapping[str, Any], aws: Aws, token: Callable[[str], Path]
) -> dict[str, str]:
    """The variables that EKS's webhook adds to the containers of `pod`; empty for a pod without an AWS identity.

    A Pod Identity association wins over an IRSA annotation, as in the SDKs' order on EKS.
    """
    key = (pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"])
    common = {"AWS_REGION": aws.region, "AWS_DEFAULT_REGION": aws.region, "AWS_STS_REGIONAL_ENDPOINTS": "regional"}
    if key in aws.associations:
        endpoint = f"{aws.url}/_twin/pod-identity/credentials" if aws.agent_running else NO_AGENT
        return common | {
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token(POD_IDENTITY_AUDIENCE)),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint,
        }
    role = account["metadata"].get("annotations", {}).get(ROLE_ANNOTATION)
    if role:
        return common | {"AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token(IRSA_AUDIENCE))}
    return {}


def isolation(aws_url: str, home: Path) -> dict[str, str]:
    """Variables that keep a local process from this machine's own AWS identity and lead it to the twin's AWS."""
    return {
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
    }
