package subject

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	puddle "PUDDLE"
)

// puddle has no keys: each key has a pool of its own, as its users do it. Idle items are taken out by whoever uses the pool (pgx
// does), so a time-to-live is not driven here.
type adapter struct {
	Subject
	pools    map[string]*pool
	invalid  map[*Item]bool // leased, to be destroyed when they come back
	min, max int
	closing  bool
	closed   bool
}

type own struct {
	cancel   context.CancelFunc
	resource *resource
}

func TestSubject(t *testing.T) {
	a := &adapter{pools: map[string]*pool{}, invalid: map[*Item]bool{}}
	a.Speak(t, a, "puddle", nil, []string{"keys", "size", "idle", "leased", "creating"})
}

func (a *adapter) Open(min, max int, _ time.Duration) { a.min, a.max = min, max }

func (a *adapter) poolOf(key string) *pool {
	if a.pools[key] == nil {
		create := func(context.Context) (any, error) { return a.Create(key) }
		a.pools[key] = newPool(create, func(item any) { a.Destroy(item.(*Item)) }, int32(a.max))
		a.keepMin(a.pools[key])
	}
	return a.pools[key]
}

// keepMin makes idle items until there are min, in the background, as pgxpool does.
func (a *adapter) keepMin(pool *pool) {
	missing := a.min - int(pool.Stat().TotalResources())
	go func() {
		for ; missing > 0; missing-- {
			if pool.CreateResource(context.Background()) != nil {
				return
			}
		}
	}()
}

func (a *adapter) Get(lease *Lease) {
	if a.closing && a.pools[lease.Key] == nil {
		a.Closed(lease)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	o, pool := &own{cancel: cancel}, a.poolOf(lease.Key)
	lease.Own = o
	go func() {
		resource, err := pool.Acquire(ctx)
		switch {
		case err == nil:
			o.resource = resource
			if !a.Leased(lease, resource.Value().(*Item)) {
				resource.Release()
			}
		case errors.Is(err, puddle.ErrClosedPool):
			a.Closed(lease)
		default:
			a.Failed(lease, err)
		}
	}()
}

func (a *adapter) Release(lease *Lease) {
	resource := lease.Own.(*own).resource
	if a.invalid[lease.Item] {
		delete(a.invalid, lease.Item)
		resource.Destroy()
		synctest.Wait() // it is taken out in the background
		a.keepMin(a.pools[lease.Key])
	} else {
		resource.Release()
	}
}

func (a *adapter) Cancel(lease *Lease) { lease.Own.(*own).cancel() }

// Invalidate destroys an idle item as pgx does: all idle ones are taken out, the others go back.
func (a *adapter) Invalidate(item *Item, isOut bool) {
	if isOut {
		a.invalid[item] = true
		return
	}
	for _, resource := range a.pools[item.Key].AcquireAllIdle() {
		if resource.Value() == any(item) {
			resource.Destroy()
		} else {
			resource.Release()
		}
	}
}

func (a *adapter) Shutdown() {
	var all sync.WaitGroup
	a.closing = true
	for _, pool := range a.pools {
		all.Add(1)
		go func() {
			defer all.Done()
			pool.Close()
		}()
	}
	go func() {
		all.Wait()
		a.closed = true
		a.Done()
	}()
}

func (a *adapter) Sample(out map[string]int64) {
	for _, name := range []string{"keys", "size", "idle", "leased", "creating"} {
		out[name] = 0
	}
	if !a.closed { // the closed ones are kept to be asked again
		out["keys"] = int64(len(a.pools))
	}
	for _, pool := range a.pools {
		stat := pool.Stat()
		out["size"] += int64(stat.TotalResources())
		out["idle"] += int64(stat.IdleResources())
		out["leased"] += int64(stat.AcquiredResources())
		out["creating"] += int64(stat.ConstructingResources())
	}
}
