// puddle alone, without churn: what Close does to those who wait in Acquire.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/puddle/v2"
)

func main() {
	pool, _ := puddle.NewPool(&puddle.Config[int]{
		Constructor: func(context.Context) (int, error) { return 1, nil },
		Destructor:  func(int) {},
		MaxSize:     1,
	})
	held, _ := pool.Acquire(context.Background())
	waiter := make(chan error, 1)
	go func() {
		_, err := pool.Acquire(context.Background())
		waiter <- err
	}()
	time.Sleep(100 * time.Millisecond)
	go pool.Close()
	select {
	case err := <-waiter:
		fmt.Println("the waiting Acquire ended:", err)
	case <-time.After(10 * time.Second):
		fmt.Println("the waiting Acquire still waits 10 s after Close")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err := pool.Acquire(ctx)
	fmt.Println("a new Acquire, while the resource is still held:", err)
	_ = held
}
