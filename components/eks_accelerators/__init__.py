"""EKS clusters with Karpenter and accelerator node pools, as typed Pulumi components."""
