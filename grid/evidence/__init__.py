"""Photos as evidence: fingerprints, alarms for a person to look at, second inspections by lot."""
