package insights

import (
	"runtime"
	"sync"

	"steady/insights/function"
	"steady/insights/ql"
	"steady/insights/value"
)

// node is a compiled expression.
type node interface {
	eval(f *frame) *vector
}

type constant struct{ value.Value }

func (c constant) eval(*frame) *vector { return singleVector(c.Value) }

type slotNode int

func (s slotNode) eval(f *frame) *vector { return f.col(int(s)) }

// call is a function of other expressions.
type call struct {
	fn   function.Func
	args []node
}

func (c *call) eval(f *frame) *vector {
	args := make([]*vector, len(c.args))
	var codes *vector
	shape := single
	for i, a := range c.args {
		args[i] = a.eval(f)
		switch v := args[i]; {
		case v.shape == single:
		case shape == single:
			shape, codes = v.shape, v
		case shape != dictionary || v.shape != dictionary || !sameCodes(codes.codes, v.codes):
			shape = rows
		}
	}
	if shape == dictionary && codes.size() > f.n {
		shape = rows // fewer rows than values
	}
	switch shape {
	case single:
		return singleVector(c.of(args, func(v *vector) value.Value { return v.absent }))
	case dictionary:
		return c.ofCodes(args, codes)
	}
	values := make([]value.Value, f.n)
	inParallel(len(values), func(from, to int) {
		buffer := make([]value.Value, len(args))
		for row := from; row < to; row++ {
			for i, v := range args {
				buffer[i] = v.at(row)
			}
			values[row] = c.fn(buffer)
		}
	})
	return rowsVector(values)
}

func (c *call) of(args []*vector, pick func(*vector) value.Value) value.Value {
	buffer := make([]value.Value, len(args))
	for i, v := range args {
		buffer[i] = pick(v)
	}
	return c.fn(buffer)
}

// ofCodes computes once for each value of the dictionary that all arguments share.
func (c *call) ofCodes(args []*vector, codes *vector) *vector {
	values := make([]value.Value, codes.size()+1) // the first is of code -1
	inParallel(len(values), func(from, to int) {
		buffer := make([]value.Value, len(args))
		for i := from; i < to; i++ {
			for a, v := range args {
				if buffer[a] = v.absent; v.shape == dictionary {
					buffer[a] = v.entry(int32(i) - 1)
				}
			}
			values[i] = c.fn(buffer)
		}
	})
	return &vector{codes: codes.codes, values: values[1:], absent: values[0], shape: dictionary}
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

// bin is bin(period) of log events: most of them share few bins.
type bin struct {
	period ql.Period
	shift  int64 // ms that are added
}

func (b bin) eval(f *frame) *vector {
	v := &vector{codes: make([]int32, f.n), shape: dictionary}
	known := map[int64]int32{}
	from, to, code := int64(1), int64(0), int32(0)
	for i, t := range f.times {
		if t < from || t >= to {
			from = function.Floor(t, b.period)
			to = function.Next(from, b.period)
			c, ok := known[from]
			if !ok {
				c = int32(len(v.values))
				known[from] = c
				v.values = append(v.values, value.OfTime(from+b.shift))
			}
			code = c
		}
		v.codes[i] = code
	}
	return v
}
