package fleet

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/loopback"
)

// The numbers of processes.
const (
	gateways   = 2
	validators = 4
	// games is how many game processes share a PostgreSQL database; a SQLite file supports only one.
	games = 2
)

// plan has the processes of a fleet and their addresses. It is stored, so that a fleet has the same addresses every time.
type plan struct {
	Options Options `json:"options"`
	// Password is the password of the private PostgreSQL and Redis.
	Password string   `json:"password"`
	Postgres string   `json:"postgres,omitempty"` // Address of the private server.
	Redis    string   `json:"redis,omitempty"`    // Address of the private server.
	Members  []member `json:"members"`
}

// member is one process of a service.
type member struct {
	Service string `json:"service"`
	Replica int    `json:"replica"`
	// Listen is its address for calls: HTTP for a gateway, gRPC for the others.
	Listen string `json:"listen"`
	Admin  string `json:"admin"`
	Peer   string `json:"peer,omitempty"` // A validator's address for its peers.
}

func (m member) name() string { return fmt.Sprintf("%s-%d", m.Service, m.Replica) }

// newPlan chooses addresses. It keeps the password of an older plan, with which the private PostgreSQL was initialized.
func newPlan(opts Options, old plan) (plan, error) {
	p := plan{Options: opts, Password: old.Password}
	if p.Password == "" {
		p.Password = rand.Text()
	}
	counts := []struct {
		service string
		n       int
	}{{identity.Consensus, validators}, {identity.Game, 1}, {identity.API, 1}, {identity.Gateway, gateways}}
	if opts.Engine == PostgreSQL {
		counts[1].n = games
	}
	free, err := loopback.FreeAddresses(2*(gateways+games+1) + 3*validators + 2)
	if err != nil {
		return plan{}, err
	}
	take := func() (address string) {
		address, free = free[0], free[1:]
		return address
	}
	for _, count := range counts {
		for i := range count.n {
			m := member{Service: count.service, Replica: i, Listen: take(), Admin: take()}
			if m.Service == identity.Consensus {
				m.Peer = take()
			}
			if m.Service == identity.Gateway && opts.Port != 0 {
				m.Listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(opts.Port+i))
			}
			p.Members = append(p.Members, m)
		}
	}
	if opts.Engine == PostgreSQL && opts.DatabaseURL == "" {
		p.Postgres = take()
	}
	if opts.Engine == PostgreSQL && opts.RedisURL == "" {
		p.Redis = take()
	}
	return p, nil
}

// addresses returns the addresses of all replicas of a service.
func (p plan) addresses(service string) (addresses []string) {
	for _, m := range p.Members {
		if m.Service == service {
			addresses = append(addresses, m.Listen)
		}
	}
	return addresses
}

// databaseUser owns the databases of the private PostgreSQL.
const databaseUser = "bitcraps"

// databaseURL returns the URL of a service's database.
func (p plan) databaseURL(dir, service string) string {
	switch {
	case p.Options.Engine == SQLite:
		return "sqlite://" + filepath.Join(dir, service+".db")
	case p.Options.DatabaseURL != "":
		address, _ := url.Parse(p.Options.DatabaseURL) // Validate parsed it.
		address.Path += "_" + service
		return address.String()
	}
	address := url.URL{Scheme: PostgreSQL, User: url.UserPassword(databaseUser, p.Password), Host: p.Postgres,
		Path: databaseUser + "_" + service, RawQuery: "sslmode=disable"}
	return address.String()
}

// redisURL returns the URL of Redis; empty where there is none.
func (p plan) redisURL() string {
	if p.Redis == "" {
		return p.Options.RedisURL
	}
	return (&url.URL{Scheme: "redis", User: url.UserPassword("", p.Password), Host: p.Redis, Path: "/0"}).String()
}
