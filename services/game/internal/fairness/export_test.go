package fairness

// Enough is how many rolls there must be.
const Enough = minRolls
