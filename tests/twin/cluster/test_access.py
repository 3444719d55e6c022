"""Certificates are issued by the cluster's CA; access policies become bindings where their scope says."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from eks_twin.cluster.bootstrap import ACCESS_POLICIES, objects, scoped_bindings
from eks_twin.cluster.pki import Authority, kubeconfig, service_account_key
from eks_twin.kube import from_kubeconfig

EDIT = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"


def entry(policy=EDIT, *namespaces):
    scope = {"type": "namespace", "namespaces": list(namespaces)} if namespaces else {"type": "cluster"}
    return {"policies": [{"policyArn": policy, "accessScope": scope}]}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry(EDIT, "a")], [("a", "edit", "eks-access-policy:AmazonEKSEditPolicy:a")]),
        (
            [entry(EDIT, "team-*")],
            [
                ("team-x", "edit", "eks-access-policy:AmazonEKSEditPolicy:team-*"),
                ("team-y", "edit", "eks-access-policy:AmazonEKSEditPolicy:team-*"),
            ],
        ),
        ([entry(EDIT, "a"), entry(EDIT, "a")], [("a", "edit", "eks-access-policy:AmazonEKSEditPolicy:a")]),
        ([entry(EDIT, "missing")], []),
        ([entry(EDIT)], []),
        ([entry("arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy", "a")], []),
    ],
)
def test_a_namespace_scope_is_one_binding_per_namespace_that_exists(entries, expected):
    made = scoped_bindings(entries, ["a", "team-x", "team-y"])
    assert [(b["metadata"]["namespace"], b["roleRef"]["name"], b["subjects"][0]["name"]) for b in made] == expected


def test_each_cluster_scoped_policy_is_bound_to_the_group_of_the_token_webhook():
    bound = {o["subjects"][0]["name"]: o["roleRef"]["name"] for o in objects() if o["kind"] == "ClusterRoleBinding"}
    assert {f"eks-access-policy:{policy}": role for policy, role in ACCESS_POLICIES.items()}.items() <= bound.items()


def test_the_authority_issues_what_kubernetes_reads(tmp_path):
    authority = Authority(tmp_path, "demo CA")
    root = x509.load_pem_x509_certificate(authority.pem)
    pair = authority.client("admin", "kubernetes-admin", "system:masters")
    client = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    client.verify_directly_issued_by(root)
    names = [
        client.subject.get_attributes_for_oid(oid)[0].value for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    ]
    assert names == ["kubernetes-admin", "system:masters"]
    server = x509.load_pem_x509_certificate(authority.server("s", ["127.0.0.1", "localhost"]).certificate.read_bytes())
    hosts = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(ip) for ip in hosts.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_private_keys_are_for_this_user_only(tmp_path):
    authority = Authority(tmp_path, "demo CA")
    service_account_key(tmp_path / "sa.key")
    authority.client("admin", "a")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")} == {0o600}


def test_a_kubeconfig_needs_no_other_file(tmp_path):
    authority = Authority(tmp_path / "pki", "demo CA")
    pair = authority.client("admin", "a")
    text = kubeconfig("demo", "https://127.0.0.1:1", authority.certificate, pair)
    assert str(tmp_path) not in text
    assert from_kubeconfig(text).server == "https://127.0.0.1:1"
