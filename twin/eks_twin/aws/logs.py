"""CloudWatch Logs: retention periods that AWS has, and a log group's key, which moto lacks."""

from typing import Any

from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from eks_twin.aws.calls import AwsError, Call
from eks_twin.aws.principals import ACCOUNT

RETENTION_DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""CloudWatch Logs API reference, PutRetentionPolicy."""


def check_retention(call: Call) -> None:
    """Refuse a period that AWS does not have."""
    days = call.parameters["retentionInDays"]
    if days not in RETENTION_DAYS:
        raise AwsError("InvalidParameterException", f"retentionInDays {days} must be one of {sorted(RETENTION_DAYS)}")


def check_key(call: Call) -> None:
    """Refuse a key that does not exist."""
    key = call.get("kmsKeyId")
    if key is not None and key.rpartition("/")[2] not in kms_backends[ACCOUNT][call.region].keys:
        raise AwsError("InvalidParameterException", f"The specified KMS key does not exist: {key}")


def _group(call: Call) -> Any:
    groups, name = logs_backends[ACCOUNT][call.region].groups, call.get("logGroupName")
    if name not in groups:
        raise AwsError("ResourceNotFoundException", f"The specified log group does not exist: {name}")
    return groups[name]


def associate_kms_key(call: Call) -> dict[str, Any]:
    """Answer AssociateKmsKey."""
    check_key(call)
    _group(call).kms_key_id = call.parameters["kmsKeyId"]
    return {}


def disassociate_kms_key(call: Call) -> dict[str, Any]:
    """Answer DisassociateKmsKey."""
    _group(call).kms_key_id = None
    return {}


HANDLERS = {"AssociateKmsKey": associate_kms_key, "DisassociateKmsKey": disassociate_kms_key}
CHECKS = {"PutRetentionPolicy": check_retention, "CreateLogGroup": check_key}
