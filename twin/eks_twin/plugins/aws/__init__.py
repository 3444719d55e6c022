"""A stand-in for pulumi-aws: the same resources, checked and planned the same way, made through boto3."""
