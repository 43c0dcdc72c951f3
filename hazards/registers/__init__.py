"""Registers of enterprises with dangerous goods (一企一档): values, import from Excel, rectification.

What nobody knows is None and shown as unknown; nothing is guessed and nothing half read.
"""
