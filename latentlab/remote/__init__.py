"""Models that run in another process: questions to them and their answers, over loopback and with arrays only."""
