package fairness

// MinRolls is how many rolls there must be.
const MinRolls = minRolls
