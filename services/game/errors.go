package game

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// retryDelay is the delay that clients are told to wait before they retry a call that found something unavailable or overloaded.
const retryDelay = time.Second

func gameNotFound(id uuid.UUID) error {
	return errs.New(errorsv1.Reason_REASON_GAME_NOT_FOUND, "no game that you may see has the id %s; GET /api/v1/games lists the open ones", id)
}

// orNotFound replaces a store's ErrNotFound with the error that the caller sees.
func orNotFound(err, notFound error) error {
	if errors.Is(err, play.ErrNotFound) {
		return notFound
	}
	return err
}

// parseID parses an id that the contract's validation rules have already checked.
func parseID(field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%s: must be a UUID", field).Field(field, "must be a UUID")
	}
	return id, nil
}
