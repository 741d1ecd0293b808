package subject

import (
	"context"

	puddle "PUDDLE"
)

type pool = puddle.Pool[any]
type resource = puddle.Resource[any]

func newPool(create func(context.Context) (any, error), destroy func(any), max int32) *pool {
	made, err := puddle.NewPool(&puddle.Config[any]{Constructor: create, Destructor: destroy, MaxSize: max})
	if err != nil {
		panic(err)
	}
	return made
}
