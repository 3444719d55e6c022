"""The written forms of our plain values: each a pattern, its meaning in words, and an example for the error message."""

from typing import Final

CLUSTER_NAME: Final = r"^[0-9A-Za-z][0-9A-Za-z_-]*$"
DNS_LABEL: Final = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
QUALIFIED_NAME: Final = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
)
LABEL_VALUE: Final = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"
QUANTITY: Final = r"^\d+(\.\d+)?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
VOLUME_SIZE: Final = r"^([1-9][0-9]{0,3}|[1-4][0-9]{4}|5[0-8][0-9]{3}|59000)Gi$|^([1-9]|[1-5][0-7]|58)Ti$"
DURATION: Final = r"^([0-9]+(s|m|h))+$"
DURATION_OR_NEVER: Final = r"^(([0-9]+(s|m|h))+|Never)$"
BUDGET_DURATION: Final = r"^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$"
SCHEDULE: Final = r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|\S+( \S+){4})$"
SHARE_OR_QUANTITY: Final = (
    r"^((\d{1,2}(\.\d{1,2})?|100(\.0{1,2})?)%|\d+(\.\d+)?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$"
)
API_GROUP: Final = r"^[^/]+$"
AMI_ALIAS: Final = r"^(al2|al2023|bottlerocket|windows2019|windows2022|windows2025)@.+$"
AMI_ID: Final = r"^ami-[0-9a-z]+$"
SNAPSHOT_ID: Final = r"^snap-[0-9a-z]+$"
SUBNET_ID: Final = r"^subnet-[0-9a-z]+$"
SECURITY_GROUP_ID: Final = r"^sg-[0-9a-z]+$"
RESERVATION_ID: Final = r"^cr-[0-9a-z]+$"
PLACEMENT_GROUP_ID: Final = r"^pg-[0-9a-z]+$"
ACCOUNT_ID: Final = r"^[0-9]{12}$"
PRICE: Final = r"^\d+(\.\d+)?$"
PRICE_ADJUSTMENT: Final = r"^([+-]\d*\.?\d+|\+\d*\.?\d+%|-\d{1,2}(\.\d+)?%|-100%)$"
NODE_COUNT: Final = r"^((100|[0-9]{1,2})%|[0-9]+)$"
SEMANTIC_VERSION: Final = r"^\d+\.\d+\.\d+$"
ADDON_VERSION: Final = r"^v\d+\.\d+\.\d+-eksbuild\.\d+$"

FORMS: Final = {
    # EKS CreateCluster
    CLUSTER_NAME: ("letters, digits, `-` and `_`, beginning with a letter or digit", "training-dev"),
    # RFC 1123: a Kubernetes object's name that is also a label's value
    DNS_LABEL: (
        "lower-case letters, digits and `-`, at most 63, beginning and ending with a letter or digit",
        "inf2-serving",
    ),
    # Kubernetes labels, taints and resources
    QUALIFIED_NAME: ("not a Kubernetes key, which is `name` or `domain/name`", "example.com/team"),
    LABEL_VALUE: ("not a label value: at most 63 letters, digits, `-`, `_` and `.`", "research"),
    # exponents (12e6) are legal in Kubernetes, but nobody writes them
    QUANTITY: ("not a Kubernetes quantity", "500Gi"),
    VOLUME_SIZE: ("not a volume size in Gi or Ti", "200Gi"),
    # Karpenter's CRDs: no unit above hours
    DURATION: ("not a duration in h, m and s", "24h"),
    DURATION_OR_NEVER: ("not a duration in h, m and s, and not `Never`", "720h"),
    BUDGET_DURATION: ("not a duration in h and m", "8h30m"),
    SCHEDULE: ("not a cron expression", '"0 9 * * 1-5"'),
    SHARE_OR_QUANTITY: ("not a share and not a Kubernetes quantity", "5%"),
    API_GROUP: ("not an API group", "karpenter.k8s.aws"),
    AMI_ALIAS: (
        "not an image alias, which is `family@version` with al2, al2023, bottlerocket or windows2019, 2022, 2025",
        "al2023@v20260724",
    ),
    AMI_ID: ("not the id of an image", "ami-0123456789abcdef0"),
    SNAPSHOT_ID: ("not the id of a snapshot", "snap-0123456789abcdef0"),
    SUBNET_ID: ("not the id of a subnet", "subnet-0123456789abcdef0"),
    SECURITY_GROUP_ID: ("not the id of a security group", "sg-0123456789abcdef0"),
    RESERVATION_ID: ("not the id of a capacity reservation", "cr-0123456789abcdef0"),
    PLACEMENT_GROUP_ID: ("not the id of a placement group", "pg-0123456789abcdef0"),
    ACCOUNT_ID: ("not an account id, which has twelve digits; quote it", '"123456789012"'),
    PRICE: ("not a price in USD per hour", '"1.25"'),
    PRICE_ADJUSTMENT: ("not a change of a price", '"-10%"'),
    NODE_COUNT: ("not a number of nodes or a share of them", "10%"),
    SEMANTIC_VERSION: ("not a version of three numbers", "1.14.1"),
    ADDON_VERSION: ("not the version of an EKS add-on", "v1.21.1-eksbuild.3"),
}
"""Rule and example by pattern."""
