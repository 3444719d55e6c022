"""Karpenter's custom resources as typed values: every field and every constraint of their CRDs (release 1.14.1).

The pool language takes its parts from here, and whatever leaves it, raw fields included, passes through here again.
"""
