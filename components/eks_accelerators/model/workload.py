"""The plain part of a workload's role, and its rules."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from . import forms
from .values import Problem, Value


class Workload(Value):
    """Which pods get a role, and how they prove who they are."""

    namespace: Annotated[str, Field(pattern=forms.DNS_LABEL)]
    """Of the service account."""
    service_account: Annotated[str, Field(pattern=forms.DNS_LABEL)]
    """Its name."""
    policies: tuple[str, ...]
    """Names of the policies written for it."""
    managed_policies: dict[str, str] = Field(default_factory=dict[str, str])
    """Paths of AWS's policies by name."""
    identity: Literal["pod_identity", "irsa"] = "pod_identity"
    """Agent or OIDC provider."""
    has_oidc_provider: bool
    """Whether provider and issuer were given."""

    def problems(self) -> Iterator[Problem]:
        """An OIDC provider exactly where it is used; no name for two policies; at least one policy."""
        if self.has_oidc_provider != (self.identity == "irsa"):
            rule = "`irsa` needs oidc_provider_arn and oidc_issuer, and `pod_identity` uses neither"
            yield Problem(at=("identity",), value=self.identity, rule=rule, fix="give both with irsa, none otherwise")
        for key in set(self.policies) & set(self.managed_policies):
            rule = "a policy of yours has this name too"
            yield Problem(at=("managed_policies", key), value=key, rule=rule, fix="rename one")
        if not self.policies and not self.managed_policies:
            yield Problem(at=("policies",), value=(), rule="a role without permissions", fix="name a policy")
