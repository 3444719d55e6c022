from fractions import Fraction

import pytest
from eks_accelerators.model.quantities import amount


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("256", 256),
        ("1.5", Fraction(3, 2)),
        ("1500m", Fraction(3, 2)),
        ("700G", 700 * 10**9),
        ("500Gi", 500 * 1024**3),
        ("1k", 1000),
        ("2Ti", 2 * 1024**4),
    ],
)
def test_a_quantity_is_the_number_that_kubernetes_reads(quantity, expected):
    assert amount(quantity) == expected


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi"])
def test_other_text_is_no_quantity(text):
    with pytest.raises((ValueError, KeyError), match=r"not a quantity|Gi"):
        amount(text)
