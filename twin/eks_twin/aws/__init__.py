"""AWS on loopback: moto in a process of its own, and what it lacks, one module per service.

Importing this package sets moto's switches, because moto reads them when it is imported. Only the aws process does.
"""

import os

os.environ |= {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # off by default: every AWS-managed policy would be missing
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # 1,299 images of 2024 and earlier take 1.9 s; the twin brings its own
}
