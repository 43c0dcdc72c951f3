"""Which body a case goes to: rules, their order, why, and how good they were on history."""
