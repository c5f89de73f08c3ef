package bitcraps_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// fakeValidator is a validator that reports every change as ordered by block 7.
type fakeValidator struct {
	consensusv1.UnimplementedConsensusServiceServer
}

func (fakeValidator) GetChangeTerms(context.Context, *consensusv1.GetChangeTermsRequest) (*consensusv1.GetChangeTermsResponse, error) {
	return &consensusv1.GetChangeTermsResponse{Chain: strings.Repeat("02", 32)}, nil
}

func (fakeValidator) AddValidator(context.Context, *consensusv1.AddValidatorRequest) (*consensusv1.AddValidatorResponse, error) {
	return &consensusv1.AddValidatorResponse{Height: 7}, nil
}

func (fakeValidator) RemoveValidator(context.Context, *consensusv1.RemoveValidatorRequest) (*consensusv1.RemoveValidatorResponse, error) {
	return &consensusv1.RemoveValidatorResponse{Height: 7}, nil
}

func (fakeValidator) RefreshShares(context.Context, *consensusv1.RefreshSharesRequest) (*consensusv1.RefreshSharesResponse, error) {
	return &consensusv1.RefreshSharesResponse{Height: 7}, nil
}

// TestChangesPrintTheirBlock runs each command that changes the validators, with text output and with JSON.
func TestChangesPrintTheirBlock(t *testing.T) {
	dir := t.TempDir()
	if err := consensus.InitNetwork(dir, "test", 4, time.Now()); err != nil {
		t.Fatal(err)
	}
	genesis, err := os.ReadFile(filepath.Join(consensus.Home(dir, 0), "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	joining := filepath.Join(t.TempDir(), "validator")
	if err := consensus.NewHome(joining, "validator-4", genesis); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	consensusv1.RegisterConsensusServiceServer(server, fakeValidator{})
	go func() { _ = server.Serve(listener) }() // It ends with Stop.
	defer server.Stop()
	for _, change := range []string{
		"add-validator " + filepath.Join(joining, "validator.json"), "remove-validator " + strings.Repeat("01", 20), "refresh-shares",
	} {
		args := "chain " + change + " --operator-key " + filepath.Join(dir, "operator_key") + " --address " + listener.Addr().String()
		for flag, want := range map[string]string{"": "ordered by block 7\n", " --json": `{"height":7}` + "\n"} {
			if out, err := command(t, args+flag); err != nil || out != want {
				t.Errorf("%s%s: %v, %s", change, flag, err, out)
			}
		}
	}
}
