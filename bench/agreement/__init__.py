"""Whether explain says what Karpenter itself says."""
