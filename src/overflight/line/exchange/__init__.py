"""The open line: signed, ordered and acknowledged messages between parties that do not trust each other."""
