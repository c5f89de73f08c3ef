package fairness

// MinRolls is minRolls for tests.
const MinRolls = minRolls
