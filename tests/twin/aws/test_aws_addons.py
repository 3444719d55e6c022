import json

import jwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def test_an_addon_lives_from_creating_to_gone_by_reports(aws, cluster, state):
    eks, who = aws.client("eks"), {"clusterName": cluster, "addonName": "coredns"}
    values = json.dumps({"replicaCount": 1})
    created = eks.create_addon(**who, addonVersion="v1.13.2-eksbuild.1", configurationValues=values)["addon"]
    assert created["status"] == "CREATING"
    [addon] = state(cluster)["addons"]
    assert (addon["name"], addon["version"], addon["configurationValues"]) == ("coredns", "v1.13.2-eksbuild.1", values)
    health = {"issues": [{"code": "InsufficientNumberOfReplicas", "message": "no nodes", "resourceIds": []}]}
    aws.private("PATCH", f"clusters/{cluster}/addons/coredns", {"status": "DEGRADED", "health": health})
    assert eks.describe_addon(**who)["addon"]["health"]["issues"][0]["message"] == "no nodes"
    update = eks.update_addon(**who, addonVersion="v1.13.1-eksbuild.1")["update"]
    assert (update["status"], eks.describe_addon(**who)["addon"]["status"]) == ("InProgress", "UPDATING")
    aws.private("PATCH", f"clusters/{cluster}/addons/coredns", {"status": "ACTIVE"})
    assert eks.describe_update(name=cluster, updateId=update["id"])["update"]["status"] == "Successful"
    assert eks.list_addons(clusterName=cluster)["addons"] == ["coredns"]
    assert eks.delete_addon(**who, preserve=True)["addon"]["status"] == "DELETING"
    assert state(cluster)["addons"][0]["preserve"] is True
    aws.private("DELETE", f"clusters/{cluster}/addons/coredns")
    with pytest.raises(ClientError, match="No addon found for: coredns"):
        eks.describe_addon(**who)


def test_the_default_version_is_the_newest_of_the_clusters_minor(aws, make_cluster, name):
    make_cluster(name, version="1.33")
    addon = aws.client("eks").create_addon(clusterName=name, addonName="kube-proxy")["addon"]
    assert addon["addonVersion"].startswith("v1.33.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"addonName": "nope"}, "Addon nope specified is not supported; the twin has .*vpc-cni"),
        (
            {"addonVersion": "v9.9.9-eksbuild.1"},
            r"not supported: v9\.9\.9-eksbuild\.1 on Kubernetes 1\.35; there is v1\.21",
        ),
        ({"configurationValues": "{"}, "not valid JSON"),
        ({"configurationValues": "[]"}, "must be a JSON object"),
        ({"resolveConflicts": "MAYBE"}, "'MAYBE' is not one of"),
        ({"serviceAccountRoleArn": "arn:aws:iam::123456789012:role/none"}, "role/none does not exist"),
    ],
)
def test_an_addon_that_eks_would_not_take_is_refused(aws, cluster, arguments, message):
    with pytest.raises(ClientError, match=message):
        aws.client("eks").create_addon(**{"clusterName": cluster, "addonName": "vpc-cni", **arguments})


def test_an_addon_needs_an_active_cluster(aws, network, roles, name):
    eks = aws.client("eks")
    eks.create_cluster(name=name, roleArn=roles["cluster"], resourcesVpcConfig={"subnetIds": network.subnet_ids})
    with pytest.raises(ClientError, match="not in ACTIVE status, it is CREATING"):
        eks.create_addon(clusterName=name, addonName="vpc-cni")


def test_addon_versions_can_be_asked_for_a_minor(aws):
    eks = aws.client("eks")
    [proxy] = eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion="1.34")["addons"]
    assert all(v["addonVersion"].startswith("v1.34.") for v in proxy["addonVersions"])
    defaults = [v for v in proxy["addonVersions"] if v["compatibilities"][0]["defaultVersion"]]
    assert len(defaults) == 1
    names = {addon["addonName"] for addon in eks.describe_addon_versions()["addons"]}
    assert {"vpc-cni", "coredns", "kube-proxy", "eks-pod-identity-agent", "aws-ebs-csi-driver"} <= names
    schema = eks.describe_addon_configuration(addonName="coredns", addonVersion="v1.13.2-eksbuild.1")
    assert json.loads(schema["configurationSchema"])["type"] == "object"


def test_pod_identity_associations_of_an_addon_go_with_it(aws, cluster, roles):
    eks = aws.client("eks")
    asked = [{"serviceAccount": "ebs-csi-controller-sa", "roleArn": roles["pod"]}]
    created = eks.create_addon(clusterName=cluster, addonName="aws-ebs-csi-driver", podIdentityAssociations=asked)[
        "addon"
    ]
    [association] = eks.list_pod_identity_associations(clusterName=cluster)["associations"]
    assert created["podIdentityAssociations"] == [association["associationArn"]]
    eks.delete_addon(clusterName=cluster, addonName="aws-ebs-csi-driver")
    assert eks.list_pod_identity_associations(clusterName=cluster)["associations"] == []


ACCOUNT = {"namespace": "kube-system", "serviceAccount": "karpenter"}


def test_an_association_is_unique_and_its_role_must_trust_pod_identity(aws, cluster, roles):
    eks = aws.client("eks")
    with pytest.raises(ClientError, match=r"does not allow pods.eks.amazonaws.com sts:AssumeRole and sts:TagSession"):
        eks.create_pod_identity_association(clusterName=cluster, **ACCOUNT, roleArn=roles["node"])
    made = eks.create_pod_identity_association(clusterName=cluster, **ACCOUNT, roleArn=roles["pod"])["association"]
    with pytest.raises(ClientError, match="Association already exists"):
        eks.create_pod_identity_association(clusterName=cluster, **ACCOUNT, roleArn=roles["pod"])
    which = {"clusterName": cluster, "associationId": made["associationId"]}
    assert eks.describe_pod_identity_association(**which)["association"]["roleArn"] == roles["pod"]
    assert eks.list_pod_identity_associations(clusterName=cluster, namespace="other")["associations"] == []
    eks.delete_pod_identity_association(**which)
    with pytest.raises(ClientError, match="No pod identity association found"):
        eks.describe_pod_identity_association(**which)


@pytest.fixture(scope="module")
def signer():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def identity(aws, make_cluster, name, signer, roles):
    """A cluster whose tokens `signer` signs, with an association for kube-system/karpenter."""
    created = make_cluster(name)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = signer.public_key().public_bytes(*form).decode()
    aws.private("PATCH", f"clusters/{name}", {"serviceAccountPublicKey": pem})
    aws.client("eks").create_pod_identity_association(clusterName=name, **ACCOUNT, roleArn=roles["pod"])
    return {
        "iss": created["identity"]["oidc"]["issuer"],
        "aud": ["pods.eks.amazonaws.com"],
        "sub": "system:serviceaccount:kube-system:karpenter",
        "exp": 4_000_000_000,
        "kubernetes.io": {"pod": {"name": "karpenter-0"}},
    }


def ask(aws, claims, key):
    headers = {"Authorization": jwt.encode(claims, key, "RS256")}
    return aws.private("GET", "pod-identity/credentials", headers=headers)


def test_a_service_account_token_becomes_the_roles_credentials(aws, identity, signer, name):
    made = ask(aws, identity, signer)
    key = (made["AccessKeyId"], made["SecretAccessKey"], made["Token"])
    who = aws.client("sts", key).get_caller_identity()["Arn"]
    assert who == f"arn:aws:sts::123456789012:assumed-role/test-pod/eks-{name}-karpenter-0"


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"aud": ["sts.amazonaws.com"]}, 403, "Audience doesn't match"),
        ({"exp": 1}, 403, "Signature has expired"),
        ({"iss": "https://example.com"}, 403, "no running cluster has the issuer"),
        ({"sub": "system:serviceaccount:default:other"}, 404, "no pod identity association for default/other"),
        ({"sub": "system:node:a"}, 403, "is no service account"),
    ],
)
def test_other_tokens_get_no_credentials(aws, identity, signer, change, status, message):
    answer = ask(aws, {**identity, **change}, signer)
    assert answer["httpStatus"] == status
    assert message in answer["message"]


def test_a_token_of_another_key_gets_no_credentials(aws, identity):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "Signature verification failed" in ask(aws, identity, other)["message"]
