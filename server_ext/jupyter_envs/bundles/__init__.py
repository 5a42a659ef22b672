"""Environments in a folder that can be carried to a machine without a network."""
