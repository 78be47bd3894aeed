"""What this machine is: cores, devices, memory, processes, versions."""
