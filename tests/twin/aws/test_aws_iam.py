import json

import pytest
from botocore.exceptions import ClientError

S3 = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(**principal):
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


@pytest.fixture
def role(aws, name):
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    return name


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("nope", "MalformedPolicyDocument"),
        (policy({"Effect": "Allow", "Action": "sts:AssumeRole"}), "Missing required field Principal"),
        (trust(Service="foo"), 'Invalid principal in policy: "SERVICE":"foo"'),
        (trust(Foo="bar"), 'Invalid principal in policy: "Foo"'),
        (trust(AWS="arn:aws:iam::123456789012:role/none"), 'role/none" does not exist'),
        (trust(Federated="arn:aws:iam::123456789012:oidc-provider/none"), "does not exist"),
        (
            policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "ec2:RunInstances"}),
            "MalformedPolicy",
        ),
        (trust(Service=[f"s{i:03}.amazonaws.com" for i in range(120)]), "ACLSizePerRole: 2048"),
    ],
)
def test_a_trust_policy_that_aws_calls_malformed_is_refused_at_create(aws, name, document, message):
    with pytest.raises(ClientError, match=message):
        aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)


@pytest.mark.parametrize("bad", ["a b", "x" * 65])
def test_a_role_name_has_64_plain_characters(aws, bad):
    with pytest.raises(ClientError, match="ValidationError"):
        aws.client("iam").create_role(RoleName=bad, AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))


def test_a_managed_policy_holds_6144_characters_without_whitespace(aws, name):
    iam = aws.client("iam")
    long = policy(*({**S3, "Sid": f"S{i}", "Resource": "arn:aws:s3:::" + "x" * 40} for i in range(70)))
    assert len(long) > 6_144
    with pytest.raises(ClientError, match="PolicySize: 6144"):
        iam.create_policy(PolicyName=name, PolicyDocument=long)
    padded = json.dumps(json.loads(policy(S3)), indent=4) + " " * 7_000
    assert iam.create_policy(PolicyName=name, PolicyDocument=padded)["Policy"]["PolicyName"] == name


def test_inline_policies_of_a_role_share_10240_characters(aws, role):
    iam = aws.client("iam")
    half = policy(*({**S3, "Sid": f"S{i}", "Resource": "arn:aws:s3:::" + "x" * 40} for i in range(50)))
    iam.put_role_policy(RoleName=role, PolicyName="a", PolicyDocument=half)
    iam.put_role_policy(RoleName=role, PolicyName="a", PolicyDocument=half)
    with pytest.raises(ClientError, match="InlinePolicySize: 10240"):
        iam.put_role_policy(RoleName=role, PolicyName="b", PolicyDocument=half)


def test_an_identity_policy_names_no_principal(aws, role, name):
    document = policy({**S3, "Principal": "*"})
    with pytest.raises(ClientError, match="should not specify a principal"):
        aws.client("iam").create_policy(PolicyName=name, PolicyDocument=document)
    with pytest.raises(ClientError, match="should not specify a principal"):
        aws.client("iam").put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document)


def test_a_role_holds_ten_managed_policies_and_aws_ones_exist(aws, role):
    iam = aws.client("iam")
    names = [p["Arn"] for p in iam.list_policies(Scope="AWS", MaxItems=11)["Policies"]]
    for arn in [*names[:10], names[0]]:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    with pytest.raises(ClientError, match="PoliciesPerRole: 10"):
        iam.attach_role_policy(RoleName=role, PolicyArn=names[10])
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.attach_role_policy(RoleName=f"{role}x", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")


def test_service_linked_roles_have_awss_names_and_exist_once(aws, roles):
    iam = aws.client("iam")
    assert iam.get_role(RoleName="AWSServiceRoleForEC2Spot")["Role"]["Path"] == "/aws-service-role/spot.amazonaws.com/"
    with pytest.raises(ClientError, match="has been taken in this account"):
        iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")
    with pytest.raises(ClientError, match="not of foo"):
        iam.create_service_linked_role(AWSServiceName="foo.amazonaws.com")


def test_a_role_that_does_not_exist_cannot_be_assumed(aws, roles):
    sts = aws.client("sts")
    with pytest.raises(ClientError, match=r"AccessDenied.*role/none"):
        sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/none", RoleSessionName="me")
    made = sts.assume_role(RoleArn=roles["node"], RoleSessionName="me")["Credentials"]
    session = aws.client("sts", (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))
    assert session.get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:assumed-role/test-node/me"


def test_profiles_are_listed_under_their_path_only(aws, role):
    iam = aws.client("iam")
    iam.create_instance_profile(InstanceProfileName=f"{role}-a", Path=f"/{role}/")
    iam.create_instance_profile(InstanceProfileName=f"{role}-b")
    iam.add_role_to_instance_profile(InstanceProfileName=f"{role}-a", RoleName=role)
    listed = iam.list_instance_profiles(PathPrefix=f"/{role}/")["InstanceProfiles"]
    assert [(p["InstanceProfileName"], [r["RoleName"] for r in p["Roles"]]) for p in listed] == [(f"{role}-a", [role])]
    assert f"{role}-b" in {p["InstanceProfileName"] for p in iam.list_instance_profiles()["InstanceProfiles"]}
