"""The file holds what its sources say, and a file that cannot be used says why."""

import dataclasses
import gzip
import json
import re
from decimal import Decimal

import pytest
from eks_accelerators.model import catalogue
from eks_accelerators.model.catalogue import records, store
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from tools import catalogue as tool


@pytest.mark.twin
def test_the_packaged_file_is_what_the_script_makes():
    made = store.encode(tool.made(tool.karpenter_tables()))
    assert gzip.decompress(made) == gzip.decompress(tool.TARGET.read_bytes())  # zlib versions compress differently


def test_every_usable_type_of_moto_is_in_the_file_as_its_record_says():
    usable = {name: record for name, record in INSTANCE_TYPES.items() if records.usable(record)}
    assert catalogue.instance_types().keys() == usable.keys()
    for name, found in catalogue.instance_types().items():
        tables = {"network_mbps": found.network_mbps, "branches": found.branch_interfaces}
        again = records.instance_type(usable[name], **tables, windows_addresses=found.windows_addresses)
        assert again == found


@pytest.mark.parametrize("region", ["us-west-2", "eu-central-1"])
def test_zones_are_those_of_motos_offerings(region):
    pairs = {(row["InstanceType"], row["Location"]) for row in INSTANCE_TYPE_OFFERINGS["availability-zone"][region]}
    found = {(name, zone) for name in catalogue.instance_types() for zone in catalogue.zones(name, region)}
    assert found == {(name, zone) for name, zone in pairs if name in catalogue.instance_types()}


def test_encoding_is_reproducible_and_loses_nothing():
    content = store.encode(catalogue.current())
    again = store.decode(content, "again")
    for field in dataclasses.fields(store.Catalogue):
        assert getattr(again, field.name) == getattr(catalogue.current(), field.name)
    assert store.encode(again) == content


def test_families_are_ordered_by_size():
    sizes = [instance.size for instance in catalogue.families()["inf2"]]
    assert sizes == ["xlarge", "8xlarge", "24xlarge", "48xlarge"]


NAMES = [
    # type, category, generation, family
    ("inf2.48xlarge", "inf", "2", "inf2"),
    ("p6-b200.48xlarge", "p", "6", "p6-b200"),
    ("gr6f.4xlarge", "gr", "6", "gr6f"),
    ("u-6tb1.56xlarge", "u", "1", "u-6tb1"),
    ("u7i-12tb.224xlarge", "u", "7", "u7i-12tb"),
    ("m7i-flex.large", "m", "7", "m7i-flex"),
]


@pytest.mark.parametrize(("name", "category", "generation", "family"), NAMES)
def test_names_are_read_as_karpenter_reads_them(name, category, generation, family):
    found = catalogue.instance_types()[name]
    assert (found.category, found.generation, found.family) == (category, generation, family)


def test_a_region_without_prices_of_its_own_uses_those_of_us_east_1():
    assert catalogue.price_list("eu-central-1").region == "us-east-1"
    assert catalogue.price("inf2.48xlarge", "eu-central-1") == Decimal("12.98127")


def packed(**document):
    """A file with this content."""
    return gzip.compress(json.dumps(document).encode())


REFUSED = [
    (lambda: catalogue.zones("inf9.xlarge", "us-west-2"), "inf9.xlarge: no such instance type in the catalogue"),
    (lambda: catalogue.zones("inf2.xlarge", "mars-1"), "mars-1: the catalogue has af-south-1, "),
    (lambda: store.decode(b"no gzip", "x.gz"), "x.gz: not a catalogue file (Not a gzipped file"),
    (lambda: store.decode(gzip.compress(b"[1"), "x.gz"), "x.gz: not a catalogue file (Expecting"),
    (lambda: store.decode(packed(format=2), "x.gz"), "x.gz: format 2 instead of 1"),
    (lambda: store.decode(packed(format=1, types=[]), "x.gz"), "x.gz: incomplete ('offered')"),
    (lambda: store.decode(packed(format=1, types=[{"nome": "x"}]), "x.gz"), "x.gz: incomplete ('name')"),
    (
        lambda: store.decode(packed(format=1, types=[], offered={}, prices=[], sources={}), "x.gz"),
        "no prices of us-east-1",
    ),
]


@pytest.mark.parametrize(("ask", "message"), REFUSED)
def test_what_cannot_be_answered_says_why(ask, message):
    with pytest.raises(catalogue.CatalogueError, match=re.escape(message)):
        ask()


def test_a_file_named_by_the_environment_takes_the_packaged_ones_place(tmp_path, monkeypatch):
    packaged = catalogue.current()
    few = {"inf2.xlarge": packaged.types["inf2.xlarge"]}
    offered = {"us-west-2": store.offers(few, {"us-west-2a": frozenset(few)})}
    path = tmp_path / "mine.json.gz"
    path.write_bytes(store.encode(store.Catalogue(few, offered, packaged.price_lists, {"types": "a test"})))
    monkeypatch.setenv(catalogue.VARIABLE, str(path))
    assert list(catalogue.instance_types()) == ["inf2.xlarge"]
    assert catalogue.zones("inf2.xlarge", "us-west-2") == {"us-west-2a"}


def test_a_missing_file_named_by_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv(catalogue.VARIABLE, "/nowhere/mine.json.gz")
    with pytest.raises(catalogue.CatalogueError, match=r"EKS_ACCELERATORS_CATALOGUE=/nowhere/mine.json.gz: No such"):
        catalogue.instance_types()
