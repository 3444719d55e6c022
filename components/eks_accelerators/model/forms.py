"""The written forms of our plain values: each a pattern, its meaning in words, and an example for the error message."""

from typing import Final

CLUSTER_NAME: Final = r"^[0-9A-Za-z][0-9A-Za-z_-]*$"
DNS_LABEL: Final = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
QUALIFIED_NAME: Final = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE: Final = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"
QUANTITY: Final = r"^\d+(\.\d+)?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
VOLUME_SIZE: Final = r"^[1-9][0-9]*(Gi|Ti)$"
DURATION: Final = r"^([0-9]+(s|m|h))+$"
DURATION_OR_NEVER: Final = r"^(([0-9]+(s|m|h))+|Never)$"
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
    NODE_COUNT: ("not a number of nodes or a share of them", "10%"),
    SEMANTIC_VERSION: ("not a version of three numbers", "1.14.1"),
    ADDON_VERSION: ("not the version of an EKS add-on", "v1.21.1-eksbuild.3"),
}
"""Rule and example by pattern."""
