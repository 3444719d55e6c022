"""The class of storage that a claim gets when it names none."""

from typing import Final

CLASS_NAME: Final = "gp3"
PROVISIONER: Final = "ebs.csi.aws.com"
PARAMETERS: Final = {"type": "gp3", "encrypted": "true"}
SERVICE_ACCOUNT: Final = "ebs-csi-controller-sa"
"""Of the add-on's controller."""
POLICY: Final = "AmazonEBSCSIDriverPolicyV2"
"""Limited to volumes with the driver's own tag: one made by hand needs ebs.csi.aws.com/cluster=true."""
