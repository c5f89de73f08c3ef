package api

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// TestDeletionErasesSessionNames deletes a player with a session that had already ended and an API key.
func TestDeletionErasesSessionNames(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		guest, err := (&playerServer{Service: s}).CreateGuest(t.Context(), &apiv1.CreateGuestRequest{Client: "Ann's iPhone"})
		must(t, err)
		ended := uuid.MustParse(guest.GetSessionId())
		caller := identity.Caller{Player: uuid.MustParse(guest.GetPlayerId())}
		ctx := identity.NewContext(t.Context(), caller)
		must(t, errorOf((&sessionServer{Service: s}).EndSession(ctx, &apiv1.EndSessionRequest{SessionId: ended.String()})))
		key, err := (&apiKeyServer{Service: s}).CreateApiKey(ctx, &apiv1.CreateApiKeyRequest{Name: "Ann's bot"})
		must(t, err)
		must(t, errorOf((&accountServer{Service: s}).DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: caller.Player.String()})))
		must(t, s.store.Read(t.Context(), func(tx store.Tx) error {
			for _, id := range []uuid.UUID{ended, uuid.MustParse(key.GetKey().GetKeyId())} {
				if found, err := tx.Session(t.Context(), id); err != nil || found.Client != "" || found.Ended.IsZero() {
					t.Errorf("the session is %+v, %v", found, err)
				}
			}
			return nil
		}))
	})
}
