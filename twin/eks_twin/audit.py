"""What an account holds beyond an empty one: AWS resources, and what runs in clusters that still exist."""

import json
from pathlib import Path
from typing import Any, Final

import requests

from eks_twin.environment import Status
from eks_twin.home import Home
from eks_twin.kube import KubeError, NoMatchError, from_kubeconfig

EVERY_CLUSTER_HAS: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""Namespaces that are there from a cluster's first second."""
CLUSTER_KINDS: Final = (
    ("v1", "Namespace"),
    ("v1", "Node"),
    ("karpenter.sh/v1", "NodePool"),
    ("karpenter.sh/v1", "NodeClaim"),
    ("karpenter.k8s.aws/v1", "EC2NodeClass"),
)
"""Cluster-scoped kinds that stand for money or for what holds it; the rest goes with its cluster."""

Item = dict[str, str]
"""One thing that exists: service, type, id and name."""


def left_over(home: Home, status: Status) -> list[Item]:
    """Everything that an empty account would not have, in a stable order."""
    inventory = requests.get(f"{status.aws_url}/_twin/inventory", timeout=60)
    inventory.raise_for_status()
    empty = {_identity(item) for item in json.loads((home.run / "baseline.json").read_text())}
    in_aws = [item for item in inventory.json() if _identity(item) not in empty]
    in_clusters = [item for config in home.run.glob("clusters/*/kubeconfig") for item in _in_cluster(config)]
    return sorted([*in_aws, *in_clusters], key=_identity)


def _in_cluster(kubeconfig: Path) -> list[Item]:
    kube, found = from_kubeconfig(kubeconfig.read_text()), []
    for api_version, kind in CLUSTER_KINDS:
        try:
            objects = kube.list(api_version, kind)
        except NoMatchError:  # without Karpenter its kinds are not served
            continue
        except KubeError as error:
            if error.status == 0:  # the cluster is on its way out; AWS lists it as long as it exists
                break
            raise
        found += [_item(kubeconfig.parent.name, kind, thing) for thing in objects]
    return [item for item in found if item["type"] != "Namespace" or item["id"] not in EVERY_CLUSTER_HAS]


def _item(cluster: str, kind: str, thing: dict[str, Any]) -> Item:
    return {"service": f"cluster {cluster}", "type": kind, "id": thing["metadata"]["name"], "name": ""}


def _identity(item: Item) -> tuple[str, str, str]:
    return item["service"], item["type"], item["id"]
