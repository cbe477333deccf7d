"""Work outside the web process: the queue of trainings, the process that performs them, and the background pool."""
