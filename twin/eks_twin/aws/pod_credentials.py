"""Credentials for pods: what the EKS Pod Identity agent gets from eks-auth for a service account token."""

import secrets
from typing import Any

import jwt
from moto.sts.models import sts_backends

from eks_twin.aws.calls import AwsError
from eks_twin.aws.eks.pod_identity import ACTIONS, SERVICE
from eks_twin.aws.eks.store import STORE, Cluster
from eks_twin.aws.iam import trusts
from eks_twin.aws.principals import ACCOUNT, PARTITION

AUDIENCE = SERVICE
DURATION = 21_600
"""Seconds that Pod Identity credentials live (EKS user guide: 6 hours)."""


def credentials(region: str, token: str) -> dict[str, Any]:
    """Answer the container-credentials JSON for a service account token, or refuse with the reason."""
    cluster, claims = _verified(token)
    subject = claims["sub"].split(":")
    if subject[:2] != ["system", "serviceaccount"] or len(subject) != 4:
        raise _denied(f"subject {claims['sub']} is no service account")
    namespace, service_account = subject[2:]
    association = next(
        (
            item
            for item in cluster.associations.values()
            if (item["namespace"], item["serviceAccount"]) == (namespace, service_account)
        ),
        None,
    )
    if association is None:
        raise AwsError(
            "ResourceNotFoundException", f"no pod identity association for {namespace}/{service_account}", 404
        )
    role_arn = association["roleArn"]
    missing = [action for action in ACTIONS if not trusts(role_arn, SERVICE, action)]
    if missing:
        raise _denied(f"role {role_arn} does not let {SERVICE} do {', '.join(missing)}")
    pod = claims.get("kubernetes.io", {}).get("pod", {}).get("name", service_account)
    session_name = f"eks-{cluster.name}-{pod}"[:64]
    session = sts_backends[ACCOUNT][PARTITION].assume_role(
        region_name=region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy="",
        duration=DURATION,
        external_id=secrets.token_hex(8),
    )
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "Token": session.session_token,
        "AccountId": ACCOUNT,
        "Expiration": session.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _verified(token: str) -> tuple[Cluster, dict[str, Any]]:
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except jwt.InvalidTokenError as error:
        raise _denied(f"token is no JWT: {error}") from error
    clusters = STORE.clusters.values()
    cluster = next((c for c in clusters if c.record["identity"]["oidc"]["issuer"] == issuer), None)
    if cluster is None or not cluster.service_account_public_key:
        raise _denied(f"no running cluster has the issuer {issuer}")
    try:
        return cluster, jwt.decode(token, cluster.service_account_public_key, ["RS256", "ES256"], audience=AUDIENCE)
    except jwt.InvalidTokenError as error:
        raise _denied(str(error)) from error


def _denied(reason: str) -> AwsError:
    return AwsError("AccessDeniedException", f"AssumeRoleForPodIdentity: {reason}", 403)
