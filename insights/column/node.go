package column

import (
	"runtime"
	"sync"

	"steady/insights/function"
	"steady/insights/ql"
	"steady/insights/value"
)

// Node is a compiled expression.
type Node interface {
	// Eval computes the expression for all rows of a frame.
	Eval(f *Frame) *Vector
}

// Constant is a value.
type Constant struct{ value.Value }

// Eval is the value for all rows.
func (c Constant) Eval(*Frame) *Vector { return Single(c.Value) }

// Slot is the column of a slot.
type Slot int

// Eval is the column.
func (s Slot) Eval(f *Frame) *Vector { return f.Col(int(s)) }

// Call is a function of other expressions.
type Call struct {
	Fn   function.Func
	Args []Node
}

// NewCall makes a call.
func NewCall(fn function.Func, args []Node) *Call { return &Call{fn, args} }

// Eval computes once for each value where all arguments are of the same column, and
// for each row otherwise.
func (c *Call) Eval(f *Frame) *Vector {
	args := make([]*Vector, len(c.Args))
	var codes *Vector
	shape := single
	for i, a := range c.Args {
		args[i] = a.Eval(f)
		switch v := args[i]; {
		case v.shape == single:
		case shape == single:
			shape, codes = v.shape, v
		case shape != dictionary || v.shape != dictionary || !sameCodes(codes.codes, v.codes):
			shape = rows
		}
	}
	if shape == dictionary && codes.Size() > f.N {
		shape = rows // fewer rows than values
	}
	switch shape {
	case single:
		return Single(c.of(args, func(v *Vector) value.Value { return v.absent }))
	case dictionary:
		return c.ofCodes(args, codes)
	}
	values := make([]value.Value, f.N)
	inParallel(len(values), func(from, to int) {
		buffer := make([]value.Value, len(args))
		for row := from; row < to; row++ {
			for i, v := range args {
				buffer[i] = v.At(row)
			}
			values[row] = c.Fn(buffer)
		}
	})
	return Rows(values)
}

func (c *Call) of(args []*Vector, pick func(*Vector) value.Value) value.Value {
	buffer := make([]value.Value, len(args))
	for i, v := range args {
		buffer[i] = pick(v)
	}
	return c.Fn(buffer)
}

// ofCodes computes once for each value of the dictionary that all arguments share.
func (c *Call) ofCodes(args []*Vector, codes *Vector) *Vector {
	values := make([]value.Value, codes.Size()+1) // the first is of code -1
	inParallel(len(values), func(from, to int) {
		buffer := make([]value.Value, len(args))
		for i := from; i < to; i++ {
			for a, v := range args {
				if buffer[a] = v.absent; v.shape == dictionary {
					buffer[a] = v.Entry(int32(i) - 1)
				}
			}
			values[i] = c.Fn(buffer)
		}
	})
	return &Vector{codes: codes.codes, values: values[1:], absent: values[0], shape: dictionary}
}

// inParallel does many computations on all processors.
func inParallel(n int, do func(from, to int)) {
	const few = 2048
	workers := min(runtime.GOMAXPROCS(0), n/few)
	if workers < 2 {
		do(0, n)
		return
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() { do(n*w/workers, n*(w+1)/workers) })
	}
	wait.Wait()
}

// Bin is bin(period) of log events: most of them share few bins.
type Bin struct {
	Period ql.Period
	Shift  int64 // ms that are added
}

// Eval finds the bin of each row.
func (b Bin) Eval(f *Frame) *Vector {
	v := &Vector{codes: make([]int32, f.N), shape: dictionary}
	known := map[int64]int32{}
	from, to, code := int64(1), int64(0), int32(0)
	for i, t := range f.Times {
		if t < from || t >= to {
			from = function.Floor(t, b.Period)
			to = function.Next(from, b.Period)
			c, ok := known[from]
			if !ok {
				c = int32(len(v.values))
				known[from] = c
				v.values = append(v.values, value.OfTime(from+b.Shift))
			}
			code = c
		}
		v.codes[i] = code
	}
	return v
}

// All computes several expressions.
func All(nodes []Node, f *Frame) []*Vector {
	vectors := make([]*Vector, len(nodes))
	for i, n := range nodes {
		vectors[i] = n.Eval(f)
	}
	return vectors
}
