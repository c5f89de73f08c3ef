package consensus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/syndtr/goleveldb/leveldb"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/testserver"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// ends waits for the end of a process that must not continue, and returns its error output.
func (p *processes) ends(i int) string {
	p.t.Helper()
	ended := p.running[i]
	select {
	case <-ended.ended:
		if code := ended.ProcessState.ExitCode(); code != 1 {
			p.t.Errorf("exit code %d\n%s", code, lastLines(p.stderr[i].String()))
		}
	case <-time.After(time.Minute):
		p.kill(i)
		p.t.Errorf("it continued until it was killed\n%s", lastLines(p.stderr[i].String()))
	}
	p.running[i] = nil
	return p.stderr[i].String()
}

// corruptTip makes the stored application state differ from the chain's: it flips a bit of the tip's hash.
func corruptTip(home string) error {
	db, err := leveldb.OpenFile(filepath.Join(home, "data", "application.db"), nil)
	if err != nil {
		return err
	}
	tip, err := db.Get([]byte("t"), nil)
	if err != nil || len(tip) != 40 || binary.BigEndian.Uint64(tip) == 0 {
		return errors.Join(err, errors.New("no tip"), db.Close())
	}
	tip[39] ^= 1
	return errors.Join(db.Put([]byte("t"), tip, nil), db.Close())
}

// TestUnsafeValidatorsEndWithAnError starts processes that would do harm, and checks what they report to their operator.
func TestUnsafeValidatorsEndWithAnError(t *testing.T) {
	const n = 4
	p := newProcesses(t, n)
	for i := range n {
		p.start(i)
	}
	client := p.client(identity.Game, p.rpc...)
	decided := decideSome(t, client, 1, 3)

	t.Run("a second process on one home", func(t *testing.T) {
		p.t = t
		first := p.running[3]
		p.start(3)
		if text := p.ends(3); !strings.Contains(text, "stop the other one first") {
			t.Errorf("it said %s", text)
		}
		p.running[3] = first
	})

	t.Run("a copy of a key", func(t *testing.T) {
		p.t = t
		copied, other := filepath.Join(t.TempDir(), "copy"), t.TempDir()
		if err := consensus.InitNetwork(other, "other", 1, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(copied, os.DirFS(consensus.Home(other, 0))); err != nil {
			t.Fatal(err)
		}
		id, err := consensus.PeerID(copied)
		if err != nil {
			t.Fatal(err)
		}
		nodeID := regexp.MustCompile(`"node_id": "[0-9a-f]+"`)
		for _, name := range []string{"genesis.json", "validator.json", "validator_key.json", "beacon_key.age", "../validator-3.identity", "peers.json"} {
			content, err := os.ReadFile(filepath.Join(consensus.Home(p.dir, 3), name))
			if name == "validator.json" {
				content = nodeID.ReplaceAll(content, []byte(`"node_id": "`+id+`"`))
			}
			to := filepath.Join(copied, name)
			if strings.HasSuffix(name, ".identity") {
				to = copied + ".identity"
			}
			if err := errors.Join(err, os.WriteFile(to, content, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		first, rpc, chain := p.running[3], p.rpc[3], p.chain[3]
		addresses := testserver.FreeAddresses(t, 2)
		p.rpc[3], p.chain[3] = addresses[0], addresses[1]
		p.startHome(3, copied, "500ms")
		ctx, cancel := context.WithCancel(t.Context())
		var playing sync.WaitGroup // The others decide rounds, so that there is something to vote on.
		playing.Go(func() {
			for round := int64(1); ctx.Err() == nil; { // Slowly, so that the blocks that the copy lacks are not pruned meanwhile.
				if _, err := client.DecideRound(ctx, &consensusv1.DecideRoundRequest{Commitment: commitmentOf(9, round)}); err == nil {
					round++
				}
				rest(t, nil, 250*time.Millisecond)
			}
		})
		if text := p.ends(3); !strings.Contains(text, "another process signs with this validator's key") {
			t.Errorf("it said %s", text)
		}
		cancel()
		playing.Wait()
		p.running[3], p.rpc[3], p.chain[3] = first, rpc, chain
	})

	t.Run("a state that is not the chain's", func(t *testing.T) {
		p.t = t
		p.kill(3)
		if err := corruptTip(consensus.Home(p.dir, 3)); err != nil {
			t.Fatal(err)
		}
		p.start(3)
		if text := p.ends(3); !strings.Contains(text, "move its data folder away") {
			t.Errorf("it said %s", text)
		}
	})

	// The remedy in the error message works.
	p.t = t
	data := filepath.Join(consensus.Home(p.dir, 3), "data")
	if err := os.Rename(data, data+".old"); err != nil {
		t.Fatal(err)
	}
	p.start(3)
	p.compare([]map[int64]*consensusv1.Decision{decided})
}
