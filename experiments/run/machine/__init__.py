"""Facts of this machine: cores, devices, memory, processes, versions."""
