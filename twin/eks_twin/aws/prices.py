"""On-demand prices of instance types, and the spot prices that the twin derives from them.

The table holds AWS's public Linux on-demand list prices of us-east-1 in USD per hour. The twin uses them in its region
too: its choices depend on their order, not on their level. Types without a known price are sold, but last of all.

`python -m eks_twin.aws.prices FILE` rebuilds the table from Karpenter's generated Go price list (Apache-2.0).
"""

import gzip
import json
import re
import sys
import zlib
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "on_demand_prices.json.gz"
SPOT_SHARE = 0.35
"""Invented: spot is sold at this share of on-demand, plus up to SPOT_SPREAD of it by type and zone."""
SPOT_SPREAD = 0.10


@cache
def on_demand_prices() -> dict[str, float]:
    """Return instance type → USD per hour."""
    with gzip.open(TABLE, "rt", encoding="utf-8") as file:
        return json.load(file)["prices"]


def on_demand_price(instance_type: str) -> float | None:
    """Return USD per hour, or None for a type whose list price is not known."""
    return on_demand_prices().get(instance_type)


def spot_price(instance_type: str, zone: str) -> float | None:
    """Return the spot price in a zone: the same in every run, different between zones."""
    price = on_demand_price(instance_type)
    if price is None:
        return None
    spread = zlib.crc32(f"{instance_type}/{zone}".encode()) % 1000 / 1000 * SPOT_SPREAD
    return round(price * (SPOT_SHARE + spread), 6)


def rebuild(source: Path) -> None:
    """Write the table from the us-east-1 section of Karpenter's price list."""
    text = source.read_text(encoding="utf-8")
    date = re.search(r"generated at (\d{4}-\d{2}-\d{2})", text)
    section = text.partition('"us-east-1": {')[2].partition("\n\t},")[0]
    prices = {name: float(price) for name, price in re.findall(r'"([a-z0-9.-]+)": ([0-9.]+)', section)}
    table = {"region": "us-east-1", "date": date[1] if date else None, "currency": "USD", "prices": prices}
    with gzip.GzipFile(TABLE, "wb", mtime=0) as file:
        file.write(json.dumps(table, sort_keys=True).encode())


if __name__ == "__main__":
    rebuild(Path(sys.argv[1]))
