"""Whether EC2 has an instance type in a zone: where it is offered, and the capacity faults in force."""

from eks_twin.aws.calls import AwsError
from eks_twin.aws.ec2.catalogue import offered
from eks_twin.aws.faults import FAULTS


def check_offered(region: str, kind: str, zone: str) -> None:
    """Refuse a zone that does not offer the type."""
    if (kind, zone) not in offered(region):
        zones = sorted(z for t, z in offered(region) if t == kind)
        message = (
            f"Your requested instance type ({kind}) is not supported in your requested Availability Zone ({zone}). "
            f"Please retry your request by choosing {', '.join(zones)}."
        )
        raise AwsError("Unsupported", message)


def check_capacity(kind: str, zone: str, market: str) -> None:
    """Refuse while a fault says that there is no capacity."""
    fault = FAULTS.capacity(kind, zone, market)
    if fault:
        message = (
            f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone})."
        )
        raise AwsError(fault.code, message, fault.status)
