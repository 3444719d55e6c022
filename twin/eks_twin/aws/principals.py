"""Access key → who it belongs to."""

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from eks_twin.aws.calls import AwsError, Principal

ACCOUNT = "123456789012"
"""moto's default account; the twin has this one only."""
PARTITION = "aws"

INVALID_KEY: dict[str, str] = {
    "ec2": "AuthFailure",
    "iam": "InvalidClientTokenId",
    "sts": "InvalidClientTokenId",
    "s3": "InvalidAccessKeyId",
    "sqs": "InvalidClientTokenId",
    "sns": "InvalidClientTokenId",
}
"""Service → its code for a key it does not know; the JSON services say UnrecognizedClientException."""


def principal_of(access_key_id: str, service: str) -> Principal:
    """Return the user or role session of an access key; refuse an unknown one as the service does."""
    backend = iam_backends[ACCOUNT][PARTITION]
    session = sts_backends[ACCOUNT][PARTITION].get_assumed_role_from_access_key(access_key_id)
    if session:
        return Principal(arn=session.arn, identity_arn=session.role_arn)
    user = backend.get_user_from_access_key_id(access_key_id)
    if user:
        return Principal(arn=user.arn, identity_arn=user.arn)
    code = INVALID_KEY.get(service, "UnrecognizedClientException")
    message = f"The security token included in the request is invalid: access key {access_key_id} does not exist."
    raise AwsError(code, message, 403)


def secret_of(access_key_id: str) -> str | None:
    """Return the secret of an access key, or None when there is no such key."""
    key = iam_backends[ACCOUNT][PARTITION].access_keys.get(access_key_id)
    return key.secret_access_key if key else None
