"""EKS clusters, their tokens and the versions of add-ons."""

import base64
from typing import Any, Final

from botocore.signers import RequestSigner

from eks_twin.plugins.aws.session import Session
from eks_twin.plugins.aws.tables.eks import described
from eks_twin.plugins.base import PluginError

from .answers import ask, ask_all, outputs

TOKEN_PREFIX: Final = "k8s-aws-v1."  # noqa: S105 - the published prefix of every EKS token (aws-iam-authenticator)
TOKEN_SECONDS: Final = 60
"""Life of the signed URL, as `aws eks get-token` has it."""


def _cluster(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    found = ask(session, args, "eks", "describe_cluster", name=args["name"])["cluster"]
    return {
        "tags": {},
        "certificateAuthorities": [],
        **outputs("aws:eks/getCluster:getCluster", session, args, found, **described(found)),
    }


def _cluster_auth(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """A presigned GetCallerIdentity that names the cluster, as aws-iam-authenticator defines the token."""
    region = args.get("region") or session.region
    client = session.client("sts", region)
    signer = RequestSigner(
        client.meta.service_model.service_id,
        region,
        "sts",
        "v4",
        client._get_credentials(),  # noqa: SLF001 - botocore offers no public way to a client's credentials
        client.meta.events,
    )
    url: Any = signer.generate_presigned_url(
        {
            "method": "GET",
            "url": f"{client.meta.endpoint_url.rstrip('/')}/?Action=GetCallerIdentity&Version=2011-06-15",
            "body": {},
            "headers": {"x-k8s-aws-id": args["name"]},
            "context": {},
        },
        region_name=region,
        expires_in=TOKEN_SECONDS,
        operation_name="",
    )
    token = TOKEN_PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return {"id": args["name"], "name": args["name"], "region": region, "token": token}


def _addon_version(session: Session, args: dict[str, Any]) -> dict[str, Any]:
    """The newest version for that Kubernetes version, or EKS's default one."""
    found = ask_all(
        session,
        args,
        "eks",
        "describe_addon_versions",
        addonName=args["addonName"],
        kubernetesVersion=args["kubernetesVersion"],
    )
    versions = [version for addon in found for version in addon["addonVersions"]]
    if not args.get("mostRecent"):
        versions = [v for v in versions if any(c.get("defaultVersion") for c in v["compatibilities"])]
    if not versions:
        raise PluginError(
            f"no version of EKS add-on {args['addonName']} for Kubernetes {args['kubernetesVersion']}; "
            "`aws eks describe-addon-versions` lists what there is"
        )
    return {**args, "version": versions[0]["addonVersion"], "id": args["addonName"], "region": session.region}


FUNCTIONS: Final = {
    ("eks", "getCluster"): _cluster,
    ("eks", "getClusterAuth"): _cluster_auth,
    ("eks", "getAddonVersion"): _addon_version,
}
