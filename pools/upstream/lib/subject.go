// A pool in Go as a subject of churn (the subject protocol, version 1). The sister of Subject.java.
//
// This file reads the plan, knows the leases, makes and closes items and counts them outside the pool, and answers. It is built as a
// test, because only testing/synctest gives what a plan needs: goroutines in a bubble whose time passes when we sleep, and a Wait
// that returns when none of them can go on.
package subject

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

type Item struct {
	ID      int64
	Key     string
	Closed  bool
	payload []byte
}

type Lease struct {
	Name, Key string
	Item      *Item
	Own       any // the adapter's
	state     string
}

// Pool is what an adapter does; its goroutines answer by the Subject's Leased, Failed and Closed, now or later.
type Pool interface {
	Open(min, max int, ttl time.Duration)
	Get(*Lease)
	Release(*Lease)
	Cancel(*Lease)
	Invalidate(*Item, bool) // is it out on a lease?
	Shutdown()              // ends with Done
	Sample(map[string]int64)
}

type Subject struct {
	mutex              sync.Mutex
	out                *bufio.Writer
	pool               Pool
	leases             map[string]*Lease
	failures           map[string]int64
	delays             map[string]time.Duration
	created, destroyed int64
	payload            int
}

// ---- what an adapter calls, from any goroutine ----

// Create is the factory: a new item, or an error when the plan lets this creation fail.
func (s *Subject) Create(key string) (*Item, error) {
	s.mutex.Lock()
	delay, fails := s.delays[key], s.failures[key] > 0
	if fails {
		s.failures[key]--
	}
	s.mutex.Unlock()
	time.Sleep(delay)
	if fails {
		return nil, fmt.Errorf("the factory failed")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.created++
	item := &Item{ID: s.created, Key: key, payload: make([]byte, s.payload)}
	fmt.Fprintf(s.out, "created %d %s\n", item.ID, key)
	return item, nil
}

func (s *Subject) Destroy(item *Item) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if item.Closed {
		fmt.Fprintf(s.out, "misuse %d destroyed twice\n", item.ID)
		return
	}
	item.Closed = true
	s.destroyed++
	fmt.Fprintf(s.out, "destroyed %d\n", item.ID)
}

// Leased is false when the get was given up in the meantime: then the adapter gives the item back.
func (s *Subject) Leased(lease *Lease, item *Item) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if lease.state != "pending" {
		return false
	}
	lease.state, lease.Item = "leased", item
	fmt.Fprintf(s.out, "leased %s %d\n", lease.Name, item.ID)
	return true
}

func (s *Subject) end(lease *Lease, verb, words string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if lease.state == "pending" {
		lease.state = "over"
		fmt.Fprintf(s.out, "%s %s%s\n", verb, lease.Name, words)
	}
}

func (s *Subject) Failed(lease *Lease, err error) { s.end(lease, "failed", " "+err.Error()) }
func (s *Subject) Closed(lease *Lease)            { s.end(lease, "closed", "") }

func (s *Subject) Done() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	fmt.Fprintln(s.out, "done shutdown")
}

// ---- the protocol ----

// Speak runs until the end of stdin and does not return: what the test program would print is no answer.
func (s *Subject) Speak(t *testing.T, pool Pool, name string, ops, counters []string) {
	s.out, s.pool = bufio.NewWriter(os.Stdout), pool
	s.leases, s.failures, s.delays = map[string]*Lease{}, map[string]int64{}, map[string]time.Duration{}
	ops = append([]string{"get", "release", "cancel", "invalidate", "fail", "slow", "advance", "rung", "shutdown"}, ops...)
	counters = append([]string{"created", "destroyed", "open", "heap_bytes"}, counters...)
	greeting, _ := json.Marshal(map[string]any{"name": name, "version": os.Getenv("SUBJECT_VERSION"), "ops": ops, "counters": counters,
		"clock": "virtual", "cancelled": true})
	fmt.Fprintf(s.out, "churn-subject 1 %s\n", greeting)
	s.out.Flush()
	synctest.Test(t, func(*testing.T) {
		in := bufio.NewReaderSize(os.Stdin, 1<<16)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				s.out.Flush()
				os.Exit(0)
			}
			s.step(strings.Fields(line), ops)
			if in.Buffered() == 0 {
				s.out.Flush()
			}
		}
	})
}

func (s *Subject) step(word, ops []string) {
	defer func() {
		if wrong := recover(); wrong != nil {
			fmt.Fprintf(s.out, "error %v: %v\n", word, wrong)
		}
	}()
	switch {
	case word[0] == "meta":
	case word[0] == "pool":
		s.open(word[1:])
	case !strings.Contains(" "+strings.Join(ops, " ")+" ", " "+word[0]+" "):
		fmt.Fprintf(s.out, "unsupported %s\n", word[0])
	default:
		s.carryOut(word)
	}
	synctest.Wait()
	if word[0] == "rung" {
		s.rung()
	}
}

func (s *Subject) carryOut(word []string) {
	switch word[0] {
	case "get":
		lease := &Lease{Name: word[1], Key: word[2], state: "pending"}
		s.leases[lease.Name] = lease
		s.pool.Get(lease)
	case "release":
		if lease := s.leases[word[1]]; lease.state == "leased" {
			lease.state = "over"
			s.pool.Release(lease)
		}
	case "cancel":
		if lease := s.leases[word[1]]; lease.state == "pending" {
			s.end(lease, "cancelled", "")
			s.pool.Cancel(lease)
		}
	case "invalidate":
		if lease := s.leases[word[1]]; lease.Item != nil {
			s.pool.Invalidate(lease.Item, s.isOut(lease.Item))
		}
	case "fail":
		s.failures[word[1]], _ = strconv.ParseInt(word[2], 10, 64)
	case "slow":
		s.delays[word[1]] = duration(word[2])
	case "advance":
		time.Sleep(duration(word[1]))
	case "shutdown":
		s.pool.Shutdown()
	}
}

func (s *Subject) isOut(item *Item) bool {
	for _, lease := range s.leases {
		if lease.Item == item && lease.state == "leased" {
			return true
		}
	}
	return false
}

func (s *Subject) open(pairs []string) {
	setting := map[string]string{"min": "0", "max": "1", "ttl": "inf", "payload": "0", "items": "bytes", "identities": "unique"}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		setting[name] = value
	}
	if setting["items"] == "tcp" || setting["fd_limit"] != "" || setting["identities"] == "reused" {
		fmt.Fprintln(s.out, "unsupported pool with items=tcp, fd_limit or identities=reused")
		return
	}
	s.payload = int(quantity(setting["payload"], sizes))
	s.pool.Open(int(quantity(setting["min"], sizes)), int(quantity(setting["max"], sizes)), duration(setting["ttl"]))
}

func (s *Subject) rung() {
	var memory runtime.MemStats
	values := map[string]int64{}
	s.pool.Sample(values)
	runtime.GC()
	runtime.ReadMemStats(&memory)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	values["created"], values["destroyed"], values["open"] = s.created, s.destroyed, s.created-s.destroyed
	values["heap_bytes"] = int64(memory.HeapAlloc)
	text, _ := json.Marshal(values)
	fmt.Fprintf(s.out, "rung %s\n", text)
	s.out.Flush()
}

// ---- quantities ----

var units = map[string]float64{"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 86400e9}
var sizes = map[string]float64{"": 1, "B": 1, "k": 1e3, "M": 1e6, "kB": 1e3, "MB": 1e6, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
var quantityText = regexp.MustCompile(`^([0-9.]+)([A-Za-z]*)$`)

func quantity(text string, of map[string]float64) int64 {
	part := quantityText.FindStringSubmatch(text)
	if part == nil || of[part[2]] == 0 {
		panic("quantity " + text)
	}
	number, _ := strconv.ParseFloat(part[1], 64)
	return int64(number * of[part[2]])
}

func duration(text string) time.Duration {
	if text == "inf" {
		return math.MaxInt64
	}
	return time.Duration(quantity(text, units))
}
