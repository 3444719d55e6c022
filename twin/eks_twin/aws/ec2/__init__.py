"""EC2: what Karpenter, EKS and the network layer need beyond moto."""
