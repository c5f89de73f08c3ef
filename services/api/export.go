package api

import (
	"context"

	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// exportPage is how many ledger entries of the wallet are on a page.
const exportPage = 100

// ExportAccount implements the contract.
func (s *accountServer) ExportAccount(ctx context.Context, req *apiv1.ExportAccountRequest) (*apiv1.ExportAccountResponse, error) {
	caller := identity.FromContext(ctx)
	me, err := s.me(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.ExportAccountResponse{Player: me}
	mine, err := s.accountByPlayer(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	resp.Email = mine.Email
	if resp.Devices, err = s.devices(ctx, caller.Player); err != nil {
		return nil, err
	}
	live, err := s.liveSessions(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	resp.ApiKeys = apiKeysToProto(live)
	for _, sess := range live {
		if !isAPIKey(sess) {
			resp.Sessions = append(resp.Sessions, sessionToProto(sess, caller.Session))
		}
	}
	limits, err := s.protection.GetLimits(ctx, &gamev1.GetLimitsRequest{})
	if err != nil {
		return nil, err
	}
	resp.Protection = limits.GetProtection()
	if resp.Statistics, err = s.lobby.GetMyStatistics(ctx, &gamev1.GetMyStatisticsRequest{}); err != nil {
		return nil, err
	}
	page, err := s.ledger.ListEntries(ctx, &gamev1.ListEntriesRequest{PageSize: exportPage, PageToken: req.GetPageToken()})
	resp.Entries, resp.NextPageToken = page.GetEntries(), page.GetNextPageToken()
	return resp, err
}
