"""Tests of the MTProto half of the box."""
