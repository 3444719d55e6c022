"""The kinds of things that belong to a cluster: their names in the API, and what is the same for all of them."""

from dataclasses import dataclass
from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks.store import Cluster, Record, arn, cluster_of, in_use, new_id, now, page, part


@dataclass(frozen=True)
class Kind:
    """One kind of part."""

    parts: str
    """Attribute of a cluster that holds its parts by name, and the word in the paths of the private API."""
    name: str
    """Member of a record that names it, and the parameter that asks for one."""
    answer: str
    """Member of an answer that holds one; with `Arn`, member of a record that holds its ARN."""
    what: str
    """How errors call it."""
    listed: str
    """Member of a list's answer."""
    update: str = ""
    """Type of the updates that a report ends; empty: updates of this kind end at once."""

    def of(self, cluster: Cluster) -> dict[str, Record]:
        """Return a cluster's parts of this kind."""
        return getattr(cluster, self.parts)

    def found(self, call: Call) -> tuple[Cluster, Record]:
        """Return the cluster and the part that a call names, or refuse."""
        cluster = cluster_of(call)
        return cluster, part(self.of(cluster), call.parameters[self.name], self.what)

    def record(self, cluster: Cluster, call: Call, name: str, *rest: str) -> Record:
        """Build what the records of every kind hold; `rest` follows the name in the ARN."""
        if name in self.of(cluster):
            raise in_use(f"{self.what} already exists with name {name} and cluster name {cluster.name}")
        return {
            self.name: name,
            f"{self.answer}Arn": arn(call, self.answer.lower(), cluster.name, name, *rest),
            "clusterName": cluster.name,
            "createdAt": now(),
            "modifiedAt": now(),
            "tags": dict(call.get("tags", {})),
            "status": "CREATING",
            "health": {"issues": []},
        }

    def new(self, cluster: Cluster, call: Call) -> Record:
        """Build a record for the name in the call."""
        return self.record(cluster, call, call.parameters[self.name], new_id())

    def describe(self, call: Call) -> dict[str, Any]:
        """Answer the kind's Describe action."""
        return {self.answer: self.found(call)[1]}

    def names(self, call: Call) -> dict[str, Any]:
        """Answer the kind's List action."""
        return page(call, self.listed, sorted(self.of(cluster_of(call))))


ADDON = Kind("addons", "addonName", "addon", "addon", "addons", "AddonUpdate")
NODEGROUP = Kind("nodegroups", "nodegroupName", "nodegroup", "node group", "nodegroups")
FARGATE = Kind("fargate_profiles", "fargateProfileName", "fargateProfile", "Fargate Profile", "fargateProfileNames")
ASSOCIATION = Kind("associations", "associationId", "association", "pod identity association", "associations")
ACCESS_ENTRY = Kind("access_entries", "principalArn", "accessEntry", "access entry", "accessEntries")
KINDS = (ADDON, NODEGROUP, FARGATE, ASSOCIATION, ACCESS_ENTRY)
REPORTED = {kind.parts: kind for kind in (ADDON, NODEGROUP)}
"""Kinds that the cluster room makes real and reports on."""
