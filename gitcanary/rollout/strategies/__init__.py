"""How the canary's share of traffic grows. One file a strategy."""
