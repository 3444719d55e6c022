import base64
import json
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError

ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
USER = "arn:aws:iam::123456789012:user/twin"


def test_the_creator_becomes_administrator_by_entry(aws, cluster, state):
    [entry] = state(cluster)["accessEntries"]
    assert (entry["principalArn"], entry["type"]) == (USER, "STANDARD")
    assert entry["policies"] == [{"policyArn": ADMIN, "accessScope": {"type": "cluster"}}]


def test_the_creator_gets_nothing_when_told_so(make_cluster, name, state):
    make_cluster(name, accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False})
    assert state(name)["accessEntries"] == []


def test_node_entries_get_their_names_from_eks(aws, cluster, roles):
    eks = aws.client("eks")
    entry = eks.create_access_entry(clusterName=cluster, principalArn=roles["node"], type="EC2_LINUX")["accessEntry"]
    assert entry["username"] == "system:node:{{EC2PrivateDNSName}}"
    assert entry["kubernetesGroups"] == ["system:nodes"]
    with pytest.raises(ClientError, match="already in use"):
        eks.create_access_entry(clusterName=cluster, principalArn=roles["node"])
    with pytest.raises(ClientError, match="type STANDARD"):
        eks.associate_access_policy(
            clusterName=cluster, principalArn=roles["node"], policyArn=VIEW, accessScope={"type": "cluster"}
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"principalArn": "nope"}, "principalArn parameter format is not valid"),
        ({"principalArn": "arn:aws:iam::123456789012:role/none"}, "does not exist"),
        ({"kubernetesGroups": ["system:masters"]}, "kubernetes group name 'system:masters' is invalid"),
        ({"username": "eks:me"}, "username name 'eks:me' is invalid"),
        ({"type": "EC2_LINUX", "kubernetesGroups": ["a"]}, "cannot be set for type EC2_LINUX"),
        ({"type": "HYPERPOD_LINUX"}, "not HYPERPOD_LINUX"),
    ],
)
def test_an_entry_that_eks_would_not_take_is_refused(aws, cluster, roles, arguments, message):
    with pytest.raises(ClientError, match=message):
        aws.client("eks").create_access_entry(**{"clusterName": cluster, "principalArn": roles["pod"], **arguments})


def test_entries_and_policies_live_and_die_together(aws, cluster, roles):
    eks, principal = aws.client("eks"), roles["pod"]
    who = {"clusterName": cluster, "principalArn": principal}
    eks.create_access_entry(**who, kubernetesGroups=["team"])
    eks.update_access_entry(**who, username="robot")
    assert eks.describe_access_entry(**who)["accessEntry"]["username"] == "robot"
    eks.associate_access_policy(**who, policyArn=VIEW, accessScope={"type": "namespace", "namespaces": ["a", "b"]})
    [association] = eks.list_associated_access_policies(**who)["associatedAccessPolicies"]
    assert association["accessScope"] == {"type": "namespace", "namespaces": ["a", "b"]}
    assert eks.list_access_entries(clusterName=cluster, associatedPolicyArn=VIEW)["accessEntries"] == [principal]
    eks.disassociate_access_policy(**who, policyArn=VIEW)
    assert eks.list_associated_access_policies(**who)["associatedAccessPolicies"] == []
    eks.delete_access_entry(**who)
    with pytest.raises(ClientError, match="could not be found"):
        eks.describe_access_entry(**who)


def test_an_unknown_policy_and_an_odd_scope_are_refused(aws, cluster):
    eks, who = aws.client("eks"), {"clusterName": cluster, "principalArn": USER}
    with pytest.raises(ClientError, match="policyArn is invalid"):
        eks.associate_access_policy(**who, policyArn=f"{VIEW}s", accessScope={"type": "cluster"})
    with pytest.raises(ClientError, match="type namespace needs namespaces"):
        eks.associate_access_policy(**who, policyArn=VIEW, accessScope={"type": "namespace"})


def test_entries_need_a_mode_with_api(aws, make_cluster, name):
    make_cluster(name, accessConfig={"authenticationMode": "CONFIG_MAP"})
    with pytest.raises(ClientError, match="authentication mode must be set to one of"):
        aws.client("eks").list_access_entries(clusterName=name)


def token(aws, cluster, key=None):
    """A token made by the AWS CLI, as kubeconfigs do."""
    key_id, secret, session = key or (aws.key, aws.secret, "")
    environment = {
        "AWS_ENDPOINT_URL": aws.url, "AWS_DEFAULT_REGION": "us-west-2", "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": session or "",
    }  # fmt: skip
    command = [sys.executable, "-m", "awscli", "eks", "get-token", "--cluster-name", cluster]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)["status"]["token"]


def review(aws, cluster, text):
    return aws.private("POST", f"clusters/{cluster}/tokenreview", {"spec": {"token": text}})["status"]


def test_a_token_is_the_entry_of_its_signer(aws, cluster):
    status = review(aws, cluster, token(aws, cluster))
    assert status["authenticated"]
    assert status["user"]["username"] == USER
    assert status["user"]["groups"] == ["eks-access-policy:AmazonEKSClusterAdminPolicy"]


def test_a_role_session_gets_groups_per_namespace(aws, cluster, roles):
    eks, who = aws.client("eks"), {"clusterName": cluster, "principalArn": roles["cluster"]}
    eks.create_access_entry(**who, kubernetesGroups=["team"])
    eks.associate_access_policy(**who, policyArn=VIEW, accessScope={"type": "namespace", "namespaces": ["a"]})
    made = aws.client("sts").assume_role(RoleArn=roles["cluster"], RoleSessionName="me")["Credentials"]
    status = review(
        aws, cluster, token(aws, cluster, (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))
    )
    assert status["user"]["groups"] == ["team", "eks-access-policy:AmazonEKSViewPolicy:a"]


def test_the_creator_is_administrator_in_config_map_mode(aws, make_cluster, name):
    make_cluster(name, accessConfig={"authenticationMode": "CONFIG_MAP"})
    assert review(aws, name, token(aws, name))["user"]["groups"] == ["system:masters"]


def test_tokens_that_prove_nothing_are_refused_with_the_reason(aws, cluster, roles):
    good = token(aws, cluster)
    url = base64.urlsafe_b64decode(good.removeprefix("k8s-aws-v1.") + "==").decode()
    forged = "k8s-aws-v1." + base64.urlsafe_b64encode(
        url.replace("Expires=60", "Expires=900").encode()
    ).decode().rstrip("=")
    stranger = (aws.key, "wrong" * 8, "")
    made = aws.client("sts").assume_role(RoleArn=roles["fargate"], RoleSessionName="me")["Credentials"]
    session = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    for text, reason in (
        (forged, "signature is wrong"),
        (token(aws, "another-cluster"), f"signature is wrong for cluster {cluster}"),
        (token(aws, cluster, stranger), "signature is wrong"),
        (token(aws, cluster, session), "has no access entry"),
        ("nope", "no k8s-aws-v1. prefix"),
        ("k8s-aws-v1.aHR0cDovL3g", "no presigned GetCallerIdentity URL"),
    ):
        status = review(aws, cluster, text)
        assert not status["authenticated"]
        assert reason in status["error"]
