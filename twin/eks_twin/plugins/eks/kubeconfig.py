"""The kubeconfig that pulumi-eks gives: no secret, but a call of `aws eks get-token`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

EXEC_API: Final = "client.authentication.k8s.io/v1beta1"


@dataclass(frozen=True)
class Credentials:
    """Under which identity a kubeconfig asks for tokens; empty means that of whoever uses it."""

    profile: str = ""
    role_arn: str = ""


def kubeconfig(cluster: Mapping[str, str], credentials: Credentials) -> dict[str, Any]:
    """The kubeconfig of a cluster given by `arn`, `name`, `endpoint` and `certificate`."""
    region = cluster["arn"].split(":")[3]
    args = ["--region", region, "eks", "get-token", "--cluster-name", cluster["name"], "--output", "json"]
    if credentials.role_arn:
        args += ["--role", credentials.role_arn]
    if credentials.profile:
        args += ["--profile", credentials.profile]
    variable = {"name": "KUBERNETES_EXEC_INFO", "value": json.dumps({"apiVersion": EXEC_API})}
    server = {"server": cluster["endpoint"], "certificate-authority-data": cluster["certificate"]}
    return {
        "apiVersion": "v1",
        "clusters": [{"cluster": server, "name": "kubernetes"}],
        "contexts": [{"context": {"cluster": "kubernetes", "user": "aws"}, "name": "aws"}],
        "current-context": "aws",
        "kind": "Config",
        "users": [
            {
                "name": "aws",
                "user": {"exec": {"apiVersion": EXEC_API, "command": "aws", "args": args, "env": [variable]}},
            }
        ],
    }


def with_credentials(config: Mapping[str, Any], credentials: Credentials) -> dict[str, Any]:
    """A kubeconfig for the same cluster under another identity."""
    server = config["clusters"][0]["cluster"]
    args = config["users"][0]["user"]["exec"]["args"]
    cluster = {
        "arn": f"arn:aws:eks:{args[1]}::",
        "name": args[5],
        "endpoint": server["server"],
        "certificate": server["certificate-authority-data"],
    }
    return kubeconfig(cluster, credentials)
