"""The Pulumi program: deploy the stack that `pulumi up -s <env>` names."""

from stacks.config import load
from stacks.deploy import deploy

deploy(load())
