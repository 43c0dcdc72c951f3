"""Major hazard sources of dangerous chemicals by GB 18218-2018: identification and grading.

S = q1/Q1 + ... + qn/Qn, and the unit is a major hazard source when S >= 1;
R = alpha (beta1 q1/Q1 + ... + betan qn/Qn) gives its grade. Both are taken in exact fractions, so
that a sum of exactly 1 is exactly 1. One unit at a time: a production unit or a storage unit,
never a whole enterprise.
"""
