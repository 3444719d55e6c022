"""Charts for offline use: upstream's own where a module holds them, small ones of ours with the same contract otherwise."""
