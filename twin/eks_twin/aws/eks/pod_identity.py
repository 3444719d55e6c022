"""Pod Identity associations: which service account gets which IAM role."""

import secrets
import string
from typing import Any

from eks_twin.aws.calls import Call
from eks_twin.aws.eks.kinds import ASSOCIATION
from eks_twin.aws.eks.store import Cluster, Record, arn, check_trust, cluster_of, in_use, now, page, refuse_others

SERVICE = "pods.eks.amazonaws.com"
ACTIONS = ("sts:AssumeRole", "sts:TagSession")
"""What a role's trust policy must allow that service (EKS user guide, pod identity role)."""
MODELLED = frozenset({"clusterName", "namespace", "serviceAccount", "roleArn", "tags"})
_LETTERS = string.ascii_lowercase + string.digits


def associate(cluster: Cluster, call: Call, account: tuple[str, str], role_arn: str) -> Record:
    """Record an association for a (namespace, service account)."""
    namespace, service_account = account
    check_trust("roleArn", role_arn, SERVICE, ACTIONS)
    for other in cluster.associations.values():
        if (other["namespace"], other["serviceAccount"]) == account:
            message = f"Association already exists: {other['associationId']} for {namespace}/{service_account}"
            raise in_use(message)
    identifier = "a-" + "".join(secrets.choice(_LETTERS) for _ in range(17))
    association = ASSOCIATION.record(cluster, call, identifier) | {
        "associationArn": arn(call, "podidentityassociation", cluster.name, identifier),
        "namespace": namespace,
        "serviceAccount": service_account,
        "roleArn": role_arn,
        "disableSessionTags": False,
    }
    cluster.associations[identifier] = association
    return association


def create_pod_identity_association(call: Call) -> dict[str, Any]:
    """Record an association."""
    refuse_others(call, MODELLED)
    account = (call.parameters["namespace"], call.parameters["serviceAccount"])
    return {"association": associate(cluster_of(call), call, account, call.parameters["roleArn"])}


def list_pod_identity_associations(call: Call) -> dict[str, Any]:
    """Answer ListPodIdentityAssociations, by namespace and service account when asked."""
    wanted = {key: call.get(key) for key in ("namespace", "serviceAccount")}
    found = [
        association
        for association in cluster_of(call).associations.values()
        if all(value in {None, association[key]} for key, value in wanted.items())
    ]
    return page(call, "associations", found)


def update_pod_identity_association(call: Call) -> dict[str, Any]:
    """Change the role."""
    refuse_others(call, frozenset({"clusterName", "associationId", "roleArn"}))
    _, association = ASSOCIATION.found(call)
    if call.get("roleArn"):
        check_trust("roleArn", call.parameters["roleArn"], SERVICE, ACTIONS)
        association |= {"roleArn": call.parameters["roleArn"], "modifiedAt": now()}
    return {"association": association}


def delete_pod_identity_association(call: Call) -> dict[str, Any]:
    """Forget an association."""
    cluster, association = ASSOCIATION.found(call)
    del cluster.associations[association["associationId"]]
    return {"association": association}


HANDLERS = {
    "CreatePodIdentityAssociation": create_pod_identity_association,
    "DescribePodIdentityAssociation": ASSOCIATION.describe,
    "ListPodIdentityAssociations": list_pod_identity_associations,
    "UpdatePodIdentityAssociation": update_pod_identity_association,
    "DeletePodIdentityAssociation": delete_pod_identity_association,
}
