"""`python -m tools.catalogue` writes the packaged catalogue of instance types, offerings and prices.

Types and offerings come from moto's copy of EC2's answers; prices, bandwidths and the limits of pods with interfaces
of their own from tables that Karpenter's Go module carries, because EC2 has no call for them. Both are Apache-2.0 and
pinned: moto by uv.lock, the Go module by the sums in twin/eks_twin/binaries/modules/karpenter.
"""

import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

from eks_accelerators.model import catalogue
from eks_accelerators.model.catalogue import records, store
from eks_twin.binaries import PROGRAMS
from eks_twin.binaries.store import module_files

TARGET: Final = Path(catalogue.__file__).parent / "instances.json.gz"
"""Where the package looks for it."""
_MODULE: Final = "github.com/aws/karpenter-provider-aws"


def karpenter_tables() -> Path:
    """The directory `pkg/providers` of the pinned Karpenter module, downloaded if it is not in Go's cache."""
    go = shutil.which("go")
    if go is None:
        raise SystemExit("Go is not installed; it fetches Karpenter's tables (https://go.dev/dl)")
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in module_files(PROGRAMS["karpenter"]).items():
            Path(scratch, name).write_bytes(content)
        command = [go, "mod", "download", "-json", _MODULE]
        answer = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"`go mod download {_MODULE}` failed: {answer.stderr.strip() or answer.stdout.strip()}")
    return Path(json.loads(answer.stdout)["Dir"], "pkg", "providers")


def made(tables: Path) -> store.Catalogue:
    """The catalogue of moto's records and Karpenter's `tables`."""
    described = _moto("instance_types.json.gz")
    usable = {name: record for name, record in sorted(described.items()) if records.usable(record)}
    bandwidths = _bandwidths((tables / "instancetype" / "zz_generated.bandwidth.go").read_text())
    limits_text = (tables / "instancetype" / "zz_generated.vpclimits.go").read_text()
    limits = _limits(limits_text)
    price_text = (tables / "pricing" / "zz_generated.pricing_aws.go").read_text()
    return store.Catalogue(
        types={
            name: records.instance_type(
                record,
                network_mbps=bandwidths.get(name),
                branches=limits.get(name, (0, 0))[0],
                windows_addresses=limits.get(name, (0, 0))[1],
            )
            for name, record in usable.items()
        },
        offered=_offered(usable),
        price_lists={prices.region: prices for prices in _prices(price_text)},
        sources={
            "types": f"EC2 DescribeInstanceTypes as moto {metadata.version('moto')} carries it",
            "offered": f"EC2 DescribeInstanceTypeOfferings as moto {metadata.version('moto')} carries it",
            "prices": f"Karpenter {PROGRAMS['karpenter'].version}, list of {_date(price_text)}",
            "network_mbps": f"Karpenter {PROGRAMS['karpenter'].version}, bandwidth table",
            "branch_interfaces": f"Karpenter {PROGRAMS['karpenter'].version}, limits of {_date(limits_text)}",
        },
    )


def _moto(path: str) -> Any:
    return json.loads(gzip.decompress((resources.files("moto.ec2.resources") / path).read_bytes()))


def _offered(names: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    folder = resources.files("moto.ec2.resources") / "instance_type_offerings" / "availability-zone"
    found: dict[str, dict[str, int]] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        zones: dict[str, set[str]] = {}
        for pair in json.loads(gzip.decompress(file.read_bytes())):
            zones.setdefault(pair["Location"], set()).add(pair["InstanceType"])
        pairs = {zone: frozenset(offered) for zone, offered in zones.items()}
        found[file.name.removesuffix(".json.gz")] = store.offers(names, pairs)
    return found


def _bandwidths(text: str) -> dict[str, int]:
    """Instance type → Mbit/s, of Karpenter's InstanceTypeBandwidthMegabits."""
    return {name: int(mbps) for name, mbps in re.findall(r'^\s*"([\w.-]+)":\s+(\d+),', text, re.MULTILINE)}


def _limits(text: str) -> dict[str, tuple[int, int]]:
    """Instance type → (pods with an interface of their own, addresses for Windows pods), of Karpenter's Limits."""
    found: dict[str, tuple[int, int]] = {}
    for name, body in re.findall(r'^\t"([\w.-]+)": \{(.*?)^\t\},', text, re.MULTILINE | re.DOTALL):
        numbers = dict(re.findall(r"(IPv4PerInterface|BranchInterface|IsTrunkingCompatible):\s+(\w+)", body))
        branches = int(numbers["BranchInterface"]) if numbers["IsTrunkingCompatible"] == "true" else 0
        found[name] = (branches, int(numbers["IPv4PerInterface"]) - 1)
    return found


def _prices(text: str) -> list[store.PriceList]:
    lists: list[store.PriceList] = []
    for region, body in re.findall(r'^\t"([\w-]+)": \{(.*?)^\t\},', text, re.MULTILINE | re.DOTALL):
        prices = re.findall(r'"([\w.-]+)": ([\d.]+)', body)
        listed = {name: price.rstrip("0").rstrip(".") for name, price in sorted(prices)}
        lists.append(store.PriceList(region=region, date=_date(text), prices=listed))
    return lists


def _date(text: str) -> str:
    """When a generated file says that it was generated."""
    found = re.search(r"generated at (\d{4}-\d{2}-\d{2})", text)
    if found is None:
        raise SystemExit("a table of Karpenter no longer says when it was generated; adapt tools/catalogue.py")
    return found[1]


def main() -> None:
    """The packaged file, written anew."""
    content = made(karpenter_tables())
    TARGET.write_bytes(store.encode(content))
    sys.stdout.write(f"{TARGET}: {len(content.types)} types, {len(content.offered)} regions, {content.sources}\n")


if __name__ == "__main__":
    main()
