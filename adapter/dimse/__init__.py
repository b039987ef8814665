"""DIMSE (PS3.7) with pynetdicom, the extra `dimse`: C-ECHO, C-FIND, C-GET, C-MOVE, C-STORE."""
