"""Which instance families exist, by processor architecture: a misspelt one is refused before it matches nothing.

Made from EC2's own catalogue: for every record of DescribeInstanceTypes (1,373 of them, as moto 5.2.5 carries it) the
part of InstanceType before the dot, grouped by ProcessorInfo.SupportedArchitectures; without Mac, which runs no Linux.
"""

from typing import Final

_AMD64 = """
c1 c3 c4 c5 c5a c5ad c5d c5n c6a c6i c6id c6in c7a c7i c7i-flex c8a c8i c8i-flex c8ib c8id c8in c8ine d2 d3
d3en dl2q f2 g4dn g5 g6 g6e g6f g7 g7e gr6 gr6f h1 hpc6a hpc6id hpc7a hpc8a i2 i3 i3en i4i i7i i7ie inf1
inf2 m1 m2 m3 m4 m5 m5a m5ad m5d m5dn m5n m5zn m6a m6i m6id m6idn m6in m7a m7i m7i-flex m8a m8azn m8i
m8i-flex m8ib m8id m8idb m8idn m8in m8ine p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 r3 r4 r5 r5a r5ad r5b
r5d r5dn r5n r6a r6i r6id r6idn r6in r7a r7i r7iz r8a r8i r8i-flex r8ib r8id r8idb r8idn r8in t1 t2 t3 t3a
t8i trn1 trn1n trn2 trn2u u-3tb1 u-6tb1 u7i-12tb u7i-6tb u7i-8tb u7in-16tb u7in-24tb u7in-32tb vt1 x1 x1e
x2idn x2iedn x2iezn x8aedz x8i z1d
"""
AMD64: Final = frozenset(_AMD64.split())
"""Families with x86-64 processors."""

_ARM64 = """
a1 c6g c6gd c6gn c7g c7gd c7gn c8g c8gb c8gd c8gn c9g c9gd g5g hpc7g i4g i8g i8ge im4gn is4gen m6g m6gd m7g
m7gd m8g m8gb m8gd m8gn m9g m9gd r6g r6gd r7g r7gd r8g r8gb r8gd r8gn r9g r9gd t4g x2gd x8g
"""
ARM64: Final = frozenset(_ARM64.split())
"""Families with Graviton processors."""

FAMILIES: Final = AMD64 | ARM64
"""All of them."""

_ACCELERATED = """
dl2q g4dn g5 g5g g6 g6e g6f g7 g7e gr6 gr6f inf1 inf2 p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300 trn1 trn1n
trn2 trn2u
"""
ACCELERATED: Final = frozenset(_ACCELERATED.split())
"""Families whose records have GpuInfo, NeuronInfo or InferenceAcceleratorInfo, and trn2u, whose record lacks them."""

_NOT_SPOT = """
hpc6a hpc6id hpc7a hpc7g hpc8a trn2u u-3tb1 u-6tb1 u7i-12tb u7i-6tb u7i-8tb u7in-16tb u7in-24tb u7in-32tb
"""
NOT_SPOT: Final = frozenset(_NOT_SPOT.split())
"""Families with no type whose SupportedUsageClasses contain `spot`."""


def architecture_of(family: str) -> str:
    """The value of kubernetes.io/arch on nodes of `family`."""
    return "arm64" if family in ARM64 else "amd64"
