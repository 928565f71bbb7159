"""What the drift test weighs: drift, drift by chosen levels, speed through the air, holding still."""
