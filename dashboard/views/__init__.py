"""One file per page, each run as a script by ``st.Page``: it lays out and calls, nothing else."""
