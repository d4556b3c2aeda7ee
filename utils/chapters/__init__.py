"""What a single chapter needs and no other: the repaired article, its training against the clock, the contest."""
