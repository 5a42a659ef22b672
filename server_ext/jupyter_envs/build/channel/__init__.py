"""Channels: a folder of packages per platform with its index. Owns publishing; refuses half packages."""
