"""Bytes from elsewhere: the HTTP session and verified, resumable downloads. Knows nothing of packages."""
