"""Where records come from: conda channels, the Python index and the interpreters of this machine, one file each."""
