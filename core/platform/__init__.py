"""What the machine and its storage give: files, objects, processes, time limits, retries, one thread.

Uses no other room, only the modules that all rooms share.
"""
