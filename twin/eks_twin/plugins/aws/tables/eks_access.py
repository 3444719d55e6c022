"""aws:eks AccessEntry, AccessPolicyAssociation and PodIdentityAssociation."""

from typing import Any, Final

from eks_twin.plugins.aws import tags
from eks_twin.plugins.aws.kinds import Custom, Kind, Read, call
from eks_twin.plugins.aws.scope import Scope

ACCESS_ENTRY: Final = Kind(
    type="aws:eks/accessEntry:AccessEntry",
    noun="EKS Access Entry",
    service="eks",
    create=call("create_access_entry", "clusterName principalArn kubernetesGroups type userName"),
    id="{clusterName}:{principalArn}",
    read=Read(call("describe_access_entry", "clusterName principalArn"), "accessEntry"),
    changes=(
        call("update_access_entry", "clusterName principalArn kubernetesGroups userName", {"kubernetesGroups": []}),
    ),
    delete=call("delete_access_entry", "clusterName principalArn"),
    tags=tags.of("resource", "tags", resourceArn="$accessEntryArn"),
    label="principalArn",
)


def _read_policy(scope: Scope) -> Any:
    owner = {name: scope.values[name] for name in ("clusterName", "principalArn")}
    items = scope.every("list_associated_access_policies", **owner)
    return next(({**item, **owner} for item in items if item["policyArn"] == scope.values["policyArn"]), None)


ACCESS_POLICY_ASSOCIATION: Final = Kind(
    type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    noun="EKS Access Policy Association",
    service="eks",
    create=call("associate_access_policy", "clusterName principalArn policyArn accessScope"),
    id="{clusterName}#{principalArn}#{policyArn}",
    read=Read(Custom(_read_policy)),
    delete=call("disassociate_access_policy", "clusterName principalArn policyArn"),
    label="policyArn",
)


def _read_association(scope: Scope) -> Any:
    """An import names the cluster too, so its id is not the association's."""
    id_ = scope.values.get("associationId") or scope.id
    answer = scope.call("describe_pod_identity_association", clusterName=scope.values["clusterName"], associationId=id_)
    return answer["association"]


POD_IDENTITY_ASSOCIATION: Final = Kind(
    type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
    noun="EKS Pod Identity Association",
    service="eks",
    create=call("create_pod_identity_association", "clusterName namespace serviceAccount roleArn"),
    id="association.associationId",
    read=Read(Custom(_read_association)),
    changes=(call("update_pod_identity_association", "clusterName roleArn", associationId="$id"),),
    delete=call("delete_pod_identity_association", "clusterName", associationId="$id"),
    tags=tags.of("resource", "tags", resourceArn="$associationArn"),
    import_id="{clusterName},{associationId}",
    identify=lambda _, state: state["associationId"],
    label="serviceAccount",
)

KINDS: Final = (ACCESS_ENTRY, ACCESS_POLICY_ASSOCIATION, POD_IDENTITY_ASSOCIATION)
