"""Reads what a prefix holds, activates it, finds environments and reports their faults; changes none of them."""
