"""EKS bearer tokens: a presigned GetCallerIdentity URL, checked here as STS and the EKS authenticator check it.

Token form: https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from eks_twin.aws.calls import AwsError
from eks_twin.aws.eks.store import Cluster
from eks_twin.aws.principals import principal_of, secret_of

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
LIFETIME = timedelta(minutes=15)
"""The authenticator's limit, whatever X-Amz-Expires says."""
ADMINISTRATORS = "system:masters"


class TokenError(Exception):
    """A token that authenticates nobody; the text is the reason."""


def review(cluster: Cluster, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a TokenReview with the access entry's user and groups, or with the reason why there is none."""
    try:
        status = {"authenticated": True, "user": _user(cluster, str(body.get("spec", {}).get("token", "")))}
    except TokenError as error:
        status = {"authenticated": False, "error": str(error)}
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}


def _user(cluster: Cluster, token: str) -> dict[str, Any]:
    query, url = _parts(token)
    _check_signature(cluster, query, url)
    try:
        principal = principal_of(query["X-Amz-Credential"].partition("/")[0], "sts")
    except AwsError as error:
        raise TokenError(error.message) from error
    mode = cluster.record["accessConfig"]["authenticationMode"]
    extra = {"arn": [principal.arn], "canonicalArn": [principal.identity_arn]}
    if mode == "CONFIG_MAP" and principal.identity_arn == cluster.creator_arn:
        return {"username": "kubernetes-admin", "groups": [ADMINISTRATORS], "extra": extra}
    entry = cluster.access_entries.get(principal.identity_arn)
    if entry is None:
        raise TokenError(f"{principal.identity_arn} has no access entry on cluster {cluster.name}")
    session = principal.arn.rpartition("/")[2]
    username = entry["username"].replace("{{SessionName}}", session)
    groups = [*entry["kubernetesGroups"], *policy_groups(cluster, principal.identity_arn)]
    return {"username": username, "uid": principal.identity_arn, "groups": groups, "extra": extra}


def policy_groups(cluster: Cluster, principal_arn: str) -> list[str]:
    """Return the twin's groups for the access policies of an entry; the cluster room binds them to roles."""
    groups = []
    for association in cluster.policies.get(principal_arn, {}).values():
        group = f"eks-access-policy:{association['policyArn'].rpartition('/')[2]}"
        namespaces = association["accessScope"].get("namespaces") or ()
        groups += [f"{group}:{namespace}" for namespace in namespaces] or [group]
    return groups


def _parts(token: str) -> tuple[dict[str, str], str]:
    if not token.startswith(PREFIX):
        raise TokenError(f"token has no {PREFIX} prefix")
    text = token.removeprefix(PREFIX)
    try:
        url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenError("token is not base64 of a URL") from error
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    missing = {"X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"} - set(query)
    if query.get("Action") != "GetCallerIdentity" or missing:
        raise TokenError(f"token is no presigned GetCallerIdentity URL; it lacks {sorted(missing)}")
    return query, url


def _check_signature(cluster: Cluster, query: Mapping[str, str], url: str) -> None:
    """Sign the same URL with the key's secret and compare; this also ties the token to the cluster's name."""
    key_id, _, region, service, _ = query["X-Amz-Credential"].split("/")
    if CLUSTER_HEADER not in query["X-Amz-SignedHeaders"].split(";"):
        raise TokenError(f"token does not sign {CLUSTER_HEADER}")
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if not -timedelta(minutes=5) < datetime.now(UTC) - signed_at < LIFETIME:
        raise TokenError(f"token is expired: signed at {query['X-Amz-Date']}")
    secret = secret_of(key_id)
    if secret is None:
        raise TokenError(f"access key {key_id} does not exist")
    unsigned = {key: value for key, value in query.items() if key != "X-Amz-Signature"}
    parts = urlsplit(url)
    request = AWSRequest(
        method="GET",
        url=f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(unsigned)}",
        headers={CLUSTER_HEADER: cluster.name},
    )
    request.context["timestamp"] = query["X-Amz-Date"]
    signer = SigV4QueryAuth(Credentials(key_id, secret), service, region)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    if signature != query["X-Amz-Signature"]:
        raise TokenError(f"token's signature is wrong for cluster {cluster.name}")
