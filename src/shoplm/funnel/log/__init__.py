"""Search logs: readers, features known before the impression, the folder that is trained on."""
