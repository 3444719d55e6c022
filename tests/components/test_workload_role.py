import json

import pytest
from eks_accelerators.model.parse import ConfigError
from eks_accelerators.workload_role import WorkloadRole

BASE = {"cluster_name": "c", "namespace": "ml", "service_account": "trainer"}
IRSA = {"identity": "irsa", "oidc_provider_arn": "arn:aws:iam::1:oidc-provider/i", "oidc_issuer": "oidc.example/id/A"}


def test_own_and_managed_policies_are_attached_by_name(run):
    made = run(
        lambda: WorkloadRole(
            "w", {**BASE, "policies": {"s3": "{}"}, "managed_policies": {"ebs": "service-role/Driver"}}
        )
    )
    arns = {a.name: a.inputs["policyArn"] for a in made.of("RolePolicyAttachment")}
    assert arns == {
        "w-s3": "arn:aws:mock:us-west-2:123456789012:w-s3",
        "w-ebs": "arn:aws:iam::aws:policy/service-role/Driver",
    }


def test_irsa_trusts_one_service_account_of_one_issuer_and_needs_no_association(run):
    made = run(lambda: WorkloadRole("w", {**BASE, **IRSA, "policies": {"s3": "{}"}}))
    (statement,) = json.loads(made.named("w-role", "Role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Federated": "arn:aws:iam::1:oidc-provider/i"}
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert statement["Condition"] == {
        "StringEquals": {
            "oidc.example/id/A:aud": "sts.amazonaws.com",
            "oidc.example/id/A:sub": "system:serviceaccount:ml:trainer",
        }
    }
    assert made.of("PodIdentityAssociation") == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"identity": "irsa", "policies": {"a": "{}"}}, "`irsa` needs oidc_provider_arn and oidc_issuer"),
        ({**IRSA, "identity": "pod_identity", "policies": {"a": "{}"}}, "`pod_identity` uses neither"),
        ({}, "workload.policies = .*a role without permissions"),
        ({"policies": {"a": "{}"}, "managed_policies": {"a": "X"}}, "a policy of yours has this name too"),
        ({"policies": {"a": "{}"}, "identity": "kiam"}, "input should be 'pod_identity' or 'irsa'"),
        ({"policies": {"a": "{}"}, "namespace": "ML"}, "workload.namespace = 'ML'"),
        ({"policies": {"a": "{}"}, "polices": {}}, "unknown key; did you mean 'policies'"),
    ],
)
def test_a_role_that_cannot_be_used_is_refused(run, change, expected):
    with pytest.raises(ConfigError, match=expected):
        run(lambda: WorkloadRole("w", {**BASE, **change}))
