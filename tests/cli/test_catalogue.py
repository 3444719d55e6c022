"""`accel catalogue` shows what answers are based on, and renews it from an account."""

import json
from decimal import Decimal

import eks_accelerators.cli as command
import pytest
from eks_accelerators.cli import refreshing
from eks_accelerators.model import catalogue
from eks_accelerators.model.catalogue import Catalogue, offers, store
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES


def test_a_type_is_shown_in_full(accel):
    answer = accel("catalogue", "show", "trn1.32xlarge").output
    for word in (
        "karpenter.k8s.aws/instance-accelerator-name",
        "trainium",
        "481894Mi",
        "0 to 7",
        "us-east-1, 2026-07-06",
    ):
        assert word in answer


def test_a_family_is_shown_as_a_table(accel):
    answer = accel("catalogue", "show", "g6", "--region", "eu-central-1").output
    assert "amd64 in eu-central-1" in answer
    assert "8 L4 of 22 GiB" in answer


@pytest.mark.parametrize(
    ("name", "fix"), [("inf3", "did you mean 'inf2'?"), ("p5.48xlrge", "did you mean 'p5.48xlarge'?")]
)
def test_what_is_not_in_the_catalogue_gets_the_nearest_that_is(accel, name, fix):
    answer = accel("catalogue", "show", name)
    assert answer.exit_code == 2
    assert f"{name}: no such instance type or family; {fix}" in answer.output


def test_a_region_outside_the_catalogue_is_refused(accel):
    answer = accel("catalogue", "show", "inf2", "--region", "mars-1")
    assert answer.exit_code == 2
    assert "mars-1: the catalogue has" in answer.output


class Pricing:
    """The price list of two types, one of them a share of a page that says nothing in USD."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def get_paginator(self, call: str) -> "Pricing":
        assert call == "get_products"
        return self

    def paginate(self, **request: object) -> list[dict[str, list[str]]]:
        self.asked.append({each["Field"]: each["Value"] for each in request["Filters"]})
        metal = self.asked[-1]["tenancy"] == "Dedicated"
        return [
            {
                "PriceList": [
                    _product("m5.metal" if metal else "inf2.xlarge", "4.6080000000" if metal else "0.9100000000")
                ]
            }
        ]


def _product(name: str, usd: str) -> str:
    dimensions = {"a": {"pricePerUnit": {"USD": usd}}, "b": {"pricePerUnit": {"CNY": "1.0"}}}
    terms = {"OnDemand": {"x": {"priceDimensions": dimensions}}}
    return json.dumps({"product": {"attributes": {"instanceType": name}}, "terms": terms})


class Ec2:
    """EC2 in Frankfurt, with the answers that moto carries, in one page each."""

    def get_paginator(self, call: str) -> "Ec2":
        self.call = call
        return self

    def paginate(self, **request: object) -> list[dict[str, object]]:
        if self.call == "describe_instance_types":
            assert [each["Name"] for each in request["Filters"]] == [
                "supported-virtualization-type",
                "processor-info.supported-architecture",
            ]
            return [{"InstanceTypes": list(INSTANCE_TYPES.values())}]
        assert request == {"LocationType": "availability-zone"}
        return [{"InstanceTypeOfferings": INSTANCE_TYPE_OFFERINGS["availability-zone"]["eu-central-1"]}]


def small() -> Catalogue:
    """A catalogue of two types in one region, with numbers that AWS does not answer."""
    packaged = catalogue.current()
    types = {name: packaged.types[name] for name in ("inf2.xlarge", "m5.large")}
    zones = {"us-west-2": offers(types, {"us-west-2a": frozenset(types)})}
    return Catalogue(types, zones, packaged.price_lists, {"types": "a test"})


def test_refreshing_takes_a_region_from_the_account_and_leaves_the_others():
    pricing = Pricing()
    found = refreshing.refreshed(small(), "eu-central-1", refreshing.Clients(Ec2(), pricing))
    packaged = catalogue.current()
    assert found.types.keys() == packaged.types.keys()
    assert found.types["m5.large"] == packaged.types["m5.large"]
    assert found.types["trn1.32xlarge"].network_mbps is None  # unknown to AWS and to the catalogue before
    for name in ("inf2.xlarge", "p5.48xlarge", "m5.metal"):
        assert found.zones(name, "eu-central-1") == packaged.zones(name, "eu-central-1")
    assert found.zones("inf2.xlarge", "us-west-2") == {"us-west-2a"}
    assert not found.zones("p5.48xlarge", "us-west-2")
    assert found.price("inf2.xlarge", "eu-central-1") == Decimal("0.91")
    assert found.price("m5.metal", "eu-central-1") == Decimal("4.608")
    assert found.price("inf2.xlarge", "us-west-2") == Decimal("0.7582")
    assert {each["regionCode"] for each in pricing.asked} == {"eu-central-1"}
    assert found.sources["eu-central-1"].startswith("asked from AWS on 20")


def test_refreshing_the_packaged_catalogue_from_its_own_source_changes_no_type():
    found = refreshing.refreshed(catalogue.current(), "eu-central-1", refreshing.Clients(Ec2(), None))
    assert found.types == catalogue.current().types
    assert found.offered == catalogue.current().offered
    assert found.price_lists == catalogue.current().price_lists


def test_the_command_writes_a_file_that_the_command_reads(accel, tmp_path, monkeypatch):
    monkeypatch.setattr(refreshing, "clients", lambda region, *, prices: refreshing.Clients(Ec2(), None))
    path = tmp_path / "mine.json.gz"
    answer = accel("catalogue", "refresh", path, "--region", "eu-central-1", "--no-prices")
    assert answer.exit_code == 0, answer.output
    assert "EKS_ACCELERATORS_CATALOGUE=" in answer.output
    assert "eu-central-1" in store.decode(path.read_bytes(), str(path)).sources
    shown = accel("--catalogue", path, "catalogue", "show", "inf2", "--region", "eu-central-1")
    assert shown.exit_code == 0, shown.output


def test_an_account_that_does_not_answer_is_refused_with_the_permission(accel, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    answer = accel("catalogue", "refresh", tmp_path / "x", "--region", "us-west-2")
    assert answer.exit_code == 2
    assert "ec2:DescribeInstanceTypes: Could not connect" in answer.output


def test_prices_that_may_not_be_read_name_the_way_around():
    class Refusing:
        def get_paginator(self, _call):
            raise refreshing.importlib.import_module("botocore.exceptions").NoCredentialsError

    with pytest.raises(
        refreshing.RefreshError, match=r"pricing:GetProducts: .*--no-prices leaves the prices as they are"
    ):
        refreshing.refreshed(small(), "eu-central-1", refreshing.Clients(Ec2(), Refusing()))


def test_without_boto3_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(refreshing.importlib.sys.modules, "boto3", None)
    with pytest.raises(refreshing.RefreshError, match="boto3 is missing; `pip install boto3`"):
        refreshing.clients("us-west-2", prices=True)


def test_without_the_extra_the_command_says_so(monkeypatch):
    monkeypatch.setitem(command.sys.modules, "typer", None)
    monkeypatch.delitem(command.sys.modules, "eks_accelerators.cli.app", raising=False)
    with pytest.raises(SystemExit, match=r"accel: typer is missing; pip install 'eks-accelerators\[cli\]'"):
        command.main()
