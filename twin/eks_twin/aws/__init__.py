"""AWS on loopback: moto in a process of its own, and what it lacks, one module per service."""
