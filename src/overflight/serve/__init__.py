"""The live service: HTTP, the web map, and the watch over live balloons."""
