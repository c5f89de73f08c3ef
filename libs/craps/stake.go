package craps

// Stage returns the bet's stage in the order of settlement.
func (w *Wager) Stage(b Bet) Stage {
	if w.Settles == Pending && b.Number != 0 {
		return Established
	}
	return w.Settles
}

// off reports whether a bet whose wager is off on come-out rolls is off on this roll, which then neither wins nor loses it.
func off(b Bet, r Roll) bool { return r.Before.ComeOut() && !b.Working }

// Removable reports whether the player may take the bet back before the next roll.
func (w *Wager) Removable(b Bet, s State) bool {
	switch w.Lock {
	case WindowClosed:
		return w.Place.Open(s)
	case OnNumber:
		return b.Number == 0
	}
	return true
}

// Multiple returns the smallest stake on the number such that its multiples pay exactly, commission included. With number 0 they pay
// exactly on every number.
func (w *Wager) Multiple(number uint8) int64 {
	if w.Behind != nil && number != 0 {
		return w.Pays[oddsLine(number)].Per
	}
	multiple := int64(1)
	for _, pay := range w.Pays {
		per := pay.Per
		if w.Commission == OnWin { // A twentieth of the profit must be whole as well.
			per *= twentieth / gcd(twentieth, pay.To)
		}
		multiple = lcm(multiple, per)
	}
	if w.Commission == OnStake {
		multiple = lcm(multiple, twentieth)
	}
	return multiple
}

// MaxStake returns the largest stake that may stand behind a flat bet on the number; odds only.
func (w *Wager) MaxStake(number uint8, flat int64) int64 { return w.MaxOdds[oddsLine(number)] * flat }

// Profit returns what a stake wins on a line of the pay table. The stake must be a multiple of the line's Per.
func (w *Wager) Profit(line int, stake int64) int64 {
	return stake / w.Pays[line].Per * w.Pays[line].To
}

// MaxProfit returns the most that a stake on the number can win, which the house must be able to pay.
func (w *Wager) MaxProfit(number uint8, stake int64) int64 {
	if w.Behind != nil {
		return w.Profit(oddsLine(number), stake)
	}
	most := int64(0)
	for line := range w.Pays {
		most = max(most, w.Profit(line, stake))
	}
	return most
}

// CommissionFor returns the commission on a stake, which must be a multiple of Multiple.
func (w *Wager) CommissionFor(stake int64) int64 {
	switch w.Commission {
	case OnStake:
		return stake / twentieth
	case OnWin:
		return w.Profit(0, stake) / twentieth
	}
	return 0
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func lcm(a, b int64) int64 { return a / gcd(a, b) * b }
