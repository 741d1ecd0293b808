package subject

import (
	"context"

	puddle "PUDDLE"
)

type pool = puddle.Pool
type resource = puddle.Resource

func newPool(create func(context.Context) (any, error), destroy func(any), max int32) *pool {
	return puddle.NewPool(create, destroy, max)
}
